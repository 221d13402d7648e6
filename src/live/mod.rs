//! Running on live prices: the runner, its inbox, the intake of signals, the control port. The only room with clocks.
//!
//! Not here: decisions (`trader`), fills (`exchange`), the record (`journal`), printing (`cli`).

pub mod answers;
pub mod ask;
mod blob;
pub mod books;
pub mod clock;
pub mod control;
pub mod desk;
pub mod figures;
pub mod gauge;
pub mod intake;
pub mod merge;
pub mod minutes;
pub mod paper;
pub mod recent;
pub mod record;
pub mod start;
pub mod tell;
