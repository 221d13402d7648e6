//! `sim signals`: which pairs of a file match, which nearly do, and one format for all sources.
//!
//! Not here: reading the formats (`backtest::inputs`), matching (`survey`), what a run has heard (`control`).

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::args::ConfigArgs;
use super::explain::seconds;
use super::failure::UsageError;
use super::survey::{NearMiss, Survey, Why, survey};
use super::{Outcome, Session, control, table};
use crate::backtest::inputs::{Named, SignalFile, ZONELESS, name_contracts, read_signals, settle};
use crate::domain::stamp::StampForm;
use crate::domain::symbol::Symbols;
use crate::market::instruments::RuleBook;
use crate::market::library::Library;
use crate::market::signals::{write_csv, write_jsonl, write_parquet};
use crate::settings::Settings;

/// `sim signals`.
#[derive(Debug, Subcommand)]
pub(super) enum SignalsCommand {
    /// Match a file's signals: each pair with its score, near misses, ignored signals with their reason
    Check(CheckArgs),
    /// Write a file's signals as csv, parquet or jsonl, by the ending of the output
    Convert(ConvertArgs),
    /// List the newest messages a running paper trader has heard, and what became of each
    Recent(control::RecentArgs),
}

/// `sim signals check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// A file of signals
    #[arg(short, long, value_name = "FILE")]
    signals: PathBuf,
    /// A folder that knows the contracts' names, such as 1000PEPEUSDT; may be given several times
    #[arg(short, long, value_name = "DIR")]
    data: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

/// `sim signals convert`.
#[derive(Debug, Args)]
pub(super) struct ConvertArgs {
    /// A file of signals
    #[arg(short, long, value_name = "FILE")]
    signals: PathBuf,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
}

/// A file's signals with everything found in them.
struct Checked {
    file: SignalFile,
    named: Named,
    symbols: Symbols,
    survey: Survey,
}

pub(super) fn run(command: &SignalsCommand, session: &Session) -> anyhow::Result<Outcome> {
    match command {
        SignalsCommand::Check(args) => {
            let settings = args.config.load(Vec::new())?;
            let checked = check(args, &settings)?;
            notes(&args.signals, &checked, &settings, session);
            if session.terminal.is_json() {
                session.terminal.print_json(&as_json(&checked))?;
            } else {
                session.terminal.print(&as_text(&checked, session))?;
            }
        }
        SignalsCommand::Convert(args) => convert(args, session)?,
        SignalsCommand::Recent(args) => return control::recent(args, session),
    }
    Ok(Outcome::Done)
}

fn check(args: &CheckArgs, settings: &Settings) -> anyhow::Result<Checked> {
    let file = read_signals(&args.signals)?;
    let library = Library::open(&args.data)?;
    let mut rules = RuleBook::open(&library.rules)?;
    let named = name_contracts(&file.signals, &library, &mut rules)?;
    let symbols = Symbols::new(named.contracts.iter().flatten().cloned())
        .ok_or_else(|| UsageError("more than 65,535 symbols\nhint: split the file".to_owned()))?;
    let mut signals = settle(&file.signals, &named, &symbols, settings.signal_delay);
    signals.sort_by(|one, other| one.order_key().cmp(&other.order_key()));
    let survey = survey(&settings.rules.confluence, symbols.len(), &signals);
    Ok(Checked {
        file,
        named,
        symbols,
        survey,
    })
}

/// What should be known about the file, beside the result.
fn notes(path: &Path, checked: &Checked, settings: &Settings, session: &Session) {
    let terminal = &session.terminal;
    let file = &checked.file;
    terminal.say(&format!(
        "{}: {}, {}, times: {}",
        path.display(),
        table::counted(file.signals.len(), "message"),
        file.format,
        times(file)
    ));
    if file.form == Some(StampForm::Zoneless) {
        terminal.warn(ZONELESS);
    }
    let one_clock = file
        .signals
        .iter()
        .filter(|signal| signal.received_time.is_none())
        .count();
    if one_clock > 0 {
        terminal.say(&format!(
            "{one_clock} of {} messages know only when they were published: taken as received {} later (signals.delay_ms)",
            file.signals.len(),
            seconds(settings.signal_delay),
        ));
    }
    if !file.unused.is_empty() {
        terminal.say(&format!("columns not used: {}", file.unused.join(", ")));
    }
    for (name, symbol) in &checked.named.multiples {
        terminal.say(&format!("{name} is traded as {symbol}"));
    }
}

