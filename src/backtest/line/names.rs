//! The numbers of purposes, causes and gates back as the names that files use.
//!
//! Not here: writing them (`line`).

use super::{purpose, reason};
use crate::domain::event::Gate;
use crate::domain::fill::Reason;
use crate::domain::order::Purpose;

/// What [`purpose`] wrote, as files name it.
pub(in crate::backtest) fn purpose_name(number: u64) -> Option<String> {
    let plain = [
        Purpose::Entry,
        Purpose::Manual,
        Purpose::StopLoss,
        Purpose::BreakEven,
        Purpose::Trailing,
        Purpose::TimeStop,
        Purpose::RiskSignal,
        Purpose::HaltFlatten,
        Purpose::Unprotected,
    ];
    let level = u8::try_from(number >> 8).ok()?;
    let all = plain.into_iter().chain([Purpose::TakeProfit(level)]);
    all.into_iter()
        .find(|why| purpose(*why) == number)
        .map(|why| why.to_string())
}

/// What [`reason`] wrote, as files name it.
pub(in crate::backtest) fn cause_name(number: u64) -> Option<String> {
    let own = [Reason::Liquidation, Reason::Delisted, Reason::EndOfData];
    let own = own.into_iter().find(|cause| reason(*cause) == number);
    own.map(|cause| cause.to_string())
        .or_else(|| purpose_name(number.checked_sub(16)?))
}

/// The gate of a number, as files name it.
pub(in crate::backtest) fn gate_name(number: u64) -> Option<&'static str> {
    const ALL: [Gate; 13] = [
        Gate::NotTrading,
        Gate::Halted,
        Gate::DailyLoss,
        Gate::DailyTrades,
        Gate::InPosition,
        Gate::PendingEntry,
        Gate::Cooldown,
        Gate::NoPrice,
        Gate::TotalCap,
        Gate::InsufficientMargin,
        Gate::OpenRisk,
        Gate::BelowQtyMin,
        Gate::BelowNotionalMin,
    ];
    let gate = ALL
        .into_iter()
        .find(|gate| u64::from(gate.number()) == number);
    gate.map(Gate::name)
}
