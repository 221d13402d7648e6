//! All trials as tables, written row by row: `results.csv` and `results.parquet`.
//!
//! Not here: where trials come from (`journal`), the Parquet format (`market::sheet`).

use std::io::Write;
use std::path::Path;

use crate::market::error::MarketError;
use crate::market::sheet::{Cells, Sheet};
use crate::sweep::figures::{METRICS, number};
use crate::sweep::objective::Verdict;
use crate::sweep::record::{End, Record};
use crate::sweep::space::Space;

/// Columns before the parameters.
const BEFORE: [&str; 2] = ["trial", "status"];
/// Columns between parameters and figures.
const BETWEEN: [&str; 2] = ["objective", "meets_constraints"];
/// Column after these when there are several objectives.
const FRONT: &str = "pareto";
/// Columns after the figures.
const AFTER: [&str; 2] = ["event_log_blake3", "reason"];

/// Whether a parameter of this name would be taken for another column.
#[must_use]
pub(super) fn is_taken(name: &str) -> bool {
    BEFORE
        .iter()
        .chain(&BETWEEN)
        .chain(&AFTER)
        .any(|own| *own == name)
        || name == FRONT
        || METRICS.iter().any(|metric| metric.name == name)
}

fn titles(space: &Space, several: bool) -> Vec<String> {
    let own = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let mut titles = own(&BEFORE);
    titles.extend(space.parameters.iter().map(|each| each.name.clone()));
    titles.extend(own(&BETWEEN));
    titles.extend(several.then(|| FRONT.to_owned()));
    titles.extend(METRICS.iter().map(|metric| metric.name.to_owned()));
    titles.extend(own(&AFTER));
    titles
}

/// A trial as the tables show it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) record: &'a Record,
    pub(super) verdict: Verdict,
    /// Whether no other trial dominates it; `None` with one objective.
    pub(super) front: Option<bool>,
}

/// `results.csv` as it is written, row by row.
pub(super) struct Csv<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> Csv<W> {
    pub(super) fn begin(out: W, space: &Space, several: bool) -> Result<Self, csv::Error> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(titles(space, several))?;
        Ok(Self { writer })
    }

    pub(super) fn row(&mut self, row: Row<'_>) -> Result<(), csv::Error> {
        let Row {
            record, verdict, ..
        } = row;
        let mut cells = vec![record.trial.to_string(), record.end.status().to_owned()];
        cells.extend(record.values.iter().cloned());
        cells.push(number(verdict.objective, ""));
        cells.push(verdict.meets.to_string());
        cells.extend(row.front.map(|front| front.to_string()));
        match &record.end {
            End::Done { figures, log } => {
                cells.extend(figures.0.iter().map(|value| number(*value, "")));
                cells.push(log.clone());
                cells.push(String::new());
            }
            End::Infeasible { reason } | End::Beyond { reason } => {
                cells.extend(METRICS.iter().map(|_| String::new()));
                cells.push(String::new());
                cells.push(reason.clone());
            }
        }
        self.writer.write_record(&cells)
    }

    pub(super) fn finish(mut self) -> Result<(), std::io::Error> {
        self.writer.flush()
    }
}

/// Rows of `results.parquet` that are in memory at once.
const BATCH: usize = 8192;

/// `results.parquet`: the columns of the csv file; values of parameters as text.
pub(super) struct Parquet {
    sheet: Sheet,
    titles: Vec<String>,
    rows: Rows,
}

impl Parquet {
    pub(super) fn begin(
        (path, name): (&Path, &Path),
        space: &Space,
        several: bool,
    ) -> Result<Self, MarketError> {
        Ok(Self {
            sheet: Sheet::begin(path, name)?,
            titles: titles(space, several),
            rows: Rows::new(space.parameters.len()),
        })
    }

    pub(super) fn row(&mut self, row: Row<'_>) -> Result<(), MarketError> {
        self.rows.add(row);
        if self.rows.trial.len() < BATCH {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), MarketError> {
        let next = Rows::new(self.rows.values.len());
        let rows = std::mem::replace(&mut self.rows, next);
        self.sheet.add(&self.titles, rows.into_cells())
    }

    pub(super) fn finish(mut self) -> Result<(), MarketError> {
        if !self.rows.trial.is_empty() {
            self.flush()?;
        }
        self.sheet.finish()
    }
}

/// Some rows, column by column.
struct Rows {
    trial: Vec<i64>,
    status: Vec<String>,
    values: Vec<Vec<String>>,
    objective: Vec<Option<f64>>,
    meets: Vec<i64>,
    /// Empty with one objective.
    front: Vec<i64>,
    figures: Vec<Vec<Option<f64>>>,
    log: Vec<String>,
    reason: Vec<String>,
}

impl Rows {
    fn new(parameters: usize) -> Self {
        Self {
            trial: Vec::new(),
            status: Vec::new(),
            values: vec![Vec::new(); parameters],
            objective: Vec::new(),
            meets: Vec::new(),
            front: Vec::new(),
            figures: vec![Vec::new(); METRICS.len()],
            log: Vec::new(),
            reason: Vec::new(),
        }
    }

    fn add(&mut self, row: Row<'_>) {
        let Row {
            record, verdict, ..
        } = row;
        self.trial
            .push(i64::try_from(record.trial).unwrap_or(i64::MAX));
        self.status.push(record.end.status().to_owned());
        for (column, value) in self.values.iter_mut().zip(&record.values) {
            column.push(value.clone());
        }
        self.objective.push(verdict.objective);
        self.meets.push(i64::from(verdict.meets));
        self.front.extend(row.front.map(i64::from));
        for (index, column) in self.figures.iter_mut().enumerate() {
            column.push(record.end.figures().and_then(|figures| figures.0[index]));
        }
        let log = match &record.end {
            End::Done { log, .. } => log.clone(),
            End::Infeasible { .. } | End::Beyond { .. } => String::new(),
        };
        self.log.push(log);
        self.reason
            .push(record.end.reason().unwrap_or_default().to_owned());
    }

    fn into_cells(self) -> Vec<Cells> {
        let mut cells = vec![Cells::Ints(self.trial), Cells::Texts(self.status)];
        cells.extend(self.values.into_iter().map(Cells::Texts));
        cells.extend([Cells::Floats(self.objective), Cells::Ints(self.meets)]);
        cells.extend((!self.front.is_empty()).then_some(Cells::Ints(self.front)));
        cells.extend(self.figures.into_iter().map(Cells::Floats));
        cells.extend([Cells::Texts(self.log), Cells::Texts(self.reason)]);
        cells
    }
}
