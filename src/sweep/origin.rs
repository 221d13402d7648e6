//! The sweep that a configuration is the best of: read from the files beside it.
//!
//! Not here: comparing a run with it (`backtest::origin`), writing those files (`finish`).
//! Invariant: a folder that is no sweep of ours, or a damaged one, is told and never fails a run.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::backtest::origin::{Source, keys};
use crate::report::origin::{Around, NoScore, Origin};
use crate::settings::Settings;
use crate::settings::layers::Layers;
use crate::stats::figure::Why;
use crate::sweep::folder::DONE;
use crate::sweep::plan::{KIND, SCHEMA};

/// The file that a sweep writes its best configuration into.
pub const BEST: &str = "best.toml";

/// Larger than any summary of ours: the ranking is short and values of parameters are few.
const LARGEST: u64 = 64 << 20;

/// The sweep behind a file of the configuration; `None` when it is not the best of any.
///
/// # Errors
/// A sentence when the file beside it is damaged or of something else.
pub fn behind(config: &Path) -> Result<Option<Source>, String> {
    let is_best = config.file_name().is_some_and(|name| name == BEST);
    let path = config.with_file_name(DONE);
    if !is_best || !path.is_file() {
        return Ok(None);
    }
    let told = |what: String| {
        format!(
            "{}: {what}; the report shows no sensitivity\nhint: sim sweep … --resume writes it again",
            path.display()
        )
    };
    let object = read(&path).map_err(&told)?;
    let source = source(&object, config);
    source.map(Some).map_err(told)
}

fn read(path: &Path) -> Result<Value, String> {
    let size = fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
    if size.len() > LARGEST {
        return Err("is no summary of a sweep: it is far too long".to_owned());
    }
    let bytes = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let object: Value =
        serde_json::from_slice(&bytes).map_err(|error| format!("is damaged: {error}"))?;
    if object["kind"] != KIND {
        return Err("is no summary of a sweep".to_owned());
    }
    match object["schema_version"].as_u64() {
        Some(found) if found <= u64::from(SCHEMA) => Ok(object),
        Some(found) => Err(format!(
            "is of version {found}, this program reads {SCHEMA}"
        )),
        None => Err("is damaged: it has no version".to_owned()),
    }
}

fn source(object: &Value, config: &Path) -> Result<Source, String> {
    let missing = |name: &str| format!("is damaged: '{name}' is missing or no such value");
    let text = |value: &Value, name: &str| {
        let found = value[name].as_str().map(str::to_owned);
        found.ok_or_else(|| missing(name))
    };
    let identity = &object["identity"];
    let ranked = object["ranked"].as_array();
    let ranked = ranked.ok_or_else(|| missing("ranked"))?;
    let logs = ranked
        .iter()
        .map(|row| row["event_log_blake3"].as_str().map(str::to_owned));
    let layers = Layers {
        files: vec![PathBuf::from(config)],
        ..Layers::default()
    };
    let settings = Settings::load(&layers).map_err(|wrong| format!("{BEST} beside it: {wrong}"))?;
    Ok(Source {
        origin: origin(object)?,
        logs: logs.collect(),
        signals: text(identity, "signals")?,
        prices: text(identity, "data")?,
        version: text(identity, "version")?,
        settings: keys(&settings),
    })
}

fn origin(object: &Value) -> Result<Origin, String> {
    let missing = |name: &str| format!("is damaged: '{name}' is missing or no such value");
    let number = |value: &Value, name: &str| value[name].as_u64().ok_or_else(|| missing(name));
    let text = |value: &Value, name: &str| {
        let found = value[name].as_str().map(str::to_owned);
        found.ok_or_else(|| missing(name))
    };
    let objective = text(object, "objective")?;
    let (way, name) = objective.split_once(':').unwrap_or(("max", &objective));
    // Null in a sweep from before it was written down.
    let parameters = serde_json::from_value(object["sensitivity"].clone());
    let parameters = parameters.map_err(|_| missing("sensitivity"))?;
    Ok(Origin {
        sweep: text(object, "sweep")?,
        method: text(&object["identity"], "method")?,
        trials: number(object, "trials")?,
        ran: number(object, "done")?,
        objective: name.to_owned(),
        less: way == "min",
        trial: number(&object["best"], "trial")?,
        value: object["best"]["objective"].as_f64(),
        plateau: plateau(&object["plateau"]),
        parameters,
        rank: None,
        ranked: 0,
        differs: Vec::new(),
    })
}

fn plateau(object: &Value) -> Around {
    let count = |name: &str| object[name].as_u64().unwrap_or_default();
    let why = object["why_null"].as_str().map(|why| {
        if why == Why::NoStep.text() {
            NoScore::NoStep
        } else if why == Why::NotPositive.text() {
            NoScore::NotPositive
        } else {
            NoScore::NoNeighbours
        }
    });
    Around {
        score: object["score"].as_f64(),
        median: object["median"].as_f64(),
        neighbours: count("neighbours"),
        without: count("neighbours_without_objective"),
        why,
    }
}
