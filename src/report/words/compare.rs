//! Texts of the page that puts runs side by side.
//!
//! Not here: the page of one run (the parts beside this one).

words! {
    COMPARE_TITLE: "Runs side by side", "多次运行对比";
    COMPARE_KICKER: "confluence comparison", "confluence 对比";
    COMPARE_COUNT: "{0} runs, told apart by letters", "{0} 次运行，以字母区分";
    COMPARE_SYNTHETIC_TAG: "synthetic data", "合成数据";
    COMPARE_RUNS: "The runs", "各次运行";
    COMPARE_RUN_ABOUT: "{0}: signals {1}, {2} to {3} UTC, start {4}, run {5}, version {6}", "{0}：信号 {1}，{2} 至 {3}（UTC），初始资金 {4}，运行编号 {5}，版本 {6}";

    COMPARE_BALANCES: "The runs start with different amounts of money, so amounts are shown in per cent of each run's start.", "各次运行的初始资金不同，因此金额以各自初始资金的百分比表示。";
    COMPARE_WINDOWS: "The runs cover different periods: totals are of different lengths of time.", "各次运行的区间不同：合计值对应的时间长度不一样。";
    COMPARE_SAME: "{0} and {1} are the same run: {2}.", "{0} 与 {1} 是同一次运行：{2}。";
    COMPARE_SYNTHETIC: "Prices or signals of {0} were generated, not recorded: the result says nothing about a market.", "{0} 的价格或信号是生成的，并非真实记录：结果不能说明市场情况。";

    COMPARE_FIGURES: "Key figures", "主要指标";
    COMPARE_FIGURE: "Figure", "指标";
    COMPARE_NET_RESULT: "Net result", "净收益";
    COMPARE_TOTAL_RETURN: "Total return", "总收益率";
    COMPARE_CAGR_A_YEAR: "CAGR", "年化复合收益率";
    COMPARE_DRAWDOWN_BARS: "Max drawdown, bar ends", "最大回撤（K线收盘）";
    COMPARE_DRAWDOWN_DAYS: "Max drawdown, day ends", "最大回撤（日终）";
    COMPARE_SHARPE_RATIO: "Sharpe ratio", "夏普比率";
    COMPARE_SORTINO_RATIO: "Sortino ratio", "索提诺比率";
    COMPARE_FINISHED_TRADES: "Finished trades", "已完成交易";
    COMPARE_WON_TRADES: "Win rate", "胜率";
    COMPARE_MEAN_TRADE: "Mean result of a trade", "单笔平均收益";
    COMPARE_MEAN_R: "Mean result in risks", "平均结果（R）";
    COMPARE_PROFIT_TO_LOSS: "Profit factor", "盈利因子";
    COMPARE_HOLD_MEDIAN: "Median hold", "持仓时间中位数";
    COMPARE_TIME_IN_MARKET: "Time in the market", "持仓时间占比";
    COMPARE_FEES_PAID: "Fees paid", "手续费";
    COMPARE_FUNDING_NET: "Funding", "资金费";
    COMPARE_SLIPPAGE_MEMO: "Slippage, inside the prices", "滑点（已含在价格中）";
    COMPARE_BARS_AMBIGUOUS: "Ambiguous bars", "路径不明的K线";
    COMPARE_LIQUIDATED: "Liquidations", "强平次数";
    COMPARE_UNIT_OF_START: "% of start", "占初始资金 %";
    COMPARE_UNIT_MINUTES: "min", "分钟";

    COMPARE_EQUITY: "Equity, {0}", "权益，{0}";
    COMPARE_EQUITY_CHANGE: "Gain since the start, %", "自开始以来的收益，%";
    COMPARE_DRAWDOWN: "Drawdown from the last peak of equity, %", "相对最近权益高点的回撤，%";
    COMPARE_EVERY_BAR: "at every bar end of each run", "取各次运行每根K线的收盘时刻";
    COMPARE_THINNED: "at bar ends, thinned so that every extreme stays", "取K线收盘时刻，已抽稀，保留所有极值";
    COMPARE_CURVES: "Equity and drawdown", "权益与回撤";

    COMPARE_CAUSES: "What differs in settings and inputs", "设置与输入的差别";
    COMPARE_KEY: "Key or input", "设置项或输入";
    COMPARE_INPUT_VERSION: "version of sim", "sim 版本";
    COMPARE_INPUT_FILE: "file of signals", "信号文件";
    COMPARE_INPUT_SIGNALS: "signals, hash", "信号（哈希）";
    COMPARE_INPUT_DATA: "prices and contracts, hash", "价格与合约（哈希）";
    COMPARE_INPUT_FROM: "begins", "开始";
    COMPARE_INPUT_TO: "ends", "结束";
    COMPARE_INPUT_BARS: "{0}, bars", "{0}，K线";
    COMPARE_INPUT_DETAIL: "{0}, finer bars", "{0}，更细的K线";
    COMPARE_INPUT_FILES: "{0}, files", "{0}，文件";
    COMPARE_NO_CAUSES: "Nothing: settings, signals, prices, period and version are the same.", "没有差别：设置、信号、价格、区间与版本都相同。";
    COMPARE_NONE: "none", "无";

    COMPARE_VERDICTS: "What became of the same signals", "同样的信号结果如何";
    COMPARE_VERDICT: "Verdict", "结果";
    COMPARE_SPLIT: "{0} were traded in one run and not in another.", "{0} 条信号在某次运行中成交，而在另一次中没有。";
    COMPARE_SPLIT_NONE: "Every signal that one run traded was traded by all.", "一次运行中成交的信号，在所有运行中都成交了。";
    COMPARE_SPLIT_FIRST: "The first {0} of them:", "其中前 {0} 条：";
    COMPARE_SIGNAL: "Signal", "信号";
    COMPARE_TIME: "Received, UTC", "接收时间（UTC）";
    COMPARE_SYMBOL: "Contract", "合约";
    COMPARE_ABSENT: "not in its input", "输入中没有";

    COMPARE_MORE: "All other figures that differ", "其他不同的指标";
    COMPARE_MORE_NOTE: "As metrics.json names them; rates are fractions.", "名称与 metrics.json 相同；比率为小数。";
    COMPARE_MORE_NONE: "None.", "没有。";
    COMPARE_MORE_OPEN: "{0} figures", "{0} 个指标";
    COMPARE_UNIT: "Unit", "单位";
}
