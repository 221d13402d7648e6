//! Notes on the prices of a run.
//!
//! Not here: finding what they say (`market::quality`), choosing them (`backtest::notes`).

use super::units::{MANY_FILES, ONE_FILE, counted, plain};
use super::{Lang, Phrase};

words! {
    D_LONG_BARS: "a bar of {0} is longer than an entry may wait ({1}): only signals that come shortly before a bar opens are filled", "{0} 的 K 线长于开仓有效期（{1}）：只有在 K 线开盘前不久到达的信号才会成交";
    D_NO_MARK: "{0} settlements had no mark price of their own: the last known one was used", "{0} 次资金费结算没有自己的标记价格：使用最后已知的标记价格";
    D_NOT_REPLAYED: "{0} bars were not replayed: their finer bars do not add up to them", "{0} 根 K 线未细化重放：更细的 K 线与其对不上";
    D_NO_PRICES: "{0} of {1} signalled symbols have no prices in the run: {2}", "{1} 个有信号的合约中，{0} 个在回测中没有行情：{2}";
    D_LATE: "{0} of {1} signals of types that trade have no price within the entry time-to-live (each is listed with its verdict)", "可交易类型的 {1} 条信号中，{0} 条在开仓有效期内没有价格（每条都列有结果）";
    D_NAMED: "the feed's {0} is traded as {1}", "信号源的 {0} 按 {1} 交易";
    D_BARS: "{0} {1} bars", "{0} 根 {1} K 线";
    D_WHERE_NONE: "{0}; where there are none, {1}", "{0}；没有时用 {1}";
    D_DETAIL: "{0}; {1} bars for the drill-down", "{0}；细化用 {1} K 线";
    D_NO_BARS: "no bars", "没有 K 线";
    D_RULES_PASSED: "a file of rules was passed over: {0}", "跳过了一个规则文件：{0}";
    D_BEGIN: "its bars begin {0} UTC, after the run", "其 K 线始于 {0} UTC，晚于回测起点";
    D_END: "its bars end {0} UTC, before the run", "其 K 线止于 {0} UTC，早于回测终点";
    D_OUTSIDE: "its prices lie outside the run: from {0} to {1} UTC", "其行情不在回测时段内：{0} 至 {1} UTC";
    D_GAP: "{0} missing from {1} to {2} UTC; {3}", "缺 {0}，{1} 至 {2} UTC；{3}";
    D_HELD: "a position was open", "当时有持仓";
    D_NOT_HELD: "no position was open", "当时无持仓";
    D_MARKS_NONE: "no mark prices of the bars' length: the contract's stand in for liquidation", "没有与 K 线同周期的标记价格：强平判断以合约价格代替";
    D_MARKS_SOME: "{0} bars without a mark price: the contract's stands in", "{0} 根 K 线没有标记价格：以合约价格代替";
    D_FUNDING_NONE: "no funding was recorded: none is paid or received", "没有资金费率记录：不收不付";
    D_FUNDING_MOVED: "{0} settlements stamped within a second after a minute were taken at it", "{0} 次结算的时间戳在整分后一秒之内，按整分计";
    D_FUNDING_GAP: "no funding was recorded from {0} to {1} UTC: none is paid or received then; {2}", "{0} 至 {1} UTC 没有资金费率记录：其间不收不付；{2}";
    D_UNFINISHED: "the bar of {0} UTC is a recording's last and may be unfinished (data.drop_last_bar leaves it out)", "{0} UTC 的 K 线是录制的最后一根，可能尚未收盘（data.drop_last_bar 可将其去掉）";
    D_OFF_TICK: "{0} no multiple of the tick, the first in the bar of {1} UTC", "{0}不是最小变动价位的整数倍，最早出现在 {1} UTC 的 K 线";
    D_NO_VOLUME: "{0} without trade, at most {1} in a row (from {2} UTC)", "{0}没有成交，最多连续 {1} 根（自 {2} UTC 起）";
    D_DELISTED: "{0} bars lie after the end of trading that its rules name", "{0} 根 K 线晚于规则所载的停止交易时间";
    D_RULES: "filters from {0}, brackets from {1}", "交易规则来自 {0}，杠杆分层来自 {1}";
    D_RULES_CONFIG: "the configuration ([instrument])", "配置（[instrument]）";
    D_RULES_LATER: "{0} (of a later day: no older one knows it)", "{0}（日期较晚：更早的文件中没有该合约）";
    D_RULES_TICK: "{0}; the tick is the one its prices show", "{0}；最小变动价位由价格推得";
    D_RULES_STATUS: "{0}; status {1} there, not enforced", "{0}；其中状态为 {1}，未据此限制";

    D_JOURNAL: "the run was live and is shown as its journal recorded it; the rows of other costs and of delay are runs over its recorded minutes, four trades each, without funding, and so only near to it", "本次为实时运行，按其日志所记展示；其他成本与延迟各行是在所记的分钟线上重放（每分钟四笔成交，不含资金费），只是近似";

    D_ASIDE: "{0} set aside: {1}", "{0}未使用：{1}";
    ASIDE_SPOT: "spot prices: the contracts of a run are futures", "现货行情：回测只做合约";
    ASIDE_COIN: "coin-margined contracts", "币本位合约";
    ASIDE_TRADES: "trades: a run reads bars", "逐笔成交：回测读取 K 线";
    ASIDE_BOOK: "order book: a run reads bars", "盘口：回测读取 K 线";
    ASIDE_ACCOUNT: "account events", "账户事件";
    ASIDE_SIGNALS: "signals: named on the command line, not found in a data folder", "信号：在命令行中指定，不从数据文件夹查找";
    ASIDE_PREMIUM: "premium index", "溢价指数";
    ASIDE_INDEX: "index prices", "指数价格";
    ASIDE_METRICS: "market metrics", "市场指标";
    ASIDE_LIQUIDATIONS: "liquidations", "强平记录";
    ASIDE_WEEK: "bars of a week lie on no fixed grid", "周 K 线没有固定的时间网格";
    ASIDE_MONTH: "bars of a month lie on no fixed grid", "月 K 线没有固定的时间网格";
    ASIDE_THREE_DAYS: "bars of three days lie on no fixed grid", "三日 K 线没有固定的时间网格";
    ASIDE_OPTIONS: "options", "期权";
    ASIDE_JSON: "json outside exchange-info/", "exchange-info/ 之外的 JSON";
    ASIDE_NO_TABLE: "not a table of prices", "不是行情表";
    ASIDE_UNNAMED: "neither symbol and interval in the name nor a folder klines/, mark/ or funding/", "文件名中没有合约和周期，也不在 klines/、mark/ 或 funding/ 文件夹中";
    ASIDE_NO_FILE: "neither a file nor a folder", "既非文件也非文件夹";
}

/// Files that a run has no use for; `reason` as the search gives it.
#[must_use]
pub fn set_aside(files: usize, reason: &str) -> Phrase {
    let known = ALL.iter().find(|word| word.say(Lang::En) == reason);
    let reason = known.map_or_else(|| plain(reason), |word| word.alone());
    D_ASIDE.of([counted(files, ONE_FILE, MANY_FILES), reason])
}
