//! All integration tests, in one binary: linking once is most of what a test binary costs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    reason = "tests fail by panicking, print what they met, and look at a few of many events"
)]

mod binary;
mod books;
mod cli;
mod every_key;
mod every_world;
mod folder;
mod fuzz;
mod honesty;
mod instants;
mod made_up;
mod main_job;
mod market;
mod market_broken;
mod mixed;
mod oracle_metrics;
mod oracle_simulation;
mod paths;
mod report;
mod scenarios;
mod settings;
mod signals_io;
mod skip;
mod storm;
mod support;
mod tidy;
