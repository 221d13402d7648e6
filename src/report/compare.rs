//! Runs side by side, as the caller hands them over; their curves as charts.
//!
//! Not here: reading runs (`backtest::comparison`), the page (`html::compare`), the terminal (`cli`).
//! Invariant: every list has one entry a run, in the order of the runs.

use serde_json::Value;

use super::chart::Ink;
use super::chart::scale::{self, Point};
use super::chart::spec::{Axis, Chart, Line, Mark, Panel, Scale, Unit};
use super::format;
use super::words::{Lang, Phrase, Word, compare as words};
use crate::domain::time::Timestamp;
use crate::stats::equity;

/// Some runs.
#[derive(Clone, Debug)]
pub struct CompareReport {
    /// The runs, at least two.
    pub runs: Vec<ComparedRun>,
    /// What must be known before reading on.
    pub notes: Vec<Phrase>,
    /// Whether amounts are parts of each run's start, because the starts differ.
    pub is_relative: bool,
    /// Whether any price or signal was generated.
    pub is_synthetic: bool,
    /// The figures that everybody looks at.
    pub figures: Vec<Figure>,
    /// All other figures that differ.
    pub more: Vec<OtherFigure>,
    /// Settings and inputs that differ.
    pub causes: Vec<Differing>,
    /// Verdicts on signals, the most frequent first, and how many signals of each run have each.
    pub verdicts: Vec<(String, Vec<usize>)>,
    /// Signals that one run traded and another did not: the first of them.
    pub split: Vec<SplitSignal>,
    /// How many of these there are.
    pub split_count: usize,
}

/// One of the runs.
#[derive(Clone, Debug)]
pub struct ComparedRun {
    /// `A`, `B`, …
    pub letter: String,
    /// The name of its folder.
    pub name: String,
    /// Where it is, as it was named.
    pub folder: String,
    /// Its identity.
    pub run_id: String,
    /// Version of the program that made it.
    pub version: String,
    /// The file of its signals.
    pub signals: String,
    /// Its first instant.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Money at the start, USDT.
    pub balance: f64,
    /// Bar ends, ascending, ms.
    pub times: Vec<i64>,
    /// Equity there, USDT.
    pub equity: Vec<f64>,
}

/// A figure that everybody looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is.
    pub name: Word,
    /// How it is written.
    pub form: Form,
    /// Its values; `None` where it is not defined.
    pub values: Vec<Option<f64>>,
}

/// How a figure is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// USDT.
    Usdt,
    /// A fraction of the start, in per cent.
    OfStart,
    /// USDT that were spent: neither sign is good or bad.
    Spent,
    /// The same as a fraction of the start, in per cent.
    SpentOfStart,
    /// A fraction, in per cent.
    Percent,
    /// A quotient.
    Ratio,
    /// Multiples of the initial risk.
    R,
    /// Whole things.
    Count,
    /// Milliseconds, shown in minutes.
    Minutes,
}

/// Any other figure, as its file names it.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherFigure {
    /// Its path in `metrics.json`.
    pub path: String,
    /// Its unit; empty when it has none.
    pub unit: &'static str,
    /// Its values; null where a run has none.
    pub values: Vec<Value>,
}

/// Something that is not the same in all runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Differing {
    /// What it is.
    pub subject: Subject,
    /// Its values; `None` where a run has none.
    pub values: Vec<Option<String>>,
}

/// What can differ between runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// A key of the configuration.
    Key(String),
    /// Anything else that a run is made from.
    Input(Phrase),
}

/// A signal with another end in each run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitSignal {
    /// The feed's id.
    pub id: String,
    /// Its contract.
    pub symbol: String,
    /// When it was had, RFC 3339.
    pub time: String,
    /// Its verdicts; `None` where the input does not have it.
    pub verdicts: Vec<Option<String>>,
}

impl Subject {
    /// Its name.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        match self {
            Self::Key(key) => key.clone(),
            Self::Input(phrase) => phrase.say(lang),
        }
    }
}

impl Form {
    /// The unit behind a name; empty when there is none.
    #[must_use]
    pub const fn unit(self, lang: Lang) -> &'static str {
        match self {
            Self::Usdt | Self::Spent => "USDT",
            Self::OfStart | Self::SpentOfStart => words::COMPARE_UNIT_OF_START.say(lang),
            Self::Percent => "%",
            Self::Ratio | Self::Count => "",
            Self::R => "R",
            Self::Minutes => words::COMPARE_UNIT_MINUTES.say(lang),
        }
    }

    /// A value without its unit.
    #[must_use]
    pub fn text(self, value: Option<f64>) -> String {
        let Some(value) = value else {
            return format::NONE.to_owned();
        };
        match self {
            Self::Usdt | Self::R => format::signed(value, 2),
            Self::Ratio | Self::Spent => format::number(value, 2),
            Self::OfStart => format::signed(value * 100.0, 2),
            Self::Percent | Self::SpentOfStart => format::number(value * 100.0, 2),
            Self::Count => format::number(value, 0),
            Self::Minutes => format::number(value / 60_000.0, 1),
        }
    }

    /// The form of an amount as a part of the start; `None` of what is no amount.
    #[must_use]
    pub const fn of_start(self) -> Option<Self> {
        match self {
            Self::Usdt => Some(Self::OfStart),
            Self::Spent => Some(Self::SpentOfStart),
            Self::OfStart
            | Self::SpentOfStart
            | Self::Percent
            | Self::Ratio
            | Self::R
            | Self::Count
            | Self::Minutes => None,
        }
    }

    /// Whether the sign of a value says gain or loss.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::Usdt | Self::OfStart | Self::R)
    }
}

