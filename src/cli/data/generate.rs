//! `sim data generate`: made-up prices and signals with known properties, marked as such.
//!
//! Not here: making and writing them (`market::generate`, `market::random_walk`, `market::generate_files`).

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use clap::Args;
use serde_json::json;

use super::walks::WalkArgs;
use crate::cli::failure::UsageError;
use crate::cli::progress::Progress;
use crate::cli::staging::Staging;
use crate::cli::{Outcome, Session};
use crate::domain::time::{DAY, EARLIEST, LATEST, Span, Timestamp};
use crate::market::generate::{ContractRecipe, Generated, Recipe, generate};
use crate::market::generate_files::{Format, write_until};
use crate::market::random_walk;

/// `sim data generate`.
#[derive(Debug, Args)]
pub(in crate::cli) struct GenerateArgs {
    /// Seed: the same seed gives the same files
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The folder to write
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Whole days
    #[arg(long, value_name = "N", default_value_t = 14)]
    days: u16,
    /// First day, UTC
    #[arg(long, value_name = "DAY", default_value = "2026-01-01", value_parser = day)]
    from: Timestamp,
    /// Contracts
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=500))]
    symbols: u16,
    /// Confluences of each contract
    #[arg(long, value_name = "N", default_value_t = 14)]
    confluences: u16,
    /// Prices as Parquet instead of gzipped csv
    #[arg(long)]
    parquet: bool,
    #[command(flatten)]
    walk: WalkArgs,
}

fn day(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text)
        .filter(|time| *time == time.day_start())
        .ok_or_else(|| format!("'{text}' is no day; write one such as 2026-01-01"))
}

/// Most days of all contracts together: twenty symbol-years, which take half a gigabyte while they are made.
const CONTRACT_DAYS_MAX: u32 = 7_320;

impl GenerateArgs {
    /// Refuses what could not be held in memory, and times that no reader takes.
    fn check(&self) -> Result<(), UsageError> {
        let all = u32::from(self.days) * u32::from(self.symbols);
        if all > CONTRACT_DAYS_MAX {
            return Err(UsageError(format!(
                "{} days of {} contracts are {all} days in all, more than {CONTRACT_DAYS_MAX}\nhint: make several folders with different --from or --seed",
                self.days, self.symbols
            )));
        }
        let end = self.from + Span::from_millis(DAY.millis() * i64::from(self.days));
        if self.from < EARLIEST || end > LATEST {
            return Err(UsageError(format!(
                "the days from {} to {end} are not all between 2010 and 2099\nhint: choose another --from",
                self.from
            )));
        }
        Ok(())
    }

    /// The command that makes the same files, for the mark inside them; the folder's name is no part of it.
    fn command(&self) -> String {
        let from = self.from.to_text();
        format!(
            "sim data generate --seed {} --days {} --from {} --symbols {} --confluences {}{}{} --out DIR",
            self.seed,
            self.days,
            from.get(..10).unwrap_or(&from),
            self.symbols,
            self.confluences_each(),
            self.walk.command(),
            if self.parquet { " --parquet" } else { "" },
        )
    }

    fn confluences_each(&self) -> u16 {
        self.walk.confluences(self.days).unwrap_or(self.confluences)
    }

    /// Makes what is asked for, and says how it was made.
    fn make(&self) -> Result<(Recipe, Generated), UsageError> {
        let walks = self.walk.walks();
        let recipe = Recipe {
            seed: self.seed,
            contracts: match walks {
                Some(_) => ContractRecipe::several_fine(self.symbols),
                None => ContractRecipe::several(self.symbols),
            },
            from: self.from,
            days: self.days,
            confluences: self.confluences_each(),
        };
        let (made, room) = match &walks {
            Some(walks) => (
                random_walk::generate(&recipe, walks),
                "so few signals that every pair and every lone one is gap-max-s and 620 s from the next",
            ),
            None => (
                generate(&recipe),
                "at most one confluence every ten minutes",
            ),
        };
        let made = made.ok_or_else(|| {
            UsageError(format!(
                "nothing can be made from this\nhint: 1 to 3660 days, and {room}"
            ))
        })?;
        Ok((recipe, made))
    }
}

pub(super) fn run(args: &GenerateArgs, session: &Session) -> anyhow::Result<Outcome> {
    args.check()?;
    let staging = Staging::begin(&args.out)?;
    let progress = Progress::new(session.terminal);
    progress.busy("making prices and signals");
    let (recipe, made) = args.make()?;
    let format = if args.parquet {
        Format::Parquet
    } else {
        Format::CsvGz
    };
    let stopped = || session.cancel.load(Ordering::Relaxed);
    if stopped() {
        anyhow::bail!("interrupted");
    }
    progress.busy("writing them");
    let files = write_until(
        staging.path(),
        &recipe,
        &made,
        (format, &args.command()),
        &stopped,
    )
    .map_err(|wrong| staging.tell(wrong))?;
    if stopped() {
        anyhow::bail!("interrupted");
    }
    drop(progress);
    staging.finish()?;
    let told = json!({
        "out": args.out.display().to_string(),
        "synthetic": true,
        "files": files.len(),
        "signals": made.signals.len(),
        "confluences": made.known.confluences.len(),
        "near_misses": made.known.near_misses.len(),
    });
    if session.terminal.is_json() {
        session.terminal.print_json(&told)?;
    } else {
        session.terminal.print(&format!(
            "{}: {} made-up files, {} signals with {} confluences and {} near misses",
            args.out.display(),
            files.len(),
            made.signals.len(),
            made.known.confluences.len(),
            made.known.near_misses.len()
        ))?;
    }
    Ok(Outcome::Done)
}
