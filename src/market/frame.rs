//! The one door to polars: a Parquet file becomes columns, columns become a Parquet file.
//!
//! Not here: what the columns mean (`parquet`, `signals`).
//! Invariants: a broken file is an error, though the decoder panics on some; a file appears whole or not at all.

use std::fs::File;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use polars::prelude::{
    Column, DataFrame, DataType, KeyValueMetadata, NamedFrom, ParquetCompression, ParquetReader,
    ParquetWriter, PolarsError, SerReader, Series, StatisticsOptions,
};

use super::error::MarketError;

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
}

/// Reads a file's outline.
///
/// # Errors
/// When the file cannot be read or is no Parquet file.
pub(crate) fn outline(path: &Path) -> Result<Outline, MarketError> {
    let file = open(path)?;
    let bytes = file.metadata().map_or(0, |meta| meta.len());
    let found = guarded(path, || {
        let mut reader = ParquetReader::new(file);
        let names = reader
            .schema()?
            .iter_names()
            .map(ToString::to_string)
            .collect();
        let metadata = reader.get_metadata()?;
        let notes = metadata.key_value_metadata().iter().flatten();
        Ok(Outline {
            names,
            rows: metadata.num_rows,
            notes: notes
                .map(|note| (note.key.clone(), note.value.clone().unwrap_or_default()))
                .collect(),
        })
    })?;
    if found.rows as u64 > bytes.saturating_mul(ROWS_PER_BYTE) {
        return Err(MarketError::damaged(
            path,
            format!("{} rows in {bytes} bytes", found.rows),
        ));
    }
    if found.rows == 0 {
        return Err(MarketError::content(path, "the file has no rows", ""));
    }
    Ok(found)
}

/// Reads some columns of a file.
///
/// # Errors
/// When the file cannot be read or decoded.
pub(crate) fn read(path: &Path, columns: &[&str]) -> Result<Table, MarketError> {
    let file = open(path)?;
    let names = columns.iter().map(|name| (*name).to_owned()).collect();
    let frame = guarded(path, || {
        ParquetReader::new(file).with_columns(Some(names)).finish()
    })?;
    Ok(Table { frame })
}

impl Table {
    /// Chunks of a column of 64-bit integers without holes; `None` when it is of another kind.
    pub(crate) fn int_chunks(&self, name: &str) -> Option<Vec<&[i64]>> {
        let column = self.frame.column(name).ok()?.as_materialized_series();
        let ints = column.i64().ok()?;
        if ints.null_count() > 0 {
            return None;
        }
        Some(
            ints.downcast_iter()
                .map(|chunk| chunk.values().as_slice())
                .collect(),
        )
    }

    /// A column of any kind that has exact values.
    ///
    /// # Errors
    /// A text saying what kind it is, when it is none of those.
    pub(crate) fn values(&self, name: &str) -> Result<Values, String> {
        let column = self.frame.column(name).map_err(|wrong| wrong.to_string())?;
        let series = column.as_materialized_series();
        let of = |wrong: PolarsError| wrong.to_string();
        Ok(match series.dtype() {
            DataType::Int64 | DataType::Int32 | DataType::UInt32 if series.null_count() == 0 => {
                let ints = series.cast(&DataType::Int64).map_err(of)?;
                Values::Ints(ints.i64().map_err(of)?.into_no_null_iter().collect())
            }
            DataType::Int64 | DataType::Int32 | DataType::UInt32 | DataType::UInt64 => {
                let texts = series.cast(&DataType::String).map_err(of)?;
                let texts = texts.str().map_err(of)?;
                Values::Texts(texts.iter().map(|text| text.map(str::to_owned)).collect())
            }
            // The shortest text of a float; whether it is exact enough is for the reader of the column to say.
            DataType::Float64 => Values::Texts(
                series
                    .f64()
                    .map_err(of)?
                    .iter()
                    .map(|value| value.map(|value| value.to_string()))
                    .collect(),
            ),
            DataType::Float32 => Values::Texts(
                series
                    .f32()
                    .map_err(of)?
                    .iter()
                    .map(|value| value.map(|value| value.to_string()))
                    .collect(),
            ),
            DataType::String => Values::Texts(
                series
                    .str()
                    .map_err(of)?
                    .iter()
                    .map(|text| text.map(str::to_owned))
                    .collect(),
            ),
            other => {
                return Err(format!(
                    "column {name} is of type {other}; use integers, floats or text"
                ));
            }
        })
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
    let columns: Vec<Column> = columns
        .into_iter()
        .map(|column| match column {
            Written::Ints(name, values) => Series::new(name.into(), values).into(),
            Written::Gaps(name, values) => Series::new(name.into(), values).into(),
            Written::Texts(name, values) => Series::new(name.into(), values).into(),
        })
        .collect();
    let mut bytes = Vec::new();
    guarded(path, || {
        let mut frame = DataFrame::new_infer_height(columns)?;
        ParquetWriter::new(&mut bytes)
            .with_compression(ParquetCompression::Uncompressed)
            .with_statistics(StatisticsOptions::empty())
            .with_key_value_metadata(Some(KeyValueMetadata::from_static(notes)))
            .finish(&mut frame)
    })?;
    write_whole(path, &bytes)
}

/// Writes a file beside its place and moves it there in one step.
///
/// # Errors
/// When the folder cannot be written; nothing is left then.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), MarketError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let unwritable = |wrong| MarketError::unwritable(path, wrong);
    let mut file = tempfile::Builder::new()
        .prefix(".writing-")
        .tempfile_in(folder)
        .map_err(unwritable)?;
    file.write_all(bytes).map_err(unwritable)?;
    file.as_file().sync_all().map_err(unwritable)?;
    make_readable(&file).map_err(unwritable)?;
    file.persist(path)
        .map_err(|wrong| unwritable(wrong.error))?;
    Ok(())
}

/// Temporary files are private; results are for everybody the folder is for.
#[cfg(unix)]
fn make_readable(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(0o644))
}
#[cfg(not(unix))]
fn make_readable(_: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

fn open(path: &Path) -> Result<File, MarketError> {
    let file = File::open(path).map_err(|wrong| MarketError::unreadable(path, wrong))?;
    let bytes = file
        .metadata()
        .map_err(|wrong| MarketError::unreadable(path, wrong))?
        .len();
    if bytes == 0 {
        return Err(MarketError::content(path, "the file is empty", ""));
    }
    Ok(file)
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
