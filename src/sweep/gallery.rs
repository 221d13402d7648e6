//! What pictures and page of a sweep need, collected while the journal is read: places and two figures of each trial,
//! in little memory; then plateaus.
//!
//! Not here: the files (`picture`), what is drawn (`report`).
//! Invariants: which trials are kept hangs on their indices alone; what is near a ranked trial is always looked at in
//! full.

use std::path::Path;

use crate::domain::random::Random;
use crate::report::sweep::Goal;
use crate::report::sweep::axis::Axis;
use crate::report::sweep::points::{Ended, Point, Points};
use crate::stats::figure::Why;
use crate::stats::stability::{Plateau, Step, Wanted, is_neighbour};
use crate::sweep::error::SweepError;
use crate::sweep::figures::METRICS;
use crate::sweep::finish::{Identity, Ranked};
use crate::sweep::journal::{self, in_order};
use crate::sweep::objective::{Ranking, Verdict};
use crate::sweep::picture::axis;
use crate::sweep::plan::Shard;
use crate::sweep::record::{End, Record};

/// Memory for trials, in bytes; of more trials a sample is kept.
const ROOM: usize = 12 << 20;

/// Trials as pictures need them.
pub(super) struct Gallery {
    pub(super) axes: Vec<Axis>,
    /// What decides, and what that is drawn against.
    pub(super) goals: [Goal; 2],
    /// The figure of the second.
    against: usize,
    /// All trials, or a sample of them.
    pub(super) points: Points,
    /// Where that is a sample: trials near the ranked ones.
    pub(super) near: Option<Points>,
    /// Of 2^halved trials one is kept.
    halved: u32,
    /// Trials that there is room for, as a sample and near the ranked ones.
    most: usize,
    most_near: usize,
}

impl Gallery {
    pub(super) fn new(identity: Identity<'_>) -> Self {
        let axes: Vec<Axis> = identity.space.parameters.iter().map(axis).collect();
        let steps: Vec<Step> = axes.iter().map(Axis::step).collect();
        let goals = goals(identity.ranking);
        let against = METRICS.iter().position(|own| own.name == goals[1].name);
        Self {
            most: ROOM / Points::row_bytes(axes.len()),
            most_near: ROOM / Points::row_bytes(axes.len()),
            against: against.unwrap_or(0),
            goals,
            points: Points::new(steps),
            near: None,
            halved: 0,
            axes,
        }
    }

    /// Takes the next trial.
    pub(super) fn take(&mut self, record: &Record, verdict: Verdict) {
        let trial = small(record.trial);
        if !is_kept(trial, self.halved) {
            return;
        }
        let places = self.places(record);
        self.points.push(self.point(record, &places, verdict));
        while self.points.count() > self.most {
            self.halved += 1;
            let halved = self.halved;
            self.points.retain(|trial| is_kept(trial, halved));
        }
    }

    /// Where a trial lies.
    pub(super) fn places(&self, record: &Record) -> Vec<u32> {
        let pairs = self.axes.iter().zip(&record.values);
        // A value that is none of its axis was checked before it was run; it would stand at the beginning.
        pairs
            .map(|(axis, value)| axis.place(value).unwrap_or(0))
            .collect()
    }

