//! Matches Alpha and FOMO signals of one symbol in a time window and scores the pair (S1–S5).
//!
//! Not here: whether a pair is traded (`risk`), how a message was read (`signal`).
//! Invariant: a signal takes part in at most one emitted confluence, and an id is heard once for ever.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use crate::domain::event::{Confluence, Ignored, Score};
use crate::domain::num::{Rate, Rounding, UNIT, divide};
use crate::domain::signal::{Signal, SignalId, SignalType};
use crate::domain::time::{Span, Timestamp};
use crate::trader::rules::{ConfluenceRules, FreshnessBasis, Role112, Weights};

/// Pending signals of all symbols, and the ids heard so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    books: Vec<Book>,
    // Only asked whether it contains an id, never walked: its order cannot leak.
    seen: HashSet<SignalId>,
}

/// Pending legs of one symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Book {
    alphas: Vec<Leg>,
    fomos: Vec<Leg>,
}

/// One pending signal.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Leg {
    id: SignalId,
    event_time: Timestamp,
    /// Of the FOMO; an Alpha has none and is given zero.
    strength: Rate,
}

/// What a signal came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intake {
    /// Nothing, for a reason that is reported.
    Ignored(Ignored),
    /// Its type is switched off: dropped without a word (S3).
    Off,
    /// It waits for a partner.
    Pending,
    /// Its best partner scores too low; both wait on.
    LowScore(Confluence),
    /// It completes a confluence; both legs are consumed.
    Emitted(Confluence),
    /// It is a risk signal (S18).
    Risk,
}

/// How far apart two legs are and how old: what a score is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairAges {
    /// Distance of the event times, at least zero and below the window.
    pub gap: Span,
    /// Age of the younger leg, at least zero.
    pub newest: Span,
    /// Age of the older leg.
    pub oldest: Span,
}

/// The score of a pair (S5): exact rational arithmetic, one rounding half-even to 1e-6.
#[must_use]
pub fn total_score(rules: &ConfluenceRules, ages: PairAges, strength: Rate) -> Rate {
    Scorer::new(rules).total(ages, strength)
}

/// What the scores of all pairs under the same rules have in common.
#[derive(Clone, Copy, Debug)]
pub struct Scorer<'a> {
    rules: &'a ConfluenceRules,
    short: Option<Short>,
}

/// Weights of two decimals as hundredths, and times so usual that a score fits 64 bits: nearly always.
#[derive(Clone, Copy, Debug)]
struct Short {
    proximity: i64,
    strength: i64,
    freshness: i64,
    /// Window times horizon.
    area: i64,
}

const CENT: i64 = UNIT / 100;

/// A share of two decimals as hundredths.
fn cents(rate: Rate) -> Option<i64> {
    let whole = rate.steps() % CENT == 0 && (0..=UNIT).contains(&rate.steps());
    whole.then_some(rate.steps() / CENT)
}

impl Short {
    fn new(weights: &Weights, window: i64, horizon: i64) -> Option<Self> {
        // Three terms of at most 10,000 areas each, a hundredfold.
        let area = window.checked_mul(horizon)?;
        if area > i64::MAX / 3_000_000 {
            return None;
        }
        Some(Self {
            proximity: cents(weights.proximity)?,
            strength: cents(weights.strength)?,
            freshness: cents(weights.freshness)?,
            area,
        })
    }

    fn total(&self, parts: &Parts, strength: Rate) -> Option<Rate> {
        let sum = self.proximity * parts.near * parts.horizon * 100
            + self.strength * cents(strength)? * self.area
            + self.freshness * parts.fresh * parts.window * 100;
        // Of 10,000 in all; a score counts in 1e-6.
        let (top, area) = (sum * 100, self.area);
        let (whole, rest) = (top / area, top % area);
        let half = rest.cmp(&(area - rest));
        let up = half.is_gt() || (half.is_eq() && whole % 2 == 1);
        Some(Rate::from_steps((whole + i64::from(up)) * 100))
    }
}

impl<'a> Scorer<'a> {
    /// For pairs under these rules.
    #[must_use]
    pub fn new(rules: &'a ConfluenceRules) -> Self {
        let (window, horizon) = spans(rules);
        Self {
            rules,
            short: Short::new(&rules.weights, window, horizon),
        }
    }

    /// The score of a pair.
    #[must_use]
    pub fn total(&self, ages: PairAges, strength: Rate) -> Rate {
        let parts = Parts::of(self.rules, ages);
        let total = self.short.and_then(|short| short.total(&parts, strength));
        total.unwrap_or_else(|| wide_total(&self.rules.weights, &parts, strength))
    }
}

