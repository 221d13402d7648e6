//! Texts about the sweep behind a run: its panel, its table, its verdict.
//!
//! Not here: the page of the sweep itself, which is in English.

words! {
    SENSITIVITY: "Sensitivity", "参数敏感性";
    SENSITIVITY_TITLE: "{0} one setting at a time", "逐个参数的 {0}";
    SENSITIVITY_CAPTION: "Each bar is a trial of the sweep that differs from the best one in this setting alone; the best's own value is in the run's colour. Bars as long as it: the setting hardly matters near the best. Much shorter ones: the result hangs on it.", "每根柱为参数搜索中仅该参数与最佳组合不同的一次试验；最佳组合自身的取值以本次回测的颜色标出。若各柱长度相近，则该参数在最佳点附近影响不大；若明显变短，则结果依赖于该取值。";
    SENSITIVITY_MEDIANS: "Where no other trial differs in one setting alone, a bar is the median of all trials with that value (n trials), whatever their other settings.", "若没有仅该参数不同的其他试验，则柱为取该值的全部试验（n 次）的中位数，不论其他参数。";
    SENSITIVITY_CUT: "{0} of {1} settings, those with the largest effect.", "显示 {1} 个参数中影响最大的 {0} 个。";
    SWEPT_UNDEFINED: "undefined", "无定义";
    SWEPT_EXCLUDED: "excluded", "被排除";
    SWEPT_N: "{0}, n = {1}", "{0}，n = {1}";

    ORIGIN_FROM: "The configuration is best.toml of sweep {0}: trial {1}, the best by {2} of {3} trials that ran ({4} tried, {5}).", "配置来自参数搜索 {0} 的 best.toml：第 {1} 次试验，在实际运行的 {3} 次试验中按 {2} 最佳（共尝试 {4} 次，{5}）。";
    ORIGIN_SAME: "This run is that trial, event for event: {0} {1}, rank 1 of {2}.", "本次回测与该试验逐事件一致：{0} 为 {1}，在 {2} 次中排名第 1。";
    ORIGIN_RANK: "This run is another trial of the sweep: {0} {1}, rank {2} of {3}; the best has {4}.", "本次回测是该搜索中的另一次试验：{0} 为 {1}，在 {3} 次中排名第 {2}；最佳为 {4}。";
    ORIGIN_OTHER: "This run is none of the first {0} trials of the ranking: {1} is {2} here, {3} in the best trial.", "本次回测不是排名前 {0} 的试验之一：此处 {1} 为 {2}，最佳试验为 {3}。";
    ORIGIN_DIFFERS: "Not the run that the sweep ranked", "并非参数搜索排名中的那次回测";
    ORIGIN_NEIGHBOURS: "What is told below of its neighbours holds for the best trial, not for this run.", "以下关于相邻参数的内容针对最佳试验，而非本次回测。";
    DIFFERS_SETTING: "{0} is {2}, not {1}", "{0} 为 {2}，而非 {1}";
    DIFFERS_SIGNALS: "other signals", "信号不同";
    DIFFERS_PRICES: "other prices or another stretch of them", "价格数据或其时间段不同";
    DIFFERS_VERSION: "version {1} of the program, not {0}", "程序版本为 {1}，而非 {0}";
    DIFFERS_EVENTS: "other events from the same inputs", "相同输入却产生不同事件";
    DIFFERS_MORE: "and {0} more", "另有 {0} 项";

    PLATEAU_FLAT: "Plateau score {0}: the median {1} of the {2} trials one step away is {3}, against {4} of the best. It does not hang on one exact setting.", "平台得分 {0}：相邻一步的 {2} 次试验的 {1} 中位数为 {3}，最佳为 {4}。结果不依赖于某一精确取值。";
    PLATEAU_PEAK: "Plateau score {0}: the median {1} of the {2} trials one step away is {3}, against {4} of the best. Below 0.7 it is a lone peak: a small change of the settings loses it.", "平台得分 {0}：相邻一步的 {2} 次试验的 {1} 中位数为 {3}，最佳为 {4}。低于 0.7 为孤立尖峰：参数稍变即失。";
    PLATEAU_WITHOUT: "{0} more neighbours have no objective.", "另有 {0} 个相邻试验没有目标值。";
    PLATEAU_NO_STEP: "No plateau score: only settings with ordered steps have a next value; reals and words have none.", "无平台得分：只有具备有序步长的参数才有相邻取值，实数区间与文字选项没有。";
    PLATEAU_NOT_POSITIVE: "No plateau score: {0} of the best is not above zero, so a share of it says nothing.", "无平台得分：最佳的 {0} 不大于零，比例没有意义。";
    PLATEAU_NO_NEIGHBOURS: "No plateau score: no trial one step away was tried and has an objective.", "无平台得分：相邻一步没有已运行且有目标值的试验。";
    ORIGIN_LUCK: "The best of {0} trials looks better than it is, whatever its neighbours do: sim validate tells how much of it is luck.", "无论相邻参数如何，{0} 次试验中的最佳者总显得比实际更好：sim validate 会说明其中有多少是运气。";
    ORIGIN_OLD: "The sweep did not write down how each setting does around the best: run sim sweep with --resume on its folder, then this backtest again.", "该搜索未记录最佳点附近各参数的表现：请对其文件夹执行 sim sweep --resume，然后重新运行本回测。";

    SETTING: "Setting", "参数";
    ONE_BEFORE: "Value before", "前一取值";
    OF_BEST: "Best", "最佳";
    ONE_AFTER: "Value after", "后一取值";
    KEPT: "Kept by the worse", "较差一侧保留";
    TABLE_NOTE: "Each cell: the value and {0} there. Kept: {0} of the worse neighbour as a share of the best's; below 70 % the setting is a peak by itself.", "每格：取值及其 {0}。保留：较差相邻取值的 {0} 占最佳的比例；低于 70 % 说明该参数自身即为尖峰。";
}