    fn point<'a>(&self, record: &Record, places: &'a [u32], verdict: Verdict) -> Point<'a> {
        let ended = match (&record.end, verdict.objective, verdict.meets) {
            (End::Infeasible { .. }, _, _) => Ended::Infeasible,
            (End::Beyond { .. }, _, _) => Ended::Beyond,
            (End::Done { .. }, None, _) => Ended::Null,
            (End::Done { .. }, Some(_), true) => Ended::Judged,
            (End::Done { .. }, Some(_), false) => Ended::Unmet,
        };
        let figures = record.end.figures();
        let size = |value: f64| {
            if METRICS[self.against].by_size {
                value.abs()
            } else {
                value
            }
        };
        Point {
            trial: small(record.trial),
            places,
            ended,
            value: verdict.objective,
            against: figures.and_then(|figures| figures.0[self.against].map(size)),
        }
    }

    /// How the neighbours of each ranked trial do. Where only a sample was kept, the journal is read once more for
    /// what lies near them; where that is too much, for the neighbours of the first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub(super) fn plateaus(
        &mut self,
        place: &Path,
        identity: Identity<'_>,
        top: &[Ranked],
    ) -> Result<Vec<Plateau>, SweepError> {
        let ranked: Vec<Vec<u32>> = top.iter().map(|each| self.places(&each.record)).collect();
        let mut known = ranked.len();
        if self.halved > 0 {
            let mut near = self.near(place, identity, (&ranked, Some(self.most_near)))?;
            if near.count() > self.most_near {
                known = known.min(1);
                near = self.near(place, identity, (&ranked[..known], None))?;
            }
            self.near = Some(near);
        }
        let points = self.near.as_ref().unwrap_or(&self.points);
        let wanted = self.goals[0].wanted;
        let plateau = |(rank, (each, places)): (usize, (&Ranked, &Vec<u32>))| {
            if rank >= known {
                return Plateau::none(Why::NotRecorded);
            }
            let rows = match points.places().neighbours(places) {
                Ok(rows) => rows,
                Err(why) => return Plateau::none(why),
            };
            let ran = rows.into_iter().map(|row| points.at(row));
            let ran = ran.filter(|point| point.ended != Ended::Infeasible);
            let values: Vec<Option<f64>> = ran.map(|point| point.value).collect();
            Plateau::of(each.verdict.objective, &values, wanted)
        };
        Ok(top.iter().zip(&ranked).enumerate().map(plateau).collect())
    }

    /// Trials one step from any of the ranked, or in a slice through the first; one more than `most` says that there
    /// are more. Without `most` no slices, since an axis may have any number of values.
    fn near(
        &self,
        place: &Path,
        identity: Identity<'_>,
        (ranked, most): (&[Vec<u32>], Option<usize>),
    ) -> Result<Points, SweepError> {
        let steps: Vec<Step> = self.axes.iter().map(Axis::step).collect();
        let mut near = Points::new(steps.clone());
        let path = place.join(journal::FILE);
        let whole = (Shard::WHOLE, identity.trials);
        in_order::<SweepError>(&path, whole, &mut |record, _| {
            let places = self.places(&record);
            let sliced = ranked.first().filter(|_| most.is_some());
            let in_slice = sliced.is_some_and(|chosen| {
                let pairs = chosen.iter().zip(&places);
                pairs.filter(|(own, other)| own != other).count() <= 2
            });
            let beside = || ranked.iter().any(|one| is_neighbour(&steps, one, &places));
            if most.is_none_or(|most| near.count() <= most) && (in_slice || beside()) {
                let verdict = identity.ranking.judge(record.end.figures());
                near.push(self.point(&record, &places, verdict));
            }
            Ok(())
        })?;
        Ok(near)
    }
}

/// The objective that decides, and what it is drawn against: the second one; else the drawdown, or the return where
/// the drawdown itself decides.
pub(super) fn goals(ranking: &Ranking) -> [Goal; 2] {
    let mut stated = ranking.objectives().into_iter();
    let first = goal(&stated.next().unwrap_or_default());
    let other = if first.name == "max_drawdown" {
        "max:total_return"
    } else {
        "min:max_drawdown"
    };
    let second = goal(&stated.next().unwrap_or_else(|| other.to_owned()));
    [first, second]
}

/// A goal as [`Ranking::objectives`] writes it.
fn goal(text: &str) -> Goal {
    let (way, name) = text.split_once(':').unwrap_or(("max", text));
    Goal {
        name: name.to_owned(),
        wanted: if way == "min" {
            Wanted::Less
        } else {
            Wanted::More
        },
    }
}

/// Indices stay below the most trials of a sweep, which 32 bits hold.
fn small(trial: u64) -> u32 {
    u32::try_from(trial).unwrap_or(u32::MAX)
}

