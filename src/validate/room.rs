//! What a validation keeps in memory, said before it begins.
//!
//! Not here: the few trials it is judged by (`sweep::estimate`), the history of a method that learns (`sweep::models`).

use crate::sweep::estimate::Estimate;
use crate::validate::trials::Ran;

/// Bytes of a trial beside its run: its name in the register, its place in lists. Measured: 270 to 360 a trial with up to
/// 40,000 of them.
const NAMED: u64 = 400;
/// Bytes of the list that a point is, and of each of its coordinates.
const POINT: u64 = 24;
const COORDINATE: u64 = 16;

/// Room that a validation takes beside the prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Trials that are kept: an infeasible one leaves nothing.
    pub trials: u64,
    /// Days of a run.
    pub days: u64,
    /// Daily returns of all of them, for the probability of overfitting.
    pub returns_bytes: u64,
    /// All that is kept at one time: the runs with returns and trades, those over a part of the days beside them, points
    /// and names.
    pub total_bytes: u64,
}

impl Room {
    /// Of a sweep of so many parameters, from a few of its trials.
    #[must_use]
    pub fn of(estimate: &Estimate, parameters: usize) -> Self {
        let (trials, days) = (estimate.feasible(), estimate.days);
        let run = Ran::room(days, estimate.trades_mean);
        let point = POINT + COORDINATE * parameters as u64;
        // Halves and walk-forward run all trials anew while the runs over all days are kept for what comes after.
        let each = 2 * run + point + NAMED;
        let returns = days * size_of::<f64>() as u64;
        Self {
            trials,
            days,
            returns_bytes: trials.saturating_mul(returns),
            total_bytes: trials.saturating_mul(each),
        }
    }
}
