//! Backends: where commands go and events come from.
//!
//! Not here: the trait itself (`engine`), files (`market`), text (`settings`).

pub mod account;
pub mod binance;
pub mod book;
pub mod fills;
pub mod floor;
pub mod history;
pub mod model;
pub mod path;
pub mod touch;
pub mod trades;
