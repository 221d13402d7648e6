//! `sim signals`: which pairs of a file match, which nearly do, and one format for all sources.
//!
//! Not here: reading the formats (`signal`, `market`), matching (`trader::confluence`).

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::ConfigArgs;
use super::{Outcome, Session};

/// `sim signals`.
#[derive(Debug, Subcommand)]
pub(super) enum SignalsCommand {
    /// Match a file's signals: each pair with its score, near misses, ignored signals with their reason
    Check(CheckArgs),
    /// Write a file's signals as csv, parquet or jsonl, by the ending of the output
    Convert(ConvertArgs),
}

/// `sim signals check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// A file of signals
    #[arg(short, long, value_name = "FILE")]
    signals: PathBuf,
    #[command(flatten)]
    config: ConfigArgs,
}

/// `sim signals convert`.
#[derive(Debug, Args)]
pub(super) struct ConvertArgs {
    /// A file of signals
    #[arg(short, long, value_name = "FILE")]
    signals: PathBuf,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn run(command: &SignalsCommand, session: &Session) -> anyhow::Result<Outcome> {
    match command {
        SignalsCommand::Check(args) => check(args, session),
        SignalsCommand::Convert(args) => convert(args),
    }
}

fn check(args: &CheckArgs, session: &Session) -> anyhow::Result<Outcome> {
    let settings = args.config.load(Vec::new())?;
    for warning in &settings.consequence().warnings {
        session.terminal.detail(warning);
    }
    // CALL SITE 2 (signals check): read `args.signals`, feed `confluence::Books`, print the object of the contract.
    anyhow::bail!(
        "{}: this build cannot read signals yet",
        args.signals.display()
    )
}

fn convert(args: &ConvertArgs) -> anyhow::Result<Outcome> {
    let _settings = args.config.load(Vec::new())?;
    // CALL SITE 3 (signals convert): read `args.signals`, write `args.out`.
    anyhow::bail!(
        "{} to {}: this build cannot convert signals yet",
        args.signals.display(),
        args.out.display()
    )
}
