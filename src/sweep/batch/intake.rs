//! What a trial's own matching rules make of the signals: pairs emitted, pairs too low, signals ignored (S1–S5).
//!
//! Not here: whether a pair is traded (`replay`). Nothing here hangs on the account: 112 as a risk signal is not taken.
//! Invariant: the same words in the same order as `trader::confluence::Books` has for the same signals.

use std::sync::Arc;

use crate::backtest::line::Pair;
use crate::domain::event::Ignored;
use crate::domain::num::Rate;
use crate::domain::signal::{Signal, SignalType};
use crate::domain::time::Timestamp;
use crate::sweep::batch::board::{Board, Earlier, Heard, Nature, stamp};
use crate::trader::confluence::{Admission, PairAges, Scorer, Suitor, admit};
use crate::trader::rules::{ConfluenceRules, Role112};

/// Something the trader says about a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// When.
    pub at: Timestamp,
    /// About which signal, as the log names it.
    pub signal: u64,
    /// What.
    pub said: Said,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It leads to nothing.
    Ignored(Ignored),
    /// Its best pair scores too low.
    Low(Pair),
    /// It completes a confluence.
    Emitted(Pair),
}

/// The words of one set of rules and one board; kept until others are asked for.
#[derive(Debug, Default)]
pub struct Intake {
    /// What the words are of: they hang on both.
    of: Option<(ConfluenceRules, Arc<Board>)>,
    /// By signal: whether it waits for no partner any more.
    gone: Vec<bool>,
    words: Vec<Word>,
}

impl Intake {
    /// Everything said under some rules, in order.
    pub fn hear(
        &mut self,
        rules: &ConfluenceRules,
        signals: &[Signal],
        board: &Arc<Board>,
    ) -> &[Word] {
        let known = self.of.as_ref();
        if known.is_none_or(|(of, on)| of != rules || !Arc::ptr_eq(on, board)) {
            self.gone.clear();
            self.gone.resize(signals.len(), false);
            self.words.clear();
            self.words.reserve_exact(board.heard.len());
            let scorer = Scorer::new(rules);
            for heard in &board.heard {
                self.hear_one((rules, &scorer), signals, (board, heard));
            }
            self.of = Some((rules.clone(), Arc::clone(board)));
        }
        &self.words
    }

    fn hear_one(
        &mut self,
        (rules, scorer): (&ConfluenceRules, &Scorer<'_>),
        signals: &[Signal],
        (board, heard): (&Board, &Heard),
    ) {
        let name = |place: usize| (place - board.before) as u64;
        let word = |said: Said| Word {
            at: heard.at,
            signal: name(heard.repeats.unwrap_or(heard.signal)),
            said,
        };
        if heard.repeats.is_some() {
            return self.words.push(word(Said::Ignored(Ignored::Duplicate)));
        }
        let signal = &signals[heard.signal];
        match admission(rules, heard.nature, signal) {
            Admission::Ignored(reason) => {
                return self.words.push(word(Said::Ignored(reason)));
            }
            Admission::Off => return,
            Admission::Intensified | Admission::Leg => {}
        }
        let Some(best) = self.partner(rules, signals, board.suitors(heard)) else {
            return;
        };
        let (own, its) = (name(heard.signal), name(best.signal));
        let (alpha_id, fomo_id, fomo) = if signal.kind == SignalType::ALPHA {
            (own, its, &signals[best.signal])
        } else {
            (its, own, signal)
        };
        let ages = PairAges {
            gap: best.gap,
            newest: heard.age.min(best.age),
            oldest: heard.age.max(best.age),
        };
        let strength = rules.strength(fomo.kind).unwrap_or(Rate::ZERO);
        let found = Pair {
            symbol: signal.symbol,
            alpha: alpha_id,
            fomo: fomo_id,
            gap: best.gap,
            score: scorer.total(ages, strength),
        };
        if found.score >= rules.score_min {
            self.words.push(word(Said::Emitted(found)));
            self.gone[best.signal] = true;
            self.gone[heard.signal] = true;
        } else {
            self.words.push(word(Said::Low(found)));
        }
    }

    /// Whom S2 chooses among those that still wait.
    fn partner(
        &self,
        rules: &ConfluenceRules,
        signals: &[Signal],
        suitors: &[Earlier],
    ) -> Option<Earlier> {
        let waiting = |earlier: &&Earlier| {
            !self.gone[earlier.signal]
                && earlier.gap < rules.window
                && earlier.age < rules.retention
                && matches!(
                    admission(rules, earlier.nature, &signals[earlier.signal]),
                    Admission::Intensified | Admission::Leg
                )
        };
        let suitor = |earlier: &Earlier| {
            let leg = &signals[earlier.signal];
            Suitor {
                gap: earlier.gap,
                strength: rules.strength(leg.kind).unwrap_or(Rate::ZERO),
                event_time: stamp(leg),
                id: &leg.id,
            }
        };
        let mut suitors = suitors.iter().filter(waiting);
        let first = suitors.next()?;
        Some(*suitors.fold(first, |best, next| {
            if suitor(next).prefer(&suitor(best)).is_lt() {
                next
            } else {
                best
            }
        }))
    }
}

/// What [`admit`] says, without looking at the signal where its nature says it all.
fn admission(rules: &ConfluenceRules, nature: Nature, signal: &Signal) -> Admission {
    match nature {
        Nature::Alpha | Nature::Fomo => Admission::Leg,
        Nature::Intensified if rules.role_112 == Role112::Leg => Admission::Intensified,
        Nature::Intensified | Nature::Odd => admit(rules, signal),
    }
}
