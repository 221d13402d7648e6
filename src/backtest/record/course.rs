//! The account at bar ends, thinned so that every extreme stays.
//!
//! Not here: the account at all bar ends (`exchange::history::equity`).

use crate::domain::time::Timestamp;
use crate::exchange::history::equity::CurvePoint;
use crate::report::record::Course;

/// Stretches of bar ends; at most five bar ends of each stay.
const STRETCHES: usize = 300;

/// The account over the bar ends, and what is left of it when the data ends: positions closed only then pay for it after
/// the last bar end.
pub(super) fn course(curve: &[CurvePoint], initial: f64, left: (Timestamp, f64)) -> Course {
    let equity: Vec<f64> = curve.iter().map(|point| point.equity.to_f64()).collect();
    let drawdown = drawdowns(&equity, initial);
    let exposure: Vec<f64> = curve
        .iter()
        .zip(&equity)
        .map(|(point, equity)| {
            if *equity > 0.0 {
                point.gross.to_f64() / equity
            } else {
                0.0
            }
        })
        .collect();
    let mut thin = Course {
        bar_ends: curve.len(),
        ..Course::default()
    };
    let length = curve.len().div_ceil(STRETCHES).max(1);
    for from in (0..curve.len()).step_by(length) {
        let to = (from + length).min(curve.len());
        for row in kept(from..to, &equity, &drawdown, &exposure) {
            thin.time.push(curve[row].time.millis());
            thin.equity.push(equity[row]);
            thin.drawdown.push(drawdown[row]);
            thin.exposure.push(exposure[row]);
        }
    }
    let (end, last) = left;
    if let Some(before) = equity.last()
        && before.total_cmp(&last).is_ne()
    {
        let peak = equity.iter().copied().fold(initial, f64::max);
        thin.time.push(end.millis());
        thin.equity.push(last);
        thin.drawdown.push(drawn_down(peak.max(last), last));
        thin.exposure.push(0.0);
    }
    thin
}

fn drawn_down(peak: f64, value: f64) -> f64 {
    if peak > 0.0 { value / peak - 1.0 } else { 0.0 }
}

fn drawdowns(equity: &[f64], initial: f64) -> Vec<f64> {
    let mut peak = initial;
    equity
        .iter()
        .map(|value| {
            peak = peak.max(*value);
            drawn_down(peak, *value)
        })
        .collect()
}

/// The last row of a stretch and its extremes, ascending.
fn kept(
    rows: std::ops::Range<usize>,
    equity: &[f64],
    drawdown: &[f64],
    exposure: &[f64],
) -> Vec<usize> {
    let least = |column: &[f64]| {
        rows.clone()
            .min_by(|a, b| column[*a].total_cmp(&column[*b]))
    };
    // The first of equals, like `least`.
    let most = |column: &[f64]| {
        rows.clone()
            .min_by(|a, b| column[*b].total_cmp(&column[*a]))
    };
    let mut kept: Vec<usize> = [
        least(equity),
        most(equity),
        least(drawdown),
        most(exposure),
        rows.clone().last(),
    ]
    .into_iter()
    .flatten()
    .collect();
    kept.sort_unstable();
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::num::{Money, Notional};

    #[test]
    fn extremes_of_a_long_run_stay() {
        let amount = |units: i64| Money::from_steps(units * 100_000_000).exact();
        let curve: Vec<CurvePoint> = (0..100_000_i64)
            .map(|row| CurvePoint {
                time: Timestamp::from_millis(row * 60_000),
                equity: amount(match row {
                    41_234 => 15_000,
                    77_777 => 3_000,
                    _ => 10_000,
                }),
                gross: if row == 5 {
                    amount(2_000)
                } else {
                    Notional::ZERO
                },
                margin: Money::ZERO,
            })
            .collect();
        let thin = course(
            &curve,
            10_000.0,
            (Timestamp::from_millis(6_000_000_000), 9_990.0),
        );
        println!(
            "course: {} of {} bar ends kept",
            thin.time.len(),
            thin.bar_ends
        );
        assert!(thin.time.len() < 2_000 && thin.bar_ends == 100_000);
        let at = |row: i64| {
            thin.time
                .iter()
                .position(|time| *time == row * 60_000)
                .expect("kept")
        };
        assert!((thin.equity[at(41_234)] - 15_000.0).abs() < 1e-9);
        assert!((thin.drawdown[at(77_777)] + 0.8).abs() < 1e-9);
        assert!((thin.exposure[at(5)] - 0.2).abs() < 1e-9);
        at(99_999);
        assert_eq!(thin.time.last(), Some(&6_000_000_000));
        assert!((thin.drawdown.last().expect("one") + 0.334).abs() < 1e-9);
    }
}
