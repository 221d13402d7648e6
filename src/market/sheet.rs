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
    /// Begins a file in place of an old one; `name` is what errors call it.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn begin(path: &Path, name: &Path) -> Result<Self, MarketError> {
        Ok(Self {
            batches: Batches::begin(path, name)?,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::frame;

    /// Batches are read back as one table, and a file with one bit flipped is known as damaged.
    #[test]
    fn batches_are_one_table_that_checks_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let titles = ["n", "x", "t"].map(str::to_owned);
        let mut sheet = Sheet::begin(&path, &path).unwrap();
        for batch in 0..3 {
            let number = |row: i64| batch * 10 + row;
            let cells = vec![
                Cells::Ints((0..4).map(number).collect()),
                Cells::Floats(vec![Some(0.1), None, Some(-1e300), Some(0.0)]),
                Cells::Texts(vec![
                    "a".to_owned(),
                    String::new(),
                    "ö".to_owned(),
                    "b".to_owned(),
                ]),
            ];
            sheet.add(&titles, cells).unwrap();
        }
        sheet.finish().unwrap();
        let outline = frame::outline(&path).unwrap();
        assert_eq!(
            (outline.rows, outline.names.as_slice()),
            (12, titles.as_slice())
        );
        let mut table = frame::read(&path, &["n", "x"]).unwrap();
        let floats = table.values("x").unwrap();
        assert_eq!(floats.text(4).as_deref(), Some("0.1"));
        assert_eq!(floats.text(9), None);
        let ints = table.take_ints("n").unwrap();
        assert_eq!(ints, [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23]);
        let whole = std::fs::read(&path).unwrap();
        let mut refused = 0;
        for at in (0..whole.len()).step_by(37) {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            std::fs::write(&path, damaged).unwrap();
            assert!(frame::outline(&path).is_err(), "byte {at}");
            refused += 1;
        }
        println!("sheet: {refused} damaged files refused");
        assert!(refused > 20);
    }
}
