//! From the journal of all trials to what a user keeps: tables, the best configuration, the summary.
//!
//! Not here: running trials (`run`), the tables' form (`tables`).
//! Invariant: everything written here hangs on the trials and on what they are judged by; a sweep that was interrupted,
//! sharded or run on more threads leaves the same bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::report::sweep::Counts;
use crate::report::sweep::sensitivity::sensitivity;
use crate::settings::Settings;
use crate::settings::error::SettingsError;
use crate::settings::overlay::Base;
use crate::settings::parse::{Item, Value as Typed};
use crate::stats::stability::Plateau;
use crate::sweep::error::SweepError;
use crate::sweep::figures::{Figures, METRICS};
use crate::sweep::folder::{self, FolderError};
use crate::sweep::front::Front;
use crate::sweep::gallery::Gallery;
use crate::sweep::journal::{self, in_order};
use crate::sweep::objective::{Ranking, RankingError, Verdict};
use crate::sweep::picture::{self, plateau_object};
use crate::sweep::plan::{KIND, SCHEMA, Shard, SweepId};
use crate::sweep::proof;
use crate::sweep::record::{End, Record, seal};
use crate::sweep::space::{Range, Space};
use crate::sweep::tables::{Csv, Parquet, Row};

/// Trials in the ranked table.
const TOP: usize = 20;
/// Trials of the front in the summary; the tables mark all.
const FRONT: usize = 100;
/// Rows between two words on how far the tables are.
const SOME: u64 = 16_384;

/// What a sweep is, as far as its results need it.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The base configuration.
    pub base: &'a Base,
    /// What was varied.
    pub space: &'a Space,
    /// What decides.
    pub ranking: &'a Ranking,
    /// Everything the trials hang on.
    pub id: &'a SweepId,
    /// How many there are.
    pub trials: u64,
    /// Whether inputs were made up.
    pub synthetic: bool,
}

impl Identity<'_> {
    /// The settings of a trial with these values, whole.
    ///
    /// # Errors
    /// When the base does not take them: they were written down by another version.
    pub fn settings(&self, values: &[String]) -> Result<Settings, SettingsError> {
        let laid = self.space.parameters.iter().zip(values);
        let laid = laid.map(|(each, text)| {
            let item = match &each.range {
                Range::List(choices) | Range::Choices(choices) => choices
                    .iter()
                    .find(|choice| choice.text == *text)
                    .map(|choice| choice.item.clone()),
                Range::Steps { .. } | Range::Real { .. } => None,
            };
            let typed = || Item {
                value: Typed::Number(text.clone()),
                place: each.item.place.clone(),
            };
            (&each.slot, item.unwrap_or_else(typed))
        });
        self.base.with(laid)
    }
}

/// A trial of the ranked table.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// The trial.
    pub record: Record,
    /// How it does.
    pub verdict: Verdict,
}

/// Results of a whole sweep.
#[derive(Clone, Debug)]
pub struct Summary {
    /// How the trials ended.
    pub counts: Counts,
    /// The best ones, best first; the first is the best if it has an objective and meets every constraint.
    pub top: Vec<Ranked>,
    /// How the neighbours of each of these do.
    pub plateaus: Vec<Plateau>,
    /// Trials that none dominates, the best by the first objective first; empty with one objective.
    pub front: Vec<Ranked>,
    /// Why infeasible trials are so, most frequent first.
    pub reasons: Vec<(String, u64)>,
    /// `sweep.json`.
    pub object: Value,
}

impl Summary {
    /// The best trial, if one can be.
    #[must_use]
    pub fn best(&self) -> Option<&Ranked> {
        let first = self.top.first();
        first.filter(|ranked| ranked.verdict.meets && ranked.verdict.objective.is_some())
    }
}

/// Reasons of infeasible trials that are counted; any more go together.
const REASONS: usize = 100;

