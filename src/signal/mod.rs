//! The outside feed as text becomes messages; names of coins become names of contracts.
//!
//! Not here: files (`market::signals`), sockets, matching (`trader::confluence`). Batch and live run this same code.

pub mod feed;
pub mod names;
