//! What a run looks like: one offline page, two pictures, one table for the terminal.
//!
//! Not here: figures (`stats`), writing files (`backtest`), printing (`cli`). Everything here returns text or bytes.
//! Invariant: the page loads nothing and runs nothing; all text from outside is escaped; no NaN reaches a reader.

pub mod chart;
pub mod compare;
pub mod files;
pub mod format;
pub mod headline;
pub mod html;
pub mod input;
pub mod origin;
pub mod panels;
pub mod record;
pub mod saved;
pub mod summary;
pub mod sweep;
pub mod table;
pub mod validation;
pub mod words;