impl Figure {
    /// Its name with the unit: `Net result, USDT`.
    #[must_use]
    pub fn title(&self, lang: Lang) -> String {
        let (name, unit) = (self.name.say(lang), self.form.unit(lang));
        match (unit, lang) {
            ("", _) => name.to_owned(),
            (unit, Lang::En) => format!("{name}, {unit}"),
            (unit, Lang::Zh) => format!("{name}，{unit}"),
        }
    }
}

impl OtherFigure {
    /// A value of it as short text.
    #[must_use]
    pub fn text(value: &Value) -> String {
        match value {
            Value::Null => format::NONE.to_owned(),
            Value::String(text) => text.clone(),
            Value::Number(number) => number.as_f64().map_or_else(
                || number.to_string(),
                |number| {
                    let text = format::number(number, 6);
                    let is_whole = !text.contains('.');
                    if is_whole {
                        return text;
                    }
                    text.trim_end_matches('0').trim_end_matches('.').to_owned()
                },
            ),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
        }
    }
}

/// Colours of the runs' lines, in their order; further runs begin again, dashed.
const INKS: [Ink; 6] = [
    Ink::Run,
    Ink::FirstHold,
    Ink::SecondHold,
    Ink::Gain,
    Ink::Loss,
    Ink::Base,
];

/// Columns that a chart can show: each keeps its extremes.
const COLUMNS: usize = 700;

/// Equity and drawdown of all runs, each one above the other's.
#[must_use]
pub fn charts(report: &CompareReport, lang: Lang) -> Vec<Chart> {
    vec![equity_chart(report, lang), drawdown_chart(report, lang)]
}

fn equity_chart(report: &CompareReport, lang: Lang) -> Chart {
    let (title, unit) = if report.is_relative {
        let title = words::COMPARE_EQUITY_CHANGE.say(lang).to_owned();
        (title, Unit::Percent)
    } else {
        (words::COMPARE_EQUITY.with(lang, &["USDT"]), Unit::Usdt)
    };
    let shown = |run: &ComparedRun, equity: f64| {
        if report.is_relative {
            (equity / run.balance - 1.0) * 100.0
        } else {
            equity
        }
    };
    let values = |run: &ComparedRun| -> Vec<f64> {
        let all = std::iter::once(run.balance).chain(run.equity.iter().copied());
        all.map(|equity| shown(run, equity)).collect()
    };
    let start = report.runs.first();
    let start = start.map_or(0.0, |run| shown(run, run.balance));
    chart(
        report,
        lang,
        ("compare-equity", title, unit),
        start,
        &values,
    )
}

fn drawdown_chart(report: &CompareReport, lang: Lang) -> Chart {
    let title = words::COMPARE_DRAWDOWN.say(lang).to_owned();
    let values = |run: &ComparedRun| -> Vec<f64> {
        let all = std::iter::once(run.balance).chain(run.equity.iter().copied());
        let depths = equity::drawdowns(&all.collect::<Vec<f64>>());
        depths.into_iter().map(|depth| depth * 100.0).collect()
    };
    let named = ("compare-drawdown", title, Unit::Percent);
    chart(report, lang, named, 0.0, &values)
}

/// One line a run over time; `values` begin at the run's start.
fn chart(
    report: &CompareReport,
    lang: Lang,
    (id, title, unit): (&'static str, String, Unit),
    base: f64,
    values: &dyn Fn(&ComparedRun) -> Vec<f64>,
) -> Chart {
    let mut marks = vec![Mark::Rule {
        label: String::new(),
        ink: Ink::Base,
        at: base,
        upright: false,
    }];
    let mut is_thinned = false;
    for (place, run) in report.runs.iter().enumerate() {
        let times: Vec<i64> = std::iter::once(run.from.millis())
            .chain(run.times.iter().copied())
            .collect();
        let points = scale::thin(&times, &values(run), COLUMNS);
        is_thinned |= points.len() < times.len();
        marks.push(Mark::Line(Line {
            name: format!("{} {}", run.letter, format::cut(&run.name, 24)),
            ink: INKS[place % INKS.len()],
            points: points.iter().map(drawn_at).collect(),
            fill_to: None,
            dashed: place >= INKS.len(),
        }));
    }
    let caption = if is_thinned {
        words::COMPARE_THINNED
    } else {
        words::COMPARE_EVERY_BAR
    };
    Chart {
        id,
        title,
        caption: caption.say(lang).to_owned(),
        x: Axis {
            title: String::new(),
            scale: Scale::Time,
            unit: Unit::Number,
        },
        panels: vec![Panel {
            share: 1.0,
            y: Axis {
                title: String::new(),
                scale: Scale::Linear,
                unit,
            },
            marks,
        }],
    }
}

fn drawn_at(point: &Point) -> (f64, f64) {
    (crate::stats::figure::millis(point.time), point.value)
}
