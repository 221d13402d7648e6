//! Texts of the top of the page: title, verdict strip, headlines, links.
//!
//! Not here: which of them a run gets (`report::headline`).

words! {
    KICKER: "confluence backtest", "共振策略回测";
    KICKER_PAPER: "confluence paper trading", "共振策略模拟盘";
    SYNTHETIC_TAG: "synthetic data", "合成数据";
    TOP_LINE: "{0} to {1} UTC ({2}) · start {3} · run {4} · version {5}", "{0} 至 {1} UTC（{2}）· 初始资金 {3} · 运行 {4} · 版本 {5}";
    PICTURE_FOOT: "{0} to {1} UTC · run {2} · confluence {3}", "{0} 至 {1} UTC · 运行 {2} · confluence {3}";
    PICTURE_SYNTHETIC: "SYNTHETIC DATA", "合成数据";

    STRIP_NET: "Net result", "净盈亏";
    STRIP_NET_HINT: "{0}, after all costs", "{0}，已扣全部成本";
    STRIP_DRAWDOWN: "Max drawdown", "最大回撤";
    STRIP_DRAWDOWN_BARS: "at bar ends; {0} at day ends", "按 K 线收盘；按日收盘为 {0}";
    STRIP_DRAWDOWN_DAYS: "at day ends", "按日收盘";
    STRIP_TRADES: "Finished trades", "已平仓交易";
    STRIP_TRADES_OPEN: "{0}, {1} still open", "{0}，{1} 个仓位未平";
    STRIP_WIN_RATE: "Win rate", "胜率";
    STRIP_WIN_RATE_HINT: "{0} won, {1} lost, {2} flat", "{0} 盈、{1} 亏、{2} 平";
    STRIP_EXPECTANCY: "Expectancy", "期望收益";
    STRIP_EXPECTANCY_INTERVAL: "95 % interval {0} to {1}", "95 % 置信区间 {0} 至 {1}";
    STRIP_EXPECTANCY_HINT: "mean result in initial risks", "平均每笔，以初始风险计";
    STRIP_AMBIGUOUS: "Ambiguous bars", "路径不明的 K 线";
    STRIP_AMBIGUOUS_HINT: "of {0} in position; {1} touched", "持仓期间共 {0} 根；涉及 {1}";
    STRIP_PRICED: "Signals with prices", "有行情的信号";
    STRIP_PRICED_OF: "{0} of {1}", "{0} / {1}";
    STRIP_PRICED_HINT: "price within the entry time-to-live", "开仓有效期内有价格";
    STRIP_PRICED_NONE: "no signal needed one", "没有信号需要价格";

    LINK_EQUITY: "Equity", "权益";
    LINK_FIGURES: "Figures", "指标";
    LINK_EXITS: "Exits", "平仓";
    LINK_FUNNEL: "Signals", "信号";
    LINK_ENVELOPE: "Paths", "路径";
    LINK_COSTS: "Costs", "成本";
    LINK_GROUPS: "Groups", "分组";
    LINK_TRADES: "Trades", "交易";
    LINK_DATA: "Data", "数据";
    LINK_ASSUMPTIONS: "Assumptions", "假设";

    WARNING: "Warning", "警告";
    RUINED: "Ruined", "权益归零";
    RUINED_TEXT: "Equity fell to zero or below. The series of days ends there, and ratios after it do not exist.", "权益跌至零或以下。日收益序列到此为止，其后的比率不存在。";
    LIQUIDATED: "Liquidated", "强平";
    LIQUIDATED_TEXT: "{0} closed by the exchange for want of margin. With a working stop this means a price gap, a stop beyond the liquidation level, or too much leverage.", "{0}因保证金不足被交易所强平。止损正常工作时仍出现强平，说明价格跳空、止损价在强平价之外，或杠杆过高。";
    NO_TRADES: "No finished trades", "没有已平仓交易";
    NO_TRADES_OPEN: "No position was closed in this period; open ones are valued at their last mark.", "本期没有平仓；未平仓位按最后的标记价格估值。";
    NO_TRADES_TEXT: "The run is complete; the signal funnel below shows where the signals ended.", "回测已完成；下方的信号漏斗显示信号止于何处。";
    FEW_TRADES: "Few trades", "交易太少";
    FEW_TRADES_TEXT: "{0} too few to tell skill from luck, whatever the figures say.", "{0}太少，无论指标如何都分不清是能力还是运气。";
    CUT_OFF: "Cut off by the data", "因数据结束而平仓";
    CUT_OFF_TEXT: "{0} closed only because the prices end there.", "{0}只因行情数据到此结束而平仓。";
    PATHS_DECIDE: "The sign of the result depends on intrabar paths", "盈亏方向取决于 K 线内路径";
    PATHS_DECIDE_TEXT: "Depending on the order of high and low inside bars the net result is anything from {0} to {1}.", "K 线内最高价与最低价的先后不同，净盈亏可在 {0} 到 {1} 之间。";
    DELAY_DECIDES: "The gain vanishes with one bar of delay", "延迟一根 K 线，盈利即消失";
    DELAY_DECIDES_TEXT: "With every order {0} later the same run nets {1} instead of {2}.", "若每笔委托都晚 {0}，同一回测的净盈亏是 {1}，而不是 {2}。";
    IN_SAMPLE: "In-sample", "样本内";
    IN_SAMPLE_TEXT: "No out-of-sample validation was run. If settings were chosen on this period, expect less from the next.", "未做样本外验证。若参数是在这段时间上选出的，对下一段应降低预期。";
    MADE_UP: "Synthetic", "合成数据";
    MADE_UP_TEXT: "Prices or signals were generated, not recorded. The result says nothing about a market.", "价格或信号是生成的，并非真实记录。结果不说明任何市场情况。";
    SHORT_RUN: "Short run", "时间太短";
    SHORT_RUN_TEXT: "Annual figures are annualised from {0} days (< 90): read them as arithmetic, not as a forecast.", "年化指标由 {0} 天（< 90 天）推算：只当算术看，不是预测。";
    DATA_CAUTION: "Data", "数据";
    DATA_CAUTION_TEXT: "{0} about the prices used; the first: {1}, {2}.", "所用行情有 {0}；第一条：{1}，{2}。";
    ALL_CONTRACTS: "all contracts", "全部合约";
    UNPRICED: "Signals without prices", "无行情的信号";
    UNPRICED_TEXT: "{0} of {1} signals of types that trade have no price within the entry time-to-live, so they could not.", "可交易类型的 {1} 条信号中，有 {0} 条在开仓有效期内没有价格，因而无法成交。";
}
