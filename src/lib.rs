//! One crate: the domain, the strategy, the engine and its exchanges, the data side, the reports and the program.
//! This file only names the parts; the map below says what each is for.

#![doc = include_str!("ARCHITECTURE.md")]

pub mod backtest;
pub mod cli;
pub mod domain;
pub mod engine;
pub mod exchange;
pub mod journal;
pub mod live;
pub mod lookalike;
pub mod market;
pub mod report;
pub mod settings;
pub mod signal;
pub mod stats;
pub mod sweep;
pub mod trader;
pub mod validate;