/// What one pass over the journal collects.
#[derive(Default)]
struct Tally {
    counts: Counts,
    top: Vec<Ranked>,
    front: Vec<Ranked>,
    reasons: BTreeMap<String, u64>,
}

/// Keeps the best few.
fn keep(best: &mut Vec<Ranked>, room: usize, ranking: &Ranking, ranked: Ranked) {
    let own = (ranked.record.trial, ranked.verdict);
    let place = best.partition_point(|better| {
        let one = (better.record.trial, better.verdict);
        ranking.order(one, own).is_lt()
    });
    if place < room {
        best.insert(place, ranked);
        best.truncate(room);
    }
}

impl Tally {
    fn take(&mut self, ranking: &Ranking, ranked: Ranked, front: bool) {
        let Ranked { record, verdict } = &ranked;
        match &record.end {
            End::Done { figures, .. } => {
                self.counts.done += 1;
                self.counts.null_objective += u64::from(verdict.objective.is_none());
                self.counts.unmet += u64::from(!verdict.meets);
                self.counts.few_trades += u64::from(ranking.has_few_trades(figures));
            }
            End::Infeasible { reason } => {
                self.counts.infeasible += 1;
                let known = self.reasons.len() < REASONS || self.reasons.contains_key(reason);
                let reason = if known {
                    reason.as_str()
                } else {
                    "other reasons"
                };
                *self.reasons.entry(reason.to_owned()).or_default() += 1;
                return;
            }
            End::Beyond { .. } => {
                self.counts.beyond += 1;
                return;
            }
        }
        if front {
            keep(&mut self.front, FRONT, ranking, ranked.clone());
        }
        keep(&mut self.top, TOP, ranking, ranked);
    }
}

/// The tables while the journal is read.
struct Tables {
    csv: Csv<BufWriter<File>>,
    parquet: Parquet,
    lines: BufWriter<File>,
}

impl Tables {
    fn begin(place: &Path, identity: Identity<'_>) -> Result<Self, SweepError> {
        let system = unwritable(place);
        let create = |name| File::create(folder::unfinished(place, name)).map(BufWriter::new);
        let mut lines = create(journal::FILE).map_err(&system)?;
        let head = head(
            identity.id,
            Shard::WHOLE,
            identity.ranking,
            identity.synthetic,
        );
        writeln!(lines, "{}", seal(&head)).map_err(&system)?;
        let name = "results.parquet";
        let several = identity.ranking.is_several();
        let csv = create("results.csv").map_err(&system)?;
        Ok(Self {
            csv: Csv::begin(csv, identity.space, several).map_err(|error| system(error.into()))?,
            parquet: Parquet::begin(
                (&folder::unfinished(place, name), &place.join(name)),
                identity.space,
                several,
            )?,
            lines,
        })
    }

    fn row(&mut self, place: &Path, line: &str, row: Row<'_>) -> Result<(), SweepError> {
        let system = unwritable(place);
        self.csv.row(row).map_err(|error| system(error.into()))?;
        writeln!(self.lines, "{line}").map_err(system)?;
        Ok(self.parquet.row(row)?)
    }

    fn finish(mut self, place: &Path) -> Result<(), SweepError> {
        let system = unwritable(place);
        self.csv.finish().map_err(&system)?;
        self.lines.flush().map_err(&system)?;
        Ok(self.parquet.finish()?)
    }
}

fn unwritable(place: &Path) -> impl Fn(std::io::Error) -> SweepError {
    move |source| {
        SweepError::Folder(FolderError::Unwritable {
            path: place.to_owned(),
            source,
        })
    }
}

/// Writes everything from a journal that holds all trials. `tell` hears now and then how many are in the tables.
///
/// # Errors
/// When the journal is damaged or not whole, or the folder cannot be written; the trials are kept.
pub fn finish(
    place: &Path,
    identity: Identity<'_>,
    tell: &mut dyn FnMut(u64),
) -> Result<Summary, SweepError> {
    let finished = write(place, identity, tell);
    if finished.is_err() {
        folder::tidy(place);
    }
    finished
}

