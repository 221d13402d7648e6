//! Why a sweep has no results, in words.
//!
//! Not here: finding it (the modules beside this one).

use std::path::PathBuf;

use crate::backtest::prepare::PrepareError;
use crate::market::error::MarketError;
use crate::report::chart::render::ChartError;
use crate::settings::error::SettingsError;
use crate::sweep::finish::Summary;
use crate::sweep::folder::FolderError;
use crate::sweep::journal::JournalError;
use crate::sweep::objective::RankingError;

/// Why a sweep has no results.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The configuration or the space.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// What trials are judged by.
    #[error(transparent)]
    Ranking(#[from] RankingError),
    /// What was asked for cannot be.
    #[error("{0}")]
    Usage(String),
    /// The inputs.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A table.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// A picture.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// The user stopped it.
    #[error("{}: interrupted, {done} of {total} trials are finished and kept\nhint: the same command with --resume continues", path.display())]
    Interrupted {
        /// Finished trials.
        done: u64,
        /// All of them.
        total: u64,
        /// The folder.
        path: PathBuf,
    },
    /// Trials are missing.
    #[error("{}: {done} of {total} trials are there\nhint: run the sweep again with --resume", path.display())]
    Unfinished {
        /// Finished trials.
        done: u64,
        /// All of them.
        total: u64,
        /// The folder.
        path: PathBuf,
    },
    /// No trial can be the best.
    #[error("{}", nothing(.0))]
    NoBest(Box<NoBest>),
}

/// Why none of the trials is the best.
#[derive(Debug)]
pub struct NoBest {
    /// The results, written all the same.
    pub summary: Summary,
    /// Where.
    pub path: PathBuf,
    /// The objective.
    pub objective: String,
    /// Least number of trades.
    pub trades_min: u64,
}

fn nothing(none: &NoBest) -> String {
    let counts = none.summary.counts;
    let path = none.path.display();
    if counts.done == 0 {
        let first = none.summary.reasons.first();
        let reason = first.map_or_else(
            || "every account left the range of exact amounts".to_owned(),
            |(reason, count)| format!("{count} times because {reason}"),
        );
        return format!(
            "{path}: none of the trials could be run, {reason}\nhint: widen the space, or change the base configuration"
        );
    }
    if counts.null_objective == counts.done {
        return format!(
            "{path}: '{}' is null in all {} trials that ran; {} have fewer than {} trades\nhint: the results are kept; use a longer recording, another --objective, or a smaller trades_min",
            none.objective, counts.done, counts.few_trades, none.trades_min
        );
    }
    format!(
        "{path}: no trial has an objective and meets every constraint; {} of {} violate one\nhint: the results are kept; loosen the constraints and run the same command with --resume",
        counts.unmet, counts.done
    )
}
