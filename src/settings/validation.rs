//! `[validate]`: how the best of many runs is put to the proof, and which gates it must pass.
//!
//! Not here: doing it (`validate`), what a gate is (`gate`).
//! Invariant: no run depends on any of these keys, so they are no part of what names a run.

use super::error::{Cause, Problem};
use super::gate::Gate;
use super::parse::{Item, Value};
use super::reader::{Reader, Rule};
use crate::domain::num::Rate;

/// What the keys of this section begin with.
pub const SECTION: &str = "validate.";

/// Most days a length may have: three centuries.
const DAYS_MAX: u64 = 100_000;

/// How a result is validated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Validation {
    /// What must hold; may be none.
    pub gates: Vec<Gate>,
    /// Tests of a walk-forward whose lengths are left open.
    pub folds: usize,
    /// Days of a (first) training range.
    pub train_days: Option<usize>,
    /// Days of a test range.
    pub test_days: Option<usize>,
    /// Days between both; `None` follows from holding times (V2).
    pub embargo_days: Option<usize>,
    /// S of V4: even, 2 to 20.
    pub pbo_blocks: usize,
    /// N of V3.
    pub cv_groups: usize,
    /// k of V3, below the groups.
    pub cv_tested: usize,
    /// B of V6 and V7.
    pub replicates: u64,
    /// L of V6; `None` is estimated.
    pub block_days: Option<usize>,
    /// K of V9.
    pub placebos: u64,
    /// Annual sharpe of the least backtest length (V5).
    pub sharpe_target: f64,
}

/// Reads the section.
pub(super) fn read(reader: &mut Reader<'_>) -> Validation {
    let validation = Validation {
        gates: gates(reader),
        folds: number(
            reader,
            "validate.folds",
            "a whole number from 1 to 100",
            |n| (1..=100).contains(&n),
        ),
        train_days: days(reader, "validate.train_days"),
        test_days: days(reader, "validate.test_days"),
        embargo_days: reader
            .auto(
                "validate.embargo_days",
                DAYS,
                |text| day_count(text, 0),
                |n| n.to_string(),
            )
            .and_then(small),
        pbo_blocks: number(
            reader,
            "validate.pbo_blocks",
            "an even number from 2 to 20",
            |n| n % 2 == 0 && (2..=20).contains(&n),
        ),
        cv_groups: number(
            reader,
            "validate.cv_groups",
            "a whole number from 3 to 20",
            |n| (3..=20).contains(&n),
        ),
        cv_tested: number(
            reader,
            "validate.cv_tested",
            "a whole number from 1 to 19",
            |n| (1..=19).contains(&n),
        ),
        replicates: count(reader, "validate.replicates"),
        block_days: days(reader, "validate.block_days"),
        placebos: count(reader, "validate.placebos"),
        sharpe_target: reader
            .fraction(
                "validate.sharpe_target",
                &Rule {
                    words: "above 0 and at most 100",
                    holds: |rate| rate > Rate::ZERO && rate.steps() <= 100 * Rate::ONE.steps(),
                },
            )
            .to_f64(),
    };
    if validation.cv_tested >= validation.cv_groups {
        let text = format!(
            "{} of {} groups cannot be tested at a time: the rest is learnt from",
            validation.cv_tested, validation.cv_groups
        );
        reader.conflict(
            &["validate.cv_tested", "validate.cv_groups"],
            text,
            "give fewer cv_tested or more cv_groups",
        );
    }
    validation
}

const DAYS: &str = "a whole number of days";

fn number(
    reader: &mut Reader<'_>,
    key: &str,
    words: &'static str,
    holds: fn(u64) -> bool,
) -> usize {
    let found = reader.integer(key, &Rule { words, holds });
    small(found).unwrap_or_default()
}

fn small(number: u64) -> Option<usize> {
    usize::try_from(number).ok()
}

fn count(reader: &mut Reader<'_>, key: &str) -> u64 {
    let rule = Rule {
        words: "a whole number from 1 to 1000000",
        holds: |number| (1..=1_000_000).contains(&number),
    };
    reader.integer(key, &rule)
}

fn days(reader: &mut Reader<'_>, key: &str) -> Option<usize> {
    let days = reader.auto(key, DAYS, |text| day_count(text, 1), |n| n.to_string());
    days.and_then(small)
}

fn day_count(text: &str, least: u64) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (least..=DAYS_MAX).contains(&number).then_some(number)
}

fn gates(reader: &mut Reader<'_>) -> Vec<Gate> {
    const KEY: &str = "validate.gates";
    const EXPECTED: &str = "a list of texts such as \"dsr >= 0.95\"";
    let item = reader.item(KEY);
    let Value::List(items) = &item.value else {
        reader.wrong_kind(KEY, item, EXPECTED);
        return Vec::new();
    };
    let gates: Vec<Gate> = items
        .iter()
        .filter_map(|item| gate(reader, KEY, item, EXPECTED))
        .collect();
    reader.note(KEY, || {
        let texts: Vec<String> = gates.iter().map(|gate| format!("\"{gate}\"")).collect();
        format!("[{}]", texts.join(", "))
    });
    gates
}

fn gate(reader: &mut Reader<'_>, key: &str, item: &Item, expected: &str) -> Option<Gate> {
    let Value::Text(text) = &item.value else {
        reader.wrong_kind(key, item, expected);
        return None;
    };
    match Gate::read(text) {
        Ok(gate) => Some(gate),
        Err(wrong) => {
            reader.mark(key);
            reader.problems.push(Problem {
                place: Some(item.place.clone()),
                cause: Cause::Conflict {
                    text: wrong.to_string(),
                },
                hint: Some(wrong.hint()),
            });
            None
        }
    }
}
