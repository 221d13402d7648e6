//! Behaviour through public interfaces; one binary, one file per area.

mod market;
