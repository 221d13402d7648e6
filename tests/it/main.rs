//! All integration tests, in one binary: linking once is most of what a test binary costs.

mod oracle_simulation;
#[allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "tests fail by panicking, print what they met and look at one case of many"
)]
mod scenarios;
#[allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "tests fail by panicking, print what they met and look at one case of many"
)]
mod storm;
