//! How far the machine's clock is from the exchange's.
//!
//! Not here: how often that is asked, what is done with it (`live`).

use crate::domain::time::{Span, Timestamp};

use super::clock::Clock;
use super::rest::{Rest, RestError};

/// The difference of two clocks, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// To be added to the machine's clock to have the exchange's.
    pub ahead: Span,
    /// It is wrong by at most so much: half of the round trip, and the millisecond in which both clocks count.
    pub error: Span,
    /// When it was measured, by the machine's clock.
    pub measured: Timestamp,
}

/// One question for the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The machine's clock before the question.
    pub asked: Timestamp,
    /// The exchange's clock.
    pub said: Timestamp,
    /// The machine's clock after the answer.
    pub heard: Timestamp,
}

/// The offset of the sample with the smallest round trip. `None` without samples; those over which the machine's clock
/// went back are none.
#[must_use]
pub fn of_samples(samples: &[Sample]) -> Option<Offset> {
    samples
        .iter()
        .filter(|sample| sample.heard >= sample.asked)
        .min_by_key(|sample| sample.heard - sample.asked)
        .map(|sample| {
            let round_trip = (sample.heard - sample.asked).millis();
            let half = Span::from_millis(round_trip / 2);
            Offset {
                ahead: sample.said + half - sample.heard,
                error: Span::from_millis(round_trip - round_trip / 2 + 1),
                measured: sample.heard,
            }
        })
}

/// Asks the exchange's time so many times (at least once), one after the other.
///
/// # Errors
/// The first error, when no question was answered; a clock that went back over every question is `Malformed`.
pub async fn measure(rest: &Rest, clock: &Clock, times: usize) -> Result<Offset, RestError> {
    let mut samples = Vec::new();
    let mut failed = None;
    for _ in 0..times.max(1) {
        let asked = clock.now();
        match rest.time().await {
            Ok(said) => samples.push(Sample {
                asked,
                said,
                heard: clock.now(),
            }),
            Err(wrong) => failed = failed.or(Some(wrong)),
        }
    }
    match (of_samples(&samples), failed) {
        (Some(offset), _) => Ok(offset),
        (None, Some(wrong)) => Err(wrong),
        (None, None) => Err(RestError::Malformed {
            path: "/fapi/v1/time",
            what: "the machine's clock went back over every question".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quickest_answer_is_believed_and_bounds_the_truth() {
        let at = Timestamp::from_millis;
        let sample = |asked, said, heard| Sample {
            asked: at(asked),
            said: at(said),
            heard: at(heard),
        };
        // The truth is +1,000; the ways there and back are uneven.
        let samples = [
            sample(0, 1_000 + 390, 400),
            sample(500, 1_500 + 3, 513),
            sample(600, 1_000, 590),
        ];
        let offset = of_samples(&samples).unwrap();
        assert_eq!(offset.measured, at(513));
        let off = (offset.ahead.millis() - 1_000).abs();
        assert!(off <= offset.error.millis(), "{offset:?}");
        assert_eq!(offset.error.millis(), 8);
        assert_eq!(of_samples(&[]), None);
    }
}
