//! Texts of the two curves: titles, what their points are.
//!
//! Not here: the names of benchmarks (`common`), texts of other charts (`panel`).

words! {
    C_EQUITY: "Equity, USDT", "权益 USDT";
    C_DRAWDOWN: "Drawdown from the last peak of equity, %", "自权益前高的回撤 %";
    C_DAY: "{0} {1}", "{0}{1}日";
    C_OF_YEAR: "{0} {1}", "{1}年{0}";
    C_DAYS: "at the end of each UTC day", "每个 UTC 日结束时";
    C_BARS: "at {0}", "{0}";
    C_THINNED: "at {0}, thinned so that every extreme stays", "{0}，已抽稀并保留每个极值";
    C_DOTS: "{0}; dots are finished trades, green won, red lost", "{0}；圆点为已平仓交易，绿色盈利，红色亏损";
}
