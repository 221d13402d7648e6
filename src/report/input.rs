//! Everything a report shows, as the caller hands it over: neutral values, names already resolved, sentences that can be
//! said in every language of the report.
//!
//! Not here: computing any of it (`stats`, `backtest`).

use serde::{Deserialize, Serialize};

use super::record::Record;
use super::words::{Phrase, Word, headline, signals};
use crate::stats::activity::BarSeries;
use crate::stats::equity::DailySeries;
use crate::stats::metrics::{BenchmarkSeries, Metrics};
use crate::stats::trade_row::TradeRow;

/// A finished run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunReport {
    /// What the run is called, for example the signal file's name.
    pub title: String,
    /// Hash of everything the result hangs on.
    pub run_id: String,
    /// Version of this program.
    pub version: String,
    /// How the run was made.
    #[serde(default)]
    pub mode: Mode,
    /// Whether prices or signals were generated.
    pub synthetic: bool,
    /// Whether an out-of-sample validation was run on it.
    pub validated: bool,
    /// All figures.
    pub metrics: Metrics,
    /// Equity at day ends.
    pub daily: DailySeries,
    /// Equity at bar ends; may be empty.
    #[serde(skip)]
    pub bars: BarSeries,
    /// Holding instead of trading; levels start at the initial balance.
    pub benchmarks: Vec<BenchmarkSeries>,
    /// Finished trades in order of exit.
    pub trades: Vec<TradeRow>,
    /// Executions.
    pub fills: usize,
    /// Positions the exchange closed for want of margin.
    pub liquidations: usize,
    /// Positions still open at the end.
    pub open_positions: usize,
    /// Positions closed only because the data ended (D4).
    pub closed_by_end_of_data: usize,
    /// What became of the signals.
    pub signals: SignalSummary,
    /// Reasons of refused entries and rejected orders, with counts.
    pub refusals: Vec<ReasonCount>,
    /// How far the result hangs on paths inside bars.
    pub paths: PathCounts,
    /// Mean of (entry fill time − arrival at the exchange), ms; `None` without entries (T5).
    pub entry_delay_ms_mean: Option<f64>,
    /// What is to know about the prices used.
    pub data_notes: Vec<DataNote>,
    /// The model in plain words.
    pub assumptions: Vec<Assumption>,
    /// Anything else that must be read first; shown at the top, one line each.
    pub warnings: Vec<Phrase>,
    /// How to get the same result again.
    pub reproduce: Reproduce,
    /// What the charts need beyond figures.
    pub record: Record,
}

/// How a run was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// On recorded prices, afterwards.
    #[default]
    Backtest,
    /// On live prices, with nobody's money.
    Paper,
}

impl Mode {
    /// What stands above the name of the run.
    #[must_use]
    pub const fn title(self) -> Word {
        match self {
            Self::Backtest => headline::KICKER,
            Self::Paper => headline::KICKER_PAPER,
        }
    }
}

/// From message to fill.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SignalSummary {
    /// Messages of the input.
    pub total: usize,
    /// Of those that could have traded, how many have a price within the entry time-to-live.
    pub with_price: usize,
    /// How many could have traded: the whole of `with_price`.
    pub price_needed: usize,
    /// Stages in order: received, deduplicated, matched, score, accepted by risk, filled.
    pub funnel: Vec<FunnelStage>,
    /// One per message, in order of the input.
    pub verdicts: Vec<SignalVerdict>,
}

/// One stage of the funnel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FunnelStage {
    /// What came through, for example `matched in a pair`.
    pub name: Phrase,
    /// What is counted, in the plural: `messages`, `pairs` or `entries`.
    pub unit: Word,
    /// How many came through.
    pub count: usize,
    /// Why the others did not.
    pub lost: Vec<ReasonCount>,
}

impl FunnelStage {
    /// The unit after its count: `1 entry`, `2 entries`.
    #[must_use]
    pub fn unit_word(&self) -> Word {
        signals::unit(self.unit, self.count)
    }
}

/// A reason and how often it was met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReasonCount {
    /// As the files write it, for example `low_score`.
    pub reason: String,
    /// How often.
    pub count: usize,
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalVerdict {
    /// When it was had, RFC 3339.
    pub time: String,
    /// Its id.
    pub id: String,
    /// Its type, for example `110 alpha`.
    pub kind: Phrase,
    /// Its contract.
    pub symbol: String,
    /// What became of it, as the files write it.
    pub verdict: String,
    /// Why it had no price in time, as the files write it, where it needed one.
    pub no_price: Option<String>,
}

/// F12, D5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathCounts {
    /// Bars with a position open after the opening point.
    pub bars_in_position: u64,
    /// Bars whose fills hang on the order of high and low.
    pub ambiguous: u64,
    /// Bars replayed on finer ones.
    pub drilled: u64,
    /// Finer bars that were ambiguous themselves.
    pub residual: u64,
    /// Market fills in bars nobody traded in.
    pub stale_fills: u64,
    /// Trades touched by an ambiguous bar.
    pub trades_touched: u64,
}

/// How much a note weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Weight {
    /// Good to know.
    Note,
    /// May change the result.
    Caution,
}

/// Something about the prices of a symbol, or of all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataNote {
    /// The contract; `None` is about all.
    pub symbol: Option<String>,
    /// How much it weighs.
    pub weight: Weight,
    /// A sentence.
    pub text: Phrase,
}

/// One setting of the model and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assumption {
    /// For example `Latency`.
    pub label: Phrase,
    /// For example `250 ms`.
    pub value: Phrase,
    /// What it means for the result; may be empty.
    pub meaning: Phrase,
}

/// How to get the same result again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reproduce {
    /// The command.
    pub command: String,
    /// Names and hashes of configuration, data and signals; the seed.
    pub inputs: Vec<(String, String)>,
}
