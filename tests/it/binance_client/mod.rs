//! The public client of the exchange against a scripted server: calls, streams, and everything that goes wrong.

mod beats;
mod breaks;
mod calls;
mod fixtures;
mod server;
mod speed;
mod storm;
mod streams;
