//! Fields of a record put together one after the other.
//!
//! Not here: which fields a record has (`record`, `orders`).

use super::{Field, Unit, Value};
use crate::domain::num::{Money, Notional, UNIT};
use crate::domain::time::{Span, Timestamp};

/// Fields in their order.
#[derive(Debug, Default)]
pub(super) struct Fields(pub(super) Vec<Field>);

impl Fields {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    fn and(mut self, name: &'static str, value: Value) -> Self {
        self.0.push(Field { name, value });
        self
    }

    pub(super) fn text(self, name: &'static str, text: impl Into<String>) -> Self {
        self.and(name, Value::Text(text.into()))
    }

    pub(super) fn is(self, name: &'static str, is: bool) -> Self {
        self.and(name, Value::Is(is))
    }

    pub(super) fn count(self, name: &'static str, count: i64) -> Self {
        self.and(name, Value::Count(count))
    }

    pub(super) fn order(self, id: u64) -> Self {
        self.count("order", id.cast_signed())
    }

    pub(super) fn time(self, name: &'static str, millis: i64) -> Self {
        self.and(name, Value::Time(Timestamp::from_millis(millis)))
    }

    pub(super) fn span(self, name: &'static str, millis: i64) -> Self {
        self.and(name, Value::Span(Span::from_millis(millis)))
    }

    pub(super) fn usdt(self, name: &'static str, steps: i64) -> Self {
        self.wide(name, Money::from_steps(steps).exact())
    }

    pub(super) fn wide(self, name: &'static str, amount: Notional) -> Self {
        self.and(name, Value::Number(amount, Unit::Usdt))
    }

    /// A number in steps of 1e-8.
    pub(super) fn number(self, name: &'static str, steps: i64, unit: Unit) -> Self {
        let exact = Notional::from_raw(i128::from(steps) * i128::from(UNIT));
        self.and(name, Value::Number(exact, unit))
    }

    /// Everything of `more` behind these.
    pub(super) fn with(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }
}
