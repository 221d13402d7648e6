//! placeholder
pub mod domain;
pub mod exchange;
pub mod market;
pub mod report;
pub mod stats;
pub mod trader;
