//! Faults on demand: which there are, how often, and the dice that decide.
//!
//! Not here: doing them (`hub`, `rest`, `bridge`).
//! Invariant: whether a fault happens hangs on the seed, its kind, the number of the connection (or request) and the
//! number of the frame on it, and on nothing else; after `heal_after` faults in all none happens any more.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::num::{Rate, UNIT};
use crate::domain::random::Random;
use crate::domain::time::Span;

use super::error::FaultError;

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// From a frame on nothing comes any more, no ping either; the connection stays open. Per frame.
    Silence,
    /// A connection that never says anything, as on a wrong route. Per connection.
    WrongRoute,
    /// A connection ends, half of the time without a close frame. Per frame.
    Disconnect,
    /// A frame comes twice. Per frame.
    Duplicate,
    /// A trade is left out of the stream; REST has it. Per trade.
    Gap,
    /// A frame comes 1 to 40 frames late. Per frame.
    Delay,
    /// A broken frame comes before a good one: cut JSON, HTML, NaN, zero or negative price, crossed book, a contract
    /// nobody asked for. Per frame.
    Malformed,
    /// HTTP 429 without reason. Per request.
    Http429,
    /// HTTP 418 with a ban of two seconds. Per request.
    Http418,
    /// HTTP 503. Per request.
    Http503,
    /// HTTP 200 with a body that is none. Per request.
    HttpGarbage,
    /// The bridge's answer is not waited for and the signal sent again. Per signal.
    LateAck,
}

/// All kinds and their names.
pub const FAULTS: [(Fault, &str); 12] = [
    (Fault::Silence, "silence"),
    (Fault::WrongRoute, "wrong_route"),
    (Fault::Disconnect, "disconnect"),
    (Fault::Duplicate, "duplicate"),
    (Fault::Gap, "gap"),
    (Fault::Delay, "delay"),
    (Fault::Malformed, "malformed"),
    (Fault::Http429, "http429"),
    (Fault::Http418, "http418"),
    (Fault::Http503, "http503"),
    (Fault::HttpGarbage, "http_garbage"),
    (Fault::LateAck, "late_ack"),
];

/// How often each happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultPlan {
    shares: [i64; FAULTS.len()],
    /// What `/fapi/v1/time` is off by.
    pub clock: Span,
    /// After so many faults none happens any more.
    pub heal_after: Option<u64>,
    /// Seed of the dice.
    pub seed: u64,
}

/// A plan at work, with what happened so far.
#[derive(Debug)]
pub(super) struct Dice {
    plan: FaultPlan,
    counts: [AtomicU64; FAULTS.len()],
    total: AtomicU64,
}

impl FaultPlan {
    /// Reads `kind=share,…`; shares from 0 to 1, `clock=1500ms` (or `-1500ms`), `heal_after=100`. An empty text plans
    /// nothing.
    ///
    /// # Errors
    /// An unknown kind, a share outside 0 to 1, a kind named twice.
    pub fn parse(text: &str, seed: u64) -> Result<Self, FaultError> {
        let mut plan = Self {
            seed,
            ..Self::default()
        };
        let mut named: Vec<&str> = Vec::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let wrong = |found: &str| FaultError {
                part: part.chars().take(60).collect(),
                found: found.to_owned(),
                kinds: kinds(),
            };
            let (name, value) = part.split_once('=').ok_or_else(|| wrong("no '='"))?;
            let (name, value) = (name.trim(), value.trim());
            if named.contains(&name) {
                return Err(wrong("named twice"));
            }
            named.push(name);
            plan.set(name, value).map_err(|found| wrong(&found))?;
        }
        Ok(plan)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "clock" => {
                let millis = value.strip_suffix("ms").ok_or("not in ms")?;
                let millis: i64 = millis.parse().map_err(|_| "no whole number of ms")?;
                if millis.abs() > 86_400_000 {
                    return Err("more than a day".to_owned());
                }
                self.clock = Span::from_millis(millis);
            }
            "heal_after" => {
                let count = value.parse().map_err(|_| "no whole number")?;
                self.heal_after = Some(count);
            }
            _ => {
                let place = FAULTS.iter().position(|(_, known)| *known == name);
                let place = place.ok_or("no such kind")?;
                let share: Rate = value.parse().map_err(|wrong| format!("{wrong}"))?;
                if !(0..=UNIT).contains(&share.steps()) {
                    return Err("not between 0 and 1".to_owned());
                }
                self.shares[place] = share.steps();
            }
        }
        Ok(())
    }
}

fn kinds() -> String {
    let names: Vec<&str> = FAULTS.iter().map(|(_, name)| *name).collect();
    format!("{}, clock, heal_after", names.join(", "))
}

fn place(fault: Fault) -> usize {
    FAULTS
        .iter()
        .position(|(known, _)| *known == fault)
        .expect("invariant: every fault is listed")
}

impl Dice {
    pub(super) fn new(plan: FaultPlan) -> Self {
        Self {
            plan,
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            total: AtomicU64::new(0),
        }
    }

    /// Whether a fault happens here; counted if it does.
    pub(super) fn falls(&self, fault: Fault, connection: u64, frame: u64) -> bool {
        let place = place(fault);
        let share = self.plan.shares[place];
        if share == 0 {
            return false;
        }
        let healed = |max: u64| self.total.load(Ordering::Relaxed) >= max;
        if self.plan.heal_after.is_some_and(healed) {
            return false;
        }
        let drawn = self
            .draw(place as u64, connection, frame)
            .below(UNIT.unsigned_abs());
        if drawn >= share.unsigned_abs() {
            return false;
        }
        self.counts[place].fetch_add(1, Ordering::Relaxed);
        self.total.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Chance for the details of a fault that fell.
    pub(super) fn details(&self, fault: Fault, connection: u64, frame: u64) -> Random {
        self.draw(1_000 + place(fault) as u64, connection, frame)
    }

    fn draw(&self, purpose: u64, connection: u64, frame: u64) -> Random {
        Random::stream(self.plan.seed, &[purpose, connection, frame])
    }

    pub(super) fn clock(&self) -> Span {
        self.plan.clock
    }

    /// How often each kind fell, those planned or fallen.
    pub(super) fn counts(&self) -> Vec<(&'static str, u64)> {
        let all = FAULTS
            .iter()
            .enumerate()
            .map(|(place, (_, name))| (place, *name, self.counts[place].load(Ordering::Relaxed)));
        all.filter(|(place, _, count)| self.plan.shares[*place] > 0 || *count > 0)
            .map(|(_, name, count)| (name, count))
            .collect()
    }
}
