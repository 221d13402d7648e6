//! The one door to polars: a Parquet file becomes columns, columns become a Parquet file.
//!
//! Not here: what the columns mean (`parquet`, `signals`).
//! Invariant: a broken file of ours is an error (`checksum`); files of others are only as safe as the decoder.

use std::fs::{File, OpenOptions};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use polars::prelude::{
    BatchedWriter, Column, DataFrame, DataType, FileMetadata, Int64Type, KeyValueMetadata,
    NamedFrom, ParquetCompression, ParquetReader, ParquetWriter, PolarsDataType, PolarsError,
    SerReader, Series, StatisticsOptions,
};

use super::checksum;
use super::error::{EMPTY, MarketError};
use super::source::UNPACKED_MAX;
use super::whole_file::write_whole;

/// A chunk of integers as polars holds it.
type Int64Array = <Int64Type as PolarsDataType>::Array;

/// Rows per byte of file beyond which a row count is a lie that would only allocate.
const ROWS_PER_BYTE: u64 = 64;

/// A Parquet file opened for its columns.
pub(crate) struct Table {
    frame: DataFrame,
}

/// Names, row count and notes of a file.
pub(crate) struct Outline {
    /// Column names in order.
    pub names: Vec<String>,
    /// Rows.
    pub rows: usize,
    /// Key-value notes in the footer.
    pub notes: Vec<(String, String)>,
}

/// Values of one column of whatever type, as text where it is not an integer.
pub(crate) enum Values {
    /// Integers.
    Ints(Vec<i64>),
    /// Anything else that has an exact text; `None` is missing.
    Texts(Vec<Option<String>>),
}

