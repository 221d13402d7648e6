//! `sim data`: what a data folder holds, whether it is sound, the fast form of it, and made-up data.
//!
//! Not here: reading and writing it (`market`).

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::DataArgs;
use super::{Outcome, Session};

/// `sim data`.
#[derive(Debug, Subcommand)]
pub(super) enum DataCommand {
    /// List what the folders hold: symbols, kinds, intervals, from when to when
    Ls(DataArgs),
    /// Check everything in the folders: gaps, unfinished bars, prices off their tick
    Check(DataArgs),
    /// Write everything in the folders as Parquet
    Convert(ConvertArgs),
    /// Write made-up klines and signals with known properties
    Generate(GenerateArgs),
}

/// `sim data convert`.
#[derive(Debug, Args)]
pub(super) struct ConvertArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The folder to write
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
}

/// `sim data generate`.
#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    /// Seed: the same seed gives the same files
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The folder to write
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(command: &DataCommand, _session: &Session) -> anyhow::Result<Outcome> {
    // CALL SITES 4 to 7 (data ls, check, convert, generate).
    let (verb, place) = match command {
        DataCommand::Ls(args) => ("list", args.data.first()),
        DataCommand::Check(args) => ("check", args.data.first()),
        DataCommand::Convert(args) => (
            "convert",
            args.data
                .data
                .first()
                .filter(|_| !args.out.as_os_str().is_empty()),
        ),
        DataCommand::Generate(args) => ("generate", Some(&args.out).filter(|_| args.seed > 0)),
    };
    let place = place.map_or_else(String::new, |place| format!("{}: ", place.display()));
    anyhow::bail!("{place}this build cannot {verb} data yet")
}
