//! Recordings of the market: files in, columns out.
//!
//! Not here: signals (`signal`), anything that decides or fills.

pub mod ranges;
pub mod tape;
