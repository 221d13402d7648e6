//! A whole validation: from a sweep ready to run to its verdict.
//!
//! Not here: each part (the modules beside this one), writing it (`output`), printing (`cli`).

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::report::validation::{FigureRow, GateRow, Question, Section, VerdictReport};
use crate::settings::Settings;
use crate::sweep::error::SweepError;
use crate::sweep::job::Setup;
use crate::sweep::proof::KIND;
use crate::validate::battery;
use crate::validate::cross;
use crate::validate::error::ValidateError;
use crate::validate::found::{Found, Part, number};
use crate::validate::halves;
use crate::validate::luck;
use crate::validate::meaning;
use crate::validate::placebo;
use crate::validate::plateau;
use crate::validate::points::Points;
use crate::validate::progress::Tell;
use crate::validate::register::Census;
use crate::validate::subject::Subject;
use crate::validate::trials;
use crate::validate::tried;
use crate::validate::verdict;
use crate::validate::walk;

/// Layout of `validation.json`; it grows when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// A finished validation.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// For people.
    pub report: VerdictReport,
    /// For programs: `validation.json`.
    pub object: Value,
}

impl Verdict {
    /// Whether every declared gate holds.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.report.gates.iter().all(|gate| gate.passes)
    }
}

/// The settings that a sweep is laid over, how results are validated among them.
///
/// # Errors
/// When they make no sense, which the sweep would have found.
pub fn settings(setup: &Setup) -> Result<Settings, ValidateError> {
    let base = setup.base.with([]);
    Ok(base.map_err(SweepError::from)?)
}

/// Does the validation.
///
/// # Errors
/// When there is nothing to judge, the register cannot be used, or the user stopped it.
pub fn run(points: Points<'_>, register: &Path, tell: &Tell<'_>) -> Result<Verdict, ValidateError> {
    let setup = points.setup;
    let settings = settings(setup)?;
    let all = trials::run_all(&points, &setup.worlds, (tell, "trials"))?;
    // They were tried, whatever comes of them.
    let census = tried::enter_all(&points, &all, register, tell)?;
    let subject = Subject::new(points, &settings, all)?;
    let topics = topics(&subject, &census, tell)?;
    Ok(told(&subject, &topics))
}

/// One part of the page.
struct Topic {
    id: &'static str,
    title: &'static str,
    intro: &'static str,
    part: Part,
}

fn topic(id: &'static str, title: &'static str, intro: &'static str, part: Part) -> Topic {
    Topic {
        id,
        title,
        intro,
        part,
    }
}

fn topics(
    subject: &Subject<'_>,
    census: &Census,
    tell: &Tell<'_>,
) -> Result<Vec<Topic>, ValidateError> {
    let mut topics = of_all_trials(subject, census, tell)?;
    topics.extend(of_the_best(subject, tell)?);
    Ok(topics)
}

/// What the trials say of each other, and of choosing one of them.
fn of_all_trials(
    subject: &Subject<'_>,
    census: &Census,
    tell: &Tell<'_>,
) -> Result<Vec<Topic>, ValidateError> {
    Ok(vec![
        topic(
            "observed",
            "As it stands, before any doubt",
            "The best of all trials. It was chosen because it looks good here, so here it looks better than it is.",
            luck::observed(subject),
        ),
        topic(
            "trials",
            "The luck of many trials",
            "Whoever tries a thousand worthless settings finds one with a fine curve. How fine must it be to be more than that?",
            luck::deflated(subject, census),
        ),
        topic(
            "overfitting",
            "Does choosing carry over?",
            "All trials on one half of the days, the best of them on the other half, for every way to halve the days.",
            luck::overfitting(subject),
        ),
        topic(
            "plateau",
            "Does it hang on one exact setting?",
            "The settings one step away from the best in every direction. Where they do as well, there is more than one lucky point.",
            plateau::plateau(subject),
        ),
        topic(
            "halves",
            "Does the order hold?",
            "Every configuration on the first half of the data and on the second.",
            halves::halves(subject, tell)?,
        ),
        topic(
            "walk_forward",
            "Walk-forward",
            "Settings chosen on some days, traded on the days behind them, again and again: nothing that is tested was seen before.",
            walk::walk(subject, tell)?,
        ),
        topic(
            "cross_validation",
            "Cross-validation of trades",
            "Each group of trades with settings chosen on the others; trades that touch the group are left out of the choice.",
            cross::cross(subject, tell)?,
        ),
    ])
}

