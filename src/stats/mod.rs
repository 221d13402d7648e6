//! Figures of a finished run (`simulation.md` section 6): pure functions from series, trades, fills and ledger.
//!
//! Not here: how a figure looks on a page (`report`), how the series came to be (`exchange`, `backtest`).
//! Invariant: what is undefined is a [`figure::Figure::Undefined`] with its reason (M2); no figure is NaN, infinite or a
//! sentinel. Floats live here and never go back into money.

pub mod activity;
pub mod benchmark;
pub mod breakdown;
pub mod calendar;
pub mod costs;
pub mod equity;
pub mod figure;
pub mod interval;
pub mod metrics;
pub mod quantile;
pub mod returns;
pub mod sensitivity;
pub mod stability;
pub mod trade_row;
pub mod trades;
pub mod validation;
