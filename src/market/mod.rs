//! Recordings of the market: files in, columns out.
//!
//! Not here: signals (`signal`), anything that decides or fills.

pub mod agg_trades;
pub mod brackets;
mod checksum;
mod choose;
pub mod curve;
mod divisor;
pub mod error;
pub mod exchange_info;
mod frame;
pub mod funding;
pub mod generate;
mod generate_csv;
pub mod generate_files;
pub mod generate_rules;
pub mod generate_tape;
pub mod instruments;
pub mod klines;
pub mod legacy;
pub mod library;
pub mod load;
pub mod merge;
pub mod mix;
pub(crate) mod numbers;
pub mod packed;
pub mod parquet;
pub mod parquet_funding;
pub mod place;
pub mod quality;
mod random_signals;
pub mod random_walk;
pub mod ranges;
pub mod recording;
pub mod series;
pub mod sheet;
pub mod signals;
pub mod source;
pub mod tape;
mod threads;
pub mod ticks;
mod walk;
pub mod whole_file;
pub mod window;
