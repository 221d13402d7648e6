//! Behaviour through public interfaces; one binary, one file per area.

mod market;
mod market_broken;
mod signals_io;
