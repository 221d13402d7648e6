//! What a running `sim paper` answered, for people.
//!
//! Not here: the answers themselves (`live::answers`).
//! Invariant: `None` when an answer lacks what it must have; texts of others cannot move the cursor.

use serde_json::Value;

use crate::cli::table::{counted, pairs, render};
use crate::cli::terminal::one_line;
use crate::domain::num::Money;

/// How the run stands, one figure a line.
pub(super) fn status(answer: &Value) -> Option<String> {
    let halts: Vec<&str> = list(answer, "halts")?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let entries = match text(answer, "entries")?.as_str() {
        "allowed" => "allowed".to_owned(),
        stopped => format!("{stopped} ({})", one_line(&halts.join(", "))),
    };
    let journal = answer.get("journal")?;
    let failing = flag(answer, "journal_failing")?;
    let journal = format!(
        "{}row {}, start {}, {} commits",
        if failing {
            "CANNOT BE WRITTEN, no entries until it can; "
        } else {
            ""
        },
        text(journal, "seq")?,
        text(journal, "start")?,
        text(journal, "commits")?
    );
    let connected = if flag(answer, "connected")? {
        "connected"
    } else {
        "NOT CONNECTED"
    };
    let mut lines = vec![
        ("mode", text(answer, "mode")?),
        (
            "time",
            format!(
                "{} ({} clock)",
                text(answer, "time")?,
                text(answer, "clock")?
            ),
        ),
        ("market", connected.to_owned()),
        ("entries", entries),
        ("wallet", money(answer, "wallet_usdt")?),
        ("equity", money(answer, "equity_usdt")?),
        ("open positions", text(answer, "open_positions")?),
        ("pending entries", text(answer, "pending_entries")?),
        ("entries today", text(answer, "entries_today")?),
        ("closed trades", text(answer, "trades")?),
        ("contracts in play", text(answer, "contracts_in_play")?),
        (
            "waiting messages",
            text(answer, "messages_waiting_for_a_price")?,
        ),
        ("late events", text(answer, "events_late")?),
        ("journal", journal),
    ];
    if let Some(steps) = answer.get("core_step_us") {
        let [half, most, longest] = ["p50", "p99", "max"].map(|key| text(steps, key));
        let steps = format!(
            "p50 {} µs, p99 {} µs, longest {} µs",
            half?, most?, longest?
        );
        lines.push(("core step", steps));
    }
    let troubles = answer.get("troubles").and_then(Value::as_object)?;
    if !troubles.is_empty() {
        let troubles: Vec<String> = troubles
            .iter()
            .map(|(name, count)| one_line(&format!("{count} {name}")))
            .collect();
        lines.push(("market troubles", troubles.join(", ")));
    }
    Some(pairs(&lines))
}

/// Open positions, each with the orders that rest.
pub(super) fn positions(answer: &Value) -> Option<String> {
    let found = answer.as_array()?;
    if found.is_empty() {
        return Some("no open position".to_owned());
    }
    let row = |position: &Value| {
        let resting: Option<Vec<String>> = list(position, "resting")?.iter().map(order).collect();
        let mark = known(position, "mark")?;
        let unrealized = known(position, "unrealized_usdt")?.map(|text| amount(&text));
        let unknown = || "-".to_owned();
        Some(vec![
            text(position, "symbol")?,
            text(position, "direction")?,
            text(position, "qty")?,
            amount(&text(position, "cost_usdt")?),
            amount(&text(position, "margin_usdt")?),
            mark.unwrap_or_else(unknown),
            unrealized.unwrap_or_else(unknown),
            text(position, "since")?,
            resting?.join(", "),
        ])
    };
    let rows: Option<Vec<Vec<String>>> = found.iter().map(row).collect();
    let head = [
        "symbol",
        "direction",
        "qty",
        "cost USDT",
        "margin USDT",
        "mark USDT",
        "unrealized USDT",
        "since (UTC)",
        "resting",
    ];
    Some(render(&head, &rows?, &[2, 3, 4, 5, 6]))
}

fn order(order: &Value) -> Option<String> {
    let level = known(order, "level")?.map_or_else(String::new, |level| format!(" {level}"));
    // Only a trailing stop can be armed.
    let armed = match order.get("armed")?.as_bool() {
        Some(true) => " (armed)",
        Some(false) => " (not armed)",
        None => "",
    };
    Some(format!("{}{level}{armed}", text(order, "kind")?))
}

/// The newest messages, newest first.
pub(super) fn recent(answer: &Value) -> Option<String> {
    let found = answer.as_array()?;
    if found.is_empty() {
        return Some("no message was heard yet".to_owned());
    }
    let row = |line: &Value| {
        let keys = [
            "received_time",
            "event_time",
            "symbol",
            "type",
            "id",
            "became",
        ];
        keys.iter()
            .map(|key| text(line, key))
            .collect::<Option<Vec<String>>>()
    };
    let rows: Option<Vec<Vec<String>>> = found.iter().map(row).collect();
    let head = [
        "received (UTC)",
        "published (UTC)",
        "symbol",
        "type",
        "id",
        "became",
    ];
    Some(render(&head, &rows?, &[3]))
}

/// A command that was carried out.
pub(super) fn done(what: &str, answer: &Value) -> Option<String> {
    let recorded = flag(answer, "ok")?;
    let at = text(answer, "at")?;
    recorded.then(|| format!("{}, at {at}", one_line(what)))
}

/// The same of `sim flatten`: its first command is the pause.
pub(super) fn flattened(answer: &Value) -> Option<String> {
    let commands = answer.get("commands")?.as_u64()?;
    let closes = usize::try_from(commands.saturating_sub(1)).ok()?;
    let what = format!(
        "{} closing at market, no entries until sim resume",
        counted(closes, "position")
    );
    done(&what, answer)
}

/// A text or a number, on one line.
fn text(of: &Value, key: &str) -> Option<String> {
    match of.get(key)? {
        Value::String(text) => Some(one_line(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The same, where nothing is an answer too.
fn known(of: &Value, key: &str) -> Option<Option<String>> {
    if of.get(key)?.is_null() {
        return Some(None);
    }
    text(of, key).map(Some)
}

fn flag(of: &Value, key: &str) -> Option<bool> {
    of.get(key)?.as_bool()
}

fn list<'a>(of: &'a Value, key: &str) -> Option<&'a Vec<Value>> {
    of.get(key)?.as_array()
}

fn money(of: &Value, key: &str) -> Option<String> {
    Some(format!("{} USDT", amount(&text(of, key)?)))
}

/// An amount with two decimals; what is none is shown as it came.
fn amount(text: &str) -> String {
    text.parse::<Money>().map_or_else(
        |_| text.to_owned(),
        |money| format!("{:.2}", money.to_f64()),
    )
}
