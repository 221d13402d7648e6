//! The text of numbers, times, names and other small values.
//!
//! Not here: orders and fills (`orders`, `money`).

use super::text::{Eye, Pen, Told, Unread};
use crate::domain::event::{FloorBasis, Gate, Ignored, Link, ShareOf};
use crate::domain::fill::{LedgerKind, Liquidity, TradeId};
use crate::domain::num::{Money, Notional, Price, Qty, Rate};
use crate::domain::order::{Direction, HaltCause, OrderId, Side, Watched};
use crate::domain::signal::SignalType;
use crate::domain::symbol::{Symbol, SymbolId};
use crate::domain::time::{Span, Timestamp};

impl Told for Price {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.exact(self);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let steps = eye.exact(8)?;
        match Self::from_steps(steps) {
            Some(price) => Ok(price),
            None => eye.fail("a price is above zero"),
        }
    }
}

impl Told for Qty {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.exact(self);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let steps = eye.exact(8)?;
        match Self::from_steps(steps) {
            Some(qty) => Ok(qty),
            None => eye.fail("a quantity is not negative"),
        }
    }
}

impl Told for Money {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.exact(self);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.exact(8).map(Self::from_steps)
    }
}

impl Told for Rate {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.exact(self);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.exact(8).map(Self::from_steps)
    }
}

impl Told for Notional {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.exact(self);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.exact(16).map(Self::from_raw)
    }
}

/// Milliseconds since 1970 in UTC.
impl Told for Timestamp {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.number(self.millis());
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.number().map(Self::from_millis)
    }
}

/// Milliseconds.
impl Told for Span {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.number(self.millis());
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.number().map(Self::from_millis)
    }
}

impl Told for OrderId {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.number(self.0);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.number().map(Self)
    }
}

impl Told for TradeId {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.number(self.0);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.number().map(Self)
    }
}

impl Told for SignalType {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.number(self.0);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.number().map(Self)
    }
}

/// A code of the exchange.
impl Told for i32 {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.number(self);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.number()
    }
}

/// By name: a number would mean another contract under another listing.
impl Told for SymbolId {
    fn tell(&self, pen: &mut Pen<'_>) {
        match pen.listing.name(*self) {
            Some(name) => pen.text(name.as_str()),
            None => {
                let what = format!("contract number {} is not listed", self.index());
                pen.fault.get_or_insert(what);
            }
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let name = eye.text()?;
        match eye.listing.id(&name) {
            Some(id) => Ok(id),
            None => eye.fail(format!("the contract '{name}' is not listed")),
        }
    }
}

impl Told for Symbol {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(self.as_str());
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.text().map(|name| Self::new(&name))
    }
}

/// One of a few values by its word.
fn one_of<T: Copy>(
    eye: &mut Eye<'_>,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, Unread> {
    let word = eye.text()?;
    match all.iter().find(|value| name(**value) == word) {
        Some(value) => Ok(*value),
        None => eye.fail(format!("'{word}' is none of the words known here")),
    }
}

impl Told for Side {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(self.name());
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        one_of(eye, &[Self::Buy, Self::Sell], Self::name)
    }
}

impl Told for Direction {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(self.name());
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        one_of(eye, &[Self::Long, Self::Short], Self::name)
    }
}

impl Told for Liquidity {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(self.name());
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let all = [Self::Taker, Self::Maker, Self::Liquidation];
        one_of(eye, &all, Self::name)
    }
}

impl Told for LedgerKind {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(self.name());
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let all = [
            Self::Deposit,
            Self::Fee,
            Self::RealizedPnl,
            Self::Funding,
            Self::LiquidationFee,
            Self::InsuranceCredit,
        ];
        one_of(eye, &all, Self::name)
    }
}

impl Told for HaltCause {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(self.name());
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        one_of(eye, &[Self::DailyLoss, Self::Operator], Self::name)
    }
}

impl Told for Ignored {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(self.name());
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let all = [
            Self::Duplicate,
            Self::UnknownType,
            Self::Future,
            Self::Stale,
            Self::RiskFlat,
            Self::RiskNotInProfit,
        ];
        one_of(eye, &all, Self::name)
    }
}

impl Told for Gate {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(self.name());
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let all = [
            Self::NotTrading,
            Self::Halted,
            Self::DailyLoss,
            Self::DailyTrades,
            Self::InPosition,
            Self::PendingEntry,
            Self::Cooldown,
            Self::NoPrice,
            Self::TotalCap,
            Self::InsufficientMargin,
            Self::OpenRisk,
            Self::BelowQtyMin,
            Self::BelowNotionalMin,
        ];
        one_of(eye, &all, Self::name)
    }
}

const fn watched_name(watched: Watched) -> &'static str {
    match watched {
        Watched::Contract => "contract",
        Watched::Mark => "mark",
    }
}

impl Told for Watched {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(watched_name(*self));
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        one_of(eye, &[Self::Contract, Self::Mark], watched_name)
    }
}

const fn link_name(link: Link) -> &'static str {
    match link {
        Link::Down => "down",
        Link::Up => "up",
    }
}

impl Told for Link {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(link_name(*self));
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        one_of(eye, &[Self::Down, Self::Up], link_name)
    }
}

const fn basis_name(basis: FloorBasis) -> &'static str {
    match basis {
        FloorBasis::Equity => "equity",
        FloorBasis::Wallet => "wallet",
    }
}

impl Told for FloorBasis {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(basis_name(*self));
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        one_of(eye, &[Self::Equity, Self::Wallet], basis_name)
    }
}

const fn share_name(share: ShareOf) -> &'static str {
    match share {
        ShareOf::Initial => "initial",
        ShareOf::Remaining => "remaining",
    }
}

impl Told for ShareOf {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(share_name(*self));
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        one_of(eye, &[Self::Initial, Self::Remaining], share_name)
    }
}
