//! How prices moved after confluences: the mean by time since each was known.
//!
//! Not here: what was made of them (trades). Every emitted pair counts, traded or not; the price it is measured from is
//! the first open at or after the moment it was known.

use super::Taken;
use crate::backtest::log::Row;
use crate::domain::event::Note;
use crate::domain::order::Direction;
use crate::domain::time::{Span, Timestamp};
use crate::market::tape::Series;
use crate::report::record::Decay;
use crate::stats::quantile;

/// Minutes after the confluence.
const MINUTES: [i64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 480, 720, 1_440];
/// A price older than this many bars is not the price of that time.
const STALE_BARS: i64 = 5;

pub(super) fn decay(taken: Taken<'_>) -> Decay {
    let tape = &taken.prepared.world.tape;
    let sign = match taken.settings.rules.direction {
        Direction::Long => 1.0,
        Direction::Short => -1.0,
    };
    let mut moves: Vec<Vec<f64>> = vec![Vec::new(); MINUTES.len()];
    for (at, row) in taken.run.log.rows() {
        let Row::Noted(Note::Confluence(pair)) = row else {
            continue;
        };
        let Some(series) = tape.series[pair.symbol.index()].as_ref() else {
            continue;
        };
        let Some((known, price)) = first_price(series, *at) else {
            continue;
        };
        for (minutes, moves) in MINUTES.iter().zip(&mut moves) {
            let then = known + Span::from_millis(minutes * 60_000);
            if let Some(later) = close_after(series, known, then) {
                moves.push(sign * (later / price - 1.0) * 100.0);
            }
        }
    }
    summed(&moves)
}

#[allow(clippy::cast_precision_loss, reason = "minutes and counts")]
fn summed(moves: &[Vec<f64>]) -> Decay {
    let mut decay = Decay::default();
    for (minutes, moves) in MINUTES.iter().zip(moves) {
        let (Some(mean), Some(deviation)) = (quantile::mean(moves), quantile::deviation(moves))
        else {
            continue;
        };
        let error = 1.96 * deviation / (moves.len() as f64).sqrt();
        decay.minutes.push(*minutes as f64);
        decay.n.push(moves.len());
        decay.mean.push(mean);
        decay.low.push(mean - error);
        decay.high.push(mean + error);
    }
    decay
}

/// The first open at or after an instant, unless it comes late.
pub(super) fn first_price(series: &Series, at: Timestamp) -> Option<(Timestamp, f64)> {
    let row = series.row_from(at);
    let bars = series.bars();
    let open = bars.open.get(row)?;
    let time = series.open_time(row);
    (time - at <= late(series)).then(|| (time, open.to_f64()))
}

/// The last close known at an instant, unless it is old or was known before the price it is compared with.
pub(super) fn close_after(series: &Series, known: Timestamp, at: Timestamp) -> Option<f64> {
    let row = series.last_completed(at)?;
    let is_later = series.end_time(row) > known;
    (is_later && at - series.end_time(row) <= late(series))
        .then(|| series.bars().close[row].to_f64())
}

fn late(series: &Series) -> Span {
    Span::from_millis(series.bars().interval.millis() * STALE_BARS)
}
