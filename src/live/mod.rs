//! Running on live prices: the runner, its inbox, the intake of signals, the control port. The only room with clocks.
//!
//! Not here: decisions (`trader`), fills (`exchange`), the record (`journal`), printing (`cli`).

pub mod intake;
