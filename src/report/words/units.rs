//! Texts many sections share: counted things, spans, heads of tables; and how a count, a span, a free text become words.
//!
//! Not here: what one section alone says (the parts beside this one), numbers (`format`).

use super::{Lang, Phrase, Word};
use crate::report::format;

words! {
    PLAIN: "{0}", "{0}";
    AND_ALSO: "{0}; {1}", "{0}；{1}";
    HEADED: "{0}:", "{0}：";
    BESIDE: "{0} ({1})", "{0}（{1}）";

    ONE_BAR: "{0} bar", "{0} 根 K 线";
    MANY_BARS: "{0} bars", "{0} 根 K 线";
    ONE_BAR_END: "{0} bar end", "{0} 根 K 线收盘时";
    MANY_BAR_ENDS: "{0} bar ends", "{0} 根 K 线收盘时";
    ONE_TRADE: "{0} trade", "{0} 笔交易";
    MANY_TRADES: "{0} trades", "{0} 笔交易";
    ONE_FILL: "{0} fill", "{0} 次成交";
    MANY_FILLS: "{0} fills", "{0} 次成交";
    ONE_DAY: "{0} day", "{0} 天";
    MANY_DAYS: "{0} days", "{0} 天";
    ONE_CAUTION: "{0} caution", "{0} 条需留意";
    MANY_CAUTIONS: "{0} cautions", "{0} 条需留意";
    ONE_POSITION_WAS: "{0} position was", "{0} 个仓位";
    MANY_POSITIONS_WERE: "{0} positions were", "{0} 个仓位";
    ONE_PRICE_IS: "{0} price is", "{0} 个价格";
    MANY_PRICES_ARE: "{0} prices are", "{0} 个价格";
    ONE_TRADE_IS: "{0} trade is", "{0} 笔交易";
    MANY_TRADES_ARE: "{0} trades are", "{0} 笔交易";
    ONE_FILE: "{0} file", "{0} 个文件";
    MANY_FILES: "{0} files", "{0} 个文件";

    SPAN_MS: "{0} ms", "{0} 毫秒";
    SPAN_S: "{0} s", "{0} 秒";
    SPAN_MIN: "{0} min", "{0} 分钟";
    SPAN_H: "{0} h", "{0} 小时";
    SPAN_D: "{0} d", "{0} 天";

    OWN_RUN: "this run", "本次回测";
    HOLD: "{0} hold", "持有 {0}";
    HOLD_TRADED: "traded symbols, equal parts, hold", "等额持有所交易的合约";
    HOLD_EQUAL: "equal-weight hold", "等权持有";

    HEAD_NET: "Net, USDT", "净盈亏 USDT";
    HEAD_OF_START: "Of start", "占初始资金";
    HEAD_CONTRACT: "Contract", "合约";
    HEAD_TRADES: "Trades", "交易数";
    HEAD_MEANING: "Meaning", "含义";
    HEAD_VALUE: "Value", "值";
}

/// A text that is the same in every language.
#[must_use]
pub fn plain(text: impl Into<String>) -> Phrase {
    PLAIN.of([text.into()])
}

/// `1 trade`, `2 trades`: the noun comes in both forms.
#[must_use]
pub fn counted(count: usize, one: Word, many: Word) -> Phrase {
    let word = if count == 1 { one } else { many };
    word.of([format::whole(count)])
}

/// Sentences one behind the other, as `join` puts two together.
#[must_use]
pub fn joined(parts: impl IntoIterator<Item = Phrase>, join: Word) -> Phrase {
    let all = parts
        .into_iter()
        .reduce(|left, right| join.of([left, right]));
    all.unwrap_or_else(|| plain(""))
}

/// The two largest units of a span: `3 d 4 h`, `1 h 23 min`, `45 s`, `250 ms`.
#[must_use]
pub fn span(ms: f64, lang: Lang) -> String {
    const UNITS: [(f64, Word); 4] = [
        (86_400_000.0, SPAN_D),
        (3_600_000.0, SPAN_H),
        (60_000.0, SPAN_MIN),
        (1000.0, SPAN_S),
    ];
    if !ms.is_finite() {
        return format::NONE.to_owned();
    }
    let said = |word: Word, value: f64| word.with(lang, &[&format::number(value, 0)]);
    if ms < 1000.0 {
        return said(SPAN_MS, ms);
    }
    let place = UNITS.iter().position(|(size, _)| ms >= *size).unwrap_or(3);
    let (size, name) = UNITS[place];
    let large = (ms / size).floor();
    let Some((small_size, small_name)) = UNITS.get(place + 1) else {
        return said(name, ms / size);
    };
    let small = ((ms - large * size) / small_size).floor();
    if small > 0.0 {
        format!("{} {}", said(name, large), said(*small_name, small))
    } else {
        said(name, large)
    }
}

/// A span of whole milliseconds in its largest whole unit.
#[must_use]
pub fn whole_span(millis: i64) -> Phrase {
    const UNITS: [(i64, Word); 3] = [(3_600_000, SPAN_H), (60_000, SPAN_MIN), (1000, SPAN_S)];
    let unit = UNITS.into_iter().find(|(size, _)| millis % size == 0);
    match unit {
        _ if millis == 0 => SPAN_S.of(["0"]),
        Some((size, word)) => word.of([(millis / size).to_string()]),
        None => SPAN_MS.of([millis.to_string()]),
    }
}

/// What was held instead of trading, by the name the files give it.
#[must_use]
pub fn held(name: &str, lang: Lang) -> String {
    if let Some(word) = [HOLD_TRADED, HOLD_EQUAL]
        .into_iter()
        .find(|word| word.say(Lang::En) == name)
    {
        return word.say(lang).to_owned();
    }
    name.strip_suffix(" hold")
        .map_or_else(|| name.to_owned(), |what| HOLD.with(lang, &[what]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_both_languages() {
        assert_eq!(span(4_980_000.0, Lang::En), "1 h 23 min");
        assert_eq!(span(4_980_000.0, Lang::Zh), "1 小时 23 分钟");
        for (millis, expected) in [
            (0, "0 s"),
            (250, "250 ms"),
            (90_000, "90 s"),
            (120_000, "2 min"),
            (7_200_000, "2 h"),
        ] {
            assert_eq!(whole_span(millis).say(Lang::En), expected);
        }
    }

    #[test]
    fn holds_keep_their_names_in_english() {
        for name in ["BTCUSDT hold", "equal-weight hold", "something else"] {
            assert_eq!(held(name, Lang::En), name);
        }
        assert_eq!(held("BTCUSDT hold", Lang::Zh), "持有 BTCUSDT");
    }
}
