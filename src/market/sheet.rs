//! Makes a Parquet file of a table whose columns are known only when the program runs.
//!
//! Not here: what the columns mean (`sweep`), putting the file in its place.

use std::path::Path;

use super::error::MarketError;
use super::frame::{self, Written};

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Integers.
    Ints(Vec<i64>),
    /// Floats; `None` is missing.
    Floats(Vec<Option<f64>>),
    /// Text.
    Texts(Vec<String>),
}

/// The bytes of a file with these columns; `name` is what errors call it.
///
/// # Errors
/// When the columns are not of one length.
pub fn encode(name: &Path, columns: Vec<(String, Cells)>) -> Result<Vec<u8>, MarketError> {
    let (titles, cells): (Vec<String>, Vec<Cells>) = columns.into_iter().unzip();
    let written = titles.iter().zip(cells).map(|(title, cells)| match cells {
        Cells::Ints(values) => Written::Ints(title, values),
        Cells::Floats(values) => Written::Floats(title, values),
        Cells::Texts(values) => Written::Texts(title, values),
    });
    frame::encode(name, written.collect(), Vec::new())
}
