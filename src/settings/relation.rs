//! How two values compare, as predicates, constraints and gates write it: `<`, `<=`, `>`, `>=`, `==`, `!=`.
//!
//! Not here: what is compared (`sweep::predicate`, `sweep::objective`, `gate`).

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