/// What the best of them says of itself.
fn of_the_best(subject: &Subject<'_>, tell: &Tell<'_>) -> Result<Vec<Topic>, ValidateError> {
    Ok(vec![
        topic(
            "bootstrap",
            "The same days, drawn anew",
            "Other histories with days like these, drawn in blocks: how far could the figures be off by chance alone?",
            luck::bootstrap(subject),
        ),
        topic(
            "shuffle",
            "The same trades in another order",
            "Was the deepest fall a matter of luck? The sum stays the same, the way to it does not.",
            luck::shuffle(subject),
        ),
        topic(
            "placebo",
            "Placebo: does it matter when the signals come?",
            "The same strategy, gates and prices with signals that know nothing. How often do they do as well? The settings were chosen on the true signals, which flatters them here: the questions above see to that.",
            placebo::placebo(subject, tell)?,
        ),
        topic(
            "robustness",
            "Under other conditions",
            "The same list for everybody: a result that lives on one assumption dies here.",
            battery::battery(subject, tell)?,
        ),
    ])
}

/// Puts everything into words.
fn told(subject: &Subject<'_>, topics: &[Topic]) -> Verdict {
    let setup = subject.setup;
    let parts: Vec<&Part> = topics.iter().map(|topic| &topic.part).collect();
    let questions = verdict::questions(&parts);
    let gates = verdict::gates(&subject.how.gates, &parts);
    let survives = questions.iter().all(|question| question.yes);
    let cautions: Vec<String> = parts
        .iter()
        .flat_map(|part| part.cautions.clone())
        .collect();
    let trial = subject.chosen().trial;
    let chosen = format!(
        "trial {trial} of {}: {}",
        setup.trials,
        subject.named(&subject.best.values)
    );
    let object = object(subject, topics, (survives, &questions, &gates, &cautions));
    let identity = setup.id.to_object();
    let inputs = identity.as_object().into_iter().flatten();
    let report = VerdictReport {
        title: format!("sweep {}", setup.id.name()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        synthetic: setup.worlds.synthetic,
        survives,
        chosen,
        questions,
        gates,
        cautions,
        sections: topics.iter().map(section).collect(),
        inputs: inputs
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect(),
    };
    Verdict { report, object }
}

fn section(topic: &Topic) -> Section {
    let row = |(name, found): &(&'static str, Found)| {
        let meaning = meaning::of(name);
        FigureRow {
            name,
            value: meaning.map_or_else(String::new, |meaning| meaning.text(found)),
            meaning: match found {
                Ok(_) => meaning.map_or("", |meaning| meaning.words).to_owned(),
                Err(why) => why.clone(),
            },
        }
    };
    Section {
        id: topic.id,
        title: topic.title,
        intro: topic.intro,
        figures: topic.part.figures.iter().map(row).collect(),
        tables: topic.part.tables.clone(),
    }
}

/// `validation.json`.
fn object(
    subject: &Subject<'_>,
    topics: &[Topic],
    (survives, questions, gates, cautions): (bool, &[Question], &[GateRow], &[String]),
) -> Value {
    let setup = subject.setup;
    let mut figures = Map::new();
    let mut why = Map::new();
    let mut detail = Map::new();
    for topic in topics {
        for (name, found) in &topic.part.figures {
            figures.insert((*name).to_owned(), number(found));
            if let Err(reason) = found {
                why.insert((*name).to_owned(), reason.clone().into());
            }
        }
        detail.insert(topic.id.to_owned(), topic.part.detail.clone());
    }
    let names = setup.space.parameters.iter().map(|each| each.name.clone());
    let values: Map<String, Value> = names
        .zip(&subject.best.values)
        .map(|(name, value)| (name, value.clone().into()))
        .collect();
    json!({
        "kind": KIND,
        "schema_version": SCHEMA,
        "sweep": setup.id.name(),
        "identity": setup.id.to_object(),
        "synthetic": setup.worlds.synthetic,
        "objective": setup.ranking.objective(),
        "constraints": setup.ranking.constraints(),
        "trades_min": setup.ranking.trades_min,
        "seed": subject.seed,
        "chosen": { "trial": subject.chosen().trial, "values": values },
        "verdict": if survives { "survives" } else { "probably noise" },
        "questions": questions.iter().map(|each| json!({
            "question": each.asks, "yes": each.yes, "because": each.because,
            "figure": each.figure, "meaning": each.meaning,
        })).collect::<Vec<Value>>(),
        "gates": gates.iter().map(|each| json!({
            "gate": each.gate, "passes": each.passes, "value": each.value,
            "figure": each.figure, "meaning": each.meaning,
        })).collect::<Vec<Value>>(),
        "passes": gates.iter().all(|gate| gate.passes),
        "cautions": cautions,
        "figures": figures,
        "why_null": why,
        "parts": detail,
    })
}
