//! What a list of signals comes to by itself: the pairs that match, those that nearly do and by how much they miss,
//! the signals that are ignored and why.
//!
//! Not here: reading and printing them (`signals`), matching and scoring (`trader::confluence`), anything that needs a
//! position: a risk signal finds none here.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::event::{Confluence, Ignored, Score};
use crate::domain::num::Rate;
use crate::domain::signal::{Signal, SignalId, SignalType};
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::trader::confluence::{Books, Intake, PairAges, score};
use crate::trader::rules::ConfluenceRules;

/// What a list of signals comes to.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Pairs that match, in order of time.
    pub(super) confluences: Vec<(Timestamp, Confluence)>,
    /// Pairs of opposite legs that came within the retention and emitted nothing.
    pub(super) near_misses: Vec<NearMiss>,
    /// Signals that lead to nothing, and why.
    pub(super) ignored: Vec<(SignalId, Ignored)>,
    /// Signals that could be a leg.
    pub(super) legs: usize,
}

/// Two opposite legs that emitted nothing together.
#[derive(Debug)]
pub(super) struct NearMiss {
    /// When the later one was had.
    pub(super) time: Timestamp,
    pub(super) symbol: SymbolId,
    pub(super) alpha: SignalId,
    pub(super) fomo: SignalId,
    pub(super) gap: Span,
    /// What the pair scores; closeness is zero from the window on.
    pub(super) score: Score,
    pub(super) why: Why,
}

/// Why a pair emitted nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// One of the two went into another confluence.
    Consumed,
    /// The gap is so much too long; the window is strict, so by at least a millisecond.
    Window(Span),
    /// The score is so much too low.
    LowScore(Rate),
    /// The earlier one was forgotten before the later one was had.
    Forgotten,
}

/// A signal that could be a leg.
struct Leg<'a> {
    signal: &'a Signal,
    event_time: Timestamp,
}

impl Why {
    /// As reports write it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Consumed => "consumed",
            Self::Window(_) => "window",
            Self::LowScore(_) => "low_score",
            Self::Forgotten => "forgotten",
        }
    }
}

/// Matches signals given in intake order (T6), of so many symbols.
pub(super) fn survey(rules: &ConfluenceRules, symbols: usize, signals: &[Signal]) -> Survey {
    let mut survey = Survey::default();
    let mut books = Books::new(symbols);
    let mut legs: BTreeMap<SymbolId, Vec<Leg<'_>>> = BTreeMap::new();
    let mut consumed: BTreeSet<SignalId> = BTreeSet::new();
    for signal in signals {
        let now = signal.received_time;
        match books.hear(rules, signal, false) {
            Intake::Ignored(reason) => survey.ignored.push((Arc::clone(&signal.id), reason)),
            // Without a position a risk signal has nothing to act on (S18).
            Intake::Risk => survey
                .ignored
                .push((Arc::clone(&signal.id), Ignored::RiskFlat)),
            Intake::Off => {}
            Intake::Pending | Intake::LowScore(_) => add_leg(&mut legs, signal),
            Intake::Emitted(pair) => {
                consumed.insert(Arc::clone(&pair.alpha));
                consumed.insert(Arc::clone(&pair.fomo));
                survey.confluences.push((now, pair));
                add_leg(&mut legs, signal);
            }
        }
    }
    survey.legs = legs.values().map(Vec::len).sum();
    let emitted: BTreeSet<(&str, &str)> = survey
        .confluences
        .iter()
        .map(|(_, pair)| (pair.alpha.as_ref(), pair.fomo.as_ref()))
        .collect();
    for legs in legs.values_mut() {
        legs.sort_by_key(|leg| leg.event_time);
        for (index, one) in legs.iter().enumerate() {
            for other in &legs[index + 1..] {
                if other.event_time - one.event_time > rules.retention {
                    break;
                }
                let Some(miss) = near_miss(rules, one, other, &consumed) else {
                    continue;
                };
                if !emitted.contains(&(miss.alpha.as_ref(), miss.fomo.as_ref())) {
                    survey.near_misses.push(miss);
                }
            }
        }
    }
    survey
        .near_misses
        .sort_by_key(|miss| (miss.time, miss.symbol));
    survey
}

