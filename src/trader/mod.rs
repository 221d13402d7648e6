//! THE core: what to do on each event. Placeholder.

pub mod rules;