/// A column to write.
pub(crate) enum Written<'a> {
    /// Integers.
    Ints(&'a str, Vec<i64>),
    /// Integers, some missing.
    Gaps(&'a str, Vec<Option<i64>>),
    /// Text.
    Texts(&'a str, Vec<String>),
    /// Floats, some missing.
    Floats(&'a str, Vec<Option<f64>>),
}

/// Reads a file's outline.
///
/// # Errors
/// When the file cannot be read or is no Parquet file.
pub(crate) fn outline(path: &Path) -> Result<Outline, MarketError> {
    let (file, bytes) = open(path)?;
    checksum::verify(path, &file, bytes)?;
    let found = guarded(path, || {
        let mut reader = ParquetReader::new(file);
        let names = reader
            .schema()?
            .iter_names()
            .map(ToString::to_string)
            .collect();
        let metadata = reader.get_metadata()?;
        check_sizes(metadata, bytes)?;
        let notes = metadata.key_value_metadata().iter().flatten();
        Ok(Outline {
            names,
            rows: metadata.num_rows,
            notes: notes
                .map(|note| (note.key.clone(), note.value.clone().unwrap_or_default()))
                .collect(),
        })
    })?;
    if found.rows == 0 {
        return Err(MarketError::content(path, "the file has no rows", EMPTY));
    }
    Ok(found)
}

/// Counts and sizes that a file of this length can have. The decoder believes its footer and would ask for any amount
/// of memory, which no guard can catch.
fn check_sizes(metadata: &FileMetadata, bytes: u64) -> Result<(), PolarsError> {
    let lie = |what: String| Err(PolarsError::ComputeError(what.into()));
    let rows_max = bytes.saturating_mul(ROWS_PER_BYTE);
    let mut rows = 0_u64;
    for group in &metadata.row_groups {
        let own = group.num_rows() as u64;
        rows = rows.saturating_add(own);
        for column in group.parquet_columns() {
            let range = column.byte_range();
            let values = u64::try_from(column.num_values()).unwrap_or(u64::MAX);
            let unpacked = u64::try_from(column.uncompressed_size()).unwrap_or(u64::MAX);
            if range.start > range.end || range.end > bytes {
                return lie(format!("a column lies at {range:?} of {bytes} bytes"));
            }
            if values != own || values > rows_max || unpacked > UNPACKED_MAX {
                return lie(format!(
                    "a column of {own} rows has {values} values in {unpacked} bytes"
                ));
            }
        }
    }
    if rows != metadata.num_rows as u64 {
        return lie(format!("{} rows, but groups of {rows}", metadata.num_rows));
    }
    Ok(())
}

/// Reads some columns of a file.
///
/// # Errors
/// When the file cannot be read or decoded.
pub(crate) fn read(path: &Path, columns: &[&str]) -> Result<Table, MarketError> {
    let (file, bytes) = open(path)?;
    let names = columns.iter().map(|name| (*name).to_owned()).collect();
    let frame = guarded(path, || {
        let mut reader = ParquetReader::new(file);
        check_sizes(reader.get_metadata()?, bytes)?;
        reader.with_columns(Some(names)).finish()
    })?;
    Ok(Table { frame })
}

impl Table {
    /// Takes a column of 64-bit integers without holes out of the table; `None` when it is of another kind. A file
    /// with one row group gives the decoder's own memory: first touching a fresh copy of it costs more than decoding.
    pub(crate) fn take_ints(&mut self, name: &str) -> Option<Vec<i64>> {
        let column = self.frame.drop_in_place(name).ok()?;
        let series = column.take_materialized_series();
        if series.dtype() != &DataType::Int64 || series.null_count() > 0 {
            return None;
        }
        let rows = series.len();
        let mut all: Vec<i64> = Vec::new();
        for mut chunk in series.into_chunks() {
            let array = chunk.as_any_mut().downcast_mut::<Int64Array>()?;
            let empty = Int64Array::new_empty(array.dtype().clone());
            let (_, values, _) = std::mem::replace(array, empty).into_inner();
            if values.len() == rows {
                return Some(values.to_vec());
            }
            all.extend_from_slice(&values);
        }
        Some(all)
    }

    /// A column of any kind that has exact values.
    ///
    /// # Errors
    /// A text saying what kind it is, when it is none of those.
    pub(crate) fn values(&self, name: &str) -> Result<Values, String> {
        let column = self.frame.column(name).map_err(|wrong| wrong.to_string())?;
        let series = column.as_materialized_series();
        let of = |wrong: PolarsError| wrong.to_string();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let dtype = series.dtype();
        if dtype == &DataType::String {
            let texts = series.str().map_err(of)?;
            return Ok(Values::Texts(texts.iter().map(owned).collect()));
        }
        // The shortest text of a float; whether it is exact enough is for the reader of the column to say.
        if dtype == &DataType::Float64 {
            let floats = series.f64().map_err(of)?.iter();
            let text = |value: Option<f64>| value.map(|value| value.to_string());
            return Ok(Values::Texts(floats.map(text).collect()));
        }
        if dtype == &DataType::Float32 {
            let floats = series.f32().map_err(of)?.iter();
            let text = |value: Option<f32>| value.map(|value| value.to_string());
            return Ok(Values::Texts(floats.map(text).collect()));
        }
        let whole = [
            DataType::Int64,
            DataType::Int32,
            DataType::UInt32,
            DataType::UInt64,
        ];
        if !whole.contains(dtype) {
            return Err(format!(
                "column {name} is of type {dtype}; use integers, floats or text"
            ));
        }
        if dtype == &DataType::UInt64 || series.null_count() > 0 {
            let texts = series.cast(&DataType::String).map_err(of)?;
            let texts = texts.str().map_err(of)?.iter().map(owned).collect();
            return Ok(Values::Texts(texts));
        }
        let ints = series.cast(&DataType::Int64).map_err(of)?;
        Ok(Values::Ints(
            ints.i64().map_err(of)?.into_no_null_iter().collect(),
        ))
    }
}

impl Values {
    /// The value of a row as text.
    pub(crate) fn text(&self, row: usize) -> Option<String> {
        match self {
            Self::Ints(values) => values.get(row).map(ToString::to_string),
            Self::Texts(values) => values.get(row).cloned().flatten(),
        }
    }

    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Ints(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }
}

/// Writes columns of one length to a new file, uncompressed, in place of an old one.
///
/// # Errors
/// When the folder cannot be written; no half file is left.
pub(crate) fn write(
    path: &Path,
    columns: Vec<Written<'_>>,
    notes: Vec<(String, String)>,
) -> Result<(), MarketError> {
    write_whole(path, &encode(path, columns, notes)?)
}

/// The bytes of such a file; `path` is what errors name.
///
/// # Errors
/// When the columns are not of one length.
pub(crate) fn encode(
    path: &Path,
    columns: Vec<Written<'_>>,
    mut notes: Vec<(String, String)>,
) -> Result<Vec<u8>, MarketError> {
    notes.extend(checksum::notes());
    let columns: Vec<Column> = columns.into_iter().map(Written::column).collect();
    let mut bytes = Vec::new();
    guarded(path, || {
        let mut frame = DataFrame::new_infer_height(columns)?;
        ParquetWriter::new(&mut bytes)
            .with_compression(ParquetCompression::Uncompressed)
            .with_statistics(StatisticsOptions::empty())
            .with_row_group_size(Some(usize::MAX))
            .with_key_value_metadata(Some(KeyValueMetadata::from_static(notes)))
            .finish(&mut frame)
    })?;
    checksum::seal(path, &mut bytes)?;
    Ok(bytes)
}

impl Written<'_> {
    fn column(self) -> Column {
        match self {
            Self::Ints(name, values) => Series::new(name.into(), values).into(),
            Self::Gaps(name, values) => Series::new(name.into(), values).into(),
            Self::Texts(name, values) => Series::new(name.into(), values).into(),
            Self::Floats(name, values) => Series::new(name.into(), values).into(),
        }
    }
}

/// A Parquet file written batch by batch, each a row group: no more than one is in memory.
pub(crate) struct Batches {
    path: PathBuf,
    file: File,
    writer: Option<BatchedWriter<File>>,
}

impl Batches {
    /// Begins a file in place of an old one; `name` is what errors call it.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn begin(path: &Path, name: &Path) -> Result<Self, MarketError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .map_err(|wrong| MarketError::unwritable(name, wrong))?;
        Ok(Self {
            path: name.to_owned(),
            file,
            writer: None,
        })
    }

    /// Adds rows; every batch has the columns of the first.
    ///
    /// # Errors
    /// When the columns are not of one length, or the system refuses.
    pub(crate) fn add(&mut self, columns: Vec<Written<'_>>) -> Result<(), MarketError> {
        let columns: Vec<Column> = columns.into_iter().map(Written::column).collect();
        let frame = guarded(&self.path, || DataFrame::new_infer_height(columns))?;
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let unwritable = |wrong| MarketError::unwritable(&self.path, wrong);
                let file = self.file.try_clone().map_err(unwritable)?;
                let notes = KeyValueMetadata::from_static(checksum::notes().to_vec());
                guarded(&self.path, || {
                    ParquetWriter::new(file)
                        .with_compression(ParquetCompression::Uncompressed)
                        .with_statistics(StatisticsOptions::empty())
                        .with_key_value_metadata(Some(notes))
                        .batched(frame.schema())
                })?
            }
        };
        let writer = self.writer.insert(writer);
        let added = guarded(&self.path, || Ok(writer.write_batch(&frame)))?;
        added.map_err(|wrong| refused(&self.path, &wrong))
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When the system refuses, or no rows were added.
    pub(crate) fn finish(self) -> Result<(), MarketError> {
        let Some(writer) = self.writer else {
            return Err(MarketError::content(&self.path, "the file has no rows", ""));
        };
        let ended = guarded(&self.path, || Ok(writer.finish()))?;
        ended.map_err(|wrong| refused(&self.path, &wrong))?;
        checksum::seal_file(&self.path, &self.file)
    }
}