fn add_leg<'a>(legs: &mut BTreeMap<SymbolId, Vec<Leg<'a>>>, signal: &'a Signal) {
    legs.entry(signal.symbol).or_default().push(Leg {
        signal,
        event_time: signal.event_time.min(signal.received_time),
    });
}

/// What two legs, the first not younger, would come to; `None` when they are on the same side.
fn near_miss(
    rules: &ConfluenceRules,
    one: &Leg<'_>,
    other: &Leg<'_>,
    consumed: &BTreeSet<SignalId>,
) -> Option<NearMiss> {
    let is_alpha = |leg: &Leg<'_>| leg.signal.kind == SignalType::ALPHA;
    let (alpha, fomo) = match (is_alpha(one), is_alpha(other)) {
        (true, false) => (one.signal, other.signal),
        (false, true) => (other.signal, one.signal),
        (true, true) | (false, false) => return None,
    };
    let now = alpha.received_time.max(fomo.received_time);
    let gap = other.event_time - one.event_time;
    let ages = PairAges {
        gap,
        newest: now - other.event_time,
        oldest: now - one.event_time,
    };
    let score = score(rules, ages, rules.strength(fomo.kind)?);
    let used = consumed.contains(&alpha.id) || consumed.contains(&fomo.id);
    let why = if used {
        Why::Consumed
    } else if gap >= rules.window {
        Why::Window(Span::from_millis(gap.millis() - rules.window.millis() + 1))
    } else if score.total < rules.score_min {
        Why::LowScore(rules.score_min - score.total)
    } else {
        Why::Forgotten
    };
    Some(NearMiss {
        time: now,
        symbol: alpha.symbol,
        alpha: Arc::clone(&alpha.id),
        fomo: Arc::clone(&fomo.id),
        gap,
        score,
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn signal(id: &str, kind: u16, seconds: i64, late: i64) -> Signal {
        let event_time = Timestamp::from_millis(1_767_225_600_000 + seconds * 1000);
        Signal {
            id: Arc::from(id),
            kind: SignalType(kind),
            symbol: SymbolId::at(0),
            event_time,
            received_time: event_time + Span::from_millis(late * 1000),
        }
    }

    #[test]
    fn pairs_and_near_misses_are_told_apart() {
        let rules = Settings::defaults().rules.confluence;
        let signals = [
            signal("a1", 110, 0, 0),
            signal("f1", 113, 0, 0),
            signal("f1", 113, 0, 0),
            signal("f2", 113, 60, 0),
            signal("x", 109, 70, 0),
            signal("a2", 110, 2000, 0),
            signal("f3", 113, 2303, 0),
            signal("a3", 110, 4000, 0),
            signal("f4", 113, 4290, 0),
            signal("a4", 110, 9000, 0),
            signal("f5", 113, 9601, 0),
        ];
        let told = survey(&rules, 1, &signals);
        let pairs: Vec<&str> = told
            .confluences
            .iter()
            .map(|(_, pair)| pair.fomo.as_ref())
            .collect();
        assert_eq!(pairs, ["f1"]);
        let misses: Vec<(&str, i64, Why)> = told
            .near_misses
            .iter()
            .map(|miss| (miss.fomo.as_ref(), miss.gap.millis(), miss.why))
            .collect();
        let short = Rate::from_steps(4_666_700);
        assert_eq!(
            misses,
            [
                ("f2", 60_000, Why::Consumed),
                ("f3", 303_000, Why::Window(Span::from_millis(3001))),
                ("f4", 290_000, Why::LowScore(short)),
            ]
        );
        let ignored: Vec<(&str, Ignored)> = told
            .ignored
            .iter()
            .map(|(id, why)| (id.as_ref(), *why))
            .collect();
        assert_eq!(
            ignored,
            [("f1", Ignored::Duplicate), ("x", Ignored::UnknownType)]
        );
        assert_eq!(told.legs, 9);
    }
}
