//! Makes a Parquet file of the account at every bar end.
//!
//! Not here: computing it (`exchange::history::equity`), putting the file in its place (`backtest::folder`). Integers, so that nothing is lost: money counts in 1e-8 USDT.

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

/// The bytes of a file with `time_ms`, `equity_usdt_1e8`, `gross_notional_usdt_1e8` and `margin_usdt_1e8`; `name` is
/// what errors call it.
///
/// # Errors
/// When the columns are not of one length.
pub fn encode(name: &Path, curve: &Curve) -> Result<Vec<u8>, MarketError> {
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
    frame::encode(name, columns, Vec::new())
}
