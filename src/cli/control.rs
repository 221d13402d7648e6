//! `sim status`, `positions`, `pause`, `resume`, `close`, `cancel`, `flatten` and `signals recent`: a running `sim paper`
//! asked through its control port.
//!
//! Not here: the port (`live::control`), the request itself (`caller`), what answers look like (`show`).
//! Invariant: success means that the run did it and has it on record; anything else fails with what to do.

mod caller;
mod show;

use clap::Args;
use serde_json::Value;

use super::args::ConfigArgs;
use super::{Outcome, Session};
use crate::live::control::{COUNT_MAX, COUNT_USUAL};
use caller::{Call, Caller};

/// A command that names nothing.
#[derive(Debug, Args)]
pub(super) struct AskArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// A command on one contract.
#[derive(Debug, Args)]
pub(super) struct OneArgs {
    /// The coin or contract, such as RIVER or ETHUSDT
    #[arg(value_name = "SYMBOL")]
    symbol: String,
    #[command(flatten)]
    config: ConfigArgs,
}

/// `sim signals recent`.
#[derive(Debug, Args)]
pub(super) struct RecentArgs {
    /// How many, newest first
    #[arg(
        long,
        value_name = "N",
        default_value_t = as_count(COUNT_USUAL),
        value_parser = clap::value_parser!(u16).range(1..=i64::from(as_count(COUNT_MAX)))
    )]
    count: u16,
    #[command(flatten)]
    config: ConfigArgs,
}

/// A count as the parser of arguments holds it.
fn as_count(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

pub(super) fn status(args: &AskArgs, session: &Session) -> anyhow::Result<Outcome> {
    carry_out(&args.config, &Call::get(&["status"]), session, show::status)
}

pub(super) fn positions(args: &AskArgs, session: &Session) -> anyhow::Result<Outcome> {
    carry_out(
        &args.config,
        &Call::get(&["positions"]),
        session,
        show::positions,
    )
}

pub(super) fn recent(args: &RecentArgs, session: &Session) -> anyhow::Result<Outcome> {
    let mut call = Call::get(&["signals"]);
    call.count = Some(args.count);
    carry_out(&args.config, &call, session, show::recent)
}

pub(super) fn pause(args: &AskArgs, session: &Session) -> anyhow::Result<Outcome> {
    carry_out(&args.config, &Call::post(&["pause"]), session, |answer| {
        show::done("paused: no entries until sim resume", answer)
    })
}

pub(super) fn resume(args: &AskArgs, session: &Session) -> anyhow::Result<Outcome> {
    carry_out(&args.config, &Call::post(&["resume"]), session, |answer| {
        show::done("resumed: entries are taken again", answer)
    })
}

pub(super) fn flatten(args: &AskArgs, session: &Session) -> anyhow::Result<Outcome> {
    carry_out(
        &args.config,
        &Call::post(&["flatten"]),
        session,
        show::flattened,
    )
}

pub(super) fn close(args: &OneArgs, session: &Session) -> anyhow::Result<Outcome> {
    let call = Call::post(&["close", &args.symbol]);
    carry_out(&args.config, &call, session, |answer| {
        let text = format!("{}: closing at market", args.symbol);
        show::done(&text, answer)
    })
}

pub(super) fn cancel(args: &OneArgs, session: &Session) -> anyhow::Result<Outcome> {
    let call = Call::post(&["cancel", &args.symbol]);
    carry_out(&args.config, &call, session, |answer| {
        let text = format!("{}: orders that would open are canceled", args.symbol);
        show::done(&text, answer)
    })
}

/// Asks and shows the answer.
fn carry_out(
    config: &ConfigArgs,
    call: &Call<'_>,
    session: &Session,
    text: impl Fn(&Value) -> Option<String>,
) -> anyhow::Result<Outcome> {
    let caller = Caller::of(&config.load(Vec::new())?.live)?;
    let answer = caller.ask(call)?;
    if session.terminal.is_json() {
        session.terminal.print_json(&answer)?;
    } else {
        let text = text(&answer).ok_or_else(|| caller.stranger(&answer.to_string()))?;
        session.terminal.print(&text)?;
    }
    Ok(Outcome::Done)
}
