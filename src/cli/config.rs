//! `sim config`: every key with its origin; what a configuration comes to.
//!
//! Not here: layers and checks (`settings`).

use serde_json::{Value, json};

use super::args::ConfigCommand;
use super::failure::UsageError;
use super::{Outcome, Session, explain, table};
use crate::report::words::{Lang, Phrase};
use crate::settings::consequence::Consequence;
use crate::settings::source::Origin;
use crate::settings::{Resolved, Settings};

pub(super) fn run(command: &ConfigCommand, session: &Session) -> anyhow::Result<Outcome> {
    match command {
        ConfigCommand::Show {
            config,
            changed,
            toml,
        } => {
            let settings = config.load(Vec::new())?;
            show(&settings, *changed, *toml, session)?;
        }
        ConfigCommand::Check { config } => {
            let settings = config.load(Vec::new())?;
            check(&settings, session)?;
        }
    }
    Ok(Outcome::Done)
}

fn show(settings: &Settings, changed: bool, toml: bool, session: &Session) -> anyhow::Result<()> {
    let terminal = &session.terminal;
    if toml && terminal.is_json() {
        let text =
            "--toml and --format json are two forms of one result\nhint: leave one of them out";
        return Err(UsageError(text.to_owned()).into());
    }
    if toml {
        terminal.print(&settings.to_toml())?;
        return Ok(());
    }
    let shown: Vec<&Resolved> = settings
        .resolved()
        .iter()
        .filter(|entry| !changed || *entry.origin() != Origin::Default)
        .collect();
    if terminal.is_json() {
        let rows: Vec<Value> = shown.iter().map(|entry| entry_json(entry)).collect();
        terminal.print_json(&Value::Array(rows))?;
        return Ok(());
    }
    let rows: Vec<Vec<String>> = shown
        .iter()
        .map(|entry| vec![entry.key.clone(), one_line(&entry.value), from(entry)])
        .collect();
    terminal.print(&table::render(&["key", "value", "from"], &rows, &[]))?;
    Ok(())
}

/// Where a value was typed: a file with its line, else the layer.
fn from(entry: &Resolved) -> String {
    match entry.origin() {
        Origin::File(path) => format!("{}:{}", path.display(), entry.place.line_column().0),
        other @ (Origin::Default | Origin::Environment(_) | Origin::Flag(_)) => other.to_string(),
    }
}

fn entry_json(entry: &Resolved) -> Value {
    let layer = match entry.origin() {
        Origin::Default => "default",
        Origin::File(_) => "file",
        Origin::Environment(_) => "environment",
        Origin::Flag(_) => "flag",
    };
    json!({
        "key": entry.key,
        "value": toml_json(&entry.value),
        "layer": layer,
        "from": from(entry),
    })
}

/// A value of the resolved text as JSON.
fn toml_json(value: &str) -> Value {
    toml::from_str::<toml::Table>(&format!("value = {value}"))
        .ok()
        .and_then(|table| serde_json::to_value(table.get("value")?).ok())
        .unwrap_or_else(|| Value::String(value.to_owned()))
}

/// A list that does not fit beside its key shows its first row and how many there are.
fn one_line(value: &str) -> String {
    const WIDTH: usize = 100;
    let rows: Vec<&str> = value
        .lines()
        .map(|line| line.trim().trim_end_matches(','))
        .filter(|line| line.starts_with('{'))
        .collect();
    if rows.is_empty() {
        return value.to_owned();
    }
    let all = rows.join(", ");
    if all.chars().count() <= WIDTH {
        all
    } else {
        format!("{}, … {} rows in all (--toml)", rows[0], rows.len())
    }
}

fn check(settings: &Settings, session: &Session) -> anyhow::Result<()> {
    let told = settings.consequence();
    if session.terminal.is_json() {
        session.terminal.print_json(&consequence_json(&told))?;
        return Ok(());
    }
    session.terminal.print(&consequence_text(settings, &told))?;
    for warning in &told.warnings {
        session.terminal.warn(&warning.say(Lang::En));
    }
    Ok(())
}

/// What stops cost, as JSON; rates in percent as text, so that no digit is lost.
pub(super) fn consequence_json(told: &Consequence) -> Value {
    json!({
        "valid": true,
        "loss_per_stop_pct": told.loss_per_stop.percent(),
        "loss_per_stop_usdt": told.loss_per_stop_usdt.to_string(),
        "positions_max": told.positions_max,
        "loss_all_stops_pct": told.loss_all_stops.percent(),
        "stops_to_daily_limit": told.stops_to_halt,
        "gap_max_113_ms": told.gap_max_fomo.map(|gap| gap.millis()),
        "warnings": said(&told.warnings),
    })
}

/// Sentences in the language of the terminal.
fn said(phrases: &[Phrase]) -> Vec<String> {
    phrases.iter().map(|phrase| phrase.say(Lang::En)).collect()
}

/// What stops cost, in words (S6).
pub(super) fn consequence_text(settings: &Settings, told: &Consequence) -> String {
    let limit = settings.rules.daily.loss_max.percent();
    table::pairs(&[
        ("configuration", "valid".to_owned()),
        (
            "one stopped trade",
            format!(
                "-{} % of the account, fees and costs included ({} USDT of {} USDT)",
                told.loss_per_stop.percent(),
                told.loss_per_stop_usdt,
                settings.model.balance,
            ),
        ),
        (
            "all stopped at once",
            format!(
                "{} positions, -{} % of the account",
                told.positions_max,
                told.loss_all_stops.percent()
            ),
        ),
        (
            "daily limit",
            format!(
                "-{limit} %: reached by {} stopped trades in a day; it stops new entries only",
                told.stops_to_halt
            ),
        ),
        (
            "widest gap",
            told.gap_max_fomo.map_or_else(
                || "no pair with a 113 reaches score_min".to_owned(),
                |gap| {
                    format!(
                        "{} for a fresh pair with a 113: score_min {} goes before the window of {}",
                        explain::seconds(gap),
                        settings.rules.confluence.score_min,
                        explain::seconds(settings.rules.confluence.window),
                    )
                },
            ),
        ),
    ])
}