/// Whether a trial is one of the sample. The word spreads neighbours of a grid, so that no value is left out.
fn is_kept(trial: u32, halved: u32) -> bool {
    halved == 0 || Random::new(u64::from(trial)).next().trailing_zeros() >= halved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::html::sweep as page;
    use crate::report::sweep::Counts;
    use crate::report::sweep::heat::{Kind, heats};
    use crate::settings::layers::Layers;
    use crate::settings::overlay::{Base, Slot};
    use crate::sweep::figures::{COUNT, Figures, TRADES};
    use crate::sweep::finish::{Summary, head};
    use crate::sweep::journal::Journal;
    use crate::sweep::method::{Method, Sampler};
    use crate::sweep::picture::report;
    use crate::sweep::plan::SweepId;
    use crate::sweep::space::{Parameter, Range, Space};

    fn parameter(base: &Base, key: &str, count: u64) -> Parameter {
        let slot = Slot::parse(key).unwrap();
        Parameter {
            name: key.to_owned(),
            item: base.item(&slot).unwrap().clone(),
            slot,
            range: Range::Steps {
                from: 100_000_000,
                step: 100_000_000,
                count,
            },
        }
    }

    /// A trial whose figure is a hill with some noise.
    fn record(space: &Space, sampler: &Sampler, trial: u64) -> Record {
        let values = space.texts(&sampler.point(space, trial));
        let hill: f64 = values
            .iter()
            .map(|value| -(value.parse::<f64>().unwrap() - 5.0).powi(2))
            .sum();
        let mut figures = Figures([None; COUNT]);
        figures.0[TRADES] = Some(50.0);
        let net = METRICS.iter().position(|metric| metric.name == "net_usdt");
        figures.0[net.unwrap()] = Some(100.0 + hill + Random::new(trial).unit());
        Record {
            trial,
            values,
            end: End::Done {
                figures: Box::new(figures),
                log: String::new(),
            },
        }
    }

    /// All trials in the journal and in the galleries; the best 20 of them.
    fn filled(place: &Path, identity: Identity<'_>, galleries: [&mut Gallery; 2]) -> Vec<Ranked> {
        let head = head(identity.id, Shard::WHOLE, identity.ranking, false);
        let journal = Journal::begin(place, &head).unwrap();
        let sampler = Sampler::new(Method::Grid, 0, identity.space).unwrap();
        let [one, other] = galleries;
        let mut top: Vec<Ranked> = Vec::new();
        for trial in 0..identity.trials {
            let record = record(identity.space, &sampler, trial);
            journal.add(&record).unwrap();
            let verdict = identity.ranking.judge(record.end.figures());
            one.take(&record, verdict);
            other.take(&record, verdict);
            top.push(Ranked { record, verdict });
        }
        top.sort_by(|one, other| {
            identity.ranking.order(
                (one.record.trial, one.verdict),
                (other.record.trial, other.verdict),
            )
        });
        top.truncate(20);
        top
    }

    #[test]
    fn a_sample_of_the_trials_changes_nothing_near_the_best() {
        let (base, _) = Base::new(&Layers::default()).unwrap();
        let keys = ["exits.stop_pct", "signals.window_s", "account.leverage"];
        let space = Space {
            parameters: keys.map(|key| parameter(&base, key, 12)).to_vec(),
            predicates: Vec::new(),
        };
        let ranking = Ranking::read("net_usdt", &[], 1).unwrap();
        let trials = 12 * 12 * 12;
        let id = SweepId::new(vec![("trials", trials.to_string())]);
        let identity = Identity {
            base: &base,
            space: &space,
            ranking: &ranking,
            id: &id,
            trials,
            synthetic: false,
        };
        let home = tempfile::tempdir().unwrap();
        let mut whole = Gallery::new(identity);
        let mut part = Gallery::new(identity);
        part.most = 300;
        let top = filled(home.path(), identity, [&mut whole, &mut part]);
        assert!(part.halved > 0 && (75..=300).contains(&part.points.count()));
        let plateaus = whole.plateaus(home.path(), identity, &top).unwrap();
        // With less room the best alone has a plateau.
        part.most_near = 300;
        let best_alone = part.plateaus(home.path(), identity, &top).unwrap();
        assert_eq!(best_alone[0], plateaus[0]);
        assert_eq!(best_alone[1], Plateau::none(Why::NotRecorded));
        assert!(whole.near.is_none() && part.near.is_some());
        part.most_near = ROOM;
        assert_eq!(
            plateaus,
            part.plateaus(home.path(), identity, &top).unwrap()
        );
        assert_eq!(plateaus[0].neighbours, 26);
        let near = part.near.as_ref().unwrap().count();
        assert!((400..1000).contains(&near), "{near}");
        let summary = Summary {
            counts: Counts {
                trials,
                ..Counts::default()
            },
            top,
            plateaus,
            front: Vec::new(),
            reasons: Vec::new(),
            object: serde_json::Value::Null,
        };
        let (whole, part) = (
            report(whole, identity, &summary),
            report(part, identity, &summary),
        );
        let ((all, pairs), (sampled, _)) = (heats(&whole), heats(&part));
        assert_eq!((all.len(), pairs), (3, 3));
        for (one, other) in all.iter().zip(&sampled) {
            assert_eq!((one.kind, other.kind), (Kind::Slice, Kind::Slice));
            assert_eq!(one.cells, other.cells);
            assert_eq!(one.cells.len(), 144);
        }
        assert!(part.sampled().starts_with("a fair sample of "));
        let page = page::page(&part, (&sampled, pairs)).unwrap();
        assert!(page.contains("Many trials:"));
    }
}
