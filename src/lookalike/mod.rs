//! A local look-alike of the exchange: its public REST calls and streams, replaying history at any speed, with faults on
//! demand. Its account and order half will live here too.
//!
//! | question | place |
//! |---|---|
//! | what is replayed, how fast, with which faults | `config`, `faults` |
//! | prices, trades and rules in memory | `world` |
//! | the running time: what is said when | `stage` |
//! | what both sides share | `shared` |
//! | connections, subscriptions, who is behind | `hub` |
//! | one frame as text | `frames` |
//! | a WebSocket connection | `socket` |
//! | REST calls | `rest` |
//! | signals sent to the bridge | `bridge` |
//! | starting and stopping all of it | `running` |
//!
//! Not here: the client that talks to it or to the real exchange (`exchange::binance`), how bars become trades
//! (`market::ticks`).
//! Invariants: no answer and no frame knows anything stamped after the running time, but for the rate of the settlement
//! ahead. A ping carries the running time: everything stamped at or before it was sent on that connection before it
//! (faults excepted, that is what they are for).

mod bridge;
pub mod config;
pub mod error;
pub mod faults;
mod frames;
mod hub;
mod rest;
pub mod running;
mod shared;
mod socket;
mod stage;
mod streams;
pub mod summary;
mod wall;
pub mod world;
