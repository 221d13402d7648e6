//! Texts of curves, benchmarks, key figures and calendar returns.
//!
//! Not here: why a figure is missing (`why`), charts' own texts (`chart`).

use super::Word;

words! {
    CURVES: "Equity and drawdown", "权益与回撤";
    NO_BENCHMARK: "No benchmark: the data holds no prices to hold.", "没有基准：数据中没有可供持有的行情。";
    INSTEAD: "Instead of trading", "不交易而持有";
    INSTEAD_RETURN: "Return", "收益率";
    INSTEAD_EXCESS: "Run's excess", "本次超额";
    INSTEAD_BETA: "Beta", "贝塔";
    INSTEAD_CORRELATION: "Correlation", "相关系数";
    INSTEAD_NOTE: "Holds are unlevered, same period, fees once in and once out.", "持有不加杠杆，同一时段，买入卖出各计一次手续费。";

    KEY_FIGURES: "Key figures", "关键指标";
    RETURN_AND_RISK: "Return and risk", "收益与风险";
    TAILS: "Tails", "尾部";
    TRADE_FIGURES: "Trades", "交易";
    ACTIVITY: "Activity", "活跃度";

    CAGR: "CAGR", "年化收益率 CAGR";
    CAGR_SHORT: "annualised from < 90 days", "由不足 90 天推算";
    CAGR_HINT: "compound, a year", "复利，每年";
    VOLATILITY: "Volatility", "波动率";
    VOLATILITY_HINT: "a year, from days", "年化，按日收益";
    SHARPE: "Sharpe", "夏普比率";
    SHARPE_HINT: "daily returns × √365, risk-free 0", "日收益 × √365，无风险利率 0";
    SORTINO: "Sortino", "索提诺比率";
    SORTINO_HINT: "downside of all days", "全部日子的下行波动";
    CALMAR: "Calmar", "卡玛比率";
    CALMAR_HINT: "CAGR over max drawdown", "CAGR ÷ 最大回撤";
    ULCER: "Ulcer index", "溃疡指数";
    ULCER_HINT: "root mean square of drawdowns", "回撤的均方根";
    UNDER_WATER: "Longest under water", "最长回撤期";
    UNDER_WATER_HINT: "from a peak back to it", "从高点到重回高点";

    BEST_DAY: "Best day", "最好单日";
    WORST_DAY: "Worst day", "最差单日";
    UTC_DAYS: "UTC days", "按 UTC 日";
    GAINING_DAYS: "Days that gained", "盈利天数";
    GAINING_DAYS_OF: "{0} of {1}", "{0} / {1}";
    GAINING_DAYS_HINT: "days without trades count", "无交易日也计入";
    VALUE_AT_RISK: "Value at risk", "在险价值 VaR";
    VALUE_AT_RISK_HINT: "5 % of days were worse", "5 % 的日子更差";
    SHORTFALL: "Expected shortfall", "预期亏损 ES";
    SHORTFALL_HINT: "mean of those days", "这些日子的均值";
    SKEW: "Skew", "偏度";
    SKEW_HINT: "below 0: losses are the long tail", "小于 0：长尾在亏损一侧";
    KURTOSIS: "Kurtosis", "峰度";
    KURTOSIS_HINT: "3 is a normal law", "正态分布为 3";

    PROFIT_FACTOR: "Profit factor", "盈利因子";
    PROFIT_FACTOR_HINT: "gross profit over gross loss", "总盈利 ÷ 总亏损";
    EXPECTANCY: "Expectancy", "期望收益";
    EXPECTANCY_HINT: "mean net of a trade", "平均每笔净盈亏";
    AVERAGE_WIN: "Average win", "平均盈利";
    AVERAGE_LOSS: "Average loss", "平均亏损";
    NET_HINT: "net", "净额";
    SQN: "SQN", "系统质量数 SQN";
    SQN_HINT: "√n · mean R / spread of R", "√n · R 均值 ÷ R 标准差";
    KELLY: "Kelly fraction", "凯利仓位";
    KELLY_HINT: "from this sample alone", "仅由本样本得出";
    STREAKS: "Longest streaks", "最长连续";
    STREAKS_OF: "{0} won, {1} lost", "{0} 连盈、{1} 连亏";
    STREAKS_HINT: "in order of exit", "按平仓先后";
    MEDIAN_HOLD: "Median hold", "持仓时间中位数";
    MEDIAN_HOLD_HINT: "entry to last exit", "开仓至最后平仓";
    MEAN_MAE: "Mean adverse move", "平均最大浮亏";
    MEAN_MAE_HINT: "worst price while open", "持仓期间最差价";
    MEAN_MFE: "Mean favourable move", "平均最大浮盈";
    MEAN_MFE_HINT: "best price while open", "持仓期间最好价";
    EDGE_RATIO: "Edge ratio", "优势比";
    EDGE_RATIO_HINT: "favourable over adverse move", "最大浮盈 ÷ 最大浮亏";

    EXPOSURE_TIME: "Time in the market", "持仓时间占比";
    EXPOSURE_TIME_HINT: "with a position open", "有仓位的时间";
    GROSS_EXPOSURE: "Gross exposure", "总敞口";
    GROSS_EXPOSURE_HINT: "mean notional over equity", "平均名义价值 ÷ 权益";
    TURNOVER: "Turnover", "换手";
    TURNOVER_HINT: "of equity, a year", "权益的倍数，每年";
    TRADES_A_DAY: "Trades a day", "日均交易数";
    TRADES_A_DAY_HINT: "finished", "已平仓";
    MOST_POSITIONS: "Most positions at once", "最多同时持仓数";
    MARGIN_USE: "Peak margin use", "保证金占用峰值";
    MARGIN_USE_HINT: "initial margin over equity", "初始保证金 ÷ 权益";
    ENTRY_DELAY: "Mean entry delay", "平均开仓延迟";
    ENTRY_DELAY_HINT: "from arrival at the exchange to the fill", "从委托到达交易所至成交";
    STALE_FILLS: "Stale fills", "无量成交";
    STALE_FILLS_HINT: "in bars nobody traded in", "成交于零成交量的 K 线";

    MONTHS: "Returns by month", "月度收益";
    MONTHS_NOTE: "Percent, UTC calendar months; the first and last may be partial. {0} of {1} gained ({2} %).", "百分比，按 UTC 自然月；首月和末月可能不完整。{1} 个月中 {0} 个月盈利（{2} %）。";
    YEAR: "Year", "年";
    MONTH_1: "Jan", "1月";
    MONTH_2: "Feb", "2月";
    MONTH_3: "Mar", "3月";
    MONTH_4: "Apr", "4月";
    MONTH_5: "May", "5月";
    MONTH_6: "Jun", "6月";
    MONTH_7: "Jul", "7月";
    MONTH_8: "Aug", "8月";
    MONTH_9: "Sep", "9月";
    MONTH_10: "Oct", "10月";
    MONTH_11: "Nov", "11月";
    MONTH_12: "Dec", "12月";
}

/// Months from January on.
pub const CALENDAR: [Word; 12] = [
    MONTH_1, MONTH_2, MONTH_3, MONTH_4, MONTH_5, MONTH_6, MONTH_7, MONTH_8, MONTH_9, MONTH_10,
    MONTH_11, MONTH_12,
];
