//! What is replayed, how fast, to whom.
//!
//! Not here: flags of the command line (`cli::market`), which faults there are (`faults`).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use crate::domain::num::Rate;
use crate::domain::signal::RawSignal;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::market::instruments::Fallback;

use super::faults::FaultPlan;

/// How fast the running time runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// So many seconds of the tape in a second of the machine's clock; above zero.
    Times(Rate),
    /// As fast as the slowest client answers pings.
    Max,
}

/// Signals and where they are sent.
#[derive(Clone, Debug)]
pub struct SignalPlan {
    /// In the order of their file.
    pub signals: Vec<RawSignal>,
    /// The bridge, `host:port`.
    pub bridge: String,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folders of prices.
    pub data: Vec<PathBuf>,
    /// Contracts served; empty means every one that has prices.
    pub symbols: Vec<Symbol>,
    /// First instant; without it the first price, or a minute before the first signal.
    pub from: Option<Timestamp>,
    /// First instant no longer told; without it the end of the last price.
    pub to: Option<Timestamp>,
    /// How fast.
    pub speed: Speed,
    /// Where it listens; port 0 takes any.
    pub listen: SocketAddr,
    /// Ask minus bid as a share of the price; `None`: both at the trade's price.
    pub spread: Option<Rate>,
    /// Whether the tape stands still while no client listens.
    pub hold: bool,
    /// Signals to send.
    pub signals: Option<SignalPlan>,
    /// What goes wrong.
    pub faults: FaultPlan,
    /// Weight a client may use in a minute of real time.
    pub weight_limit: u32,
    /// Rules for contracts no file knows.
    pub fallback: Fallback,
}

/// A limit of the exchange: weight per minute and client.
pub const WEIGHT_LIMIT: u32 = 2_400;

impl Config {
    /// A server of these folders with everything else as usual: the whole tape, as fast as clients follow, on any free
    /// loopback port.
    #[must_use]
    pub fn new(data: Vec<PathBuf>, fallback: Fallback) -> Self {
        Self {
            data,
            symbols: Vec::new(),
            from: None,
            to: None,
            speed: Speed::Max,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            spread: None,
            hold: true,
            signals: None,
            faults: FaultPlan::default(),
            weight_limit: WEIGHT_LIMIT,
            fallback,
        }
    }
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let times: Rate = text
            .parse()
            .map_err(|wrong| format!("{wrong}; a number above zero, or max"))?;
        if times.steps() <= 0 {
            return Err(format!(
                "'{text}' is not above zero; a number above zero, or max"
            ));
        }
        Ok(Self::Times(times))
    }
}
