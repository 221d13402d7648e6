//! The verdict beside a sweep: read from the folder when it is of that very sweep and of its best trial.
//!
//! Not here: writing it (`validate::output`), what the page shows of it (`report::html::sweep::proof`).
//! Invariant: a verdict of anything else, or a damaged one, is as good as none.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::report::sweep::proof::{Halves, Mark, Proof, Window};
use crate::stats::returns::YEAR_DAYS;
use crate::sweep::finish::Identity;

/// The file of a verdict.
pub const FILE: &str = "validation.json";

/// What that file says it is.
pub const KIND: &str = "confluence validation";

/// The verdict in a folder on the best trial of a sweep.
#[must_use]
pub fn beside(place: &Path, identity: Identity<'_>, best: Option<u64>) -> Option<Proof> {
    let bytes = fs::read(place.join(FILE)).ok()?;
    let object: Value = serde_json::from_slice(&bytes).ok()?;
    let is_its = is_judged_alike(&object, identity) && object["chosen"]["trial"].as_u64() == best;
    (object["kind"] == KIND && is_its)
        .then(|| proof(&object))
        .flatten()
}

/// Whether a file is of a sweep's trials, ranked as it ranks them.
#[must_use]
pub fn is_judged_alike(object: &Value, identity: Identity<'_>) -> bool {
    let ranking = identity.ranking;
    object["identity"] == identity.id.to_object()
        && object["objective"] == ranking.objective()
        && object["constraints"] == Value::from(ranking.constraints())
        && object["trades_min"] == ranking.trades_min
}

/// What a verdict's file says; `None` when it is not whole.
#[must_use]
pub fn proof(object: &Value) -> Option<Proof> {
    let figure = |name: &str| object["figures"][name].as_f64();
    let walk = &object["parts"]["walk_forward"];
    let mut windows = tests(&walk["rolling"], false);
    windows.extend(tests(&walk["anchored"], true));
    let halves = &object["parts"]["overfitting"];
    Some(Proof {
        survives: object["verdict"].as_str()? == "survives",
        questions: marks(&object["questions"], ["question", "yes", "because"])?,
        gates: marks(&object["gates"], ["gate", "passes", "value"])?,
        windows,
        efficiency: figure("wf_rolling_efficiency"),
        halves: Halves {
            count: halves["splits"].as_u64().unwrap_or_default(),
            dots: dots(&halves["sharpes_in_and_out"]),
            slope: figure("pbo_slope"),
            intercept: halves["intercept"]
                .as_f64()
                .map(|daily| daily * YEAR_DAYS.sqrt()),
            overfit: figure("pbo"),
            lost: figure("pbo_loss_share"),
            why: text(&object["why_null"]["pbo"]),
        },
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn marks(list: &Value, [asks, holds, found]: [&str; 3]) -> Option<Vec<Mark>> {
    let mark = |row: &Value| {
        Some(Mark {
            asks: row[asks].as_str()?.to_owned(),
            holds: row[holds].as_bool()?,
            found: text(&row[found]),
            meaning: text(&row["meaning"]),
        })
    };
    list.as_array()?.iter().map(mark).collect()
}

/// Tests with a figure on both sides.
fn tests(form: &Value, anchored: bool) -> Vec<Window> {
    let day = |value: &Value| text(value).chars().take(10).collect::<String>();
    let window = |fold: &Value| {
        Some(Window {
            anchored,
            from: day(&fold["test"][0]),
            to: day(&fold["test"][1]),
            trial: fold["trial"].as_u64()?,
            trades: fold["trades"].as_u64()?,
            inside: fold["daily_return_in_sample"].as_f64()?,
            outside: fold["daily_return_out_of_sample"].as_f64()?,
        })
    };
    let folds = form["folds"].as_array().into_iter().flatten();
    folds.filter_map(window).collect()
}

fn dots(list: &Value) -> Vec<(f64, f64)> {
    let dot = |pair: &Value| Some((pair[0].as_f64()?, pair[1].as_f64()?));
    let pairs = list.as_array().into_iter().flatten();
    pairs.filter_map(dot).collect()
}
