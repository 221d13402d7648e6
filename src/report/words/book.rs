//! Texts of the table of trades; the page's script knows them by their names without `BOOK_`.
//!
//! Not here: the script (`html/trades.js`).

words! {
    BOOK_ENTRY: "Entry, UTC", "入场, UTC";
    BOOK_CONTRACT: "Contract", "合约";
    BOOK_SIDE: "Side", "方向";
    BOOK_LONG: "long", "做多";
    BOOK_SHORT: "short", "做空";
    BOOK_NET: "Net, USDT", "净盈亏, USDT";
    BOOK_EXITS: "Exits", "平仓";
    BOOK_HELD: "Held", "持仓时长";
    BOOK_ENTRY_PRICE: "Entry price", "入场价";
    BOOK_EXIT_PRICE: "Exit price", "平仓价";
    BOOK_FEES: "Fees, USDT", "手续费, USDT";
    BOOK_FUNDING: "Funding, USDT", "资金费, USDT";
    BOOK_WORST: "Worst", "最差";
    BOOK_BEST: "Best", "最优";
    BOOK_SCORE: "Score", "评分";
    BOOK_GAP: "Gap", "间隔";
    BOOK_SEARCH: "Search contract, side, exit …", "搜索合约、方向、平仓原因…";
    BOOK_SHOW: "Show", "显示";
    BOOK_ALL: "all trades", "全部交易";
    BOOK_WON: "won", "盈利";
    BOOK_LOST: "lost", "亏损";
    BOOK_OPEN: "Show the bars of this trade", "显示该笔交易的K线";
    BOOK_UNPACK: "The bars cannot be unpacked by this browser: a newer one is needed.", "此浏览器无法解压K线数据，请使用更新的版本。";
    BOOK_NO_BARS: "No bars were recorded around this trade.", "该笔交易附近没有K线记录。";
    BOOK_SIGNAL: "signal", "信号";
    BOOK_ENTRY_FILL: "entry", "入场";
    BOOK_STOP: "stop", "止损";
    BOOK_TP: "target", "止盈";
    BOOK_TRAILING: "trailing stop, about", "移动止损（约）";
    BOOK_BARS: "price", "价格";
}
