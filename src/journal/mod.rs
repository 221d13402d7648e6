//! The durable record of a live or paper run: every event heard and command said, in one hash-chained SQLite file.
//!
//! Not here: what is recorded when (`live`), reports made from it and its replay (`backtest`).
//! Invariants: what [`store::Store::commit`] returned for survives any crash; rows are only ever appended; no row is
//! believed whose hash does not follow from the row before it; one process writes.
//!
//! The trader's types carry no text form: how each is written down, for ever readable, is `record`.

mod ballast;
mod chain;
pub mod entry;
pub mod error;
mod file;
mod index;
mod lock;
pub mod reader;
mod record;
pub mod store;
pub mod timing;
