//! A journal as a finished run: the same log, account, tape and messages that a backtest leaves, so that the same report
//! and the same comparison are made of it.
//!
//! Not here: the journal itself (`journal`), the report (`job`, `report`), the comparison (`difference`).
//! Invariants: the journal is only read, whoever writes it meanwhile; what is shown was recorded, nothing is decided again
//! but by the replays under other costs.

mod ids;
mod inputs;
mod rows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};

use crate::backtest::events::{Events, file as events};
use crate::backtest::job::{Done, Finished, Job, JobError, publish};
use crate::backtest::prepare::{Prepared, Sources};
use crate::backtest::reading::Opened;
use crate::backtest::run::Simulation;
use crate::domain::num::{Money, Notional};
use crate::domain::position::Position;
use crate::domain::symbol::{Symbol, SymbolId};
use crate::exchange::history::{Counters, Engine, Outcome};
use crate::exchange::model::{Model, Prices};
use crate::journal::error::JournalError;
use crate::market::error::MarketError;
use crate::market::legacy;
use crate::market::tape::Tape;
use crate::report::files::Look;
use crate::report::input::Mode;
use crate::settings::Settings;
use rows::Rows;

/// Why no run can be made of a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournaledError {
    /// The journal itself.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The file cannot be looked at.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// Its configuration is of another version.
    #[error("{}: the configuration of start {epoch} cannot be read: {found}\nhint: use the version of sim that wrote the journal ({version})", path.display())]
    Settings {
        /// The journal.
        path: PathBuf,
        /// The start of the program.
        epoch: u64,
        /// The program that wrote it.
        version: String,
        /// What is wrong.
        found: String,
    },
    /// Nothing was heard yet.
    #[error("{}: no event was heard yet: there is nothing to report\nhint: sim paper opens the account once it is connected; ask again then", path.display())]
    Empty {
        /// The journal.
        path: PathBuf,
    },
    /// A recorded minute is no bar.
    #[error("{}: a recorded minute of {symbol} is no bar: {found}\nhint: the journal was not written by this program", path.display())]
    Bar {
        /// The journal.
        path: PathBuf,
        /// The contract.
        symbol: Symbol,
        /// When, and what is wrong.
        found: String,
    },
    /// The log cannot be read back.
    #[error("{}: its events cannot be compared: {found}\nhint: use the version of sim that wrote the journal", path.display())]
    Events {
        /// The journal.
        path: PathBuf,
        /// What is wrong.
        found: String,
    },
}

/// A journal as a finished run.
#[derive(Debug)]
pub struct Journaled {
    path: PathBuf,
    environment: String,
    version: String,
    settings: Settings,
    model: Model,
    prepared: Prepared,
    run: Simulation,
}

/// How the report of a journal is made.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The run folder; `None` is `reports/<name of the journal>`.
    pub out: Option<PathBuf>,
    /// Threads for replays, at least one.
    pub threads: usize,
    /// How page and pictures are made.
    pub look: Look,
}

/// Whether a path is a file of the kind that journals are; whose it is, reading it says.
///
/// # Errors
/// When it is a file that cannot be read.
pub fn is_journal(path: &Path) -> Result<bool, JournaledError> {
    Ok(path.is_file() && legacy::is_sqlite(path)?)
}

impl Journaled {
    /// Reads a journal; it may be in use.
    ///
    /// # Errors
    /// When it is no journal, is damaged, or nothing was heard yet.
    pub fn read(path: &Path) -> Result<Self, JournaledError> {
        let rows = Rows::read(path)?;
        let (boot, epoch, _) = &rows.boot;
        let name = format!("configuration of start {epoch}");
        let mut settings =
            Settings::from_text(Path::new(&name), &boot.config).map_err(|wrong| {
                JournaledError::Settings {
                    path: path.to_owned(),
                    epoch: *epoch,
                    version: boot.version.clone(),
                    found: wrong.to_string(),
                }
            })?;
        // What a live exchange is: fills at its trades, from when the account was opened.
        settings.model.prices = Prices::Trades;
        settings.model.balance = rows.opened.1;
        let mut model = settings.model.clone();
        model.start = Some(rows.opened.0);
        let prepared = inputs::prepared(path, &rows, &model)?;
        let version = boot.version.clone();
        let outcome = outcome(&rows, &prepared.world.tape);
        Ok(Self {
            path: path.to_owned(),
            environment: rows.environment,
            version,
            settings,
            model,
            prepared,
            run: Simulation {
                outcome,
                log: rows.log,
            },
        })
    }

