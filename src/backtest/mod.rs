//! One historical run: inputs, the loop, what it left, the run folder.
//!
//! Not here: the rules of the strategy (`trader`) and of fills (`exchange`), printing (`cli`).

pub mod causes;
pub mod comparison;
pub mod difference;
pub mod events;
pub mod folder;
pub mod inputs;
pub mod job;
pub mod journaled;
pub mod line;
pub mod log;
mod notes;
pub mod origin;
pub mod prepare;
pub mod reading;
pub mod rebuild;
mod record;
pub mod replays;
pub mod retrace;
pub mod run;
pub mod summary;
pub mod tables;
pub mod threads;
pub mod verdicts;
mod words;
