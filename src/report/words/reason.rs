//! What the reasons of the files mean: why a position was closed, an entry refused, a message led to nothing.
//!
//! Not here: the names the files use (`domain::order`, `domain::event`), which texts stand around them (`signals`, `trades`).

use super::{Lang, Word};

words! {
    R_SL: "stop-loss", "止损";
    R_BREAK_EVEN: "stop moved to entry", "保本止损";
    R_TRAILING: "trailing stop", "移动止损";
    R_TIME_STOP: "held long enough", "持仓到期";
    R_RISK_SIGNAL: "risk signal", "风险信号平仓";
    R_HALT_FLATTEN: "daily loss, flattened", "日亏损上限，全部平仓";
    R_UNPROTECTED: "no stop could be placed", "无法挂出止损";
    R_LIQUIDATION: "closed by the exchange", "强平";
    R_DELISTED: "contract ended", "合约下架";
    R_END_OF_DATA: "prices end here", "行情到此结束";
    R_TP: "take-profit", "止盈";
    R_ENTRY: "entry", "开仓";
    R_SCRIPT: "script", "脚本";

    R_DUPLICATE: "its id was seen before", "编号重复";
    R_UNKNOWN_TYPE: "a type that does not trade", "该类型不参与交易";
    R_TYPE_OFF: "its type is set to be ignored", "该类型设为忽略";
    R_FUTURE: "stamped too far ahead of its arrival", "时间戳超前于到达时间太多";
    R_STALE: "too old when it arrived", "到达时已过期";
    R_UNMATCHED: "no partner within the window", "窗口内没有配对信号";
    R_LOW_SCORE: "paired, but scored too low", "已配对，但评分过低";
    R_NO_SYMBOL: "names no contract", "没有对应的合约";
    R_OUTSIDE_WINDOW: "outside the run", "不在回测时段内";
    R_RISK_FLAT: "a risk signal without a position", "风险信号，但无持仓";
    R_RISK_NOT_IN_PROFIT: "a risk signal, but the position was not in profit", "风险信号，但持仓未盈利";
    R_RISK_EXIT: "closed the position", "触发平仓";
    R_MATCHED: "paired", "已配对";
    R_TRADED: "traded", "已成交";
    R_DAILY_LOSS: "the day's loss limit was reached", "已达当日亏损上限";
    R_DAILY_TRADES: "the day's entries were used up", "当日开仓次数已用完";
    R_IN_POSITION: "the contract was held already", "该合约已有持仓";
    R_PENDING_ENTRY: "an entry was under way already", "已有开仓委托在途";
    R_COOLDOWN: "too soon after an exit", "平仓后冷却期未过";
    R_NO_PRICE: "the contract had no price then", "当时该合约没有价格";
    R_TOTAL_CAP: "all positions together would be too large", "总仓位将超上限";
    R_INSUFFICIENT_MARGIN: "too little margin left", "可用保证金不足";
    R_OPEN_RISK: "the losses at all stops would be too large", "全部止损的合计亏损将超上限";
    R_BELOW_MIN_QTY: "smaller than the smallest order", "低于最小下单数量";
    R_BELOW_MIN_NOTIONAL: "worth less than the smallest order", "低于最小名义价值";
    R_STALE_DATA: "no bar opened in time", "有效期内没有新 K 线开盘";
    R_NOT_TRADING: "the contract or the core did not trade", "合约或系统未在交易";
    R_HALTED: "stopped by the operator", "已被人工停止";
    R_WOULD_TRIGGER_NOW: "it would have triggered at once", "会立即触发";
    R_REDUCE_ONLY: "nothing was left to reduce", "没有可减的仓位";
    R_OFF_GRID: "not on the contract's steps of price or quantity", "价格或数量不合合约步长";
    R_POST_ONLY: "it would have filled at once", "会立即成交";
    R_THROTTLED: "too many orders at a time", "下单过于频繁";
    R_OTHER: "another reason of the exchange", "交易所的其他原因";

    R_NO_PRICES: "no prices of the contract", "没有该合约的行情";
    R_TOO_LATE: "the next price came too late", "下一个价格来得太晚";
    R_AFTER_LAST_BAR: "after the last bar", "在最后一根 K 线之后";
}

/// What a reason of the files means; `None` for one that is not ours.
#[must_use]
pub fn reason(name: &str) -> Option<Word> {
    if target(name).is_some() {
        return Some(R_TP);
    }
    let name = format!("R_{}", name.to_uppercase());
    ALL.iter().copied().find(|word| word.name() == name)
}

/// The number of a take-profit, `tp2`.
fn target(name: &str) -> Option<&str> {
    let number = name.strip_prefix("tp")?;
    number
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(number)
}

/// A reason as people say it: `take-profit 2`, `trailing stop`; the file's own name where there is no other.
#[must_use]
pub fn readable(name: &str, lang: Lang) -> String {
    let Some(word) = reason(name) else {
        return name.to_owned();
    };
    match target(name) {
        Some(number) if !number.is_empty() => format!("{} {number}", word.say(lang)),
        _ => word.say(lang).to_owned(),
    }
}

/// The same with the file's own name behind it.
#[must_use]
pub fn with_name(name: &str, lang: Lang) -> String {
    let said = readable(name, lang);
    if said == name {
        said
    } else {
        super::common::BESIDE.with(lang, &[&said, name])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_found_by_the_names_of_the_files() {
        for (name, en, zh) in [
            ("sl", "stop-loss", "止损"),
            ("tp2", "take-profit 2", "止盈 2"),
            (
                "low_score",
                "paired, but scored too low",
                "已配对，但评分过低",
            ),
            ("tpx", "tpx", "tpx"),
            ("<b>", "<b>", "<b>"),
        ] {
            assert_eq!(readable(name, Lang::En), en);
            assert_eq!(readable(name, Lang::Zh), zh);
        }
        assert_eq!(with_name("trailing", Lang::Zh), "移动止损（trailing）");
        let named = ALL.iter().filter(|word| {
            let name = word.name().trim_start_matches("R_").to_lowercase();
            reason(&name).is_some()
        });
        let named = named.count();
        println!("reasons: {named} of {} are found by name", ALL.len());
        assert_eq!(named, ALL.len());
    }
}
