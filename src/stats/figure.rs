//! A number that may not exist, and why it does not (M2).
//!
//! Not here: which figures there are (the modules beside this one).
//! Invariant: a known figure is finite.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A finite number, or the reason why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// The number.
    Known(f64),
    /// There is no such number, and why.
    Undefined(Why),
}

/// Why a figure is undefined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Why {
    /// Fewer than two daily returns.
    FewReturns,
    /// Fewer daily returns than the window is long.
    ShortOfWindow,
    /// All returns (or results) are the same.
    NoVariance,
    /// No day lost.
    NoLosingDay,
    /// The 5 % quantile is zero.
    NoTail,
    /// Equity never fell below its peak.
    NoDrawdown,
    /// Equity was zero or below at some day's end.
    Ruin,
    /// The run has no length.
    NoTime,
    /// The run is too short: annualised, the number leaves every range.
    Overflow,
    /// No trade was finished.
    NoTrades,
    /// No trade won.
    NoWins,
    /// No trade lost.
    NoLosses,
    /// No trade has a stop, so none has an initial risk.
    NoRisk,
    /// Fewer than two trades with an initial risk.
    FewRisks,
    /// No trade made a profit before costs.
    NoGrossProfit,
    /// Nothing was recorded to compute it from.
    NotRecorded,
    /// The whole is zero, so no share of it exists.
    NoTotal,
    /// No two rows of the cost table bracket zero.
    NoBracket,
    /// The data has fewer days than its parts need.
    FewDays,
    /// Fewer than two configurations.
    FewConfigurations,
    /// Blocks must be an even number from 2 to 20.
    BadBlocks,
    /// Series that belong together differ in length.
    OtherLength,
    /// The sharpe ratio is not above what it is compared with.
    NotAbove,
    /// No trial was counted.
    NoTrials,
    /// A number that must be above zero is not.
    NotPositive,
    /// A probability is not between 0 and 1.
    NoProbability,
    /// No replicate was drawn.
    NoReplicates,
    /// A group of events is empty, or no event is left outside of the groups.
    BadGroups,
    /// The data is shorter than one training and one test period.
    NoSplit,
    /// Prices of the bars are missing or not prices.
    BadPrices,
    /// Nothing was traded, so no share of it exists.
    NoVolume,
    /// The observed statistic does not exist.
    NoStatistic,
    /// No neighbour in the space was tried and has a value.
    NoNeighbours,
    /// A parameter has no steps, or none has an order.
    NoStep,
}

impl Why {
    /// The reason in words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::FewReturns => "fewer than two daily returns",
            Self::ShortOfWindow => "fewer daily returns than the window is long",
            Self::NoVariance => "all values are the same",
            Self::NoLosingDay => "no losing day",
            Self::NoTail => "the 5 % quantile is zero",
            Self::NoDrawdown => "equity never fell below its peak",
            Self::Ruin => "equity fell to zero or below",
            Self::NoTime => "the run has no length",
            Self::Overflow => "the run is too short to annualise",
            Self::NoTrades => "no trades",
            Self::NoWins => "no winning trade",
            Self::NoLosses => "no losing trade",
            Self::NoRisk => "no trade has an initial risk",
            Self::FewRisks => "fewer than two trades with an initial risk",
            Self::NoGrossProfit => "no trade made a profit before costs",
            Self::NotRecorded => "not recorded",
            Self::NoTotal => "the total is zero",
            Self::NoBracket => "no two rows of the cost table bracket zero",
            Self::FewDays => "fewer days than the parts need",
            Self::FewConfigurations => "fewer than two configurations",
            Self::BadBlocks => "the number of blocks is not even or not within 2 to 20",
            Self::OtherLength => "series of different lengths",
            Self::NotAbove => "the sharpe is not above what it is compared with",
            Self::NoTrials => "no trial was counted",
            Self::NotPositive => "a number that must be above zero is not",
            Self::NoProbability => "a probability is not between 0 and 1",
            Self::NoReplicates => "no replicate was drawn",
            Self::BadGroups => "a group is empty or nothing is left outside of the groups",
            Self::NoSplit => "the data is shorter than one training and one test period",
            Self::BadPrices => "prices are missing or not prices",
            Self::NoVolume => "nothing was traded",
            Self::NoStatistic => "the observed statistic does not exist",
            Self::NoNeighbours => "no neighbour was tried and has a value",
            Self::NoStep => "the parameters have no steps from one value to the next",
        }
    }
}

