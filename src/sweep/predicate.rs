//! What must hold between the values of a point: `tp1 < tp2`, `exits.stop_pct <= 6`, `role == 'leg'`.
//!
//! Not here: names (`declare` resolves them), what happens to a point that violates one (`run`).
//! Invariant: numbers are compared as exact decimals.

use std::fmt;

use crate::domain::num::{Rate, parse_steps};

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

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

impl Relation {
    /// Longer signs first: `<=` begins with `<`.
    const SIGNS: [(&'static str, Self); 6] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("!=", Self::Unequal),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    /// Splits text at its only relation.
    #[must_use]
    pub fn split(text: &str) -> Option<(&str, Self, &str)> {
        let (sign, relation) = Self::SIGNS.iter().find(|(sign, _)| text.contains(sign))?;
        let (left, right) = text.split_once(sign)?;
        let (left, right) = (left.trim(), right.trim());
        let more = Self::SIGNS.iter().any(|(sign, _)| right.contains(sign));
        (!left.is_empty() && !right.is_empty() && !more).then_some((left, *relation, right))
    }

    /// As it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        Self::SIGNS
            .iter()
            .find(|(_, relation)| *relation == self)
            .map_or("", |(sign, _)| *sign)
    }

    /// Whether it asks for an order, which words have none of.
    #[must_use]
    pub const fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::Unequal)
    }

    /// Whether it holds for two values that compare so.
    #[must_use]
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
        }
    }
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
