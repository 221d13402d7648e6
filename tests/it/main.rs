//! All integration tests, in one binary: linking once is most of what a test binary costs.

mod oracle_simulation;
mod scenarios;
mod storm;
