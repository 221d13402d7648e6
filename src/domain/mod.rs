//! Values of the field and their laws: numbers, time, symbols, bars, signals, orders, events, positions.
//!
//! Not here: decisions (`trader`), files (`market`), fills (`exchange`). Nothing in this floor knows anything above it.
//! Invariant: money is fixed point everywhere; the only floats below `stats` are the ones handed out for display.

pub mod bar;
pub mod event;
pub mod fill;
pub mod instrument;
pub mod market;
pub mod num;
pub mod order;
pub mod position;
pub mod random;
pub mod signal;
pub mod stamp;
pub mod symbol;
pub mod time;
