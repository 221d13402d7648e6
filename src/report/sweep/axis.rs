//! A swept parameter as an axis: where a value lies, what its ticks say, how it is cut into bins.
//!
//! Not here: what stands in the bins (`heat`, `effect`).
//! Invariant: a place is the number of a value, or for a range of reals its share of the range in 2^32 parts.

use crate::domain::num::Rate;
use crate::stats::figure::count;
use crate::stats::stability::Step;

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// As predicates and tables call it.
    pub name: String,
    /// The key it sets.
    pub key: String,
    /// Its values.
    pub values: Values,
}

/// The values of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// These; without an order that means anything unless `ordered`.
    Listed {
        /// As the configuration writes them.
        texts: Vec<String>,
        /// Whether the next one is the next larger or smaller.
        ordered: bool,
    },
    /// `from + i·step` for `i` below `count`, in steps of 1e-8.
    Steps {
        /// The first.
        from: i64,
        /// From one to the next.
        step: i64,
        /// How many.
        count: u64,
    },
    /// Any number in between.
    Real {
        /// The smallest.
        from: f64,
        /// The largest.
        to: f64,
        /// Whether its logarithm is uniform.
        log: bool,
    },
}

/// An axis cut into bins.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    /// How many.
    pub count: usize,
    /// One for each bin, or for each edge and so one more.
    pub labels: Vec<String>,
    values: u64,
}

impl Bins {
    /// The bin of a place.
    #[must_use]
    pub fn of(&self, place: u32) -> usize {
        let bin = u128::from(place) * (self.count as u128) / u128::from(self.values.max(1));
        usize::try_from(bin).unwrap_or(0).min(self.count - 1)
    }

    /// Whether labels stand at edges rather than under bins.
    #[must_use]
    pub fn has_edges(&self) -> bool {
        self.labels.len() > self.count
    }
}

/// Parts of a range of reals.
pub const PARTS: u64 = 1 << 32;

impl Axis {
    /// What a step is.
    #[must_use]
    pub const fn step(&self) -> Step {
        match self.values {
            Values::Listed { ordered: true, .. } | Values::Steps { .. } => Step::Ordered,
            Values::Listed { ordered: false, .. } => Step::Unordered,
            Values::Real { .. } => Step::None,
        }
    }

    /// Name with unit.
    #[must_use]
    pub fn title(&self) -> String {
        match self.unit() {
            "" => self.name.clone(),
            unit => format!("{}, {unit}", self.name),
        }
    }

    /// The unit, as the end of the key says it.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        const UNITS: [(&str, &str); 6] = [
            ("_pct", "%"),
            ("_bps", "bps"),
            ("_usdt", "USDT"),
            ("_ms", "ms"),
            ("_s", "s"),
            ("leverage", "×"),
        ];
        let found = UNITS.iter().find(|(end, _)| self.key.ends_with(end));
        found.map_or("", |(_, unit)| unit)
    }

    /// How many places there are.
    #[must_use]
    pub fn places(&self) -> u64 {
        match &self.values {
            Values::Listed { texts, .. } => texts.len() as u64,
            Values::Steps { count, .. } => *count,
            Values::Real { .. } => PARTS,
        }
    }

    /// Where a place lies between the ends of the axis, 0 to 1; the only value in the middle.
    #[must_use]
    pub fn share(&self, place: u32) -> f64 {
        match self.places().saturating_sub(1) {
            0 => 0.5,
            last => (f64::from(place) / wide(last)).min(1.0),
        }
    }

    /// The place of a value as text.
    #[must_use]
    pub fn place(&self, text: &str) -> Option<u32> {
        let place = match &self.values {
            Values::Listed { texts, .. } => texts.iter().position(|own| own == text)? as u64,
            Values::Steps { from, step, .. } => {
                let steps = crate::domain::num::parse_steps(text).ok()?;
                u64::try_from((steps - from) / (*step).max(1)).ok()?
            }
            Values::Real { from, to, log } => {
                let value: f64 = text.parse().ok()?;
                part(if *log {
                    (value.ln() - from.ln()) / (to.ln() - from.ln())
                } else {
                    (value - from) / (to - from)
                })
            }
        };
        u32::try_from(place).ok()
    }

    /// The value at a place.
    #[must_use]
    pub fn label(&self, place: u64) -> String {
        match &self.values {
            Values::Listed { texts, .. } => {
                let place = usize::try_from(place).unwrap_or(usize::MAX);
                texts.get(place).cloned().unwrap_or_default()
            }
            Values::Steps { from, step, .. } => {
                let offset = i64::try_from(place)
                    .unwrap_or(i64::MAX)
                    .saturating_mul(*step);
                Rate::from_steps(from.saturating_add(offset)).to_string()
            }
            Values::Real { from, to, log } => {
                let share = wide(place) / wide(PARTS);
                short(if *log {
                    (from.ln() + (to.ln() - from.ln()) * share).exp()
                } else {
                    from + (to - from) * share
                })
            }
        }
    }

    /// Cuts the axis into at most `most` bins: one for each value, or equal parts.
    #[must_use]
    pub fn bins(&self, most: usize) -> Bins {
        let values = self.places().max(1);
        let fit = usize::try_from(values).unwrap_or(usize::MAX);
        if fit <= most {
            return Bins {
                count: fit,
                labels: (0..values).map(|place| self.label(place)).collect(),
                values,
            };
        }
        let count = most.max(1);
        let parts = count as u64;
        // The first place of each part, then the end.
        let first = |edge: u64| {
            let place = u128::from(edge) * u128::from(values);
            u64::try_from(place.div_ceil(u128::from(parts))).unwrap_or(u64::MAX)
        };
        let last = if matches!(self.values, Values::Real { .. }) {
            values
        } else {
            values - 1
        };
        let edges = (0..=parts).map(|edge| self.label(first(edge).min(last)));
        Bins {
            count,
            labels: edges.collect(),
            values,
        }
    }
}

