//! Texts of the page's end: data, assumptions, limits, how to get the same result again.
//!
//! Not here: the notes (`data`) and the assumptions (`model`) themselves.

use super::{Lang, Word};

words! {
    DATA: "Data", "数据";
    DATA_NOTHING: "Nothing about the prices needed to be said.", "行情数据没有需要说明之处。";
    DATA_WEIGHT: "Weight", "程度";
    DATA_TEXT: "What is to know", "说明";
    WEIGHT_CAUTION: "caution", "留意";
    WEIGHT_NOTE: "note", "备注";
    ALL_OF_THEM: "all", "全部";

    ASSUMPTIONS: "Assumptions in plain words", "假设（白话）";
    NOT_MODELLED: "Not modelled", "未模拟";
    LIMIT_BOOK: "Order book depth and queues: a market order fills whole, at the bar's price plus the costs assumed.", "盘口深度与排队：市价单按 K 线价格加上所设成本全部成交。";
    LIMIT_PARTIAL: "Partial liquidation by tier and auto-deleveraging: a liquidation closes the whole position.", "分档部分强平与自动减仓：强平会平掉整个仓位。";
    LIMIT_OUTAGES: "Outages, rate limits and refused orders of the exchange, other than gaps in the data.", "交易所宕机、限频与拒单（数据缺口除外）。";
    LIMIT_DISCOUNTS: "Fee discounts, unless the rates say so.", "手续费折扣（费率中已体现的除外）。";
    LIMIT_MODES: "Hedge mode and multi-asset margin.", "双向持仓模式与多资产保证金。";
    LIMIT_IMPACT: "The effect of our own orders on the price, beyond the impact assumed.", "自身委托对价格的影响（所设冲击成本之外）。";
    LIMIT_OTHERS: "That others trade the same public signals at the same moment.", "其他人同时交易同样的公开信号。";

    REPRODUCE: "Get the same result again", "复现同样的结果";
    INPUT: "Input", "输入";
    INPUT_RUN_ID: "run id", "运行编号";
    INPUT_VERSION: "version", "版本";
    INPUT_CONFIGURATION: "configuration", "配置";
    INPUT_DATA: "data", "行情数据";
    INPUT_SIGNALS: "signals", "信号";
    INPUT_SEED: "seed", "随机种子";
    REPRODUCE_NOTE: "The same inputs give the same bytes in every file of figures of this folder, at any number of threads. Not a promise of anything; not advice.", "同样的输入，在任意线程数下，本文件夹中每个数据文件的字节都相同。不作任何承诺，不构成投资建议。";
}

/// What no setting changes (`simulation.md` section 9).
pub const LIMITS: [Word; 7] = [
    LIMIT_BOOK,
    LIMIT_PARTIAL,
    LIMIT_OUTAGES,
    LIMIT_DISCOUNTS,
    LIMIT_MODES,
    LIMIT_IMPACT,
    LIMIT_OTHERS,
];

/// What a result hangs on, by its name in the files.
#[must_use]
pub fn input(name: &str, lang: Lang) -> String {
    let known = [
        INPUT_VERSION,
        INPUT_CONFIGURATION,
        INPUT_DATA,
        INPUT_SIGNALS,
        INPUT_SEED,
    ];
    let word = known.into_iter().find(|word| word.say(Lang::En) == name);
    word.map_or(name, |word| word.say(lang)).to_owned()
}
