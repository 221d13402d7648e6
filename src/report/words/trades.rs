//! Texts of exits, groups of trades and the list of trades; names of groups.
//!
//! Not here: why a position was closed (`reason`), figures (`figures`).

use super::{Lang, Word};

words! {
    EXITS: "Exits", "平仓方式";
    NO_TRADE: "No trade was finished.", "没有已平仓的交易。";
    EXIT_FILLS: "Closing fills by reason", "平仓成交（按原因）";
    EXIT_FILLS_COUNT: "Fills", "成交数";
    EXIT_FILLS_SHARE: "Share of value", "价值占比";
    EXITS_NOTE: "A trade counts under its last exit; fills count under their own.", "交易按最后一次平仓的原因归类；成交按各自的原因归类。";
    LAST_EXIT: "Last exit", "最后平仓";
    TRADE_RESULT: "Result of a trade", "单笔结果";
    NO_RESULT: "No trade had a stop, so no result can be told in initial risks.", "没有交易设置止损，无法以初始风险衡量结果。";

    GROUPS: "Where the result comes from", "盈亏来源";
    GROUP_DIRECTION: "Direction", "方向";
    GROUP_SCORE: "Score, tenths", "评分（十等分）";
    GROUP_GAP: "Gap of the pair", "配对间隔";
    GROUP_WEEKDAY: "Weekday of entry", "开仓星期";
    GROUP_MONTH: "Month of entry", "开仓月份";
    GROUP_HOUR: "Hour of entry, UTC", "开仓小时 UTC";
    GROUP_WON: "Won", "胜率";
    GROUP_MEAN: "Mean, USDT", "均值 USDT";
    GROUP_FACTOR: "Gain/loss", "盈利因子";
    GROUPS_NOTE: "Gain/loss is the profit factor: gross profit over gross loss.", "盈利因子：总盈利 ÷ 总亏损。";
    GROUP_CUT: "The {0} largest of {1} by size of net; all are in metrics.json.", "共 {1} 项，此处为净盈亏绝对值最大的 {0} 项；全部见 metrics.json。";
    CONCENTRATION_LOSS: "The trades lost money together, so no share of a profit can be named.", "交易合计亏损，因此无从谈起利润占比。";
    CONCENTRATION: "Of the net profit the best trade made {0}, the best five {1}, the best ten {2}; the best contract ({3}) made {4}. Above 100 % means that all others lost together.", "净利润中，最好的一笔交易占 {0}，最好的五笔占 {1}，最好的十笔占 {2}；最好的合约（{3}）占 {4}。超过 100 % 表示其余合计亏损。";
    NONE: "none", "无";

    TRADE_LIST: "Trades", "交易明细";
    FIRST_OF: "The first {0} of {1}; all are in {2}.", "共 {1} 条，此处为前 {0} 条；全部见 {2}。";
    TRADE_ENTRY: "Entry, UTC", "开仓 UTC";
    TRADE_SIDE: "Side", "方向";
    TRADE_R: "R", "R";
    TRADE_EXITS: "Exits", "平仓原因";
    TRADE_HELD: "Held", "持仓时间";
    TRADE_ENTRY_PRICE: "Entry price", "开仓价";
    TRADE_EXIT_PRICE: "Exit price", "平仓价";
    TRADE_FEES: "Fees, USDT", "手续费 USDT";
    TRADE_FUNDING: "Funding, USDT", "资金费 USDT";
    TRADE_WORST: "Worst", "最大浮亏";
    TRADE_BEST: "Best", "最大浮盈";
    TRADE_NOTE: "In order of exit. Prices are means over fills. Worst and best: move against and for the position while open, of the entry price. R: net over the risk to the stop at entry. * a bar of it hangs on the path inside the bar.", "按平仓先后排列。价格为成交均价。最大浮亏、最大浮盈：持仓期间对仓位不利、有利的最大变动，占开仓价的比例。R：净盈亏 ÷ 开仓时到止损的风险。* 其中有 K 线的结果取决于 K 线内路径。";

    LONG: "long", "多";
    SHORT: "short", "空";
    MON: "Mon", "周一";
    TUE: "Tue", "周二";
    WED: "Wed", "周三";
    THU: "Thu", "周四";
    FRI: "Fri", "周五";
    SAT: "Sat", "周六";
    SUN: "Sun", "周日";
    GAP_UNDER: "under {0}", "少于 {0}";
    AND_OVER: "{0} and over", "{0} 及以上";
    BELOW: "below {0}", "低于 {0}";
    FROM_TO: "{0} to {1}", "{0} 至 {1}";
}

/// A group's name, from its key in the files.
#[must_use]
pub fn group(key: &str, lang: Lang) -> String {
    const WHOLE: [Word; 9] = [LONG, SHORT, MON, TUE, WED, THU, FRI, SAT, SUN];
    if let Some(word) = WHOLE.into_iter().find(|word| word.say(Lang::En) == key) {
        return word.say(lang).to_owned();
    }
    if let Some(rest) = key.strip_prefix("under ") {
        return GAP_UNDER.with(lang, &[&seconds(rest, lang)]);
    }
    if let Some(rest) = key.strip_suffix(" and over") {
        return AND_OVER.with(lang, &[&seconds(rest, lang)]);
    }
    if let Some(rest) = key.strip_prefix("below ") {
        return BELOW.with(lang, &[rest]);
    }
    match key.split_once(" to ") {
        Some((low, high)) => FROM_TO.with(lang, &[low, high]),
        None => seconds(key, lang),
    }
}

/// `30–60 s` and the like; what is no number of seconds stays.
fn seconds(text: &str, lang: Lang) -> String {
    match text.strip_suffix(" s") {
        Some(count) if count.starts_with(|first: char| first.is_ascii_digit()) => {
            super::units::SPAN_S.with(lang, &[count])
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_their_keys_in_english() {
        for (key, zh) in [
            ("long", "多"),
            ("Mon", "周一"),
            ("under 30 s", "少于 30 秒"),
            ("30–60 s", "30–60 秒"),
            ("300 s and over", "300 秒 及以上"),
            ("5 R and over", "5 R 及以上"),
            ("below -1.5 R", "低于 -1.5 R"),
            ("0 to 0.5 R", "0 至 0.5 R"),
            ("07:00", "07:00"),
            ("BTCUSDT", "BTCUSDT"),
        ] {
            assert_eq!(group(key, Lang::En), key);
            assert_eq!(group(key, Lang::Zh), zh);
        }
    }
}
