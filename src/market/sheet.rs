//! Makes a Parquet file of a table whose columns are known only when the program runs.
//!
//! Not here: what the columns mean (`sweep`), putting the file in its place.

use std::path::Path;

use super::error::MarketError;
use super::frame::{Batches, Written};

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

/// A file being written, batch by batch.
pub struct Sheet {
    batches: Batches,
}

impl Sheet {
    /// Begins a file in place of an old one.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn begin(path: &Path) -> Result<Self, MarketError> {
        Ok(Self {
            batches: Batches::begin(path)?,
        })
    }

    /// Adds rows, one column after another; every batch has the columns of the first.
    ///
    /// # Errors
    /// When the columns are not of one length, or the system refuses.
    pub fn add(&mut self, titles: &[String], cells: Vec<Cells>) -> Result<(), MarketError> {
        let written = titles.iter().zip(cells).map(|(title, cells)| match cells {
            Cells::Ints(values) => Written::Ints(title, values),
            Cells::Floats(values) => Written::Floats(title, values),
            Cells::Texts(values) => Written::Texts(title, values),
        });
        self.batches.add(written.collect())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When the system refuses, or no rows were added.
    pub fn finish(self) -> Result<(), MarketError> {
        self.batches.finish()
    }
}
