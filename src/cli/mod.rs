//! The command line: parses, runs, prints, and says by its exit code how it went. The only module that prints.
//!
//! Not here: what a command does (the floors below); this module only calls it and shows what came back.
//! Invariants: results go to stdout, everything else to stderr; no input makes it panic, and should it ever, one line
//! says so.

mod args;
mod backtest;
mod compare;
mod config;
mod control;
mod data;
mod diff;
mod explain;
mod failure;
mod market;
mod paper;
mod progress;
mod replay;
mod report;
mod signal;
mod signals;
mod staging;
mod survey;
mod sweep;
mod table;
mod terminal;
mod trials;
mod validate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};

use crate::settings::environment;
use args::{Cli, Command};
use failure::Failure;
use terminal::Terminal;

/// How a command ended when it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Done.
    Done,
    /// Done: what was compared is not the same.
    Differs,
    /// Done, but a declared validation gate failed.
    GateFailed,
}

/// Set once the user asked to stop. Whoever works for more than a moment polls it.
type Cancel = Arc<AtomicBool>;

/// What every command is given.
struct Session {
    terminal: Terminal,
    cancel: Cancel,
}

/// Runs the program with the arguments of its process.
#[must_use]
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, |place| format!(" at {place}"));
        terminal::complain(&format!(
            "internal error{place}: {}\nhint: this is a mistake in sim itself, please report it with the command you ran",
            terminal::one_line(panic.payload_as_str().unwrap_or("no message"))
        ));
    }));
    // Unwinding, not exiting in the hook: folders that are being written are removed on the way out.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(ExitCode::FAILURE)
}

fn run() -> ExitCode {
    let plain = environment::no_color() || std::env::args_os().any(|arg| arg == "--no-color");
    let cli = match parse(plain) {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing is left to be done about a closed terminal.
            let _closed = error.print();
            return failure::usage_code(&error);
        }
    };
    let session = Session {
        terminal: Terminal::new(&cli.talk, plain),
        cancel: Cancel::default(),
    };
    if let Err(error) = listen(&session.cancel) {
        session
            .terminal
            .warn(&format!("Ctrl-C cannot be heard: {error}"));
    }
    match dispatch(&cli.command, &session) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Differs) => ExitCode::from(1),
        Ok(Outcome::GateFailed) => ExitCode::from(6),
        Err(error) => {
            let failure = Failure::of(&error, session.cancel.load(Ordering::Relaxed));
            session.terminal.fail(&failure, &error);
            failure.code()
        }
    }
}

fn parse(plain: bool) -> Result<Cli, clap::Error> {
    let color = if plain {
        clap::ColorChoice::Never
    } else {
        clap::ColorChoice::Auto
    };
    let matches = Cli::command().color(color).try_get_matches()?;
    Cli::from_arg_matches(&matches)
}

/// The first Ctrl-C asks for an orderly end; one that comes clearly after it ends at once. One key press can arrive
/// twice (from the terminal and from a parent that passes it on), so what follows closely is the same one.
fn listen(cancel: &Cancel) -> Result<(), ctrlc::Error> {
    const SAME: Duration = Duration::from_secs(2);
    let cancel = Arc::clone(cancel);
    let mut asked = None;
    ctrlc::set_handler(move || {
        cancel.store(true, Ordering::Relaxed);
        let now = progress::clock();
        let first = *asked.get_or_insert(now);
        if first == now {
            terminal::complain("stopping; Ctrl-C again ends at once");
        } else if now.duration_since(first) > SAME {
            std::process::exit(130);
        }
    })
}

fn dispatch(command: &Command, session: &Session) -> anyhow::Result<Outcome> {
    match command {
        Command::Backtest(args) => backtest::run(args, session),
        Command::Report(args) => report::run(args, session),
        Command::Sweep(args) => sweep::run(args, session),
        Command::Validate(args) => validate::run(args, session),
        Command::Compare(args) => compare::run(args, session),
        Command::Diff(args) => diff::run(args, session),
        Command::Paper(args) => paper::run(args, session),
        Command::Status(args) => control::status(args, session),
        Command::Positions(args) => control::positions(args, session),
        Command::Pause(args) => control::pause(args, session),
        Command::Resume(args) => control::resume(args, session),
        Command::Close(args) => control::close(args, session),
        Command::Cancel(args) => control::cancel(args, session),
        Command::Flatten(args) => control::flatten(args, session),
        Command::Replay(args) => replay::run(args, session),
        Command::Signals(command) => signals::run(command, session),
        Command::Signal(command) => signal::run(command, session),
        Command::Data(command) => data::run(command, session),
        Command::Market(command) => market::run(command, session),
        Command::Config(command) => config::run(command, session),
        Command::Explain(command) => explain::run(command, session),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "sim", &mut script);
            session.terminal.print(&String::from_utf8_lossy(&script))?;
            Ok(Outcome::Done)
        }
    }
}