/// A share as a part of 2^32; the ends stay inside.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of 32 bits"
)]
fn part(share: f64) -> u64 {
    (share * wide(PARTS)).clamp(0.0, f64::from(u32::MAX)) as u64
}

fn wide(number: u64) -> f64 {
    count(usize::try_from(number).unwrap_or(usize::MAX))
}

/// Three significant digits, without zeros at the end.
#[must_use]
pub fn short(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.1.. => 3,
        1e-6.. => 6,
        1e-300.. => return format!("{value:.1e}"),
        _ => 0,
    };
    trimmed(&crate::report::format::number(value, decimals))
}

/// Without zeros at the end of decimals.
#[must_use]
pub fn trimmed(text: &str) -> String {
    if text.contains('.') {
        let text = text.trim_end_matches('0').trim_end_matches('.');
        return text.to_owned();
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(values: Values) -> Axis {
        Axis {
            name: "a".to_owned(),
            key: "exits.stop_pct".to_owned(),
            values,
        }
    }

    #[test]
    fn places_and_labels_belong_together() {
        let steps = axis(Values::Steps {
            from: 100_000_000,
            step: 50_000_000,
            count: 9,
        });
        assert_eq!(steps.title(), "a, %");
        assert_eq!(steps.label(3), "2.5");
        for place in 0..9_u32 {
            assert_eq!(steps.place(&steps.label(place.into())), Some(place));
        }
        let texts = ["long", "short"].map(str::to_owned).to_vec();
        let words = axis(Values::Listed {
            texts,
            ordered: false,
        });
        assert_eq!(words.place("short"), Some(1));
        assert_eq!(words.place("both"), None);
        let real = axis(Values::Real {
            from: 1.0,
            to: 100.0,
            log: true,
        });
        assert_eq!(real.place("1"), Some(0));
        assert_eq!(real.place("100"), Some(u32::MAX));
        let middle = real.place("10").map_or(0, u64::from);
        assert_eq!(real.label(middle), "10");
    }

    #[test]
    fn bins_cover_every_place_once_and_in_order() {
        for count in [1_u64, 2, 7, 24, 25, 1000, 1 << 31] {
            let axis = axis(Values::Steps {
                from: 0,
                step: 1,
                count,
            });
            let bins = axis.bins(24);
            let last = u32::try_from(count - 1).unwrap();
            assert!(bins.count <= 24);
            assert_eq!((bins.of(0), bins.of(last)), (0, bins.count - 1));
            assert_eq!(bins.has_edges(), count > 24);
            if count == 1000 {
                let bin: Vec<usize> = (0..1000).map(|place| bins.of(place)).collect();
                assert!(bin.is_sorted());
                // The label of an edge is the first value of its bin.
                let first = bin.iter().position(|bin| *bin == 5).unwrap();
                assert_eq!(bins.labels[5], axis.label(first as u64));
            }
        }
    }
}
