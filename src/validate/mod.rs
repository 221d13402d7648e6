//! What the best of many runs is worth: how much of it is luck, and whether it survives other times, prices and signals.
//!
//! Not here: the trials of a sweep and their folder (`sweep`), the formulas (`stats::validation`), pages (`report`).
//! Invariants: everything hangs on the inputs, the space, the settings and the seed; threads leave no trace; what cannot
//! be computed says why, and never passes a gate.

pub mod battery;
pub mod cross;
pub mod engine;
pub mod error;
pub mod found;
pub mod halves;
pub mod job;
pub mod luck;
pub mod meaning;
pub mod output;
pub mod placebo;
pub mod plateau;
pub mod points;
pub mod progress;
pub mod register;
pub mod room;
pub mod subject;
pub mod trials;
pub mod tried;
pub mod verdict;
pub mod walk;
