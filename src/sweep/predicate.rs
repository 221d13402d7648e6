//! What must hold between the values of a point: `tp1 < tp2`, `exits.stop_pct <= 6`, `role == 'leg'`.
//!
//! Not here: names (`declare` resolves them), what happens to a point that violates one (`run`).
//! Invariant: numbers are compared as exact decimals.

use std::fmt;

use crate::domain::num::{Rate, parse_steps};
use crate::settings::relation::Relation;

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicate {
    /// What stands left.
    pub left: Operand,
    /// How the two compare.
    pub relation: Relation,
    /// What stands right.
    pub right: Operand,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// The parameter of this position, by its name.
    Parameter(usize, String),
    /// A value that does not change.
    Constant(Constant),
}

/// A value that does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constant {
    /// In steps of 1e-8.
    Number(i64),
    /// A word.
    Text(String),
}

impl Constant {
    /// A number where the text is one, else the word.
    #[must_use]
    pub fn read(text: &str) -> Self {
        parse_steps(text).map_or_else(|_| Self::Text(text.to_owned()), Self::Number)
    }
}

impl Predicate {
    /// Whether it holds at a point, given as the texts of its values.
    #[must_use]
    pub fn holds(&self, texts: &[String]) -> bool {
        let value = |operand: &Operand| match operand {
            Operand::Parameter(index, _) => Constant::read(&texts[*index]),
            Operand::Constant(constant) => constant.clone(),
        };
        match (value(&self.left), value(&self.right)) {
            (Constant::Number(left), Constant::Number(right)) => {
                self.relation.holds(left.cmp(&right))
            }
            (Constant::Text(left), Constant::Text(right)) => self.relation.holds(left.cmp(&right)),
            // A number is never a word.
            (Constant::Number(_), Constant::Text(_)) | (Constant::Text(_), Constant::Number(_)) => {
                self.relation == Relation::Unequal
            }
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(_, name) => out.write_str(name),
            Self::Constant(Constant::Number(steps)) => Rate::from_steps(*steps).fmt(out),
            Self::Constant(Constant::Text(text)) => write!(out, "'{text}'"),
        }
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.left, self.relation.sign(), self.right)
    }
}