fn write(
    place: &Path,
    identity: Identity<'_>,
    tell: &mut dyn FnMut(u64),
) -> Result<Summary, SweepError> {
    let path = place.join(journal::FILE);
    let front = front(&path, identity)?;
    let mut tables = Tables::begin(place, identity)?;
    let mut tally = Tally::default();
    let mut gallery = Gallery::new(identity);
    let mut written = 0;
    let whole = (Shard::WHOLE, identity.trials);
    let count = in_order::<SweepError>(&path, whole, &mut |record, line| {
        let verdict = identity.ranking.judge(record.end.figures());
        let front = front
            .as_ref()
            .map(|front| front.binary_search(&record.trial).is_ok());
        let row = Row {
            record: &record,
            verdict,
            front,
        };
        tables.row(place, line, row)?;
        gallery.take(&record, verdict);
        let ranked = Ranked { record, verdict };
        tally.take(identity.ranking, ranked, front == Some(true));
        written += 1;
        if written % SOME == 0 {
            tell(written);
        }
        Ok(())
    })?;
    tell(written);
    if count < identity.trials {
        return Err(SweepError::Unfinished {
            done: count,
            total: identity.trials,
            path: place.to_owned(),
        });
    }
    tables.finish(place)?;
    let plateaus = gallery.plateaus(place, identity, &tally.top)?;
    let size = front.map(|front| front.len());
    let mut summary = summary(identity, tally, (plateaus, size));
    let mut report = picture::report(gallery, identity, &summary);
    report.proof = proof::beside(place, identity, report.best().map(|best| best.trial));
    // A backtest of the best shows it, without the journal.
    summary.object["sensitivity"] = json!(sensitivity(&report));
    let best = match summary.best() {
        Some(best) => Some(identity.settings(&best.record.values)?.to_toml()),
        None => None,
    };
    let mut bytes = serde_json::to_vec_pretty(&summary.object)
        .map_err(|error| unwritable(place)(error.into()))?;
    bytes.push(b'\n');
    // Everything is whole; what says so comes last.
    folder::settle(place, "results.csv")?;
    folder::settle(place, "results.parquet")?;
    match best {
        Some(text) => folder::write(place, "best.toml", text.as_bytes())?,
        None => folder::remove(place, "best.toml")?,
    }
    picture::write(&report, place)?;
    folder::settle(place, journal::FILE)?;
    folder::write(place, folder::DONE, &bytes)?;
    Ok(summary)
}

/// The trials that meet every constraint and that no other of these dominates, ascending; `None` with one objective.
fn front(path: &Path, identity: Identity<'_>) -> Result<Option<Vec<u64>>, SweepError> {
    if !identity.ranking.is_several() {
        return Ok(None);
    }
    let mut front = Front::default();
    let whole = (Shard::WHOLE, identity.trials);
    in_order::<SweepError>(path, whole, &mut |record, _| {
        let told = identity.ranking.told(record.end.figures());
        if told.meets && !told.costs.is_empty() {
            front.add(record.trial, told.costs);
        }
        Ok(())
    })?;
    Ok(Some(front.trials()))
}

/// The first line of a journal, before it is sealed.
#[must_use]
pub fn head(id: &SweepId, shard: Shard, ranking: &Ranking, synthetic: bool) -> Value {
    let mut head = json!({
        "kind": KIND,
        "schema_version": SCHEMA,
        "sweep": id.name(),
        "identity": id.to_object(),
        "shard": shard.to_string(),
        "objective": ranking.objective(),
        "constraints": ranking.constraints(),
        "trades_min": ranking.trades_min,
        "synthetic": synthetic,
    });
    if ranking.is_several() {
        head["objectives"] = json!(ranking.objectives());
    }
    head
}

