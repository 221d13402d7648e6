//! The durable record of a live or paper run: every event heard and command said, in one hash-chained SQLite file.
//!
//! Not here: what is recorded when (`live`), reports made from it (`backtest`).
