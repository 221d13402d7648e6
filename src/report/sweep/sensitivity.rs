//! The best trial's surroundings, one parameter at a time: the objective over the values next to its own.
//!
//! Not here: neighbours in several parameters at once (`stats::stability`), all values (`effect`, `heat`).

use std::collections::BTreeMap;

use super::axis::Bins;
use super::effect::{Effect, effects};
use super::points::Ended;
use super::{Row, SweepReport};
use crate::report::origin::{Swept, Tried};
use crate::stats::stability::Step;

/// Values that are told on each side of the best one.
const NEAR: usize = 6;

/// Each parameter around the best trial; `None` without one. Where no other trial differs in that parameter alone (points
/// chosen at random), medians of all trials by value.
#[must_use]
pub fn sensitivity(report: &SweepReport) -> Option<Vec<Swept>> {
    let best = report.best()?;
    let swept = effects(report).into_iter().map(|effect| {
        let axis = &report.axes[effect.axis];
        let slice = slice(report, best, effect.axis);
        let medians = slice.len() < 2;
        Swept {
            name: axis.name.clone(),
            key: axis.key.clone(),
            unit: axis.unit().to_owned(),
            ordered: axis.step() != Step::Unordered,
            medians,
            tried: near(if medians {
                by_value(&effect, best.places[effect.axis])
            } else {
                slice
            }),
        }
    });
    Some(swept.collect())
}

/// Trials with all other parameters as the best has them.
fn slice(report: &SweepReport, best: &Row, axis: usize) -> Vec<Tried> {
    let points = report.near.as_ref().unwrap_or(&report.points);
    let mut found: BTreeMap<u32, Tried> = BTreeMap::new();
    for point in points.all() {
        let mut pairs = point.places.iter().zip(&best.places).enumerate();
        if pairs.any(|(other, (own, best))| other != axis && own != best) {
            continue;
        }
        let place = point.places[axis];
        // The first of equal ones, as a ranking breaks ties.
        found.entry(place).or_insert_with(|| Tried {
            label: report.axes[axis].label(u64::from(place)),
            value: point.value,
            trials: 1,
            best: place == best.places[axis],
            excluded: point.ended == Ended::Infeasible,
        });
    }
    found.into_values().collect()
}

/// All trials by the value of a parameter, whatever the others.
fn by_value(effect: &Effect, own: u32) -> Vec<Tried> {
    let here = effect.bins.of(own);
    let parts = effect.parts.iter().enumerate();
    let told = parts.filter(|(bin, part)| part.is_some() || *bin == here);
    told.map(|(bin, part)| Tried {
        label: bin_label(&effect.bins, bin),
        value: part.map(|part| part.median),
        trials: part.map_or(0, |part| part.count as u64),
        best: bin == here,
        excluded: false,
    })
    .collect()
}

fn bin_label(bins: &Bins, bin: usize) -> String {
    let label = |place: usize| bins.labels.get(place).cloned().unwrap_or_default();
    if bins.has_edges() {
        format!("{} – {}", label(bin), label(bin + 1))
    } else {
        label(bin)
    }
}

/// Those next to the best.
fn near(mut tried: Vec<Tried>) -> Vec<Tried> {
    let best = tried.iter().position(|tried| tried.best).unwrap_or(0);
    tried.truncate(best + NEAR + 1);
    tried.drain(..best.saturating_sub(NEAR));
    tried
}