/// How the times of a file are written.
fn times(file: &SignalFile) -> &'static str {
    file.form.map_or("no form", StampForm::name)
}

/// Ids of messages that name no contract at all.
fn nameless(checked: &Checked) -> impl Iterator<Item = &str> {
    checked
        .file
        .signals
        .iter()
        .zip(&checked.named.contracts)
        .filter(|(_, contract)| contract.is_none())
        .map(|(signal, _)| signal.id.as_ref())
}

fn as_json(checked: &Checked) -> Value {
    let name = |symbol| checked.symbols.name(symbol).as_str();
    let confluences: Vec<Value> = checked
        .survey
        .confluences
        .iter()
        .map(|(time, pair)| {
            json!({
                "symbol": name(pair.symbol),
                "time": time.to_text(),
                "time_ms": time.millis(),
                "alpha_id": pair.alpha.as_ref(),
                "fomo_id": pair.fomo.as_ref(),
                "gap_ms": pair.gap.millis(),
                "score": pair.score.total.to_f64(),
                "proximity": pair.score.proximity.to_f64(),
                "strength": pair.score.strength.to_f64(),
                "freshness": pair.score.freshness.to_f64(),
            })
        })
        .collect();
    let near_misses: Vec<Value> = checked
        .survey
        .near_misses
        .iter()
        .map(|miss| {
            json!({
                "symbol": name(miss.symbol),
                "time": miss.time.to_text(),
                "time_ms": miss.time.millis(),
                "alpha_id": miss.alpha.as_ref(),
                "fomo_id": miss.fomo.as_ref(),
                "gap_ms": miss.gap.millis(),
                "score": miss.score.total.to_f64(),
                "reason": miss.why.name(),
                "missed_by": missed_by(miss.why),
            })
        })
        .collect();
    let ignored: Vec<Value> = checked
        .survey
        .ignored
        .iter()
        .map(|(id, reason)| (id.as_ref(), reason.name()))
        .chain(nameless(checked).map(|id| (id, "no_symbol")))
        .map(|(id, reason)| json!({ "id": id, "reason": reason }))
        .collect();
    json!({
        "messages": checked.file.signals.len(),
        "format": checked.file.format,
        "times": times(&checked.file),
        "legs": checked.survey.legs,
        "confluences": confluences,
        "near_misses": near_misses,
        "ignored": ignored,
    })
}

/// By how much a pair missed, with its unit.
fn missed_by(why: Why) -> Option<String> {
    match why {
        Why::Window(by) => Some(seconds(by)),
        Why::LowScore(by) => Some(by.to_string()),
        Why::Consumed | Why::Forgotten => None,
    }
}

fn why(miss: &NearMiss) -> String {
    match miss.why {
        Why::Consumed => "a leg is in another confluence".to_owned(),
        Why::Window(by) => format!("gap too long by {}", seconds(by)),
        Why::LowScore(by) => format!("score too low by {by}"),
        Why::Forgotten => "the earlier one was forgotten".to_owned(),
    }
}