/// The ranking that such a line names.
///
/// # Errors
/// When it names figures that this version does not know.
pub fn ranking_of(head: &Value) -> Result<Ranking, RankingError> {
    let texts = |key: &str| {
        let texts = head[key].as_array().into_iter().flatten();
        let texts = texts.filter_map(|text| text.as_str().map(str::to_owned));
        texts.collect::<Vec<String>>()
    };
    let objectives = texts("objectives");
    let objective = if objectives.is_empty() {
        head["objective"].as_str().unwrap_or_default().to_owned()
    } else {
        objectives.join(", ")
    };
    let trades_min = head["trades_min"].as_u64().unwrap_or_default();
    Ranking::read(&objective, &texts("constraints"), trades_min)
}

fn summary(
    identity: Identity<'_>,
    tally: Tally,
    (plateaus, front_size): (Vec<Plateau>, Option<usize>),
) -> Summary {
    let Tally {
        mut counts,
        top,
        front,
        reasons,
    } = tally;
    counts.trials = identity.trials;
    let mut reasons: Vec<(String, u64)> = reasons.into_iter().collect();
    reasons.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let mut summary = Summary {
        counts,
        top,
        plateaus,
        front,
        reasons,
        object: Value::Null,
    };
    let rows = summary.top.iter().zip(&summary.plateaus);
    let rows: Vec<Value> = rows
        .map(|(ranked, plateau)| {
            let mut object = row(identity.space, ranked);
            object["plateau"] = json!(plateau.score);
            object
        })
        .collect();
    summary.object = json!({
        "kind": KIND,
        "schema_version": SCHEMA,
        "sweep": identity.id.name(),
        "identity": identity.id.to_object(),
        "synthetic": identity.synthetic,
        "in_sample": true,
        "parameters": identity.space.canonical(),
        "objective": identity.ranking.objective(),
        "constraints": identity.ranking.constraints(),
        "trades_min": identity.ranking.trades_min,
        "trials": identity.trials,
        "done": counts.done,
        "infeasible": counts.infeasible,
        "beyond_range": counts.beyond,
        "null_objective": counts.null_objective,
        "few_trades": counts.few_trades,
        "unmet_constraints": counts.unmet,
        "infeasible_reasons": summary.reasons.iter().take(5).map(|(reason, count)| json!({"reason": reason, "trials": count})).collect::<Vec<Value>>(),
        "best": summary.best().and_then(|_| rows.first()),
        "plateau": summary.best().and(summary.plateaus.first()).map(plateau_object),
        "ranked": rows,
    });
    if let Some(size) = front_size {
        let front = summary.front.iter();
        let front = front.map(|ranked| row(identity.space, ranked));
        summary.object["objectives"] = json!(identity.ranking.objectives());
        summary.object["front_trials"] = json!(size);
        summary.object["front"] = front.collect::<Vec<Value>>().into();
    }
    summary
}

/// One trial as an object.
fn row(space: &Space, ranked: &Ranked) -> Value {
    let record = &ranked.record;
    let named = space.parameters.iter().zip(&record.values);
    let values: Map<String, Value> = named
        .map(|(each, value)| (each.name.clone(), Value::from(value.clone())))
        .collect();
    let log = match &record.end {
        End::Done { log, .. } => Some(log.clone()),
        End::Infeasible { .. } | End::Beyond { .. } => None,
    };
    json!({
        "trial": record.trial,
        "objective": ranked.verdict.objective,
        "meets_constraints": ranked.verdict.meets,
        "values": values,
        "figures": record.end.figures().map(figures),
        "event_log_blake3": log,
    })
}

fn figures(figures: &Figures) -> Value {
    let named = METRICS.iter().zip(&figures.0);
    let object: Map<String, Value> = named
        .map(|(metric, value)| (metric.name.to_owned(), json!(value)))
        .collect();
    object.into()
}