/// Writing goes wrong because of the disk, not of the rows.
fn refused(path: &Path, wrong: &PolarsError) -> MarketError {
    MarketError::unwritable(path, std::io::Error::other(one_line(&wrong.to_string())))
}

fn open(path: &Path) -> Result<(File, u64), MarketError> {
    let unreadable = |wrong| MarketError::unreadable(path, wrong);
    let file = File::open(path).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    if bytes == 0 {
        return Err(MarketError::content(path, "the file is empty", EMPTY));
    }
    Ok((file, bytes))
}

/// Decoders on their way; while there is one, a panic says nothing by itself.
static DECODING: AtomicUsize = AtomicUsize::new(0);
static HOOK: Once = Once::new();

/// Runs the decoder. It checks most of what it reads, but panics on some broken files, also on threads of its own:
/// that is the file's fault and becomes an error, and the panic's own text stays off the user's screen.
fn guarded<T>(
    path: &Path,
    work: impl FnOnce() -> Result<T, PolarsError>,
) -> Result<T, MarketError> {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if DECODING.load(Ordering::Relaxed) == 0 {
                before(panic);
            }
        }));
    });
    DECODING.fetch_add(1, Ordering::Relaxed);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    DECODING.fetch_sub(1, Ordering::Relaxed);
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(wrong)) => Err(MarketError::damaged(path, one_line(&wrong.to_string()))),
        Err(_) => Err(MarketError::damaged(
            path,
            "the Parquet decoder gave up on it",
        )),
    }
}

fn one_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}
