//! One run, from files to results.

pub mod inputs;
