//! A run's assumptions and warnings.
//!
//! Not here: which of them hold (`backtest::words`, `settings::consequence`), headlines (`headline`).

words! {
    M_ENTRIES: "Entries", "开仓";
    M_ENTRIES_VALUE: "next open", "下一根开盘";
    M_ENTRIES_MEANING: "an order fills at the open of the first bar after it arrived, worse by the costs below", "委托在到达后第一根 K 线的开盘价成交，再加下列成本";
    M_DELAY: "Delay", "延迟";
    M_DELAY_VALUE: "{0} to the exchange, {1} for the bracket", "到交易所 {0}，挂止盈止损 {1}";
    M_DELAY_MEANING: "with bars, the real delay is longer: up to one bar", "以 K 线回测时实际延迟更长：最多一根 K 线";
    M_WARM_UP: "Warm-up", "预热";
    M_WARM_UP_VALUE: "one bar", "一根 K 线";
    M_WARM_UP_MEANING: "sizing looks at the last mark before a signal, nothing looks further back; messages received before the start are not heard", "仓位计算看信号前最后的标记价格，不看更早的数据；起点之前收到的消息不处理";
    M_PATH: "Path inside a bar", "K 线内路径";
    M_PATH_PESSIMISTIC: "the bad extreme of a bar comes first", "先走 K 线的不利极值";
    M_PATH_OPTIMISTIC: "the good extreme of a bar comes first", "先走 K 线的有利极值";
    M_PATH_CLOSE_DIR: "a bar that closes up went down first, and the reverse", "阳线先跌后涨，阴线先涨后跌";
    M_PATH_NEAREST: "the extreme nearer to the open comes first", "先走离开盘价较近的极值";
    M_PATH_OHLC: "every bar goes up first", "每根 K 线先涨";
    M_PATH_OLHC: "every bar goes down first", "每根 K 线先跌";
    M_DRILL_OFF: "finer bars are not consulted", "不看更细的 K 线";
    M_DRILL_AMBIGUOUS: "bars whose result hangs on it are replayed on finer ones where there are any", "结果取决于路径的 K 线，有更细的数据时用其重放";
    M_DRILL_ALWAYS: "every bar in position is replayed on finer ones where there are any", "每根持仓 K 线，有更细的数据时都用其重放";
    M_STOPS: "Stops", "止损";
    M_STOPS_CONTRACT: "at their level, contract price watched", "按触发价，以合约最新价触发";
    M_STOPS_MARK: "at their level, mark price watched", "按触发价，以标记价格触发";
    M_STOPS_MEANING: "a price that opens beyond the level fills at the open", "开盘价已越过触发价时，按开盘价成交";
    M_FEES: "Fees", "手续费";
    M_FEES_VALUE: "taker {0}, maker {1}", "吃单 {0}，挂单 {1}";
    M_FEES_MEANING: "on every fill, of its value", "每次成交，按成交额";
    M_BPS: "{0} bp", "{0} 个基点";
    M_SPREAD: "Half spread and impact", "半价差与冲击";
    M_SPREAD_VALUE: "{0} + {1}", "{0} + {1}";
    M_SPREAD_MEANING: "on every market fill", "每次市价成交";
    M_SLIPPAGE: "Slippage", "滑点";
    M_SLIPPAGE_VALUE: "entries {0}, stops {1}, targets {2}", "开仓 {0}，止损 {1}，止盈 {2}";
    M_SLIPPAGE_MEANING: "added to the above, always against us", "在上述之外另加，总是对我方不利";
    M_MARGIN: "Margin", "保证金";
    M_MARGIN_ISOLATED: "isolated, {0}×", "逐仓，{0}× 杠杆";
    M_MARGIN_CROSS: "cross, {0}×", "全仓，{0}× 杠杆";
    M_MARGIN_MEANING: "liquidation by the exchange's bracket table on the mark price, as one fill", "按交易所杠杆分层表、以标记价格强平，一次成交";
    M_FUNDING: "Funding", "资金费率";
    M_FUNDING_VALUE: "as recorded", "按记录";
    M_FUNDING_MEANING: "a missing record is no payment", "缺失的记录不收不付";
    M_LATE: "Late entries", "迟到的开仓";
    M_LATE_VALUE: "dropped after {0}", "超过 {0} 即放弃";
    M_LATE_MEANING: "when no price is there in time", "有效期内没有价格时";
    M_LIMITS: "Limit orders", "限价单";
    M_LIMITS_THROUGH: "fill when the price goes through", "价格穿过时成交";
    M_LIMITS_TOUCH: "fill when touched", "触及即成交";
    M_LIMITS_MEANING: "the queue is not modelled", "不模拟排队";
    M_END: "End of data", "数据结束";
    M_END_CLOSE: "open positions are closed", "未平仓位全部平掉";
    M_END_MARK: "open positions stay, marked", "未平仓位保留，按标记价格计";
    M_END_MEANING: "at the last price, with costs, when closed", "平仓时按最后价格并计成本";
    M_OUTSIDE: "Not modelled", "未模拟";
    M_OUTSIDE_VALUE: "order book, partial liquidation, auto-deleveraging, outages", "盘口、部分强平、自动减仓、宕机";
    M_OUTSIDE_MEANING: "fees are those above, whatever discounts you have", "手续费按上述费率，不计任何折扣";

    W_ONE_CLOCK: "{0} of {1} messages know only when they were published: taken as received {2} later (signals.delay_ms)", "{1} 条消息中有 {0} 条只有发布时间：按其后 {2} 收到处理（signals.delay_ms）";
    W_ZONELESS: "the times of the signals name no zone and were read as UTC: if they are local, every signal is hours early or late (the feed's own texts are UTC+8); write Z or the offset behind them", "信号时间未注明时区，按 UTC 读取：若为本地时间，每条信号都会早或晚数小时（信号源自身的文本为 UTC+8）；请在时间后写明 Z 或偏移";
    W_BEYOND: "these replays grew beyond what is simulated and have no row: {0}", "以下重放超出模拟范围，未列出：{0}";
    W_STOP_OVER_LIMIT: "one stop costs {0} % of the account, more than the daily limit of {1} %: the limit only stops new entries", "一次止损亏损账户的 {0} %，超过 {1} % 的日亏损上限：该上限只停止新开仓";
    W_STOPS_OVER_LIMIT: "{0} stops at once cost {1} % of the account, more than the daily limit of {2} %: the limit only stops new entries", "{0} 个仓位同时止损亏损账户的 {1} %，超过 {2} % 的日亏损上限：该上限只停止新开仓";
    W_LIQUIDATED_FIRST: "at leverage {0} an isolated position is liquidated about {1} % from its entry, before its stop at {2} %", "杠杆 {0} 倍时，逐仓仓位在距开仓价约 {1} % 处即被强平，早于 {2} % 的止损";
    W_NO_113: "no pair with a 113 can reach score_min {0}: only 112 can trade", "含 113 的配对都达不到 score_min {0}：只有 112 能交易";
    W_NO_112: "no pair with a 112 can reach score_min {0}: only 113 can trade", "含 112 的配对都达不到 score_min {0}：只有 113 能交易";
    W_TRAILING_LATE: "the trailing stop starts at a gain of {0} %, where the last take-profit at {1} % has closed everything", "移动止损在盈利 {0} % 时启动，而 {1} % 的最后一档止盈此前已全部平仓";
}
