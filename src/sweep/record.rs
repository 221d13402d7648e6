//! One trial as one line of the journal: JSON that ends with a checksum of itself.
//!
//! Not here: the file (`journal`).
//! Invariant: a line that reads back is the line that was written; figures keep every bit.

use serde::Deserialize;
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

use crate::sweep::figures::Figures;

/// Where the checksum begins.
const CHECK: &str = ",\"check\":\"";

/// One finished trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its index.
    pub trial: u64,
    /// The values of its parameters, in declared order.
    pub values: Vec<String>,
    /// What came of it.
    pub end: End,
}

/// What came of a trial.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// It ran.
    Done {
        /// Its figures.
        figures: Box<Figures>,
        /// SHA-256 of its event log.
        log: String,
    },
    /// Its values cannot hold together; it was not run.
    Infeasible {
        /// Why.
        reason: String,
    },
    /// Its account left the range of exact amounts.
    Beyond {
        /// When and where.
        reason: String,
    },
}

#[derive(Deserialize)]
struct Line {
    trial: u64,
    values: Vec<String>,
    status: String,
    figures: Option<String>,
    log: Option<String>,
    reason: Option<String>,
}

impl End {
    /// As tables write it.
    #[must_use]
    pub const fn status(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Infeasible { .. } => "infeasible",
            Self::Beyond { .. } => "beyond_range",
        }
    }

    /// The figures, if it ran.
    #[must_use]
    pub fn figures(&self) -> Option<&Figures> {
        match self {
            Self::Done { figures, .. } => Some(figures),
            Self::Infeasible { .. } | Self::Beyond { .. } => None,
        }
    }

    /// Why it has no figures.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Done { .. } => None,
            Self::Infeasible { reason } | Self::Beyond { reason } => Some(reason),
        }
    }
}

impl Record {
    /// The line, without its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut object = Map::new();
        object.insert("trial".to_owned(), self.trial.into());
        object.insert("values".to_owned(), self.values.clone().into());
        object.insert("status".to_owned(), self.end.status().into());
        match &self.end {
            End::Done { figures, log } => {
                object.insert("figures".to_owned(), figures.to_text().into());
                object.insert("log".to_owned(), log.clone().into());
            }
            End::Infeasible { reason } | End::Beyond { reason } => {
                object.insert("reason".to_owned(), reason.clone().into());
            }
        }
        seal(&Value::Object(object))
    }

    /// Reads a line; `None` when it is no whole line of ours.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let line: Line = serde_json::from_str(opened(line)?).ok()?;
        let end = match (line.status.as_str(), line.figures, line.log, line.reason) {
            ("done", Some(figures), Some(log), None) => End::Done {
                figures: Box::new(Figures::parse(&figures)?),
                log,
            },
            ("infeasible", None, None, Some(reason)) => End::Infeasible { reason },
            ("beyond_range", None, None, Some(reason)) => End::Beyond { reason },
            _ => return None,
        };
        Some(Self {
            trial: line.trial,
            values: line.values,
            end,
        })
    }
}

/// An object as a line that checks itself.
#[must_use]
pub fn seal(object: &Value) -> String {
    let mut line = object.to_string();
    line.pop();
    let sum = xxh3_64(line.as_bytes());
    line.push_str(&format!("{CHECK}{sum:016x}\"}}"));
    line
}

/// The line itself when its checksum is right.
#[must_use]
pub fn opened(line: &str) -> Option<&str> {
    let (body, check) = line.rsplit_once(CHECK)?;
    let sum = check.strip_suffix("\"}")?;
    (format!("{:016x}", xxh3_64(body.as_bytes())) == sum).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::figures::COUNT;

    #[test]
    fn a_line_is_read_back_and_a_damaged_one_is_not() {
        let mut figures = Figures([None; COUNT]);
        figures.0[2] = Some(0.1);
        let ends = [
            End::Done {
                figures: Box::new(figures),
                log: "ab".to_owned(),
            },
            End::Infeasible {
                reason: "tp1 < tp2 does not hold, \"check\":\"".to_owned(),
            },
            End::Beyond {
                reason: "ö".to_owned(),
            },
        ];
        let mut damaged = 0;
        for end in ends {
            let record = Record {
                trial: 7,
                values: vec!["2.5".to_owned(), "leg".to_owned()],
                end,
            };
            let line = record.to_line();
            assert_eq!(Record::parse(&line), Some(record));
            for at in 0..line.len() {
                assert_eq!(line.get(..at).and_then(Record::parse), None);
                let mut bytes = line.clone().into_bytes();
                bytes[at] ^= 1;
                if let Ok(text) = String::from_utf8(bytes) {
                    assert_eq!(Record::parse(&text), None, "{text}");
                    damaged += 1;
                }
            }
        }
        println!("record: {damaged} damaged lines refused");
        assert!(damaged > 100);
    }
}