    /// Account, trades, events: what was recorded.
    #[must_use]
    pub const fn run(&self) -> &Simulation {
        &self.run
    }

    /// Writes the run folder that a backtest writes. `stage` is told what is being done; `cancel` stops it.
    ///
    /// # Errors
    /// When the folder cannot be written, figures do not tie out, or the user stopped it; nothing is left behind then.
    pub fn report(
        &self,
        wanted: &Wanted,
        talk: (&dyn Fn(&str), &AtomicBool),
        timing: &dyn Fn() -> Value,
    ) -> Result<Done, JobError> {
        let stem = self.path.file_stem().unwrap_or_default();
        let place = || PathBuf::from("reports").join(stem);
        let job = Job {
            sources: Sources {
                signals: self.path.clone(),
                data: Vec::new(),
            },
            settings: self.settings.clone(),
            out: Some(wanted.out.clone().unwrap_or_else(place)),
            engine: Engine::Skip,
            threads: wanted.threads,
            look: wanted.look,
            origin: None,
        };
        let finished = Finished {
            prepared: &self.prepared,
            run: &self.run,
            model: &self.model,
            mode: Mode::Paper,
            command: Some(format!("sim report {}", name(&self.path))),
        };
        publish(&job, &finished, talk, timing)
    }

    /// What a comparison wants: the run as its folder would name it, and its events.
    ///
    /// # Errors
    /// When the recorded events do not read back.
    pub fn compared(&self) -> Result<(Opened, Events), JournaledError> {
        let symbols = &self.prepared.world.tape.symbols;
        let bytes = events::encode(&self.run.log, symbols);
        let events = events::read(&bytes).map_err(|damage| JournaledError::Events {
            path: self.path.clone(),
            found: damage.to_string(),
        })?;
        let opened = Opened {
            folder: self.path.clone(),
            summary: self.summary(),
            metrics: Value::Null,
            config: Some(self.settings.to_toml()),
        };
        Ok((opened, events))
    }

    fn summary(&self) -> Value {
        let (prepared, outcome) = (&self.prepared, &self.run.outcome);
        let symbols = prepared.reports.iter().map(|used| {
            json!({
                "symbol": used.symbol.as_str(),
                "interval_ms": used.interval.map(|interval| interval.millis()),
                "detail_ms": Value::Null,
                "files": [name(&self.path)],
            })
        });
        json!({
            "run_id": format!("{} journal", self.environment),
            "title": name(&self.path),
            "version": self.version,
            "inputs": { "signals": prepared.signals_hash, "data": prepared.data_hash },
            "from": prepared.window.from.to_text(),
            "to": prepared.window.to.to_text(),
            "signals": name(&self.path),
            "symbols": symbols.collect::<Vec<Value>>(),
            "trades": outcome.trades.len(),
            "net_usdt": outcome.net(self.model.balance).to_string(),
        })
    }
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The account as the journal leaves it; what is still open counts at its last recorded mark.
fn outcome(rows: &Rows, tape: &Tape) -> Outcome {
    let mut open: BTreeMap<SymbolId, Position> = BTreeMap::new();
    for step in &rows.steps {
        match step.position {
            Some(position) => open.insert(step.symbol, position),
            None => open.remove(&step.symbol),
        };
    }
    let booked: Money = rows.ledger.iter().map(|line| line.amount).sum();
    let wallet = if rows.ledger.is_empty() {
        rows.opened.1
    } else {
        booked
    };
    let unrealized = open.iter().filter_map(|(symbol, position)| {
        let series = tape.series[symbol.index()].as_ref()?;
        let last = series.len().checked_sub(1)?;
        Some(position.unrealized(series.mark_close(last)))
    });
    let unrealized = unrealized.fold(Notional::ZERO, |sum, one| sum + one);
    Outcome {
        start: rows.opened.0,
        end: rows.end,
        wallet,
        equity: wallet.exact() + unrealized,
        rollovers: rows.rollovers.clone(),
        ledger: rows.ledger.clone(),
        trades: rows.trades.clone(),
        open: open.into_iter().collect(),
        steps: rows.steps.clone(),
        counters: Counters::default(),
    }
}
