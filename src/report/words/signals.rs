//! Texts of the signal funnel and of each message's verdict; names of message types.
//!
//! Not here: why a message led to nothing (`reason`).

use super::{Phrase, Word};

words! {
    FUNNEL: "Signal funnel", "信号漏斗";
    NO_SIGNALS: "The run had no signals.", "本次回测没有信号。";
    LOST_HERE: "lost here: {0}", "在此流失：{0}";
    REFUSED: "Refused by our risk or rejected by the exchange", "被风控拒绝或被交易所拒单";
    REFUSED_TIMES: "Times", "次数";
    REFUSED_BECAUSE: "Because", "原因";
    VERDICTS: "Every signal's verdict", "每条信号的结果";
    VERDICT_TIME: "Received, UTC", "收到时间 UTC";
    VERDICT_TYPE: "Type", "类型";
    VERDICT: "What became of it", "结果";
    VERDICT_ID: "Id", "编号";
    NO_PRICE_IN_TIME: "{0}; no price in time: {1}", "{0}；有效期内无价格：{1}";

    STAGE_FILE: "in the file", "文件中";
    STAGE_RECEIVED: "received in the run", "回测时段内收到";
    STAGE_USABLE: "of a type that trades, new and fresh", "可交易类型，不重复、未过期";
    STAGE_MATCHED: "matched in the window", "窗口内配对（共振）";
    STAGE_SCORED: "scored high enough", "评分达标";
    STAGE_ACCEPTED: "accepted by the risk manager", "通过风控";
    STAGE_FILLED: "filled", "已成交";

    MESSAGES: "messages", "条消息";
    MESSAGE: "message", "条消息";
    PAIRS: "pairs", "对";
    PAIR: "pair", "对";
    ENTRIES: "entries", "笔开仓";
    ENTRY: "entry", "笔开仓";

    KIND: "{0} {1}", "{0} {1}";
    KIND_100: "downside risk", "下跌风险";
    KIND_108: "fund movement", "资金异动";
    KIND_109: "listing", "上币公告";
    KIND_110: "alpha", "Alpha";
    KIND_111: "capital flight", "资金出逃";
    KIND_112: "fomo intensified", "FOMO 加剧";
    KIND_113: "fomo", "FOMO";
    KIND_114: "abnormal funds", "资金异常";
    KIND_UNKNOWN: "unknown", "未知";
}

/// A unit after its count: `1 entry`, `2 entries`.
#[must_use]
pub fn unit(many: Word, count: usize) -> Word {
    let pairs = [(MESSAGES, MESSAGE), (PAIRS, PAIR), (ENTRIES, ENTRY)];
    let one = pairs.into_iter().find(|(word, _)| *word == many);
    match one {
        Some((_, one)) if count == 1 => one,
        _ => many,
    }
}

/// A message type with its name.
#[must_use]
pub fn kind(number: u16) -> Phrase {
    let name = match number {
        100 => KIND_100,
        108 => KIND_108,
        109 => KIND_109,
        110 => KIND_110,
        111 => KIND_111,
        112 => KIND_112,
        113 => KIND_113,
        114 => KIND_114,
        _ => KIND_UNKNOWN,
    };
    KIND.of([super::Part::from(number.to_string()), name.alone().into()])
}
