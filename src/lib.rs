//! placeholder
pub mod backtest;
pub mod domain;
pub mod exchange;
pub mod market;
pub mod signal;
pub mod trader;
