//! Texts of the charts of a run: titles, axes, legends, captions.
//!
//! Not here: the charts (`panels`).

words! {
    LINK_EDGE: "Edge", "优势";
    LINK_CALENDAR: "Calendar", "日历";
    LINK_GATES: "Refused", "拒绝";
    LINK_SENSITIVITY: "Sensitivity", "敏感性";
    FOOTER: "{0} to {1} UTC · run {2} · confluence {3}", "{0} 至 {1} UTC · 回测 {2} · confluence {3}";
    SYNTHETIC: "SYNTHETIC DATA", "合成数据";
    TILE_NET: "Net result", "净收益率";
    TILE_DRAWDOWN: "Max drawdown", "最大回撤";
    TILE_TRADES: "Trades", "交易笔数";
    TILE_WON: "Won", "胜率";
    TILE_R: "Mean result", "平均结果";
    TILE_FACTOR: "Profit factor", "盈利因子";
    TILE_SHARPE: "Sharpe", "夏普比率";
    TILE_AMBIGUOUS: "Ambiguous bars", "路径不明的K线";
    DRAWDOWN_TITLE: "Drawdown from the last peak of equity, %", "自上一权益峰值的回撤, %";
    NO_REFUSAL: "No entry was refused and trading was never halted.", "没有被拒绝的入场，也未曾停止开仓。";
    NOTHING: "The run holds nothing to draw here.", "本次回测没有可绘制的数据。";
    EDGE: "Does the signal carry an edge?", "信号是否有优势？";
    CALENDAR: "Returns by day and month", "按日与按月收益";
    GATES: "What the risk manager refused, and when", "风控拒绝的时间与原因";
    THIS_RUN: "this run", "本次回测";
    TRADES_WON: "trades won", "盈利交易";
    TRADES_LOST: "trades lost", "亏损交易";
    TRADES: "trades", "交易笔数";
    NET: "net, USDT", "净盈亏, USDT";
    COUNT: "count", "数量";
    RESULT: "result, R", "结果, R";

    EQUITY_TITLE: "Equity, drawdown and exposure", "权益、回撤与敞口";
    EQUITY: "equity, USDT", "权益, USDT";
    DRAWDOWN: "drawdown, %", "回撤, %";
    EXPOSURE: "exposure, %", "敞口, %";
    THINNED: "At {0} bar ends, thinned so that every extreme stays. Drawdown is from the last peak; exposure is the value of open positions over equity.", "取自 {0} 个K线收盘点，已抽样但保留所有极值。回撤自上一峰值起算；敞口为持仓名义价值占权益的比例。";
    AT_BAR_ENDS: "At {0} bar ends. Drawdown is from the last peak; exposure is the value of open positions over equity.", "取自 {0} 个K线收盘点。回撤自上一峰值起算；敞口为持仓名义价值占权益的比例。";

    DOTS: " Dots are exits of trades.", "圆点为平仓。";
    NO_DOTS: " Exits are not drawn: there are more than {0}.", "平仓多于 {0} 次，不再标出。";

    BENCHMARKS_TITLE: "What holding would have made", "若只是持有";
    BENCHMARKS_CAPTION: "Entries held: {0} buys of {1}, at the trades' own entries, each sold {2} later or at the end of the run, with fees and without slippage. The band holds 90 % of {3} draws of the same buys at random times: inside it, the moment of entry told nothing.", "入场后持有：在各笔交易的入场时刻买入 {0} 次，每次 {1}，{2} 后或回测结束时卖出，含手续费，不含滑点。色带为同样买入改在随机时刻的 {3} 次抽样的 90 % 区间：若落在带内，则入场时机并无信息。";
    BENCHMARKS_ALONE: "No trade was finished: only holding is drawn, at day ends.", "没有完成的交易：仅显示持有，取自日末。";
    RANDOM_ENTRIES: "random times, 5–95 %", "随机时刻 5–95 %";
    ENTRIES_HELD: "entries held, no stop or target", "入场后持有，无止损止盈";
    CHANGE: "change of the account, %", "账户变化, %";

    FUNNEL_TITLE: "From message to fill", "从信号到成交";
    FUNNEL_CAPTION: "How many came through each stage; the reasons of the rest are listed below.", "各阶段通过的数量；其余的原因列于下方。";

    DECAY_TITLE: "Price after the confluence", "共振信号后的价格";
    DECAY_CAPTION: "Mean move in the direction traded, from the first open after the signal was had; {0} confluences at the left end, {1} at the right. All that were emitted count, traded or not.", "自收到信号后的首个开盘价起，沿交易方向的平均变动；左端 {0} 个共振，右端 {1} 个。所有发出的共振均计入，无论是否成交。";
    DECAY_MEAN: "mean move", "平均变动";
    DECAY_BAND: "mean ± 1.96 standard errors", "均值 ± 1.96 标准误";
    SINCE_KNOWN: "time since the signal was had", "收到信号后的时间";
    MOVE: "move, %", "变动, %";

    SCORE_TITLE: "Result by score", "结果与评分";
    SCORE: "score of the pair", "信号对评分";
    GAP_TITLE: "Result by gap of the pair", "结果与信号间隔";
    GAP: "time between the two signals, s", "两个信号的时间间隔, 秒";
    OUTCOME_CAPTION: "{0} trades with a stop. The line joins means of {1} groups of neighbours: if the rule works, it rises (score) or falls (gap).", "共 {0} 笔有止损的交易。折线连接 {1} 组相邻交易的均值：若规则有效，则随评分上升、随间隔下降。";
    OUTCOME_FEW: "{0} trades with a stop: too few for means of neighbours.", "共 {0} 笔有止损的交易：太少，不计算相邻均值。";
    MEAN_OF_NEIGHBOURS: "mean of neighbours", "相邻均值";

    EXITS_TITLE: "Net by last exit", "按最后平仓原因的净盈亏";
    EXITS_CAPTION: "A trade counts under the reason that closed its last part; in brackets the number of trades.", "每笔交易按最后一部分的平仓原因计；括号内为交易笔数。";
    LADDER_TITLE: "Levels that were met", "触及的价位";
    LADDER_CAPTION: "Share of {0} trades of which a part was closed there; in brackets their number.", "在该价位至少部分平仓的交易占全部 {0} 笔的比例；括号内为笔数。";
    LEVEL_STOP: "stop −{0} %", "止损 −{0} %";
    LEVEL_TARGET: "target {0}: +{1} % closes {2} %", "止盈 {0}：+{1} % 平 {2} %";
    LEVEL_TRAILING: "trailing from +{0} %, {1} % back", "移动止损 +{0} % 启动，回撤 {1} %";
    LEVEL_BREAK_EVEN: "stop moved to entry", "保本止损";
    SHARE_OF_TRADES: "share of trades, %", "交易占比, %";
    RESULTS_TITLE: "Results of trades", "交易结果分布";
    RESULTS_CAPTION: "In multiples of the risk to the stop at entry, half an R wide; the outermost bars hold all beyond.", "以入场时到止损的风险为单位（R），每格 0.5 R；最外侧包含所有更远的结果。";
    MEAN: "mean {0} R", "均值 {0} R";

    EXCURSIONS_TITLE: "Worst and best price while open", "持仓期间的最差与最优价格";
    EXCURSIONS_CAPTION: "Each dot is a trade: how far the price went against it and for it, of the entry price. Many lost trades far above the first target mean it is out of reach or too late.", "每个点为一笔交易：价格相对入场价的最大不利与最大有利变动。若许多亏损交易曾远高于第一止盈，则止盈设置过远或过晚。";
    STOP_LINE: "stop −{0} %", "止损 −{0} %";
    TARGET_LINE: "target {0} +{1} %", "止盈 {0} +{1} %";
    WORST: "worst, % of entry", "最差, 占入场价 %";
    BEST: "best, % of entry", "最优, 占入场价 %";

    SYMBOLS_TITLE: "Net by contract", "按合约的净盈亏";
    SYMBOLS_CAPTION: "{0} of {1} contracts, those with the largest results; in brackets the number of trades.", "显示 {1} 个合约中盈亏最大的 {0} 个；括号内为交易笔数。";
    HOURS_TITLE: "Net by hour of entry, UTC", "按入场小时的净盈亏 (UTC)";
    HOUR: "hour of entry, UTC", "入场小时, UTC";
    WEEKDAYS_TITLE: "Net by weekday of entry, UTC", "按入场星期的净盈亏 (UTC)";
    WEEKDAY: "weekday of entry", "入场星期";
    COUNTS_AT_BARS: "The number at a bar is how many trades it holds.", "柱端数字为交易笔数。";
    MONDAY: "Mon", "周一";
    TUESDAY: "Tue", "周二";
    WEDNESDAY: "Wed", "周三";
    THURSDAY: "Thu", "周四";
    FRIDAY: "Fri", "周五";
    SATURDAY: "Sat", "周六";
    SUNDAY: "Sun", "周日";

    COSTS_TITLE: "From gross to net, USDT", "从毛利到净利, USDT";
    COSTS_CAPTION: "Gross is what the fills would have made at their reference prices; slippage is inside the prices of the fills.", "毛利按参考价计算；滑点已包含在成交价中。";
    GROSS: "gross", "毛利";
    SLIPPAGE: "slippage", "滑点";
    FEES: "fees", "手续费";
    FUNDING: "funding", "资金费";
    INSURANCE: "insurance", "保险基金";
    NET_RESULT: "net", "净利";

    PATHS_TITLE: "Net by path inside bars", "按K线内路径假设的净盈亏";
    PATHS_CAPTION: "Whole replays with another order of high and low inside each bar. {0} of {1} bars with a position are ambiguous; {2} trades touch one.", "以不同的K线内高低点顺序完整重放。{1} 根持仓K线中有 {0} 根路径不明，涉及 {2} 笔交易。";
    MULTIPLES_TITLE: "Net at other costs and with more delay", "其他成本与延迟下的净盈亏";
    MULTIPLES_CAPTION: "Fees, spread, slippage and impact times 0 to 3 (funding stays), and all orders one bar later at the exchange: whole replays.", "手续费、价差、滑点与冲击乘以 0 至 3（资金费不变），以及所有订单晚一根K线到达交易所：均为完整重放。";
    LATER: "{0} later", "晚 {0}";

    DAYS_TITLE: "Returns of days, %", "每日收益率, %";
    DAYS_CAPTION: "UTC days; the first and the last may be partial.", "UTC 日；首尾可能不完整。";
    DAYS_CUT: "UTC days of the latest {0} months; earlier ones are left out.", "最近 {0} 个月的 UTC 日；更早的不显示。";
    DAY_OF_MONTH: "day of the month", "日";
    MONTHS_TITLE: "Returns of months, %", "每月收益率, %";
    MONTHS_CAPTION: "UTC calendar months; the first and last may be partial.", "UTC 自然月；首尾可能不完整。";
    MONTH: "month", "月";

    GATES_TITLE: "Entries refused over time", "被拒绝的入场";
    GATES_CAPTION: "Each dot is a confluence that was not traded, at the gate that refused it. Limits of a day: {0} trades, {1} % loss; halted {2} times.", "每个点为一次未成交的共振及其拒绝原因。每日上限：{0} 笔交易、{1} % 亏损；停止开仓 {2} 次。";
    HALTED: "no entries taken", "停止开仓";
}
