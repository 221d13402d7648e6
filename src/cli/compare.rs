//! `sim compare`: runs side by side, as a table, as an object, as a page.
//!
//! Not here: what is compared (`backtest::comparison`), the text (`compare::text`), the page (`report::html::compare`).

mod text;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::args::Language;
use super::failure::UsageError;
use super::{Outcome, Session};
use crate::backtest::comparison::comparison;
use crate::backtest::folder::{COMPARISON, RunFolder, Species};
use crate::backtest::reading::Opened;
use crate::report::compare::{CompareReport, Figure};
use crate::report::html;
use crate::report::words::Lang;

/// `sim compare`.
#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// Run folders, as sim backtest writes them
    #[arg(value_name = "RUN", required = true, num_args = 2..)]
    runs: Vec<PathBuf>,
    /// Write compare.html, one offline page, and compare.json into this folder
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Language of the page
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,
}

pub(super) fn run(args: &CompareArgs, session: &Session) -> anyhow::Result<Outcome> {
    check_twice(&args.runs)?;
    let target = args.out.as_deref().map(begin).transpose()?;
    let opened = args.runs.iter().map(|run| Opened::open(run));
    let opened: Vec<Opened> = opened.collect::<Result<_, _>>()?;
    let report = comparison(&opened)?;
    let object = object(&report);
    if let Some(target) = target {
        let page = html::compare::page(&report, args.lang.into())?;
        target.write(COMPARISON[0], format!("{object:#}\n").as_bytes())?;
        target.write(COMPARISON[1], page.as_bytes())?;
        let place = target.commit()?;
        let page = place.join(COMPARISON[1]);
        session.terminal.say(&format!("page: {}", page.display()));
    }
    if session.terminal.is_json() {
        session.terminal.print_json(&object)?;
    } else {
        session.terminal.print(&text::text(&report))?;
    }
    Ok(Outcome::Done)
}

/// A place that cannot be written is better known before the work than after it.
fn begin(out: &Path) -> anyhow::Result<RunFolder> {
    Ok(RunFolder::begin_as(Species::Comparison, out)?)
}

/// One folder under two names is a slip of the hand: its columns would only repeat each other.
fn check_twice(runs: &[PathBuf]) -> Result<(), UsageError> {
    let whole = |run: &PathBuf| std::fs::canonicalize(run).unwrap_or_else(|_| run.clone());
    let places: Vec<PathBuf> = runs.iter().map(whole).collect();
    for (index, place) in places.iter().enumerate() {
        if let Some(before) = places[..index].iter().position(|one| one == place) {
            let (one, other) = (runs[before].display(), runs[index].display());
            let which = if runs[before] == runs[index] {
                format!("{one} is named twice")
            } else {
                format!("{one} and {other} are the same folder")
            };
            return Err(UsageError(format!(
                "{which}\nhint: name each run once; sim diff tells whether two runs are the same"
            )));
        }
    }
    Ok(())
}

fn object(report: &CompareReport) -> Value {
    let runs = report.runs.iter().map(|run| {
        json!({
            "letter": run.letter,
            "folder": run.folder,
            "run_id": run.run_id,
            "version": run.version,
            "signals": run.signals,
            "from": run.from.to_text(),
            "to": run.to.to_text(),
            "balance_usdt": run.balance,
        })
    });
    let named = |name: &str, unit: &str, values: Value| json!({ "name": name, "unit": unit, "values": values });
    let figure = |one: &Figure| {
        let name = one.name.say(Lang::En);
        named(name, raw_unit(one), json!(one.values))
    };
    let causes = report.causes.iter();
    let verdicts = report.verdicts.iter();
    let split = report.split.iter().map(|signal| {
        json!({
            "id": signal.id,
            "symbol": signal.symbol,
            "received_time": signal.time,
            "verdicts": signal.verdicts,
        })
    });
    json!({
        "kind": Species::Comparison.kind(),
        "schema_version": 1,
        "runs": runs.collect::<Vec<Value>>(),
        "amounts_of_start": report.is_relative,
        "notes": report.notes.iter().map(|note| note.say(Lang::En)).collect::<Vec<String>>(),
        "figures": report.figures.iter().map(figure).collect::<Vec<Value>>(),
        "causes": causes.map(|one| json!({ "name": one.subject.text(Lang::En), "values": one.values })).collect::<Vec<Value>>(),
        "verdicts": verdicts.map(|(name, counts)| json!({ "name": name, "counts": counts })).collect::<Vec<Value>>(),
        "traded_in_some": { "count": report.split_count, "first": split.collect::<Vec<Value>>() },
        "other_figures": report.more.iter().map(|one| named(&one.path, one.unit, json!(one.values))).collect::<Vec<Value>>(),
    })
}

/// The unit of a figure's value as the object holds it: rates are fractions there, times milliseconds.
fn raw_unit(figure: &Figure) -> &'static str {
    use crate::report::compare::Form;
    match figure.form {
        Form::Usdt | Form::Spent => "USDT",
        Form::OfStart | Form::SpentOfStart => "fraction of start",
        Form::Percent => "fraction",
        Form::R => "R",
        Form::Ratio | Form::Count => "",
        Form::Minutes => "ms",
    }
}
