//! What charts need beyond figures and lists: the account over time, the way of each trade, what was refused when.
//!
//! Not here: taking it from a run (`backtest::record`), drawing it (`panels`). Times are ms since the epoch, UTC.
//! Invariant: everything here survives being written to a file (`saved`) and read again.

use serde::{Deserialize, Serialize};

use super::origin::Origin;
use super::words::Phrase;

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What the strategy was told.
    pub plan: Plan,
    /// The account at bar ends, thinned.
    pub course: Course,
    /// Buying at the signal and waiting; `None` without trades.
    pub waiting: Option<Waiting>,
    /// How prices moved after confluences.
    pub decay: Decay,
    /// What the risk manager and the exchange refused.
    pub refused: Vec<Refused>,
    /// When no entries were taken.
    pub halts: Vec<Halt>,
    /// One for each finished trade, in the order of the trades.
    pub ways: Vec<Way>,
    /// Bars of all ways: see [`Way::bars`].
    pub bars: Packed,
    /// The sweep whose best configuration this is.
    pub origin: Option<Origin>,
}

/// The lines a plan draws into charts; distances in per cent of the entry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The hard stop.
    pub stop: f64,
    /// Take-profit levels and the share each closes, per cent.
    pub targets: Vec<(f64, f64)>,
    /// Activation and callback of the trailing stop.
    pub trailing: Option<(f64, f64)>,
    /// Lowest score of a trade, 0–1.
    pub score_min: f64,
    /// Longest distance of a pair, s.
    pub window_s: f64,
    /// Most trades a day.
    pub trades_a_day: u32,
    /// Loss of a day that halts, per cent.
    pub daily_loss: f64,
}

/// Columns of one length, ascending in time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Bar ends of the run; the columns keep the extremes of each stretch of them.
    pub bar_ends: usize,
    /// Bar ends.
    pub time: Vec<i64>,
    /// USDT.
    pub equity: Vec<f64>,
    /// From the last peak, a fraction, zero or below.
    pub drawdown: Vec<f64>,
    /// Σ notional over equity, a fraction.
    pub exposure: Vec<f64>,
}

/// The symbols of the trades bought when they were entered, held equally long, without stop or target; and the same at
/// random times.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// How long each was held, ms: the mean of the trades.
    pub hold_ms: i64,
    /// How many were bought.
    pub count: usize,
    /// USDT for each: the mean of the trades.
    pub notional: f64,
    /// How often random times were drawn.
    pub draws: usize,
    /// Start, day ends, end.
    pub time: Vec<i64>,
    /// Equity at these, bought at the entries.
    pub held: Vec<f64>,
    /// 5 % of random draws were below.
    pub low: Vec<f64>,
    /// Half of them.
    pub middle: Vec<f64>,
    /// 5 % were above.
    pub high: Vec<f64>,
}

/// Mean move after a confluence, in the direction of the strategy, by time since it was known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Decay {
    /// Minutes after the confluence.
    pub minutes: Vec<f64>,
    /// Confluences with a price then.
    pub n: Vec<usize>,
    /// Mean move, per cent.
    pub mean: Vec<f64>,
    /// Mean − 1.96 standard errors.
    pub low: Vec<f64>,
    /// Mean + 1.96 standard errors.
    pub high: Vec<f64>,
}

/// An entry that was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// When.
    pub time: i64,
    /// The contract.
    pub symbol: String,
    /// As the files write it.
    pub reason: String,
}

/// A stretch without entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Halt {
    /// From.
    pub from: i64,
    /// To, the end of the run at most.
    pub to: i64,
    /// As the files write it.
    pub cause: String,
}

/// What became of one trade, as its chart shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Way {
    /// Its signals: time and kind.
    pub signals: Vec<(i64, Phrase)>,
    /// Executions that opened it: time, price, quantity.
    pub entries: Vec<(i64, f64, f64)>,
    /// Executions that closed it: time, price, quantity, reason.
    pub exits: Vec<(i64, f64, f64, String)>,
    /// Levels that rested: from, to, price, purpose.
    pub levels: Vec<(i64, i64, f64, String)>,
    /// Level of the trailing stop from then on.
    pub trail: Vec<(i64, f64)>,
    /// Funding: time and USDT.
    pub funding: Vec<(i64, f64)>,
    /// The bars around it.
    pub bars: BarsAt,
}

/// Where the bars of a way lie in [`Packed`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BarsAt {
    /// Start of the first bar.
    pub start: i64,
    /// Length of a shown bar, ms; starts are counted in it.
    pub interval: i64,
    /// How many.
    pub count: usize,
    /// First byte, unpacked.
    pub offset: usize,
    /// Prices are whole numbers of this.
    pub step: f64,
}

/// Bars as bytes: for each bar, as variable-length zigzag numbers, bars skipped before it, open − last close,
/// close − open, high − max(open, close), min(open, close) − low, in steps; all of it deflated, as base64.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Packed(pub String);
