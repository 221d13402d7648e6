//! Texts of paths inside bars, costs, delays and what was paid.
//!
//! Not here: fees as assumptions (`model`).

use super::Word;

words! {
    ENVELOPE: "How much hangs on paths inside bars", "结果受 K 线内路径影响多大";
    ENVELOPE_INTRO: "A bar says how high and how low the price went, not in which order. The whole run is replayed under each order. With a trailing or break-even stop these are scenarios, not bounds.", "K 线只说明最高价和最低价，不说明先后。整个回测按每种先后各重放一次。使用移动止损或保本止损时，这些只是情景，不是上下界。";
    ENVELOPE_RANGE: "Path-assumption envelope: {0} to {1}.", "路径假设区间：{0} 至 {1}。";
    ENVELOPE_NONE: "The replays under other paths were not run.", "未按其他路径重放。";
    PATH: "Path", "路径";
    PATH_PESSIMISTIC: "the bad extreme of every bar first", "每根 K 线先走不利极值";
    PATH_OPTIMISTIC: "the good extreme first", "先走有利极值";
    PATH_CLOSE_DIR: "by the colour of the bar", "按 K 线阴阳";
    PATH_NEAREST: "the extreme nearer to the open first", "先走离开盘价较近的极值";
    PATH_OHLC: "high first", "先到最高价";
    PATH_OLHC: "low first", "先到最低价";
    NAME_PESSIMISTIC: "pessimistic", "悲观路径";
    NAME_OPTIMISTIC: "optimistic", "乐观路径";
    NAME_CLOSE_DIR: "close_dir", "按阴阳";
    NAME_NEAREST: "nearest", "就近";
    NAME_OHLC: "OHLC", "先高后低 OHLC";
    NAME_OLHC: "OLHC", "先低后高 OLHC";
    INSIDE_BARS: "Inside bars", "K 线内部";
    HOW_MANY: "Count", "数量";
    BARS_IN_POSITION: "Bars in position", "持仓 K 线";
    BARS_IN_POSITION_HINT: "open after the bar's first price", "开盘价之后仍有仓位";
    BARS_AMBIGUOUS: "Ambiguous bars", "路径不明的 K 线";
    BARS_AMBIGUOUS_HINT: "their fills hang on the order of high and low", "成交取决于最高价与最低价的先后";
    BARS_DRILLED: "Drilled bars", "细化的 K 线";
    BARS_DRILLED_HINT: "replayed on finer bars", "用更细的 K 线重放";
    BARS_RESIDUAL: "Residual ambiguous", "细化后仍不明";
    BARS_RESIDUAL_HINT: "finer bars that were ambiguous themselves", "更细的 K 线本身也路径不明";
    TOUCHED: "Trades touched", "涉及的交易";
    TOUCHED_HINT: "by an ambiguous bar", "碰到路径不明的 K 线";

    COSTS: "What if costs or delays were different", "若成本或延迟不同";
    COST_MULTIPLE: "Costs", "成本";
    COST_SCALED: "All costs (fees, spread, slippage, impact) scaled together: the run {0}.", "全部成本（手续费、价差、滑点、冲击）同比放大：本次回测{0}。";
    COST_NONE: "The replays at other costs were not run.", "未按其他成本重放。";
    DELAYED: "With every order {0} later the run nets {1} instead of {2}.", "若每笔委托都晚 {0}，净盈亏为 {1}，而不是 {2}。";
    DELAYED_GONE: "The gain is gone: it hangs on being faster than one bar.", "盈利消失：它依赖于快过一根 K 线。";

    PAID: "What was paid", "支付了什么";
    PAID_HEAD: "From gross to net", "从毛利到净利";
    PAID_OF_GROSS: "Of gross profit", "占毛利";
    PAID_REALISED: "Realised, before fees", "已实现盈亏（扣费前）";
    PAID_TAKER: "Taker fees", "吃单手续费";
    PAID_MAKER: "Maker fees", "挂单手续费";
    PAID_LIQUIDATION: "Liquidation fees", "强平费用";
    PAID_FUNDING: "Funding paid", "支付的资金费";
    RECEIVED_FUNDING: "Funding received", "收取的资金费";
    INSURANCE_FUND: "Insurance fund", "保险基金";
    NET_LEDGER: "Net, as in the ledger", "净盈亏（与账本一致）";
    MEMO_SLIPPAGE: "Memo: slippage and spread, inside realised", "备注：滑点与价差（已含在已实现盈亏中）";
    PAID_NOTE: "Ties out to the ledger to 1e-8 USDT. Gross profit before costs: {0}, the sum of trades that gained before fees and funding.", "与账本相符，精确到 1e-8 USDT。扣成本前毛利：{0}，即扣手续费和资金费前盈利交易之和。";
}

/// A path's name and what it means, by its name in the files.
#[must_use]
pub fn path(name: &str) -> Option<(Word, Word)> {
    Some(match name {
        "pessimistic" => (NAME_PESSIMISTIC, PATH_PESSIMISTIC),
        "optimistic" => (NAME_OPTIMISTIC, PATH_OPTIMISTIC),
        "close_dir" => (NAME_CLOSE_DIR, PATH_CLOSE_DIR),
        "nearest" => (NAME_NEAREST, PATH_NEAREST),
        "OHLC" => (NAME_OHLC, PATH_OHLC),
        "OLHC" => (NAME_OLHC, PATH_OLHC),
        _ => return None,
    })
}
