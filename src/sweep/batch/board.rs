//! What the signals of one world come to for every trial alike: which can matter at all, and who may be whose partner.
//!
//! Not here: matching under the rules of one trial (`intake`).
//! Invariant: nothing here hangs on the account (W7); a signal left out leads to nothing under any rules within reach.

use std::collections::HashMap;

use crate::domain::signal::{Signal, SignalType};
use crate::domain::time::{Span, Timestamp};
use crate::exchange::history::World;
use crate::trader::confluence::gap;
use crate::trader::rules::ConfluenceRules;

/// The rules a board holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Shortest time a signal stays matchable.
    pub retention_min: Span,
    /// Longest.
    pub retention_max: Span,
    /// Smallest future stamp that is ignored.
    pub future_min: Span,
}

/// The signals of a world that can matter.
#[derive(Debug)]
pub struct Board {
    reach: Reach,
    /// Signals of the world before the first one heard.
    pub before: usize,
    /// In intake order.
    pub heard: Vec<Heard>,
    suitors: Vec<Earlier>,
}

/// A signal from which something can follow when it is heard.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// Place among the signals of the world.
    pub signal: usize,
    /// The first signal of the same id, if this one is a repeat.
    pub repeats: Option<usize>,
    /// When it is heard.
    pub at: Timestamp,
    /// Its age then.
    pub age: Span,
    /// What it can be.
    pub nature: Nature,
    from: usize,
    to: usize,
}

/// What a signal is under all rules within reach alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// An Alpha.
    Alpha,
    /// A FOMO.
    Fomo,
    /// A FOMO-intensified, taken as a leg or not at all.
    Intensified,
    /// It hangs on the rules whether it is anything.
    Odd,
}

/// An opposite leg heard earlier and near enough to be a partner.
#[derive(Clone, Copy, Debug)]
pub struct Earlier {
    /// Place among the signals of the world.
    pub signal: usize,
    /// Distance of the event times.
    pub gap: Span,
    /// Its age when the newcomer is heard.
    pub age: Span,
    /// What it was when it was heard itself.
    pub nature: Nature,
}

impl Reach {
    /// Of one set of rules.
    #[must_use]
    pub const fn of(rules: &ConfluenceRules) -> Self {
        Self {
            retention_min: rules.retention,
            retention_max: rules.retention,
            future_min: rules.future_max,
        }
    }

    fn nature(&self, signal: &Signal) -> Nature {
        let age = signal.received_time - signal.event_time;
        if age >= self.retention_min || Span::from_millis(-age.millis()) > self.future_min {
            return Nature::Odd;
        }
        match signal.kind {
            SignalType::ALPHA => Nature::Alpha,
            SignalType::FOMO => Nature::Fomo,
            SignalType::FOMO_INTENSIFIED => Nature::Intensified,
            _ => Nature::Odd,
        }
    }

    /// Widened to hold for other rules too.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            retention_min: self.retention_min.min(other.retention_min),
            retention_max: self.retention_max.max(other.retention_max),
            future_min: self.future_min.min(other.future_min),
        }
    }
}

/// The stamp that gap and freshness use: no signal counts as younger than its arrival (S1).
#[must_use]
pub fn stamp(signal: &Signal) -> Timestamp {
    signal.event_time.min(signal.received_time)
}

impl Board {
    /// Looks through the signals received from `start` on.
    #[must_use]
    pub fn new(world: &World, start: Timestamp, reach: Reach) -> Self {
        let mut board = Self {
            reach,
            before: world
                .signals
                .partition_point(|signal| signal.received_time < start),
            heard: Vec::new(),
            suitors: Vec::new(),
        };
        // Only asked whether it holds an id, never walked.
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let mut recent: Vec<Vec<usize>> = vec![Vec::new(); world.tape.symbols.len()];
        for (place, signal) in world.signals.iter().enumerate().skip(board.before) {
            let from = board.suitors.len();
            let first = *seen.entry(&signal.id).or_insert(place);
            let repeats = (first < place).then_some(first);
            let leg = repeats.is_none() && signal.kind.can_trade();
            if leg {
                let recent = &mut recent[signal.symbol.index()];
                let alive = |earlier: &usize| {
                    stamp(&world.signals[*earlier]) > signal.received_time - reach.retention_max
                };
                recent.retain(alive);
                let is_alpha = |signal: &Signal| signal.kind == SignalType::ALPHA;
                let opposite = recent
                    .iter()
                    .map(|earlier| (*earlier, &world.signals[*earlier]));
                let opposite = opposite.filter(|(_, other)| is_alpha(other) != is_alpha(signal));
                let near = opposite.map(|(place, other)| Earlier {
                    signal: place,
                    gap: gap(stamp(other), stamp(signal)),
                    age: signal.received_time - stamp(other),
                    nature: reach.nature(other),
                });
                board
                    .suitors
                    .extend(near.filter(|near| near.gap < reach.retention_max));
                recent.push(place);
            }
            let nature = reach.nature(signal);
            let to = board.suitors.len();
            if !leg || nature == Nature::Odd || to > from {
                board.heard.push(Heard {
                    signal: place,
                    repeats,
                    at: signal.received_time,
                    age: signal.received_time - stamp(signal),
                    nature,
                    from,
                    to,
                });
            }
        }
        board
    }

    /// The rules it holds for.
    #[must_use]
    pub const fn reach(&self) -> Reach {
        self.reach
    }

    /// Whether the board holds for some rules.
    #[must_use]
    pub fn covers(&self, rules: &ConfluenceRules) -> bool {
        self.reach.with(Reach::of(rules)) == self.reach && rules.window <= self.reach.retention_max
    }

    /// Possible partners of a signal, earliest first.
    #[must_use]
    pub fn suitors(&self, heard: &Heard) -> &[Earlier] {
        &self.suitors[heard.from..heard.to]
    }
}