/// The score in 128 bits.
fn wide_total(weights: &Weights, parts: &Parts, strength: Rate) -> Rate {
    let unit = i128::from(UNIT);
    let [near, window, fresh, horizon] =
        [parts.near, parts.window, parts.fresh, parts.horizon].map(i128::from);
    let strong = i128::from(strength.steps());
    let weigh = |weight: Rate, part: i128| i128::from(weight.steps()) * part;
    let sum = weigh(weights.proximity, near * horizon * unit)
        + weigh(weights.strength, strong * window * horizon)
        + weigh(weights.freshness, fresh * window * unit);
    let total = divide(sum, window * horizon * unit * 100, Rounding::HalfEven) * 100;
    rate(total)
}

/// Scores a pair, with the parts of the sum.
#[must_use]
pub fn score(rules: &ConfluenceRules, ages: PairAges, strength: Rate) -> Score {
    let parts = Parts::of(rules, ages);
    let part = |value: i64, whole: i64| {
        let top = i128::from(value) * i128::from(UNIT);
        rate(divide(top, i128::from(whole), Rounding::Down))
    };
    Score {
        total: total_score(rules, ages, strength),
        proximity: part(parts.near, parts.window),
        strength,
        freshness: part(parts.fresh, parts.horizon),
    }
}

/// Closeness and freshness as whole numbers of milliseconds.
struct Parts {
    near: i64,
    window: i64,
    fresh: i64,
    horizon: i64,
}

/// Window and horizon; ages are doubled, so that the mean of two is whole, and the horizon with them.
const fn spans(rules: &ConfluenceRules) -> (i64, i64) {
    (rules.window.millis(), rules.fresh_horizon.millis() * 2)
}

impl Parts {
    fn of(rules: &ConfluenceRules, ages: PairAges) -> Self {
        let (window, horizon) = spans(rules);
        let doubled_age = match rules.freshness_basis {
            FreshnessBasis::Newest => ages.newest.millis() * 2,
            FreshnessBasis::Average => ages.newest.millis() + ages.oldest.millis(),
        };
        Self {
            near: (window - ages.gap.millis()).max(0),
            window,
            fresh: horizon - doubled_age.clamp(0, horizon),
            horizon,
        }
    }
}

fn rate(steps: i128) -> Rate {
    Rate::from_steps(i64::try_from(steps).expect("invariant: a score lies in 0..=1"))
}

/// What a signal heard for the first time is, before any partner is looked for (S1, S3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Nothing, for a reason that is reported.
    Ignored(Ignored),
    /// Nothing: its type is switched off.
    Off,
    /// A 112: a leg or a risk signal, by its role.
    Intensified,
    /// A leg.
    Leg,
}

/// Sorts a signal by its type and stamps; `received_time` is the present.
#[must_use]
pub fn admit(rules: &ConfluenceRules, signal: &Signal) -> Admission {
    let now = signal.received_time;
    let intensified = signal.kind == SignalType::FOMO_INTENSIFIED;
    if !intensified && signal.kind != SignalType::ALPHA && signal.kind != SignalType::FOMO {
        return Admission::Ignored(Ignored::UnknownType);
    }
    if intensified && rules.role_112 == Role112::Ignore {
        return Admission::Off;
    }
    if signal.event_time > now + rules.future_max {
        return Admission::Ignored(Ignored::Future);
    }
    if signal.event_time <= now - rules.retention {
        return Admission::Ignored(Ignored::Stale);
    }
    if intensified {
        Admission::Intensified
    } else {
        Admission::Leg
    }
}

/// A leg that waits, as S2 compares partners of one newcomer.
#[derive(Clone, Copy, Debug)]
pub struct Suitor<'a> {
    /// Distance of the event times.
    pub gap: Span,
    /// Of the FOMO; zero for an Alpha.
    pub strength: Rate,
    /// Its event time.
    pub event_time: Timestamp,
    /// Its id.
    pub id: &'a str,
}

impl Suitor<'_> {
    /// The better of two comes first: smaller gap, then larger strength, then later event, then smaller id.
    #[must_use]
    pub fn prefer(&self, other: &Suitor<'_>) -> Ordering {
        self.gap
            .cmp(&other.gap)
            .then(other.strength.cmp(&self.strength))
            .then(other.event_time.cmp(&self.event_time))
            .then(self.id.as_bytes().cmp(other.id.as_bytes()))
    }
}

impl Books {
    /// Empty books for so many symbols.
    #[must_use]
    pub fn new(symbols: usize) -> Self {
        Self {
            books: vec![Book::default(); symbols],
            seen: HashSet::new(),
        }
    }

    /// Empty books for the contracts beyond those there are.
    pub fn grow(&mut self, symbols: usize) {
        let symbols = symbols.max(self.books.len());
        self.books.resize(symbols, Book::default());
    }

    /// Takes a signal in (S1–S4). `now` is its time of receipt; `in_position` decides what 112 is when it may be both.
    pub fn hear(&mut self, rules: &ConfluenceRules, signal: &Signal, in_position: bool) -> Intake {
        if !self.seen.insert(Arc::clone(&signal.id)) {
            return Intake::Ignored(Ignored::Duplicate);
        }
        match admit(rules, signal) {
            Admission::Ignored(reason) => Intake::Ignored(reason),
            Admission::Off => Intake::Off,
            Admission::Intensified if is_risk(rules.role_112, in_position) => Intake::Risk,
            Admission::Intensified | Admission::Leg => self.match_leg(rules, signal),
        }
    }

