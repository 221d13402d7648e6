//! All integration tests, in one binary: linking once is most of what a test binary costs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::too_many_arguments,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on fails, says what it met, may be a long table and looks at one case of many"
)]

mod batch;
mod binance_client;
mod binary;
mod books;
mod charts;
mod chromium;
mod cli;
mod compare;
mod control;
mod diff;
mod events;
mod every_key;
mod every_world;
mod folder;
mod fuzz;
mod honesty;
mod instants;
mod intake;
mod journal;
mod journal_report;
mod kubernetes;
mod languages;
mod made_up;
mod main_job;
mod market;
mod market_broken;
mod market_serve;
mod market_ticks;
mod mixed;
mod oracle_metrics;
mod oracle_simulation;
mod oracle_validation;
mod page;
mod paper;
mod paths;
mod random_walk;
mod rebuild;
mod report;
mod scenarios;
mod sensitivity;
mod settings;
mod signals_io;
mod skip;
mod slurm;
mod storm;
mod support;
mod sweep;
mod sweep_models;
mod sweep_page;
mod sweep_proof;
mod tidy;
mod validate;
mod walk_forward;
mod ways;
