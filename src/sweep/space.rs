//! What is varied: parameters in declared order, the values each may have, and what must hold between them (W1).
//!
//! Not here: the file a space is declared in (`declare`), which points are tried (`method`).
//! Invariants: numbers are exact decimals wherever a list or steps say so; a real is rounded to the finest decimals its
//! key can hold before anything else sees it.

use crate::domain::num::{Rate, parse_steps};
use crate::settings::overlay::Slot;
use crate::settings::parse::Item;
use crate::sweep::predicate::Predicate;

/// Parameters and what must hold between them.
#[derive(Clone, Debug)]
pub struct Space {
    /// In declared order.
    pub parameters: Vec<Parameter>,
    /// All must hold; a point that violates one is infeasible.
    pub predicates: Vec<Predicate>,
}

/// One thing that is varied.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// As predicates, tables and pictures call it.
    pub name: String,
    /// What it sets.
    pub slot: Slot,
    /// Its values.
    pub range: Range,
    /// Where it was declared; errors of its values point there.
    pub item: Item,
}

/// The values of a parameter.
#[derive(Clone, Debug)]
pub enum Range {
    /// These, in this order.
    List(Vec<Choice>),
    /// These, without an order that means anything.
    Choices(Vec<Choice>),
    /// `from + i·step` for `i` below `count`, in steps of 1e-8.
    Steps {
        /// The first value.
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
        /// Whether its logarithm is uniform instead of itself.
        log: bool,
        /// Decimals it is rounded to.
        decimals: usize,
    },
}

/// One value of a list.
#[derive(Clone, Debug)]
pub struct Choice {
    /// As TOML writes it, without quotes around text.
    pub text: String,
    /// The value.
    pub item: Item,
}

/// The value of one parameter at one point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Coordinate {
    /// The i-th of its values.
    Index(u64),
    /// A real, not rounded yet.
    Real(f64),
}

/// One coordinate for each parameter.
pub type Point = Vec<Coordinate>;

impl Range {
    /// How many values there are; `None` for reals.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        match self {
            Self::List(choices) | Self::Choices(choices) => Some(choices.len() as u64),
            Self::Steps { count, .. } => Some(*count),
            Self::Real { .. } => None,
        }
    }

    /// The coordinate at a place in [0, 1) (W3 for reals; a list is cut into equal parts).
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of values is far below 2^53, and the product is below it"
    )]
    pub fn at(&self, unit: f64) -> Coordinate {
        match self {
            Self::List(_) | Self::Choices(_) | Self::Steps { .. } => {
                let count = self.count().unwrap_or(1);
                let index = (unit * count as f64).floor() as u64;
                Coordinate::Index(index.min(count - 1))
            }
            Self::Real { from, to, log, .. } => Coordinate::Real(if *log {
                (from.ln() + (to.ln() - from.ln()) * unit).exp()
            } else {
                from + (to - from) * unit
            }),
        }
    }

    /// The place of a coordinate in [0, 1]: [`Range::at`] of it is the coordinate again, but for rounding.
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        reason = "a count of values is far below 2^53"
    )]
    pub fn unit(&self, at: Coordinate) -> f64 {
        let share = match (self, at) {
            (
                Self::Real {
                    from,
                    to,
                    log: true,
                    ..
                },
                Coordinate::Real(value),
            ) => (value.ln() - from.ln()) / (to.ln() - from.ln()),
            (Self::Real { from, to, .. }, Coordinate::Real(value)) => (value - from) / (to - from),
            (range, Coordinate::Index(index)) => {
                (index as f64 + 0.5) / range.count().unwrap_or(1) as f64
            }
            (Self::List(_) | Self::Choices(_) | Self::Steps { .. }, Coordinate::Real(_)) => 0.0,
        };
        // A range of one value has no width.
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    /// A value as configuration text.
    #[must_use]
    pub fn text(&self, at: Coordinate) -> String {
        match (self, at) {
            (Self::List(choices) | Self::Choices(choices), Coordinate::Index(index)) => {
                choices[place(index)].text.clone()
            }
            (Self::Steps { from, step, .. }, Coordinate::Index(index)) => {
                let index = i64::try_from(index).expect("invariant: below the count");
                Rate::from_steps(from + index * step).to_string()
            }
            (Self::Real { decimals, .. }, Coordinate::Real(value)) => {
                let rounded = format!("{value:.decimals$}");
                parse_steps(&rounded).map_or(rounded, |steps| Rate::from_steps(steps).to_string())
            }
            // A coordinate is read by the range that made it; another's is shown as it is.
            (Self::Real { .. }, Coordinate::Index(index)) => index.to_string(),
            (Self::List(_) | Self::Choices(_) | Self::Steps { .. }, Coordinate::Real(value)) => {
                value.to_string()
            }
        }
    }

    /// The coordinate whose text this is: of a real, the rounded one. `None` when it is none of the values.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<Coordinate> {
        match self {
            Self::List(choices) | Self::Choices(choices) => {
                let place = choices.iter().position(|choice| choice.text == text)?;
                Some(Coordinate::Index(place as u64))
            }
            Self::Steps { from, step, count } => {
                let above = parse_steps(text).ok()?.checked_sub(*from)?;
                let index = u64::try_from(above / step).ok()?;
                (above % step == 0 && index < *count).then_some(Coordinate::Index(index))
            }
            Self::Real { from, to, .. } => {
                let value: f64 = text.parse().ok()?;
                (*from..=*to)
                    .contains(&value)
                    .then_some(Coordinate::Real(value))
            }
        }
    }

    /// The coordinates that show whether the range as a whole is sound: every value of a list, both ends of the rest.
    #[must_use]
    pub fn samples(&self) -> Vec<Coordinate> {
        match self {
            Self::List(choices) | Self::Choices(choices) => {
                (0..choices.len() as u64).map(Coordinate::Index).collect()
            }
            Self::Steps { count, .. } => vec![Coordinate::Index(0), Coordinate::Index(count - 1)],
            Self::Real { from, to, .. } => vec![Coordinate::Real(*from), Coordinate::Real(*to)],
        }
    }
}

