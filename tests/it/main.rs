//! All integration tests in one binary: they run the public interfaces, the built `sim`, and the tree itself.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a test that cannot go on fails, says what it met, and may be a long table of cases"
)]

mod cli;
mod every_key;
mod market;
mod market_broken;
mod settings;
mod signals_io;
mod tidy;
