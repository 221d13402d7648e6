//! The bars around trades, packed: see `report::record::Packed`.
//!
//! Not here: which trades (`ways`), unpacking (the page's script, and the tests).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::time::{Span, Timestamp};
use crate::market::packed::deflated;
use crate::market::tape::Series;
use crate::report::record::{BarsAt, Packed};

/// A trade longer than this is shown in coarser bars.
const BARS_MAX: usize = 240;
/// Bars shown before and after at least.
const MARGIN_MIN: i64 = 12;
/// Lengths of shown bars, in recorded ones.
const COARSER: [i64; 16] = [
    1, 2, 3, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1_440, 2_880, 10_080, 43_200,
];
const STEPS_PER_UNIT: f64 = 1e8;

/// Collects bars.
#[derive(Default)]
pub(super) struct Packer {
    bytes: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Shown {
    place: i64,
    open: i64,
    high: i64,
    low: i64,
    close: i64,
}

impl Packer {
    /// Packs the bars around a stretch of a series.
    pub(super) fn pack(&mut self, series: &Series, (from, to): (Timestamp, Timestamp)) -> BarsAt {
        let base = series.bars().interval.millis().max(1);
        let held = (to - from).millis() / base + 1;
        let margin = (held / 6).max(MARGIN_MIN);
        let wanted = held + 2 * margin;
        let limit = i64::try_from(BARS_MAX).unwrap_or(i64::MAX);
        let times = COARSER
            .into_iter()
            .find(|times| wanted.div_euclid(*times) + 2 <= limit);
        let interval = base * times.unwrap_or(wanted / limit + 1);
        let around = Span::from_millis(margin * base);
        let bars = shown(series, (from - around, to + around), interval);
        self.write(&bars, interval)
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "the step of a price, for display"
    )]
    fn write(&mut self, bars: &[Shown], interval: i64) -> BarsAt {
        let Some(first) = bars.first() else {
            return BarsAt::default();
        };
        let step = bars.iter().fold(0, |step, bar| {
            [bar.open, bar.high, bar.low, bar.close]
                .into_iter()
                .fold(step, common)
        });
        let offset = self.bytes.len();
        let (mut place, mut close) = (first.place, 0);
        for bar in bars {
            self.number(bar.place - place);
            self.number((bar.open - close) / step);
            self.number((bar.close - bar.open) / step);
            self.number((bar.high - bar.open.max(bar.close)) / step);
            self.number((bar.open.min(bar.close) - bar.low) / step);
            (place, close) = (bar.place + 1, bar.close);
        }
        BarsAt {
            start: first.place * interval,
            interval,
            count: bars.len(),
            offset,
            step: step as f64 / STEPS_PER_UNIT,
        }
    }

    /// A whole number, small ones in one byte.
    fn number(&mut self, value: i64) {
        let mut rest = (value.wrapping_shl(1) ^ (value >> 63)).cast_unsigned();
        loop {
            let low = u8::try_from(rest & 0x7f).unwrap_or(0);
            rest >>= 7;
            if rest == 0 {
                self.bytes.push(low);
                return;
            }
            self.bytes.push(low | 0x80);
        }
    }

    /// All of it.
    pub(super) fn finish(self) -> Packed {
        Packed(STANDARD.encode(deflated(&self.bytes)))
    }
}

/// The greatest common divisor; of zero and a number it is the number.
fn common(mut one: i64, mut other: i64) -> i64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// Bars of a stretch, merged to a length.
fn shown(series: &Series, (from, to): (Timestamp, Timestamp), interval: i64) -> Vec<Shown> {
    let bars = series.bars();
    let mut shown: Vec<Shown> = Vec::new();
    for row in series.row_from(from)..series.row_from(to) {
        let place = series.open_time(row).millis().div_euclid(interval);
        let (open, close) = (bars.open[row].steps(), bars.close[row].steps());
        let (high, low) = (bars.high[row].steps(), bars.low[row].steps());
        match shown.last_mut().filter(|bar| bar.place == place) {
            Some(bar) => {
                bar.high = bar.high.max(high);
                bar.low = bar.low.min(low);
                bar.close = close;
            }
            None => shown.push(Shown {
                place,
                open,
                high,
                low,
                close,
            }),
        }
    }
    shown
}
