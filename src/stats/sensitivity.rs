//! The same run under other assumptions: costs scaled (the cost table of F3), paths inside bars (F12), more delay
//! (T9.4).
//!
//! Not here: running them (`backtest`).
//! Invariant: amounts stay exact; only the interpolated multiple is a float.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::figure::{Figure, Why};
use crate::domain::num::{Money, Rate};

/// Net result when all costs are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostRow {
    /// What all costs are multiplied by.
    #[serde(with = "rate_number")]
    pub multiple: Rate,
    /// What the wallet gained, USDT.
    #[serde(with = "money_number")]
    pub net: Money,
}

/// Where the result crosses zero as costs grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BreakEven {
    /// At this multiple of the costs assumed, between the two rows that bracket zero.
    At(f64),
    /// It loses already without costs.
    LosesAtNoCost,
    /// It still gains at the largest multiple tried.
    GainsAtAll,
    /// There is no row, or nothing was ever gained or lost.
    Unknown,
}

/// The cost table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CostTable {
    /// Ascending in the multiple.
    pub rows: Vec<CostRow>,
    /// The multiple at which nothing is left; null when no two rows bracket zero.
    pub break_even_multiple: BreakEven,
}

/// The same run with every order one bar later at the exchange (T9.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelayProbe {
    /// By how much later, ms.
    pub added_ms: i64,
    /// What the wallet gained as configured, USDT.
    #[serde(with = "money_number")]
    pub base: Money,
    /// What it gained with the delay, USDT.
    #[serde(with = "money_number")]
    pub net: Money,
}

/// Net result under one order of high and low.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathRow {
    /// Name of the path mode.
    pub mode: String,
    /// What the wallet gained, USDT.
    #[serde(with = "money_number")]
    pub net: Money,
}

/// The path-assumption envelope (F12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// One row per replay, in the order they were given.
    pub rows: Vec<PathRow>,
    /// Smallest net, USDT.
    #[serde(with = "money_number")]
    pub min: Money,
    /// Largest net, USDT.
    #[serde(with = "money_number")]
    pub max: Money,
    /// Whether the sign of the result hangs on the paths: min ≤ 0 ≤ max and they differ.
    pub contains_zero: bool,
}

impl CostTable {
    /// Sorts the rows and finds the break-even multiple.
    #[must_use]
    pub fn new(mut rows: Vec<CostRow>) -> Self {
        rows.sort_by_key(|row| row.multiple);
        let break_even_multiple = break_even(&rows);
        Self {
            rows,
            break_even_multiple,
        }
    }
}

impl DelayProbe {
    /// Whether a gain is gone with one bar of delay: then it hangs on being faster than the bars can tell.
    #[must_use]
    pub fn edge_vanishes(&self) -> bool {
        self.base > Money::ZERO && self.net <= Money::ZERO
    }
}

impl Envelope {
    /// Smallest and largest of the replays; `None` without any.
    #[must_use]
    pub fn new(rows: Vec<PathRow>) -> Option<Self> {
        let min = rows.iter().map(|row| row.net).min()?;
        let max = rows.iter().map(|row| row.net).max()?;
        Some(Self {
            rows,
            min,
            max,
            contains_zero: min <= Money::ZERO && max >= Money::ZERO && min < max,
        })
    }
}

fn break_even(rows: &[CostRow]) -> BreakEven {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return BreakEven::Unknown;
    };
    let crossing = rows
        .windows(2)
        .find(|pair| pair[0].net > Money::ZERO && pair[1].net <= Money::ZERO);
    match crossing {
        Some(pair) => {
            let (from, to) = (pair[0].multiple.to_f64(), pair[1].multiple.to_f64());
            let (high, low) = (pair[0].net.to_f64(), pair[1].net.to_f64());
            BreakEven::At(from + (to - from) * high / (high - low))
        }
        None if first.net > Money::ZERO && last.net > Money::ZERO => BreakEven::GainsAtAll,
        None if first.net < Money::ZERO => BreakEven::LosesAtNoCost,
        None => BreakEven::Unknown,
    }
}

impl BreakEven {
    /// The multiple, if two rows bracket zero.
    #[must_use]
    pub fn figure(self) -> Figure {
        match self {
            Self::At(multiple) => Figure::new(multiple),
            Self::LosesAtNoCost | Self::GainsAtAll | Self::Unknown => {
                Figure::Undefined(Why::NoBracket)
            }
        }
    }

    /// The same in words.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::At(multiple) => format!("breaks even at {multiple:.2}× the costs assumed"),
            Self::LosesAtNoCost => "loses even without any costs".to_owned(),
            Self::GainsAtAll => "still gains at the largest multiple tried".to_owned(),
            Self::Unknown => "no break-even: nothing was gained or lost".to_owned(),
        }
    }
}

/// A number for people; otherwise the table it came from decides again.
impl Serialize for BreakEven {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.figure().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CostTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Kept {
            rows: Vec<CostRow>,
        }
        Kept::deserialize(deserializer).map(|kept| Self::new(kept.rows))
    }
}

/// Numbers for people, exact steps otherwise.
macro_rules! number_or_steps {
    ($module:ident, $kind:ty) => {
        mod $module {
            use super::{Deserialize, Deserializer, Serializer};

            #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
            pub(super) fn serialize<S: Serializer>(
                value: &$kind,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_f64(value.to_f64())
                } else {
                    serializer.serialize_i64(value.steps())
                }
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$kind, D::Error> {
                i64::deserialize(deserializer).map(<$kind>::from_steps)
            }
        }
    };
}
number_or_steps!(money_number, crate::domain::num::Money);
number_or_steps!(rate_number, crate::domain::num::Rate);

#[cfg(test)]
mod tests {
    use super::*;

    fn table(nets: &[i64]) -> CostTable {
        let rows = nets.iter().zip(0..).map(|(net, multiple)| CostRow {
            multiple: Rate::from_steps(multiple * Rate::ONE.steps()),
            net: Money::from_steps(*net),
        });
        CostTable::new(rows.collect())
    }

    #[test]
    fn break_even_lies_between_the_rows_that_bracket_zero() {
        for (nets, expected) in [
            (vec![300, 100, -100, -300], BreakEven::At(1.5)),
            (vec![300, 0, -1, -2], BreakEven::At(1.0)),
            (vec![-1, -2, -3, -4], BreakEven::LosesAtNoCost),
            (vec![4, 3, 2, 1], BreakEven::GainsAtAll),
            (vec![0, 0, 0, 0], BreakEven::Unknown),
            (vec![], BreakEven::Unknown),
        ] {
            assert_eq!(table(&nets).break_even_multiple, expected, "{nets:?}");
        }
    }

    #[test]
    fn an_envelope_without_any_difference_does_not_hang_on_paths() {
        let rows = |nets: &[i64]| -> Vec<PathRow> {
            nets.iter()
                .map(|net| PathRow {
                    mode: "pessimistic".to_owned(),
                    net: Money::from_steps(*net),
                })
                .collect()
        };
        for (nets, expected) in [
            (&[0, 0][..], false),
            (&[-1, 1], true),
            (&[0, 1], true),
            (&[1, 2], false),
        ] {
            let envelope = Envelope::new(rows(nets)).expect("rows");
            assert_eq!(envelope.contains_zero, expected, "{nets:?}");
        }
        assert_eq!(Envelope::new(Vec::new()), None);
    }
}
