//! Tables of a sweep's page: the best, the ranking, what was tried.
//!
//! Not here: charts.

use crate::report::format;
use crate::report::html::element::{self, Cell};
use crate::report::sweep::axis::{Axis, Values};
use crate::report::sweep::{SweepReport, figure_text};

/// Figures of the ranking, beside parameters and objective.
const SHOWN: [(&str, &str); 6] = [
    ("trades", "Trades"),
    ("net_usdt", "Net, USDT"),
    ("total_return", "Return"),
    ("max_drawdown", "Drawdown"),
    ("win_rate", "Won"),
    ("profit_factor", "Profit factor"),
];

/// Why the other half of V8 is not on this page.
const HALVES: &str = "Whether this order holds in time, the rank correlation of all trials between the first and the second half of the data, takes two more runs of every trial: sim validate makes them, and its page tells.";

/// The settings of the best and how to run them.
#[must_use]
pub fn best(report: &SweepReport) -> String {
    let Some(best) = report.best() else {
        let words = "No trial can be the best, so there is no best.toml.";
        return element::section("best", "The best settings", &element::note(words));
    };
    let rows: Vec<Vec<Cell>> = report
        .axes
        .iter()
        .zip(&best.values)
        .map(|(axis, value)| {
            let named = if axis.name == axis.key {
                String::new()
            } else {
                axis.name.clone()
            };
            vec![
                Cell::Text(axis.key.clone()),
                value_cell(&with_unit(axis, value)),
                Cell::Text(named),
                Cell::Text(range(axis)),
            ]
        })
        .collect();
    let table = element::stacked(&["Key", "Best", "Named", "Tried"], &rows);
    let edges: Vec<&str> = report
        .axes
        .iter()
        .zip(&best.places)
        .filter(|(axis, place)| is_at_an_edge(axis, **place))
        .map(|(axis, _)| axis.name.as_str())
        .collect();
    let edge = if edges.is_empty() {
        String::new()
    } else {
        element::note(&format!(
            "At the edge of what was tried: {}. A better value may lie beyond.",
            edges.join(", ")
        ))
    };
    let command = "<pre>sim backtest --signals SIGNALS --data DATA -c best.toml</pre>\n";
    let words = element::paragraph(&format!(
        "Trial {}. All settings are in best.toml beside this page; with the signals and prices of the sweep this makes its run, trade by trade:",
        format::whole(best.trial)
    ));
    element::section(
        "best",
        "The best settings",
        &(table + &edge + &words + command),
    )
}

/// Whether a value is the first or last of a range that could go on.
fn is_at_an_edge(axis: &Axis, place: u32) -> bool {
    let could = match &axis.values {
        Values::Listed { ordered, .. } => *ordered,
        Values::Steps { .. } => true,
        Values::Real { .. } => false,
    };
    could && axis.places() > 2 && (place == 0 || u64::from(place) + 1 == axis.places())
}

fn with_unit(axis: &Axis, value: &str) -> String {
    match axis.unit() {
        "" => value.to_owned(),
        unit => format!("{value} {unit}"),
    }
}

fn value_cell(text: &str) -> Cell {
    Cell::Number(text.to_owned())
}

/// What was tried of a parameter, in words.
fn range(axis: &Axis) -> String {
    const LISTED: usize = 8;
    match &axis.values {
        Values::Listed { texts, .. } if texts.len() > LISTED => {
            let rest = texts.len() - LISTED;
            format!("{} and {rest} more", texts[..LISTED].join(", "))
        }
        Values::Listed { texts, .. } => texts.join(", "),
        Values::Steps { count, .. } => format!(
            "{} to {}, {} values",
            axis.label(0),
            axis.label(count.saturating_sub(1)),
            format::whole(*count)
        ),
        Values::Real { from, to, log } => {
            let kind = if *log { ", by its logarithm" } else { "" };
            format!("{from} to {to}, any number{kind}")
        }
    }
}

