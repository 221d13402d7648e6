//! A local look-alike of the exchange: its public REST calls and streams, replaying history at any speed, with faults on
//! demand. Its account and order half will live here too.
//!
//! Not here: the client that talks to it or to the real exchange (`exchange::binance`), how bars become trades
//! (`market::ticks`).
