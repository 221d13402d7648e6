//! Parameters of a call and the exchange's rules for them.
//!
//! Not here: what a call answers.

use std::collections::BTreeMap;

use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;

use super::Refusal;
use crate::lookalike::world::World;

/// The parameters of one call.
#[derive(Debug)]
pub(super) struct Asked {
    words: BTreeMap<String, String>,
}

impl Asked {
    pub(super) const fn new(words: BTreeMap<String, String>) -> Self {
        Self { words }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.words.contains_key(name)
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.words.get(name).map(String::as_str) {
            Some("") => Err(Refusal::new(
                -1105,
                format!("Parameter '{name}' was empty."),
            )),
            other => Ok(other),
        }
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)?.ok_or_else(|| {
            Refusal::new(
                -1102,
                format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed."),
            )
        })
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let number: Option<i64> = text.parse().ok().filter(|number| *number >= 0);
        number.map(Some).ok_or_else(|| {
            Refusal::new(
                -1100,
                format!("Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'."),
            )
        })
    }

    /// `startTime` and `endTime`.
    pub(super) fn times(&self) -> Result<(Option<Timestamp>, Option<Timestamp>), Refusal> {
        let start = self.number("startTime")?.map(Timestamp::from_millis);
        let end = self.number("endTime")?.map(Timestamp::from_millis);
        if start.zip(end).is_some_and(|(start, end)| start > end) {
            return Err(Refusal::new(-4190, "Start time is greater than end time."));
        }
        Ok((start, end))
    }

    /// The limit for weighing, before it is judged.
    pub(super) fn limit_or(&self, usual: i64) -> i64 {
        self.number("limit").ok().flatten().unwrap_or(usual)
    }

    pub(super) fn limit(&self, usual: usize, most: usize) -> Result<usize, Refusal> {
        let Some(limit) = self.number("limit")? else {
            return Ok(usual);
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if limit == 0 || limit > most {
            let text = format!("Illegal parameter 'limit': between 1 and {most}.");
            return Err(Refusal::new(-1130, text));
        }
        Ok(limit)
    }

    pub(super) fn symbol(&self, world: &World) -> Result<SymbolId, Refusal> {
        let name = self.required("symbol")?;
        world
            .symbol(name)
            .ok_or_else(|| Refusal::new(-1121, "Invalid symbol."))
    }
}
