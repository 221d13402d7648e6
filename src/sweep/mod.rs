//! Many runs over one set of inputs: which parameters, which trials, their results and the best of them.
//!
//! Not here: one run (`backtest`), what a run is judged by (`stats`), printing (`cli`).
//! Invariant: a trial is a function of the plan and its index alone (by way of the generations before it, where a method
//! learns), so threads, shards, interruptions and the order of finishing leave no trace in a result.

pub mod batch;
pub mod declare;
pub mod error;
pub mod estimate;
pub mod figures;
pub mod finish;
pub mod folder;
pub mod front;
mod gallery;
pub mod job;
pub mod journal;
pub mod merge;
pub mod method;
pub mod models;
pub mod objective;
pub mod origin;
mod picture;
pub mod plan;
pub mod plateau;
pub mod predicate;
pub mod proof;
pub mod record;
pub mod run;
pub mod sobol;
pub mod space;
mod tables;
mod work;
pub mod worlds;
