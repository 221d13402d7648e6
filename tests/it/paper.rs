//! `sim paper` as it runs: against the market server, with real sockets, a real journal, and backtests beside it.

mod clock;
mod crash;
mod demo;
mod drop_in;
mod parity;
mod relist;
mod stage;
mod storm;
