//! Signed requests that were seen within the window.
//!
//! Not here: whether the signature is ours (`mac`): only such come here, so nobody else can fill it.
//! Invariant: a pair of time and signature passes once; when the memory is full, nothing passes rather than anything
//! twice; a clock that steps back cannot make a forgotten request pass.

use std::collections::BTreeSet;

use super::limits::SIGNED;
use super::mac::Signature;
use crate::domain::time::{Span, Timestamp};

/// What is said of a signed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// Never seen.
    New,
    /// Its time is too far from ours.
    Expired,
    /// Seen before.
    Replayed,
    /// Too many within the window.
    Full,
}

/// The requests of the window.
#[derive(Debug)]
pub(super) struct Window {
    span: Span,
    seen: BTreeSet<(Timestamp, Signature)>,
    /// The latest time that was forgotten.
    forgotten: Option<Timestamp>,
    capacity: usize,
}

impl Window {
    pub(super) const fn new(span: Span) -> Self {
        Self {
            span,
            seen: BTreeSet::new(),
            forgotten: None,
            capacity: SIGNED,
        }
    }

    /// Whether a time is near enough to be looked at.
    pub(super) fn is_near(&self, time: Timestamp, now: Timestamp) -> bool {
        let apart = time.millis().saturating_sub(now.millis());
        apart.unsigned_abs() <= self.span.millis().unsigned_abs()
    }

    /// Lets a signed request pass once.
    pub(super) fn pass(&mut self, time: Timestamp, mac: Signature, now: Timestamp) -> Pass {
        if !self.is_near(time, now) || self.forgotten.is_some_and(|last| time <= last) {
            return Pass::Expired;
        }
        if self.seen.contains(&(time, mac)) {
            return Pass::Replayed;
        }
        while let Some(oldest) = self.seen.first().map(|(time, _)| *time) {
            if oldest.millis() >= now.millis().saturating_sub(self.span.millis()) {
                break;
            }
            self.seen.pop_first();
            self.forgotten = Some(oldest);
        }
        if self.seen.len() >= self.capacity {
            return Pass::Full;
        }
        self.seen.insert((time, mac));
        Pass::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_request_passes_once() {
        let mut window = Window::new(Span::from_millis(30_000));
        let now = 1_767_254_120_000;
        let cases = [
            (now, 1, now, Pass::New),
            (now, 1, now, Pass::Replayed),
            (now, 2, now, Pass::New),
            (now - 30_000, 3, now, Pass::New),
            (now - 30_001, 4, now, Pass::Expired),
            (now + 30_000, 5, now, Pass::New),
            (now + 30_001, 6, now, Pass::Expired),
            (i64::MAX, 7, now, Pass::Expired),
            (i64::MIN, 8, now, Pass::Expired),
            // Later, the first ones are forgotten; the clock steps back: still they do not pass again.
            (now + 40_000, 9, now + 40_000, Pass::New),
            (now, 1, now + 40_000, Pass::Expired),
            (now, 1, now, Pass::Expired),
            (now - 30_000, 3, now - 10_000, Pass::Expired),
            (now + 30_000, 5, now + 10_000, Pass::Replayed),
        ];
        for (number, (time, mac, now, expected)) in cases.into_iter().enumerate() {
            let found = window.pass(at(time), [mac; 32], at(now));
            assert_eq!(found, expected, "case {number}");
        }
        println!("replay: {} requests judged", cases.len());
    }

    #[test]
    fn a_full_memory_lets_nothing_pass() {
        let mut window = Window {
            capacity: 2,
            ..Window::new(Span::from_millis(1_000))
        };
        let mut pass = |time: i64, now: i64| window.pass(at(time), [0; 32], at(now));
        assert_eq!(pass(1, 1), Pass::New);
        assert_eq!(pass(2, 2), Pass::New);
        assert_eq!(pass(3, 3), Pass::Full);
        assert_eq!(pass(1_002, 1_002), Pass::New);
    }
}
