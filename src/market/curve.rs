//! A Parquet file of the account at every bar end: made and read.
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

/// Columns of the file.
const COLUMNS: [&str; 4] = [
    "time_ms",
    "equity_usdt_1e8",
    "gross_notional_usdt_1e8",
    "margin_usdt_1e8",
];

/// Reads such a file.
///
/// # Errors
/// When it cannot be read, was changed since it was written, or has other columns.
pub fn read(path: &Path) -> Result<Curve, MarketError> {
    frame::outline(path)?;
    let mut table = frame::read(path, &COLUMNS)?;
    let mut column = |name: &str| {
        let ints = table.take_ints(name);
        ints.ok_or_else(|| MarketError::damaged(path, format!("column {name} holds no integers")))
    };
    let [time, equity, gross, margin] = COLUMNS;
    let time = column(time)?;
    let money = |ints: Vec<i64>| ints.into_iter().map(Money::from_steps).collect();
    Ok(Curve {
        time: time.into_iter().map(Timestamp::from_millis).collect(),
        equity: money(column(equity)?),
        gross: money(column(gross)?),
        margin: money(column(margin)?),
    })
}

/// The bytes of a file with `time_ms`, `equity_usdt_1e8`, `gross_notional_usdt_1e8` and `margin_usdt_1e8`; `name` is
/// what errors call it.
///
/// # Errors
/// When the columns are not of one length.
pub fn encode(name: &Path, curve: &Curve) -> Result<Vec<u8>, MarketError> {
    let money = |amounts: &[Money]| amounts.iter().map(|amount| amount.steps()).collect();
    let [time, equity, gross, margin] = COLUMNS;
    let columns = vec![
        Written::Ints(time, curve.time.iter().map(|time| time.millis()).collect()),
        Written::Ints(equity, money(&curve.equity)),
        Written::Ints(gross, money(&curve.gross)),
        Written::Ints(margin, money(&curve.margin)),
    ];
    frame::encode(name, columns, Vec::new())
}
