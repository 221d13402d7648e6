//! Behaviour through public interfaces, one module per subject.

mod oracle_metrics;
