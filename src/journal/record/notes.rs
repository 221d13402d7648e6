//! The text of what the trader says and of its reasons for silence.
//!
//! Not here: what it hears (`events`).

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::text::{Eye, Pen, Told, Unread};
use crate::domain::event::{Confluence, Floor, Note, Score};
use crate::journal::entry::SaidCommand;

impl Told for Note {
    fn tell(&self, pen: &mut Pen<'_>) {
        match self {
            Self::Confluence(pair) => {
                pen.variant("confluence");
                pen.field("pair", pair);
                pen.end();
            }
            Self::Ignored { id, reason } => {
                pen.variant("ignored");
                pen.field("id", id);
                pen.field("reason", reason);
                pen.end();
            }
            Self::LowScore { id, pair } => {
                pen.variant("low_score");
                pen.field("id", id);
                pen.field("pair", pair);
                pen.end();
            }
            Self::Refused {
                symbol,
                reference,
                gate,
            } => {
                pen.variant("refused");
                pen.field("symbol", symbol);
                pen.field("reference", reference);
                pen.field("gate", gate);
                pen.end();
            }
            Self::Halted(cause) => {
                pen.variant("halted");
                pen.field("cause", cause);
                pen.end();
            }
            Self::Resumed => pen.only("resumed"),
            Self::TargetsDropped { symbol, levels } => {
                pen.variant("targets_dropped");
                pen.field("symbol", symbol);
                pen.field("levels", levels);
                pen.end();
            }
            Self::Unprotected { symbol } => {
                pen.variant("unprotected");
                pen.field("symbol", symbol);
                pen.end();
            }
            Self::Surprise { order, what } => {
                pen.variant("surprise");
                pen.field("order", order);
                pen.field("what", what);
                pen.end();
            }
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let whole = match eye.variant()? {
            "confluence" => Self::Confluence(eye.field("pair")?),
            "ignored" => Self::Ignored {
                id: eye.field("id")?,
                reason: eye.field("reason")?,
            },
            "low_score" => Self::LowScore {
                id: eye.field("id")?,
                pair: eye.field("pair")?,
            },
            "refused" => Self::Refused {
                symbol: eye.field("symbol")?,
                reference: eye.field("reference")?,
                gate: eye.field("gate")?,
            },
            "halted" => Self::Halted(eye.field("cause")?),
            "resumed" => Self::Resumed,
            "targets_dropped" => Self::TargetsDropped {
                symbol: eye.field("symbol")?,
                levels: eye.field("levels")?,
            },
            "unprotected" => Self::Unprotected {
                symbol: eye.field("symbol")?,
            },
            "surprise" => Self::Surprise {
                order: eye.field("order")?,
                what: eye.field("what")?,
            },
            other => return eye.fail(format!("'{other}' is no form known here")),
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Confluence {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            symbol,
            alpha,
            fomo,
            gap,
            score,
        } = self;
        pen.begin();
        pen.field("symbol", symbol);
        pen.field("alpha", alpha);
        pen.field("fomo", fomo);
        pen.field("gap", gap);
        pen.field("score", score);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            symbol: eye.field("symbol")?,
            alpha: eye.field("alpha")?,
            fomo: eye.field("fomo")?,
            gap: eye.field("gap")?,
            score: eye.field("score")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Score {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            total,
            proximity,
            strength,
            freshness,
        } = self;
        pen.begin();
        pen.field("total", total);
        pen.field("proximity", proximity);
        pen.field("strength", strength);
        pen.field("freshness", freshness);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            total: eye.field("total")?,
            proximity: eye.field("proximity")?,
            strength: eye.field("strength")?,
            freshness: eye.field("freshness")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for SaidCommand {
    fn tell(&self, pen: &mut Pen<'_>) {
        match self {
            Self::Submit(request) => {
                pen.variant("submit");
                pen.field("request", request);
                pen.end();
            }
            Self::Cancel(order) => {
                pen.variant("cancel");
                pen.field("order", order);
                pen.end();
            }
            Self::Query(order) => {
                pen.variant("query");
                pen.field("order", order);
                pen.end();
            }
            Self::Resync => pen.only("resync"),
            Self::Halt(cause) => {
                pen.variant("halt");
                pen.field("cause", cause);
                pen.end();
            }
            Self::Release => pen.only("release"),
            Self::Watch(floor) => {
                pen.variant("watch");
                pen.field("floor", floor);
                pen.end();
            }
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let whole = match eye.variant()? {
            "submit" => Self::Submit(eye.field("request")?),
            "cancel" => Self::Cancel(eye.field("order")?),
            "query" => Self::Query(eye.field("order")?),
            "resync" => Self::Resync,
            "halt" => Self::Halt(eye.field("cause")?),
            "release" => Self::Release,
            "watch" => Self::Watch(eye.field("floor")?),
            other => return eye.fail(format!("'{other}' is no form known here")),
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Floor {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self { basis, level } = self;
        pen.begin();
        pen.field("basis", basis);
        pen.field("level", level);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            basis: eye.field("basis")?,
            level: eye.field("level")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

/// The few sentences of [`Note::Surprise`] are constants of the program that wrote them. Those of another version are kept for
/// the life of this process, each once, and no more of them than a program can have.
impl Told for &'static str {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(self);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        const SENTENCES: usize = 256;
        const LENGTH: usize = 256;
        static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let text = eye.text()?;
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(text.as_ref()) {
            return Ok(known);
        }
        if kept.len() == SENTENCES || text.len() > LENGTH {
            return eye.fail("more or longer sentences than a version of this program has");
        }
        let new: &'static str = Box::leak(text.into_owned().into_boxed_str());
        kept.insert(new);
        Ok(new)
    }
}
