//! A run folder read back: what it is, its figures, its settings, its event log, its curve, its signals.
//!
//! Not here: writing one (`folder`), what is made of it (`difference`, `comparison`).
//! Invariant: a folder of something else, of a newer version or with a broken file is refused with the file's name.

pub mod signals;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::backtest::events::{Events, file as events};
use crate::backtest::folder::{self, MARK};
use crate::market::curve::{self, Curve};
use crate::market::error::MarketError;
use crate::report::input::RunReport;
use crate::report::saved;
use signals::SignalRow;

/// Why a run cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    /// Nothing is there.
    #[error("{}: there is no such folder\nhint: sim backtest writes one and says where, such as reports/<run id>", path.display())]
    Absent {
        /// The place.
        path: PathBuf,
    },
    /// Something else is there.
    #[error("{}: is no run of sim: {found}\nhint: name the folder that sim backtest wrote: the one with {MARK} in it", path.display())]
    NoRun {
        /// The place.
        path: PathBuf,
        /// What was found instead.
        found: String,
    },
    /// A run of a later version; that version can read it.
    #[error("{}: the run is of schema {found}, written by version {version}; this version knows schema {} and older\nhint: use that version of sim, or run the backtest again with this one", path.display(), folder::SCHEMA)]
    Newer {
        /// The file that says so.
        path: PathBuf,
        /// Its schema.
        found: u64,
        /// Who wrote it.
        version: String,
    },
    /// A file of the run is not there.
    #[error("{}: is missing{why}\nhint: make the run again: {command}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What may be the reason.
        why: &'static str,
        /// How to make the run again.
        command: String,
    },
    /// A file of the run is not as it was written.
    #[error("{}: {what}\nhint: the file was changed or cut short after the run; make the run again: {command}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where and how.
        what: String,
        /// How to make the run again.
        command: String,
    },
    /// A file of the run is of another form.
    #[error("{}: {what}\nhint: use the version of sim that wrote the run ({version}), or make it again: {command}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: String,
        /// Who wrote the run.
        version: String,
        /// How to make the run again.
        command: String,
    },
    /// The system refused.
    #[error("{}: cannot be read: {source}\nhint: check the right to read there", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// A Parquet file.
    #[error(transparent)]
    Market(#[from] MarketError),
}

/// A run of this or an older version.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Where it is, as it was named.
    pub folder: PathBuf,
    /// The content of `run.json`.
    pub summary: Value,
    /// The content of `metrics.json`.
    pub metrics: Value,
    /// Its configuration, where that is not a file of the folder (a journal has it inside).
    pub config: Option<String>,
}

impl Opened {
    /// Opens a run folder.
    ///
    /// # Errors
    /// When it holds no run, a newer one, or `metrics.json` cannot be read.
    pub fn open(path: &Path) -> Result<Self, ReadingError> {
        let mut opened = Self {
            folder: path.to_owned(),
            summary: summary(path)?,
            metrics: Value::Null,
            config: None,
        };
        opened.metrics = opened.json("metrics.json")?;
        Ok(opened)
    }

