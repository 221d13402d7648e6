//! Binance USDⓈ-M futures: the public REST calls and streams, as a thin client.
//!
//! Not here: when anything is asked for (`live`), what prices do to orders (`exchange::trades`).

pub mod address;
pub mod clock;
pub mod offset;
pub mod rest;
pub mod stream;
pub mod weight;
pub mod wire;
