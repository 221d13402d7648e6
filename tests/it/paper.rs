//! `sim paper` as it runs: against the market server, with real sockets, a real journal, and backtests beside it.

mod crash;
mod demo;
mod parity;
mod stage;