fn as_text(checked: &Checked, session: &Session) -> String {
    let survey = &checked.survey;
    let name = |symbol| checked.symbols.name(symbol).to_string();
    let pairs: Vec<Vec<String>> = survey
        .confluences
        .iter()
        .map(|(time, pair)| {
            vec![
                time.to_text(),
                name(pair.symbol),
                pair.alpha.to_string(),
                pair.fomo.to_string(),
                seconds(pair.gap),
                pair.score.total.to_string(),
                pair.score.proximity.to_string(),
                pair.score.strength.to_string(),
                pair.score.freshness.to_string(),
            ]
        })
        .collect();
    let head = [
        "time (UTC)",
        "symbol",
        "alpha",
        "fomo",
        "gap",
        "score",
        "proximity",
        "strength",
        "freshness",
    ];
    let mut text = format!("{}\n", table::counted(pairs.len(), "confluence"));
    text.push_str(&table::render(&head, &pairs, &[4, 5, 6, 7, 8]));
    // Partners of a leg that was used are no misses to a person, unless asked for.
    let misses: Vec<Vec<String>> = survey
        .near_misses
        .iter()
        .filter(|miss| miss.why != Why::Consumed || session.terminal.verbose > 0)
        .map(|miss| {
            vec![
                miss.time.to_text(),
                name(miss.symbol),
                miss.alpha.to_string(),
                miss.fomo.to_string(),
                seconds(miss.gap),
                miss.score.total.to_string(),
                why(miss),
            ]
        })
        .collect();
    let head = [
        "time (UTC)",
        "symbol",
        "alpha",
        "fomo",
        "gap",
        "score",
        "why not",
    ];
    let misses_word = if misses.len() == 1 { "miss" } else { "misses" };
    text.push_str(&format!("\n{} near {misses_word}\n", misses.len()));
    text.push_str(&table::render(&head, &misses, &[4, 5]));
    text.push_str(&ignored_text(checked, session));
    text
}

/// How many signals were ignored for which reason; each of them when asked for more.
fn ignored_text(checked: &Checked, session: &Session) -> String {
    let mut all: Vec<(&str, &str)> = checked
        .survey
        .ignored
        .iter()
        .map(|(id, reason)| (reason.name(), id.as_ref()))
        .chain(nameless(checked).map(|id| ("no_symbol", id)))
        .collect();
    all.sort_by_key(|(reason, _)| *reason);
    let mut text = format!(
        "\n{} of {} ignored\n",
        all.len(),
        table::counted(checked.file.signals.len(), "message")
    );
    for group in all.chunk_by(|one, other| one.0 == other.0) {
        text.push_str(&format!("{:>6}  {}", group.len(), group[0].0));
        if session.terminal.verbose > 0 {
            let ids: Vec<&str> = group.iter().map(|(_, id)| *id).collect();
            text.push_str(&format!(": {}", ids.join(" ")));
        }
        text.push('\n');
    }
    text
}

fn convert(args: &ConvertArgs, session: &Session) -> anyhow::Result<()> {
    if args.out.exists() {
        let message = format!(
            "{}: there is a file already\nhint: name a new file, or remove this one",
            args.out.display()
        );
        return Err(anyhow::anyhow!(message));
    }
    let file = read_signals(&args.signals)?;
    if file.form == Some(StampForm::Zoneless) {
        session.terminal.warn(ZONELESS);
    }
    let ending = args.out.extension().and_then(|ending| ending.to_str());
    match ending {
        Some("csv") => write_csv(&args.out, &file.signals)?,
        Some("parquet") => write_parquet(&args.out, &file.signals)?,
        Some("jsonl") => write_jsonl(&args.out, &file.signals)?,
        _ => {
            let message = format!(
                "{}: its ending says no format\nhint: end it in .csv, .parquet or .jsonl",
                args.out.display()
            );
            return Err(UsageError(message).into());
        }
    }
    let told = json!({
        "messages": file.signals.len(),
        "from": file.format,
        "times": times(&file),
        "out": args.out.display().to_string(),
    });
    if session.terminal.is_json() {
        session.terminal.print_json(&told)?;
    } else {
        session.terminal.print(&format!(
            "{} from {} (times: {}) to {}",
            table::counted(file.signals.len(), "message"),
            file.format,
            times(&file),
            args.out.display()
        ))?;
    }
    Ok(())
}
