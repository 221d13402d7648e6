//! What a part of a validation has to say: named figures, each a number or the reason why there is none; tables; detail.
//!
//! Not here: what a figure means to a reader (`meaning`), which of them must hold (`verdict`).

use serde_json::Value;

use crate::report::validation::Table;
use crate::stats::figure::Figure;

/// A number, or why there is none.
pub type Found = Result<f64, String>;

/// What one part found.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// By the names that gates use.
    pub figures: Vec<(&'static str, Found)>,
    /// For the page.
    pub tables: Vec<Table>,
    /// For the file.
    pub detail: Value,
    /// What a reader must know, one sentence each.
    pub cautions: Vec<String>,
}

/// A figure of `stats` as it is told here.
///
/// # Errors
/// Its reason in words, when it is undefined.
pub fn found(figure: Figure) -> Found {
    match figure {
        Figure::Known(value) => Ok(value),
        Figure::Undefined(why) => Err(why.text().to_owned()),
    }
}

/// A number or null.
#[must_use]
pub fn number(found: &Found) -> Value {
    found.as_ref().map_or(Value::Null, |value| (*value).into())
}
