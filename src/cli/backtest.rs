//! `sim backtest`: arguments become one run, its summary is printed.
//!
//! Not here: the run itself (`backtest`).

use super::args::BacktestArgs;
use super::{Outcome, Session, config};

pub(super) fn run(args: &BacktestArgs, session: &Session) -> anyhow::Result<Outcome> {
    let settings = args.settings()?;
    let told = settings.consequence();
    session
        .terminal
        .detail(&config::consequence_text(&settings, &told));
    for warning in &told.warnings {
        session.terminal.warn(warning);
    }
    // CALL SITE 1 (backtest): run with `args.signals`, `args.data.data`, `settings`, `args.out`, `args.engine`,
    // `args.threads`, `session.cancel` and `Progress::new(session.terminal)`; print the summary; `args.open` shows
    // the report; a failed gate is `Outcome::GateFailed`.
    anyhow::bail!("this build cannot run a backtest yet")
}
