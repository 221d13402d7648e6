//! What a server did, told at its end.
//!
//! Not here: printing it (`cli::market`).

use std::fmt;

use crate::domain::time::Timestamp;

/// What a server did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// First instant of the tape.
    pub from: Timestamp,
    /// The running time at the end.
    pub until: Timestamp,
    /// Whether the tape was told to its end.
    pub complete: bool,
    /// Events of the tape passed.
    pub events: u64,
    /// Frames put on connections.
    pub frames: u64,
    /// Pings put on connections.
    pub pings: u64,
    /// WebSocket connections accepted.
    pub connections: u64,
    /// Connections closed because the client was too far behind or said too much.
    pub thrown_out: u64,
    /// REST requests answered.
    pub requests: u64,
    /// What became of the signals.
    pub signals: SignalCounts,
    /// Faults by kind.
    pub faults: Vec<(&'static str, u64)>,
}

/// What became of the signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalCounts {
    /// Written to the bridge at least once.
    pub sent: u64,
    /// Answered by it with anything but a refusal.
    pub acknowledged: u64,
    /// Answered with a refusal.
    pub refused: u64,
    /// Not delivered in three tries, or not before the end.
    pub failed: u64,
    /// Received before the tape's first instant or after its last: never sent.
    pub outside: u64,
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.complete { "the end" } else { "stopped" };
        writeln!(out, "replayed {} to {} ({end})", self.from, self.until)?;
        writeln!(
            out,
            "{} events, {} frames, {} pings on {} connections ({} thrown out), {} requests",
            self.events, self.frames, self.pings, self.connections, self.thrown_out, self.requests
        )?;
        let SignalCounts {
            sent,
            acknowledged,
            refused,
            failed,
            outside,
        } = self.signals;
        writeln!(
            out,
            "signals: {sent} sent, {acknowledged} acknowledged, {refused} refused, {failed} failed, {outside} outside the tape"
        )?;
        let faults: Vec<String> = self
            .faults
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        let faults = if faults.is_empty() {
            "none".to_owned()
        } else {
            faults.join(", ")
        };
        write!(out, "faults: {faults}")
    }
}