impl Figure {
    /// A number that is finite unless the arithmetic left every range.
    #[must_use]
    pub fn new(value: f64) -> Self {
        if value.is_finite() {
            // No negative zero: a file would show it as "-0.0".
            Self::Known(value + 0.0)
        } else {
            Self::Undefined(Why::Overflow)
        }
    }

    /// The quotient, or `why` when the denominator is zero.
    #[must_use]
    pub fn ratio(numerator: f64, denominator: f64, why: Why) -> Self {
        if denominator.abs() > 0.0 {
            Self::new(numerator / denominator)
        } else {
            Self::Undefined(why)
        }
    }

    /// The number, if there is one.
    #[must_use]
    pub const fn value(self) -> Option<f64> {
        match self {
            Self::Known(value) => Some(value),
            Self::Undefined(_) => None,
        }
    }

    /// The reason, if there is no number.
    #[must_use]
    pub const fn why(self) -> Option<Why> {
        match self {
            Self::Known(_) => None,
            Self::Undefined(why) => Some(why),
        }
    }

    /// The same reason, or a function of the number.
    #[must_use]
    pub fn map(self, change: impl FnOnce(f64) -> f64) -> Self {
        match self {
            Self::Known(value) => Self::new(change(value)),
            Self::Undefined(why) => Self::Undefined(why),
        }
    }

    /// A function of both numbers; the first reason found otherwise.
    #[must_use]
    pub fn and(self, other: Self, join: impl FnOnce(f64, f64) -> Self) -> Self {
        match (self, other) {
            (Self::Known(left), Self::Known(right)) => join(left, right),
            (Self::Undefined(why), _) | (_, Self::Undefined(why)) => Self::Undefined(why),
        }
    }
}

/// A figure as files for programs keep it.
#[derive(Serialize, Deserialize)]
enum Kept {
    Known(f64),
    Undefined(Why),
}

impl Serialize for Figure {
    /// For people the number or null (the reasons stand in `why_null`); for programs with the reason.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return self.value().serialize(serializer);
        }
        match *self {
            Self::Known(value) => Kept::Known(value),
            Self::Undefined(why) => Kept::Undefined(why),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Figure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Kept::deserialize(deserializer)? {
            Kept::Known(value) => Self::new(value),
            Kept::Undefined(why) => Self::Undefined(why),
        })
    }
}

/// Collects the reasons of a group's undefined figures as `group.name` → reason.
pub fn note_undefined(
    group: &str,
    figures: &[(&'static str, Figure)],
    into: &mut BTreeMap<String, String>,
) {
    for (name, figure) in figures {
        if let Some(why) = figure.why() {
            into.insert(format!("{group}.{name}"), why.text().to_owned());
        }
    }
}

/// A count as a float; exact below 2^53, which no count here reaches.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub fn count(number: usize) -> f64 {
    number as f64
}

/// Milliseconds as a float; exact below 2^53.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "spans stay far below 2^53 ms")]
pub fn millis(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_never_known() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Figure::new(value), Figure::Undefined(Why::Overflow));
        }
        let nothing = Figure::ratio(1.0, 0.0, Why::NoTrades);
        assert_eq!(nothing, Figure::Undefined(Why::NoTrades));
        assert_eq!(nothing.map(|value| value + 1.0).value(), None);
    }
}
