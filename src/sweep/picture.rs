//! Pictures and page of a sweep: what the gallery collected becomes files.
//!
//! Not here: collecting (`gallery`), what is drawn (`report::sweep`, `report::chart`), the page
//! (`report::html::sweep`).

use std::path::Path;

use serde_json::{Value, json};

use crate::domain::num::Rate;
use crate::report::chart::render::heat_png;
use crate::report::html::sweep as page;
use crate::report::sweep::axis::{Axis, PARTS, Values};
use crate::report::sweep::heat::heats;
use crate::report::sweep::{Row, SweepReport};
use crate::stats::figure::Why;
use crate::stats::stability::Plateau;
use crate::sweep::error::SweepError;
use crate::sweep::figures::METRICS;
use crate::sweep::finish::{Identity, Ranked, Summary};
use crate::sweep::folder;
use crate::sweep::gallery::Gallery;
use crate::sweep::space::{Choice, Parameter, Range};

/// Writes the pictures and the page.
///
/// # Errors
/// When one cannot be drawn or written.
pub(super) fn write(report: &SweepReport, place: &Path) -> Result<(), SweepError> {
    let footer = format!(
        "sweep {} · confluence {} · in-sample{}",
        report.name,
        report.version,
        if report.synthetic {
            " · SYNTHETIC DATA"
        } else {
            ""
        }
    );
    let (heats, pairs) = heats(report);
    let label = page::label(report);
    let mut pictures: Vec<(String, Vec<u8>)> = Vec::new();
    for heat in &heats {
        let bytes = heat_png(&page::heat_plot(report, heat, &label), &footer)?;
        pictures.push((page::picture_name(report, heat), bytes));
    }
    let html = page::page(report, (&heats, pairs))?;
    folder::write_pictures(place, &pictures)?;
    Ok(folder::write(place, "sweep.html", html.as_bytes())?)
}

/// Everything the pictures and the page are made from.
pub(super) fn report(gallery: Gallery, identity: Identity<'_>, summary: &Summary) -> SweepReport {
    let ranked = summary.top.iter().zip(&summary.plateaus);
    let ranked = ranked.map(|(each, plateau)| row(&gallery, each, *plateau));
    let [goal, against] = gallery.goals.clone();
    let id = |name: &str| identity.id.get(name).unwrap_or_default().to_owned();
    SweepReport {
        name: identity.id.name(),
        version: id("version"),
        method: id("method"),
        synthetic: identity.synthetic,
        goal,
        against,
        objectives: identity.ranking.objectives(),
        constraints: identity.ranking.constraints(),
        predicates: identity
            .space
            .predicates
            .iter()
            .map(ToString::to_string)
            .collect(),
        trades_min: identity.ranking.trades_min,
        counts: summary.counts,
        reasons: summary.reasons.clone(),
        ranked: ranked.collect(),
        has_best: summary.best().is_some(),
        axes: gallery.axes,
        points: gallery.points,
        near: gallery.near,
        proof: None,
    }
}

fn row(gallery: &Gallery, ranked: &Ranked, plateau: Plateau) -> Row {
    let figures = ranked.record.end.figures();
    let named = METRICS.iter().enumerate().map(|(index, metric)| {
        let value = figures.and_then(|figures| figures.0[index]);
        (metric.name, value)
    });
    Row {
        trial: ranked.record.trial,
        places: gallery.places(&ranked.record),
        values: ranked.record.values.clone(),
        objective: ranked.verdict.objective,
        meets: ranked.verdict.meets,
        figures: named.collect(),
        plateau,
    }
}

/// What the summary says of a plateau.
pub(super) fn plateau_object(plateau: &Plateau) -> Value {
    json!({
        "score": plateau.score,
        "is_peak": plateau.is_peak(),
        "median": plateau.median,
        "neighbours": plateau.neighbours,
        "neighbours_without_objective": plateau.without,
        "why_null": plateau.score.why().map(Why::text),
    })
}

/// A parameter as pictures see it.
pub(super) fn axis(parameter: &Parameter) -> Axis {
    let listed = |choices: &[Choice], ordered| Values::Listed {
        texts: choices.iter().map(|choice| choice.text.clone()).collect(),
        ordered,
    };
    Axis {
        name: parameter.name.clone(),
        key: parameter.slot.to_string(),
        values: match &parameter.range {
            Range::List(choices) => listed(choices, true),
            Range::Choices(choices) => listed(choices, false),
            Range::Steps { from, step, count } if *count < PARTS => Values::Steps {
                from: *from,
                step: *step,
                count: *count,
            },
            // More values than places: as good as any number in between.
            Range::Steps { from, step, count } => {
                let steps = i64::try_from(count - 1).unwrap_or(i64::MAX);
                let last = from.saturating_add(step.saturating_mul(steps));
                Values::Real {
                    from: Rate::from_steps(*from).to_f64(),
                    to: Rate::from_steps(last).to_f64(),
                    log: false,
                }
            }
            Range::Real { from, to, log, .. } => Values::Real {
                from: *from,
                to: *to,
                log: *log,
            },
        },
    }
}
