//! `sim sweep merge`: shards become one result, and all their trials are in the register.
//!
//! Not here: what may be merged and how (`sweep::merge`).

use std::path::PathBuf;

use clap::Args;

use super::{show, told};
use crate::cli::failure::UsageError;
use crate::cli::trials::all_threads;
use crate::cli::{Outcome, Session, validate};
use crate::sweep::folder::Existing;
use crate::sweep::job::concluded;
use crate::sweep::merge::{Merged, merge};
use crate::sweep::plan::Shard;

/// `sim sweep merge`.
#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// Folders of shards, or the folder they are in
    #[arg(required = true, value_name = "DIR")]
    shards: Vec<PathBuf>,
    /// The folder of the whole; without it, the only folder named
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Begin again where a sweep is already
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    register: validate::RegisterArgs,
}

pub(super) fn run(args: &MergeArgs, session: &Session) -> anyhow::Result<Outcome> {
    let out = match (&args.out, args.shards.as_slice()) {
        (Some(out), _) | (None, [out]) => out,
        (None, _) => {
            let text = "several folders are named, and not where the whole goes\nhint: say it with --out DIR";
            return Err(UsageError(text.to_owned()).into());
        }
    };
    let existing = if args.replace {
        Existing::Replace
    } else {
        Existing::Refuse
    };
    let merged = merge(&args.shards, out, existing).map_err(told)?;
    // A shard enters its trials where it runs, and that register may be lost with the machine. What this one has
    // already is not entered again.
    let place = (merged.folder.as_path(), Shard::WHOLE);
    let crew = (all_threads(), session);
    validate::enter(merged.identity(), place, &args.register.file, crew);
    let Merged {
        folder,
        summary,
        ranking,
        ..
    } = merged;
    let (folder, summary) = concluded(folder, summary, &ranking).map_err(told)?;
    show::summary(&session.terminal, &summary, &folder)?;
    Ok(Outcome::Done)
}