    /// A text of `run.json`; empty when it has none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.summary[name].as_str().unwrap_or_default()
    }

    /// How to make the run again, its inputs by name.
    #[must_use]
    pub fn command(&self) -> String {
        let (signals, folder) = (self.text("signals"), self.folder.display());
        format!("sim backtest --signals {signals} --data DIR -c {folder}/config.toml")
    }

    /// A file's bytes.
    ///
    /// # Errors
    /// When it is missing or the system refuses.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, ReadingError> {
        let path = self.folder.join(name);
        fs::read(&path).map_err(|source| {
            if source.kind() == io::ErrorKind::NotFound {
                self.missing(name, "")
            } else {
                ReadingError::Unreadable { path, source }
            }
        })
    }

    /// A file of JSON.
    ///
    /// # Errors
    /// When it is missing or is none.
    pub fn json(&self, name: &str) -> Result<Value, ReadingError> {
        let bytes = self.bytes(name)?;
        serde_json::from_slice(&bytes)
            .map_err(|wrong| self.damaged(name, format!("is no JSON: {wrong}")))
    }

    /// All settings in their order: key and value as `config.toml` writes them.
    ///
    /// # Errors
    /// When the file is missing or not of the form that runs write.
    pub fn settings(&self) -> Result<Vec<(String, String)>, ReadingError> {
        const FILE: &str = "config.toml";
        let text = match &self.config {
            Some(text) => text.clone(),
            None => String::from_utf8(self.bytes(FILE)?)
                .map_err(|wrong| self.damaged(FILE, format!("is no text: {wrong}")))?,
        };
        let mut section = "";
        let mut settings: Vec<(String, String)> = Vec::new();
        let mut is_open = false;
        // A line a key and a line a row of a list: the form of `Settings::to_toml`.
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            let name = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            match (is_open, name, line.split_once(" = "), settings.last_mut()) {
                (true, _, _, Some((_, value))) => {
                    value.push_str(line);
                    is_open = line != "]";
                }
                _ if line.is_empty() || line.starts_with('#') => {}
                (_, Some(name), _, _) => section = name,
                (_, None, Some((key, value)), _) => {
                    settings.push((format!("{section}.{key}"), value.to_owned()));
                    is_open = value == "[";
                }
                _ => {
                    let what = format!("line {}: is no setting: '{line}'", number + 1);
                    return Err(self.damaged(FILE, what));
                }
            }
        }
        Ok(settings)
    }

    /// What page and pictures are made from.
    ///
    /// # Errors
    /// When it is missing, damaged or of a newer version.
    pub fn report(&self) -> Result<RunReport, ReadingError> {
        const FILE: &str = saved::FILE;
        if !self.folder.join(FILE).exists() {
            let why = ", as in runs of versions that kept no data of their report";
            return Err(self.missing(FILE, why));
        }
        let report = saved::from_bytes(&self.bytes(FILE)?)
            .map_err(|wrong| self.damaged(FILE, wrong.to_string()))?;
        let told = self.text("run_id");
        if report.run_id != told {
            let what = format!(
                "holds the report of run {}, but {MARK} names {told}",
                report.run_id
            );
            return Err(self.damaged(FILE, what));
        }
        Ok(report)
    }

    /// The event log, checked against the hash in `run.json`.
    ///
    /// # Errors
    /// When it is missing, damaged, of another form or that of another run.
    pub fn events(&self) -> Result<Events, ReadingError> {
        let name = events::FILE;
        let path = self.folder.join(name);
        if !path.exists() {
            let why = ", as in runs of versions that kept no event log";
            return Err(self.missing(name, why));
        }
        let read = events::read(&self.bytes(name)?).map_err(|damage| {
            if damage.is_foreign {
                ReadingError::Foreign {
                    path,
                    what: damage.to_string(),
                    version: self.text("version").to_owned(),
                    command: self.command(),
                }
            } else {
                self.damaged(name, damage.to_string())
            }
        })?;
        let told = self.text("event_log_blake3");
        if read.hash != told {
            let what = format!(
                "holds the log {}, but {MARK} names {told}: it is that of another run",
                read.hash
            );
            return Err(self.damaged(name, what));
        }
        Ok(read)
    }

    /// The account at bar ends.
    ///
    /// # Errors
    /// When the file is missing or damaged.
    pub fn curve(&self) -> Result<Curve, ReadingError> {
        const FILE: &str = "equity.parquet";
        let path = self.folder.join(FILE);
        if !path.exists() {
            return Err(self.missing(FILE, ""));
        }
        Ok(curve::read(&path)?)
    }

    /// What became of every message of the input.
    ///
    /// # Errors
    /// When the file is missing or has other columns.
    pub fn signals(&self) -> Result<Vec<SignalRow>, ReadingError> {
        const FILE: &str = "signals.csv";
        let bytes = self.bytes(FILE)?;
        signals::read(&bytes).map_err(|what| self.damaged(FILE, what))
    }

    /// An error about a file of this run that is not as it should be.
    #[must_use]
    pub fn damaged(&self, name: &str, what: String) -> ReadingError {
        ReadingError::Damaged {
            path: self.folder.join(name),
            what,
            command: self.command(),
        }
    }

    fn missing(&self, name: &str, why: &'static str) -> ReadingError {
        ReadingError::Missing {
            path: self.folder.join(name),
            why,
            command: self.command(),
        }
    }
}

/// The content of `run.json`, once it is known to be of a run that this version can read.
fn summary(folder: &Path) -> Result<Value, ReadingError> {
    let no_run = |found: String| ReadingError::NoRun {
        path: folder.to_owned(),
        found,
    };
    if !folder.exists() {
        return Err(ReadingError::Absent {
            path: folder.to_owned(),
        });
    }
    if !folder.is_dir() {
        return Err(no_run("it is a file".to_owned()));
    }
    let path = folder.join(MARK);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(wrong) if wrong.kind() == io::ErrorKind::NotFound => {
            let sweep = folder.join("sweep.json").exists();
            let more = if sweep { "; it holds a sweep" } else { "" };
            return Err(no_run(format!("it has no {MARK}{more}")));
        }
        Err(source) => return Err(ReadingError::Unreadable { path, source }),
    };
    let value: Value = serde_json::from_slice(&text)
        .map_err(|wrong| no_run(format!("its {MARK} is no JSON: {wrong}")))?;
    if value["kind"] != folder::kind() {
        let kind = value["kind"].as_str().unwrap_or("something else");
        return Err(no_run(format!("its {MARK} says it is '{kind}'")));
    }
    let found = value["schema_version"].as_u64();
    let found = found.ok_or_else(|| no_run(format!("its {MARK} names no schema_version")))?;
    if found > u64::from(folder::SCHEMA) {
        let version = value["version"].as_str().unwrap_or("unknown").to_owned();
        return Err(ReadingError::Newer {
            path,
            found,
            version,
        });
    }
    Ok(value)
}
