//! `sim paper`: the strategy on live prices, until it is stopped.
//!
//! Not here: the run itself (`live`).

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use tokio::sync::watch;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::args::ConfigArgs;
use super::{Outcome, Session, config};
use crate::journal::store::Options;
use crate::live::start::{self, Started, Wanted};
use crate::report::words::Lang;
use crate::settings::live::Live;

/// `sim paper`.
#[derive(Debug, Args)]
pub(super) struct PaperArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// How much is logged on stderr: error, warn, info, debug
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log_level: String,
}

/// How often a wish to stop is looked for.
const GLANCE: Duration = Duration::from_millis(50);

pub(super) fn run(args: &PaperArgs, session: &Session) -> anyhow::Result<Outcome> {
    let terminal = &session.terminal;
    let settings = args.config.load(Vec::new())?;
    let told = settings.consequence();
    terminal.say(&config::consequence_text(&settings, &told));
    for warning in &told.warnings {
        terminal.warn(&warning.say(Lang::En));
    }
    let _log = log(&args.log_level, &settings.live)?;
    let (stop, stopped) = watch::channel(false);
    let cancel = std::sync::Arc::clone(&session.cancel);
    std::thread::spawn(move || {
        while !cancel.load(Ordering::Relaxed) {
            std::thread::park_timeout(GLANCE);
        }
        // Nobody listens any more when the run has ended by itself.
        let _ = stop.send(true);
    });
    let started = |started: &Started| terminal.say(&reached(started));
    start::run(
        Wanted {
            settings,
            stop: stopped,
            journal: Options::default(),
        },
        &started,
    )?;
    terminal.say("stopped; started again with the same journal it goes on");
    Ok(Outcome::Done)
}

fn reached(started: &Started) -> String {
    let mut lines = vec![format!(
        "paper: {} contracts, start {} of its journal, {}",
        started.contracts,
        started.epoch,
        started.time.to_text()
    )];
    if let Some(addr) = started.bridge {
        lines.push(format!("signals: bridge on {addr}"));
    }
    if let Some(addr) = started.http {
        lines.push(format!("signals: POST http://{addr}/signals"));
    }
    if let Some(addr) = started.control {
        lines.push(format!(
            "control: {addr}, token in {}",
            started.token_file.display()
        ));
    }
    lines.join("\n")
}

/// The log: for people on stderr, as JSON lines in a file of the day if a folder is named.
fn log(
    level: &str,
    live: &Live,
) -> anyhow::Result<Option<tracing_appender::non_blocking::WorkerGuard>> {
    let filter = || EnvFilter::new(format!("{level},hyper=warn,reqwest=warn,tungstenite=warn"));
    let people = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false)
        .with_filter(filter());
    let (file, guard) = match live.log.as_deref() {
        None => (None, None),
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            let (writer, guard) = tracing_appender::non_blocking(appender(folder)?);
            let layer = tracing_subscriber::fmt::layer()
                .json()
                .with_writer(writer)
                .with_filter(filter());
            (Some(layer), Some(guard))
        }
    };
    tracing_subscriber::registry()
        .with(people)
        .with(file)
        .init();
    Ok(guard)
}

/// One file a day, the newest fourteen kept.
fn appender(folder: &Path) -> anyhow::Result<tracing_appender::rolling::RollingFileAppender> {
    Ok(tracing_appender::rolling::Builder::new()
        .rotation(tracing_appender::rolling::Rotation::DAILY)
        .filename_prefix("paper")
        .filename_suffix("jsonl")
        .max_log_files(14)
        .build(folder)?)
}
