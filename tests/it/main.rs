//! All integration tests, in one binary: linking once is most of what a test binary costs.

mod cli;
mod every_key;
mod every_world;
mod made_up;
mod market;
mod market_broken;
mod mixed;
mod oracle_metrics;
mod oracle_simulation;
mod report;
mod settings;
mod signals_io;
mod skip;
mod support;
mod tidy;
mod storm;
