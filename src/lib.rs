//! placeholder
pub mod backtest;
pub mod domain;
pub mod engine;
pub mod exchange;
pub mod market;
pub mod report;
pub mod stats;
pub mod signal;
pub mod trader;
