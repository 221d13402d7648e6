//! All integration tests, in one binary: linking once is most of what a test binary costs.

mod made_up;
mod oracle_metrics;
mod oracle_simulation;
mod report;
mod skip;
mod support;
