//! Behaviour through public interfaces, one module per subject.

mod made_up;
mod oracle_metrics;
mod report;
