//! Whether a result is more than luck (`simulation.md` section 7): pure functions over returns, trade results and bars.
//!
//! Not here: which trials there were (the register), running the engine on shifted signals or other costs (`backtest`),
//! gates and the verdict page. Invariants: what is undefined says why ([`crate::stats::figure::Why`]); every draw comes
//! from a named stream of the seed (W2), so replicate b is the same on any machine and in any order.

pub mod block_length;
pub mod bootstrap;
pub mod calibration;
pub mod correlation;
pub mod cscv;
pub mod folds;
pub mod inference;
pub mod multiplicity;
pub mod placebo;
pub mod shuffle;
pub mod splits;