    fn match_leg(&mut self, rules: &ConfluenceRules, signal: &Signal) -> Intake {
        let now = signal.received_time;
        let book = &mut self.books[signal.symbol.index()];
        let fresh = |leg: &Leg| leg.event_time > now - rules.retention;
        book.alphas.retain(fresh);
        book.fomos.retain(fresh);
        let newcomer = Leg {
            id: Arc::clone(&signal.id),
            event_time: signal.event_time.min(now),
            strength: rules.strength(signal.kind).unwrap_or(Rate::ZERO),
        };
        let is_alpha = signal.kind == SignalType::ALPHA;
        let (own, opposite) = if is_alpha {
            (&mut book.alphas, &mut book.fomos)
        } else {
            (&mut book.fomos, &mut book.alphas)
        };
        let Some(best) = best_partner(opposite, newcomer.event_time, rules.window) else {
            own.push(newcomer);
            return Intake::Pending;
        };
        let partner = &opposite[best];
        let (alpha, fomo) = if is_alpha {
            (&newcomer, partner)
        } else {
            (partner, &newcomer)
        };
        let ages = PairAges {
            gap: gap(alpha.event_time, fomo.event_time),
            newest: now - alpha.event_time.max(fomo.event_time),
            oldest: now - alpha.event_time.min(fomo.event_time),
        };
        let pair = Confluence {
            symbol: signal.symbol,
            alpha: Arc::clone(&alpha.id),
            fomo: Arc::clone(&fomo.id),
            gap: ages.gap,
            score: score(rules, ages, fomo.strength),
        };
        if pair.score.total >= rules.score_min {
            opposite.remove(best);
            Intake::Emitted(pair)
        } else {
            own.push(newcomer);
            Intake::LowScore(pair)
        }
    }
}

const fn is_risk(role: Role112, in_position: bool) -> bool {
    match role {
        Role112::Risk => true,
        Role112::Both => in_position,
        Role112::Leg | Role112::Ignore => false,
    }
}

/// The distance of two event times.
#[must_use]
pub fn gap(one: Timestamp, other: Timestamp) -> Span {
    if one > other {
        one - other
    } else {
        other - one
    }
}

impl Leg {
    fn suits(&self, event_time: Timestamp) -> Suitor<'_> {
        Suitor {
            gap: gap(self.event_time, event_time),
            strength: self.strength,
            event_time: self.event_time,
            id: &self.id,
        }
    }
}

/// The partner S2 chooses.
fn best_partner(legs: &[Leg], event_time: Timestamp, window: Span) -> Option<usize> {
    legs.iter()
        .enumerate()
        .filter(|(_, leg)| gap(leg.event_time, event_time) < window)
        .min_by(|(_, one), (_, other)| one.suits(event_time).prefer(&other.suits(event_time)))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;

    #[test]
    fn a_score_in_64_bits_is_the_one_in_128() {
        let mut random = Random::new(3);
        let (mut short, mut wide, mut ties) = (0, 0, 0);
        for _ in 0..50_000 {
            // Few and round numbers half of the time: ties are where a rounding shows.
            let round = random.one_in(2);
            let time = |random: &mut Random, most: i64| {
                let grid = if round { 1_000 } else { 1 };
                random.between(1, most / grid) * grid
            };
            let window = time(&mut random, 400_000);
            let horizon = time(&mut random, 8_000_000);
            let parts = Parts {
                near: time(&mut random, 400_000).min(window),
                window,
                fresh: time(&mut random, 8_000_000).min(horizon),
                horizon,
            };
            let fine = if random.one_in(4) { 1 } else { UNIT / 100 };
            let share = |random: &mut Random| random.between(0, UNIT / 3 / fine) * fine;
            let weights = Weights {
                proximity: Rate::from_steps(share(&mut random)),
                strength: Rate::from_steps(share(&mut random)),
                freshness: Rate::from_steps(share(&mut random)),
            };
            let strength = Rate::from_steps(random.between(0, 100) * (UNIT / 100));
            let slow = wide_total(&weights, &parts, strength);
            let scorer = Short::new(&weights, window, horizon);
            match scorer.and_then(|scorer| scorer.total(&parts, strength)) {
                Some(fast) => {
                    assert_eq!(fast, slow, "{weights:?} {strength:?}");
                    short += 1;
                    ties += u32::from(round);
                }
                None => wide += 1,
            }
        }
        println!("scores: {short} in 64 bits, {ties} of them of round numbers, {wide} only in 128");
        assert!(short > 30_000 && ties > 10_000 && wide > 5_000);
    }
}
