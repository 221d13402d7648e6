//! The one door to polars: a Parquet file becomes columns, columns become a Parquet file.
//!
//! Our own files carry a checksum over all their bytes: the decoder believes what it reads, and a flipped bit in a
//! page can make it ask for any amount of memory, which ends the process. Files of others are only as safe as it is.
//!
//! Not here: what the columns mean (`parquet`, `signals`).
//! Invariants: a broken file of ours is an error; a file appears whole or not at all.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::Crc;
use polars::prelude::{
    Column, DataFrame, DataType, FileMetadata, Int64Type, KeyValueMetadata, NamedFrom,
    ParquetCompression, ParquetReader, ParquetWriter, PolarsDataType, PolarsError, SerReader,
    Series, StatisticsOptions,
};

use super::error::MarketError;
use super::source::UNPACKED_MAX;

/// A chunk of integers as polars holds it.
type Int64Array = <Int64Type as PolarsDataType>::Array;

/// Rows per byte of file beyond which a row count is a lie that would only allocate.
const ROWS_PER_BYTE: u64 = 64;

/// Footer note of our files; its value is eight hexadecimal digits, zeros while the sum is taken.
const CHECKSUM_NOTE: &str = "confluence.checksum";
const UNSUMMED: &str = "crc32:00000000";
/// Second note by which a file of ours is known even when the first is damaged.
const FORMAT_NOTE: (&str, &str) = ("confluence.format", "1");
/// Longest footer that is looked through.
const FOOTER_MAX: u64 = 16 << 20;

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
    let (file, bytes) = open(path)?;
    verify(path, &file, bytes)?;
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
        return Err(MarketError::content(path, "the file has no rows", ""));
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
    mut notes: Vec<(String, String)>,
) -> Result<(), MarketError> {
    notes.push((CHECKSUM_NOTE.to_owned(), UNSUMMED.to_owned()));
    notes.push((FORMAT_NOTE.0.to_owned(), FORMAT_NOTE.1.to_owned()));
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
            .with_row_group_size(Some(usize::MAX))
            .with_key_value_metadata(Some(KeyValueMetadata::from_static(notes)))
            .finish(&mut frame)
    })?;
    let at = find_last(&bytes, UNSUMMED.as_bytes())
        .ok_or_else(|| MarketError::damaged(path, "the writer dropped its notes"))?;
    let digits = at + UNSUMMED.len() - 8..at + UNSUMMED.len();
    let mut sum = Crc::new();
    sum.update(&bytes);
    bytes[digits].copy_from_slice(format!("{:08x}", sum.sum()).as_bytes());
    write_whole(path, &bytes)
}

/// Compares the checksum of a file that says it is ours; others pass.
fn verify(path: &Path, mut file: &File, bytes: u64) -> Result<(), MarketError> {
    let unreadable = |wrong| MarketError::unreadable(path, wrong);
    let footer = read_tail(file, bytes, 8).map_err(unreadable)?;
    let length = match footer[..] {
        [a, b, c, d, b'P', b'A', b'R', b'1'] => u64::from(u32::from_le_bytes([a, b, c, d])),
        _ => {
            return Err(MarketError::damaged(
                path,
                "it does not end as a Parquet file does",
            ));
        }
    };
    if length + 8 > bytes || length > FOOTER_MAX {
        return Err(MarketError::damaged(
            path,
            format!("a footer of {length} in {bytes} bytes"),
        ));
    }
    let footer = read_tail(file, bytes, length + 8).map_err(unreadable)?;
    let ours = [CHECKSUM_NOTE, FORMAT_NOTE.0, "confluence."];
    if !ours
        .iter()
        .any(|note| find_last(&footer, note.as_bytes()).is_some())
    {
        return Ok(());
    }
    let failed = || MarketError::damaged(path, "its checksum does not fit");
    let prefix = &UNSUMMED.as_bytes()[..UNSUMMED.len() - 8];
    let at = find_last(&footer, prefix).ok_or_else(failed)? + prefix.len();
    let digits = footer
        .get(at..at + 8)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    let wanted = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let mut sum = Crc::new();
    let head = bytes - footer.len() as u64;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let mut chunk = vec![0; 1 << 20];
    let mut body = file.take(head);
    loop {
        match body.read(&mut chunk).map_err(unreadable)? {
            0 => break,
            count => sum.update(&chunk[..count]),
        }
    }
    sum.update(&footer[..at]);
    sum.update(b"00000000");
    sum.update(footer.get(at + 8..).unwrap_or_default());
    if wanted == Some(sum.sum()) {
        Ok(())
    } else {
        Err(failed())
    }
}

fn read_tail(mut file: &File, bytes: u64, count: u64) -> std::io::Result<Vec<u8>> {
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(bytes.saturating_sub(count)))?;
    file.take(count).read_to_end(&mut tail)?;
    Ok(tail)
}

fn find_last(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .rposition(|window| window == wanted)
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

fn open(path: &Path) -> Result<(File, u64), MarketError> {
    let unreadable = |wrong| MarketError::unreadable(path, wrong);
    let file = File::open(path).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    if bytes == 0 {
        return Err(MarketError::content(path, "the file is empty", ""));
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
