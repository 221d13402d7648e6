//! Writes the account at every bar end as Parquet.
//!
//! Not here: computing it (`exchange::history::equity`). Integers, so that nothing is lost: money counts in 1e-8 USDT.

use std::path::Path;

use super::error::MarketError;
use super::frame::{self, Written};
use crate::domain::num::Money;
use crate::domain::time::Timestamp;

/// The account at bar ends, as columns of one length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Curve {
    /// Bar ends, ascending.
    pub time: Vec<Timestamp>,
    /// Wallet and unrealised profit.
    pub equity: Vec<Money>,
    /// Σ mark × quantity of open positions.
    pub gross: Vec<Money>,
    /// Initial margin in use.
    pub margin: Vec<Money>,
}

/// Writes `time_ms`, `equity_usdt_1e8`, `gross_notional_usdt_1e8` and `margin_usdt_1e8`, whole or not at all.
///
/// # Errors
/// When the folder cannot be written.
pub fn write(path: &Path, curve: &Curve) -> Result<(), MarketError> {
    let money = |amounts: &[Money]| amounts.iter().map(|amount| amount.steps()).collect();
    let columns = vec![
        Written::Ints(
            "time_ms",
            curve.time.iter().map(|time| time.millis()).collect(),
        ),
        Written::Ints("equity_usdt_1e8", money(&curve.equity)),
        Written::Ints("gross_notional_usdt_1e8", money(&curve.gross)),
        Written::Ints("margin_usdt_1e8", money(&curve.margin)),
    ];
    frame::write(path, columns, Vec::new())
}