/// An index into a list in memory.
fn place(index: u64) -> usize {
    usize::try_from(index).expect("invariant: lists are shorter than memory")
}

impl Parameter {
    /// A value ready to be laid over a configuration.
    #[must_use]
    pub fn value(&self, at: Coordinate) -> Item {
        self.value_as(at, &self.range.text(at))
    }

    /// The same, its text being known.
    #[must_use]
    pub fn value_as(&self, at: Coordinate, text: &str) -> Item {
        use crate::settings::parse::Value;
        match (&self.range, at) {
            (Range::List(choices) | Range::Choices(choices), Coordinate::Index(index)) => {
                choices[place(index)].item.clone()
            }
            _ => Item {
                value: Value::Number(text.to_owned()),
                place: self.item.place.clone(),
            },
        }
    }
}

impl Space {
    /// Points of the grid; `None` when a real has none, or when there are more than 64 bits count.
    #[must_use]
    pub fn grid_size(&self) -> Option<u128> {
        self.parameters.iter().try_fold(1_u128, |product, each| {
            product.checked_mul(u128::from(each.range.count()?))
        })
    }

    /// All values of a point as text, in declared order.
    #[must_use]
    pub fn texts(&self, point: &[Coordinate]) -> Vec<String> {
        let pairs = self.parameters.iter().zip(point);
        pairs.map(|(each, at)| each.range.text(*at)).collect()
    }

    /// The point of these values; `None` when one of them is none of its parameter.
    #[must_use]
    pub fn read(&self, texts: &[String]) -> Option<Point> {
        let pairs = self.parameters.iter().zip(texts);
        let point: Option<Point> = pairs.map(|(each, text)| each.range.read(text)).collect();
        point.filter(|point| point.len() == self.parameters.len())
    }

    /// The first predicate a point violates.
    #[must_use]
    pub fn violated(&self, texts: &[String]) -> Option<&Predicate> {
        self.predicates.iter().find(|each| !each.holds(texts))
    }

    /// The space in its shortest form: equal spaces are equal text.
    #[must_use]
    pub fn canonical(&self) -> Vec<String> {
        let parameters = self.parameters.iter().map(|each| {
            let range = match &each.range {
                Range::List(choices) => format!("list {}", listed(choices)),
                Range::Choices(choices) => format!("choices {}", listed(choices)),
                Range::Steps { from, step, count } => format!(
                    "from {} step {} count {count}",
                    Rate::from_steps(*from),
                    Rate::from_steps(*step)
                ),
                Range::Real {
                    from,
                    to,
                    log,
                    decimals,
                } => {
                    let kind = if *log { "log" } else { "real" };
                    format!("{kind} from {from} to {to} decimals {decimals}")
                }
            };
            format!("{} = {}: {range}", each.name, each.slot)
        });
        let predicates = self.predicates.iter().map(|each| format!("where {each}"));
        parameters.chain(predicates).collect()
    }
}

fn listed(choices: &[Choice]) -> String {
    let texts: Vec<String> = choices
        .iter()
        .map(|choice| format!("{:?}", choice.text))
        .collect();
    format!("[{}]", texts.join(", "))
}