/// The ranking.
#[must_use]
pub fn ranked(report: &SweepReport) -> String {
    if report.ranked.is_empty() {
        let words = "No trial ran.";
        return element::section("ranked", "The ranking", &element::note(words));
    }
    let mut head = vec!["Rank", "Trial", report.goal.name.as_str(), "Plateau"];
    let shown = SHOWN.iter().filter(|(name, _)| *name != report.goal.name);
    head.extend(shown.clone().map(|(_, title)| *title));
    let titles: Vec<String> = report.axes.iter().map(Axis::title).collect();
    head.extend(titles.iter().map(String::as_str));
    let rows: Vec<Vec<Cell>> = report
        .ranked
        .iter()
        .enumerate()
        .map(|(rank, row)| {
            let objective = row.objective.map_or(format::NONE.to_owned(), |value| {
                figure_text(&report.goal.name, value)
            });
            let score = row.plateau.score.value();
            let mut cells = vec![
                Cell::Number(format::whole(rank + 1)),
                Cell::Number(format::whole(row.trial)),
                Cell::Number(if row.meets {
                    objective
                } else {
                    format!("{objective} (violates)")
                }),
                score.map_or(Cell::Number(format::NONE.to_owned()), |score| {
                    let tone = if row.plateau.is_peak() { -1.0 } else { 0.0 };
                    Cell::Signed(format::number(score, 2), tone)
                }),
            ];
            cells.extend(
                shown
                    .clone()
                    .map(|(name, _)| Cell::Number(row.figure(name))),
            );
            cells.extend(row.values.iter().map(|value| value_cell(value)));
            cells
        })
        .collect();
    let all = usize::try_from(report.counts.done).unwrap_or(usize::MAX);
    let words = format!(
        "The first {} of {}; all of them in results.csv and results.parquet. Plateau: the median of the neighbours one step away over the trial's own value, red below 0.7.",
        report.ranked.len(),
        format::counted(all, "trial that ran", "trials that ran")
    );
    let html = element::table(&head, &rows) + &element::note(&words) + &element::note(HALVES);
    element::section("ranked", "The ranking", &html)
}

/// What was tried and what became of it.
#[must_use]
pub fn tried(report: &SweepReport) -> String {
    let counts = report.counts;
    let rows = [
        ("Trials", counts.trials, "points of the space"),
        ("Ran", counts.done, "each as a whole backtest"),
        (
            "Excluded",
            counts.infeasible,
            "their values cannot hold together; not run",
        ),
        (
            "Beyond range",
            counts.beyond,
            "the account left the range of exact amounts",
        ),
        (
            "Without an objective",
            counts.null_objective,
            "it is undefined, or there were too few trades",
        ),
        ("Too few trades", counts.few_trades, "part of these"),
        ("Violate a constraint", counts.unmet, "cannot be the best"),
    ]
    .map(|(name, number, meaning)| {
        vec![
            Cell::Text(name.to_owned()),
            Cell::Number(format::whole(number)),
            Cell::Text(meaning.to_owned()),
        ]
    });
    let counted = element::table(&["Trials", "Count", ""], &rows);
    let mut judged = vec![
        vec![
            Cell::Text("Objective".to_owned()),
            Cell::Text(if report.objectives.len() > 1 {
                format!("{}; the first one ranks", report.objectives.join(", "))
            } else {
                report.goal.words()
            }),
        ],
        vec![
            Cell::Text("Least trades".to_owned()),
            Cell::Text(format::whole(report.trades_min)),
        ],
    ];
    let row =
        |name: &str, text: &String| vec![Cell::Text(name.to_owned()), Cell::Text(text.clone())];
    judged.extend(
        report
            .constraints
            .iter()
            .map(|text| row("Constraint", text)),
    );
    judged.extend(report.predicates.iter().map(|text| row("Must hold", text)));
    let reasons = report.reasons.iter().take(5);
    judged.extend(reasons.map(|(reason, count)| {
        row(
            "Excluded",
            &format!("{} times: {reason}", format::whole(*count)),
        )
    }));
    let judged = element::table(&["Judged by", ""], &judged);
    let html = element::side_by_side(&[counted, judged])
        + &element::note(
            "The space as it was given is space.toml, the settings it varies config.toml, both beside this page.",
        );
    element::section("tried", "What was tried", &html)
}
