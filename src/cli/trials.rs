//! Arguments that say which trials there are and what decides among them: `sim sweep` and `sim validate` share them.
//!
//! Not here: what either does with the trials.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::{ConfigArgs, DataArgs, flag_value};
use super::failure::UsageError;
use crate::backtest::prepare::Sources;
use crate::sweep::job::Job;
use crate::sweep::method;
use crate::sweep::plan::Shard;

/// Inputs, space, method, objective.
#[derive(Debug, Args)]
pub(super) struct TrialArgs {
    /// A file of signals: csv, parquet, jsonl, recorded messages or the original's database
    // Required, but for subcommands: those negate it.
    #[arg(short, long, value_name = "FILE", required = true)]
    signals: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    config: ConfigArgs,
    /// What is varied
    #[arg(long, value_name = "FILE", default_value = "config/sweep.toml")]
    space: PathBuf,
    /// How points are chosen
    #[arg(long, value_enum, default_value = "grid")]
    method: Method,
    /// How many points are tried; without it the whole grid, or 256
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    trials: Option<u64>,
    /// The figure that decides, such as sharpe or min:max_drawdown; without it, what the space says. Given several
    /// times, the first one decides and the front of all is named
    #[arg(long = "objective", value_name = "FIGURE")]
    objectives: Vec<String>,
    /// What must hold of the best, such as "max_drawdown <= 0.2"; may be given several times
    #[arg(long = "constraint", value_name = "COMPARISON")]
    constraints: Vec<String>,
    /// Trades below which a trial is not judged
    #[arg(long, value_name = "N")]
    trades_min: Option<u64>,
    /// Seed of everything drawn at random
    #[arg(long, value_name = "N")]
    seed: Option<String>,
    /// First instant, UTC: 2026-01-01 or 2026-01-01T07:15:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// First instant no longer in the runs
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Money at the start, in USDT
    #[arg(long, value_name = "USDT")]
    balance: Option<String>,
    /// Threads; the results do not depend on it
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,
}

/// How points are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Every combination, the last parameter fastest
    Grid,
    /// Independent points
    Random,
    /// Evenly spread points
    Sobol,
    /// Learns from the results where good values lie, parameter by parameter
    Tpe,
    /// Learns where to look and how wide, for parameters that are numbers
    CmaEs,
    /// Breeds from the best by several objectives
    Nsga2,
}

impl TrialArgs {
    /// The trials of a shard.
    ///
    /// # Errors
    /// When a variable looks like a setting and is none.
    pub(super) fn job(&self, shard: Shard) -> Result<Job, UsageError> {
        let flags = [
            ("--from", "run.from", &self.from),
            ("--to", "run.to", &self.to),
            ("--balance", "account.balance_usdt", &self.balance),
            ("--seed", "run.seed", &self.seed),
        ];
        let flags = flags
            .into_iter()
            .filter_map(|(flag, key, value)| Some(flag_value(flag, key, value.as_ref()?)));
        Ok(Job {
            sources: Sources {
                signals: self.signals.clone().unwrap_or_default(),
                data: self.data.data.clone(),
            },
            layers: self.config.layers(flags.collect())?,
            space: self.space.clone(),
            method: self.method(),
            trials: self.trials,
            shard,
            objective: (!self.objectives.is_empty()).then(|| self.objectives.join(", ")),
            constraints: self.constraints.clone(),
            trades_min: self.trades_min,
        })
    }

    /// How their points are chosen.
    pub(super) const fn method(&self) -> method::Method {
        match self.method {
            Method::Grid => method::Method::Grid,
            Method::Random => method::Method::Random,
            Method::Sobol => method::Method::Sobol,
            Method::Tpe => method::Method::Tpe,
            Method::CmaEs => method::Method::CmaEs,
            Method::Nsga2 => method::Method::Nsga2,
        }
    }

    /// As many threads as asked for, or as there are.
    pub(super) fn threads(&self) -> usize {
        self.threads.map_or_else(all_threads, usize::from)
    }
}

/// As many as the machine has.
pub(super) fn all_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
