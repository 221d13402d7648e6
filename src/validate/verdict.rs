//! From figures to a verdict: the questions that decide, and the gates that were declared.
//!
//! Not here: the figures (the modules beside this one), words of the page (`job`).
//! Invariant: what is undefined answers no question with yes and passes no gate.

use crate::report::validation::{GateRow, Question};
use crate::settings::gate::Gate;
use crate::settings::relation::Relation;
use crate::stats::validation::inference::PASS_MARK;
use crate::validate::found::{Found, Part};
use crate::validate::meaning;

/// A result as good as coin flips would give (V4).
const OVERFIT: f64 = 0.5;
/// Chance of being fooled that is accepted (V9).
const CHANCE: f64 = 0.05;

/// A question that decides.
struct Mark {
    asks: &'static str,
    figure: &'static str,
    relation: Relation,
    bound: f64,
}

/// All must be answered with yes.
const MARKS: [Mark; 4] = [
    Mark {
        asks: "Is the best more than the luck of so many trials?",
        figure: "dsr",
        relation: Relation::AtLeast,
        bound: PASS_MARK,
    },
    Mark {
        asks: "Do settings that are best on some days do well on the others?",
        figure: "pbo",
        relation: Relation::Less,
        bound: OVERFIT,
    },
    Mark {
        asks: "Would it have gained on days after those it was chosen on?",
        figure: "wf_rolling_return",
        relation: Relation::Greater,
        bound: 0.0,
    },
    Mark {
        asks: "Does it matter when the signals come?",
        figure: "placebo_p",
        relation: Relation::AtMost,
        bound: CHANCE,
    },
];

/// A figure of any part.
///
/// # Errors
/// Why there is none.
pub fn figure(parts: &[&Part], name: &str) -> Found {
    let all = parts.iter().flat_map(|part| &part.figures);
    all.into_iter().find(|(own, _)| *own == name).map_or_else(
        || Err("it was not computed".to_owned()),
        |(_, found)| found.clone(),
    )
}

/// The questions with their answers.
#[must_use]
pub fn questions(parts: &[&Part]) -> Vec<Question> {
    let answer = |mark: &Mark| {
        let found = figure(parts, mark.figure);
        let order = found.as_ref().ok();
        let order = order.and_then(|value| value.partial_cmp(&mark.bound));
        let asked = format!("asked is {} {}", mark.relation.sign(), mark.bound);
        Question {
            asks: mark.asks.to_owned(),
            yes: order.is_some_and(|order| mark.relation.holds(order)),
            because: format!("{} is {}; {asked}", mark.figure, told(mark.figure, &found)),
            figure: mark.figure,
            meaning: means(mark.figure),
        }
    };
    MARKS.iter().map(answer).collect()
}

/// The gates, passed or not.
#[must_use]
pub fn gates(declared: &[Gate], parts: &[&Part]) -> Vec<GateRow> {
    let row = |gate: &Gate| {
        let found = figure(parts, gate.figure);
        GateRow {
            gate: gate.to_string(),
            passes: found.as_ref().is_ok_and(|value| gate.holds(*value)),
            value: told(gate.figure, &found),
            figure: gate.figure,
            meaning: means(gate.figure),
        }
    };
    declared.iter().map(row).collect()
}

fn means(name: &str) -> &'static str {
    meaning::of(name).map_or("", |meaning| meaning.words)
}

/// A figure with its unit, or why there is none.
fn told(name: &str, found: &Found) -> String {
    match (found, meaning::of(name)) {
        (Ok(_), Some(meaning)) => meaning.text(found),
        (Ok(value), None) => value.to_string(),
        (Err(why), _) => format!("n/a: {why}"),
    }
}
