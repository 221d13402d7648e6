//! In what the inputs of some runs differ: settings, signals, prices, window, version.
//!
//! Not here: in what their events and results differ (`difference`, `comparison`).

use serde_json::Value;

use crate::backtest::reading::{Opened, ReadingError};
use crate::report::compare::{Differing, Subject};
use crate::report::words::{Word, compare as words};

/// All differing inputs of some runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Causes {
    /// Keys of the configuration, in its order.
    pub settings: Vec<Differing>,
    /// Everything else.
    pub inputs: Vec<Differing>,
}

impl Causes {
    /// Whether all inputs are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.inputs.is_empty()
    }

    /// Settings, then everything else.
    pub fn iter(&self) -> impl Iterator<Item = &Differing> {
        self.settings.iter().chain(&self.inputs)
    }
}

/// Finds them.
///
/// # Errors
/// When a configuration cannot be read.
pub fn causes(runs: &[Opened]) -> Result<Causes, ReadingError> {
    let settings = runs.iter().map(Opened::settings);
    let settings: Vec<Vec<(String, String)>> = settings.collect::<Result<_, _>>()?;
    Ok(Causes {
        settings: of_settings(&settings),
        inputs: of_inputs(runs),
    })
}

fn of_settings(runs: &[Vec<(String, String)>]) -> Vec<Differing> {
    let mut keys: Vec<&String> = Vec::new();
    for (key, _) in runs.iter().flatten() {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let value = |run: &Vec<(String, String)>, key: &String| {
        let found = run.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.clone())
    };
    let causes = keys.into_iter().map(|key| Differing {
        subject: Subject::Key(key.clone()),
        values: runs.iter().map(|run| value(run, key)).collect(),
    });
    causes.filter(differs).collect()
}

fn of_inputs(runs: &[Opened]) -> Vec<Differing> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let whole = [
        (words::COMPARE_INPUT_VERSION, ["version", ""]),
        (words::COMPARE_INPUT_FILE, ["signals", ""]),
        (words::COMPARE_INPUT_SIGNALS, ["inputs", "signals"]),
        (words::COMPARE_INPUT_DATA, ["inputs", "data"]),
        (words::COMPARE_INPUT_FROM, ["from", ""]),
        (words::COMPARE_INPUT_TO, ["to", ""]),
    ];
    let mut found: Vec<Differing> = Vec::new();
    for (name, [outer, inner]) in whole {
        let value = |run: &Opened| match inner {
            "" => text(&run.summary[outer]),
            inner => text(&run.summary[outer][inner]),
        };
        found.push(Differing {
            subject: Subject::Input(name.alone()),
            values: runs.iter().map(value).collect(),
        });
    }
    found.extend(of_symbols(runs));
    found.retain(differs);
    found
}

/// Contracts that not all runs have, and bars that are not of one length.
fn of_symbols(runs: &[Opened]) -> Vec<Differing> {
    let used = |run: &Opened| {
        let symbols = run.summary["symbols"].as_array();
        symbols.cloned().unwrap_or_default()
    };
    let used: Vec<Vec<Value>> = runs.iter().map(used).collect();
    let mut names: Vec<&str> = used
        .iter()
        .flatten()
        .filter_map(|one| one["symbol"].as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let cause = |name: &str, what: Word, value: &dyn Fn(&Value) -> Option<String>| Differing {
        subject: Subject::Input(what.of([name])),
        values: used
            .iter()
            .map(|run| value(run.iter().find(|one| one["symbol"] == name)?))
            .collect(),
    };
    let length = |one: &Value, key: &str| match one[key].as_i64() {
        Some(ms) => format!("{} s", ms / 1000),
        None => "none".to_owned(),
    };
    let files = |one: &Value| {
        let names = one["files"].as_array()?.iter();
        let names: Vec<&str> = names.filter_map(Value::as_str).collect();
        Some(names.join(" "))
    };
    let each = names.into_iter().flat_map(|name| {
        [
            cause(name, words::COMPARE_INPUT_BARS, &|one| {
                Some(length(one, "interval_ms"))
            }),
            cause(name, words::COMPARE_INPUT_DETAIL, &|one| {
                Some(length(one, "detail_ms"))
            }),
            cause(name, words::COMPARE_INPUT_FILES, &files),
        ]
    });
    each.filter(differs).collect()
}

fn differs(cause: &Differing) -> bool {
    cause.values.iter().any(|value| *value != cause.values[0])
}
