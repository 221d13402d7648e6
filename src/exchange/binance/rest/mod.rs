//! Public calls: one method a call, every failure named, the exchange's limits kept.
//!
//! Not here: what the answers look like (`wire`), what weighs how much by which rule (`weight`), retries.
//! Invariants: redirects are not followed, no proxy of the environment is used, an answer is read up to its limit and no
//! further, nothing is sent while the exchange has closed the door.

mod sending;

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect::Policy;

use crate::domain::bar::Bar;
use crate::domain::symbol::Symbol;
use crate::domain::time::{MINUTE, Timestamp};

use super::address::Address;
use super::clock::Clock;
use super::weight::Ledger;
use super::wire::WireError;
use super::wire::answer;
use super::wire::contracts::{self, Contracts};
use super::wire::rows::{self, AggTrade, FundingRules, Premium, Settlement};
use sending::chain;

/// Rows that one call for aggregated trades brings at most.
pub const TRADES_PER_CALL: usize = 1_000;
/// Rows that one call for bars brings at most.
pub const BARS_PER_CALL: usize = 1_500;
const SETTLEMENTS_PER_CALL: usize = 1_000;

/// How to call.
#[derive(Clone, Debug)]
pub struct RestConfig {
    /// The host.
    pub base: Address,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for a whole answer.
    pub timeout: Duration,
    /// Longest answer in bytes.
    pub body_max: usize,
    /// Longest time a call waits for its turn; when its turn comes later it is refused.
    pub wait_max: Duration,
    /// The machine's clock.
    pub clock: Clock,
}

/// The client. Clones are the same client: they share connections and the account of weight.
#[derive(Clone, Debug)]
pub struct Rest {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: RestConfig,
    client: reqwest::Client,
    ledger: Mutex<Ledger>,
}

/// Why a call brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    /// No connection, or it broke.
    #[error(
        "{path}: the exchange cannot be reached: {why}\nhint: check the network and the address"
    )]
    Unreachable {
        /// Of the call.
        path: &'static str,
        /// Of the transport.
        why: String,
    },
    /// No answer in time.
    #[error("{path}: no answer in time\nhint: check the network")]
    Timeout {
        /// Of the call.
        path: &'static str,
    },
    /// The exchange says no.
    #[error("{path}: status {status}, code {}: {msg}", code.map_or_else(|| "none".to_owned(), |code| code.to_string()))]
    Status {
        /// Of the call.
        path: &'static str,
        /// Of HTTP.
        status: u16,
        /// The exchange's own, if the body has one.
        code: Option<i64>,
        /// The exchange's text, or the start of what stands in its place.
        msg: String,
    },
    /// A limit is near or broken: nothing is sent before the instant (by the machine's clock).
    #[error(
        "{path}: nothing is sent before {until}\nhint: the address used up its weight; other programs on it count too"
    )]
    Throttled {
        /// Of the call.
        path: &'static str,
        /// The end.
        until: Timestamp,
    },
    /// The answer is longer than its limit.
    #[error("{path}: the answer is longer than {limit} bytes")]
    TooLarge {
        /// Of the call.
        path: &'static str,
        /// In bytes.
        limit: usize,
    },
    /// The answer was not understood.
    #[error("{path}: {what}")]
    Malformed {
        /// Of the call.
        path: &'static str,
        /// What about it.
        what: String,
    },
}

/// Which bars: all that begin in `from..=to`, at most 1,500, or the newest when nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// First begin.
    pub from: Option<Timestamp>,
    /// Last begin.
    pub to: Option<Timestamp>,
    /// At most so many; the exchange's own number when `None`.
    pub limit: Option<usize>,
}

/// A call: its path, what follows it, what it weighs.
struct Call {
    path: &'static str,
    query: String,
    weight: u32,
}

impl RestConfig {
    /// The usual limits for a host.
    #[must_use]
    pub fn new(base: Address) -> Self {
        Self {
            base,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
            body_max: 64 << 20,
            wait_max: Duration::from_secs(65),
            clock: Clock::machine(),
        }
    }
}

impl RestError {
    /// Whether the same call may succeed later; otherwise the exchange means it.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::Throttled { .. } => true,
            Self::Status { status, .. } => *status >= 500 || *status == 408 || *status == 403,
            Self::TooLarge { .. } | Self::Malformed { .. } => false,
        }
    }
}

impl Rest {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When encryption cannot be set up.
    pub fn new(config: RestConfig) -> Result<Self, RestError> {
        let client = reqwest::Client::builder()
            .connect_timeout(config.connect_timeout)
            .timeout(config.timeout)
            .redirect(Policy::none())
            .no_proxy()
            .user_agent("confluence")
            .build()
            .map_err(|wrong| RestError::Unreachable {
                path: "",
                why: chain(&wrong),
            })?;
        Ok(Self {
            shared: Arc::new(Shared {
                config,
                client,
                ledger: Mutex::new(Ledger::default()),
            }),
        })
    }

    /// Weight used in the running minute.
    #[must_use]
    pub fn weight_used(&self) -> u32 {
        self.ledger(|ledger, _| ledger.used())
    }

    /// The clock that the client goes by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.config.clock
    }

    /// The exchange's time.
    ///
    /// # Errors
    /// As every call.
    pub async fn time(&self) -> Result<Timestamp, RestError> {
        self.get("/fapi/v1/time", String::new(), 1, answer::server_time)
            .await
    }

    /// All contracts, and the limit of weight, which is taken over.
    ///
    /// # Errors
    /// As every call.
    pub async fn contracts(&self) -> Result<Contracts, RestError> {
        Ok(self.contracts_told().await?.1)
    }

    /// As [`Self::contracts`], and the answer as it came: for whoever reads more of it.
    ///
    /// # Errors
    /// As every call.
    pub async fn contracts_told(&self) -> Result<(String, Contracts), RestError> {
        let call = Call {
            path: CONTRACTS,
            query: String::new(),
            weight: 1,
        };
        let text = self.text(call).await?;
        let found = contracts::parse(&text).map_err(|wrong| malformed(CONTRACTS, &wrong))?;
        if let Some(limit) = found.weight_per_minute {
            self.ledger(|ledger, _| ledger.set_limit(limit));
        }
        Ok((text, found))
    }

    /// Bars of trades of one minute; the last may still be forming.
    ///
    /// # Errors
    /// As every call.
    pub async fn klines(&self, symbol: &Symbol, range: Range) -> Result<Vec<Bar>, RestError> {
        self.bars("/fapi/v1/klines", symbol, range).await
    }

    /// Bars of the mark price of one minute; the last may still be forming.
    ///
    /// # Errors
    /// As every call.
    pub async fn mark_klines(&self, symbol: &Symbol, range: Range) -> Result<Vec<Bar>, RestError> {
        self.bars("/fapi/v1/markPriceKlines", symbol, range).await
    }

    /// Up to a thousand aggregated trades from a number on; none when there is none yet.
    ///
    /// # Errors
    /// As every call.
    pub async fn trades_from(&self, symbol: &Symbol, id: u64) -> Result<Vec<AggTrade>, RestError> {
        let tail = format!("&fromId={id}&limit={TRADES_PER_CALL}");
        self.trades(symbol, &tail).await
    }

    /// Up to a thousand aggregated trades of a time, both ends included, less than an hour.
    ///
    /// # Errors
    /// As every call.
    pub async fn trades_between(
        &self,
        symbol: &Symbol,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<AggTrade>, RestError> {
        let (from, to) = (from.millis(), to.millis());
        let tail = format!("&startTime={from}&endTime={to}&limit={TRADES_PER_CALL}");
        self.trades(symbol, &tail).await
    }

    /// The newest aggregated trades, at most so many.
    ///
    /// # Errors
    /// As every call.
    pub async fn trades_newest(
        &self,
        symbol: &Symbol,
        limit: usize,
    ) -> Result<Vec<AggTrade>, RestError> {
        let tail = format!("&limit={}", limit.clamp(1, TRADES_PER_CALL));
        self.trades(symbol, &tail).await
    }

    /// The contracts whose funding deviates from the usual.
    ///
    /// # Errors
    /// As every call.
    pub async fn funding_rules(&self) -> Result<Vec<FundingRules>, RestError> {
        self.get(
            "/fapi/v1/fundingInfo",
            String::new(),
            0,
            rows::funding_rules,
        )
        .await
    }

    /// Settlements of a time, oldest first, at most a thousand.
    ///
    /// # Errors
    /// As every call.
    pub async fn settlements(
        &self,
        symbol: &Symbol,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Settlement>, RestError> {
        let query = format!(
            "symbol={}&startTime={}&endTime={}&limit={SETTLEMENTS_PER_CALL}",
            encoded(symbol),
            from.millis(),
            to.millis()
        );
        self.get("/fapi/v1/fundingRate", query, 0, rows::settlements)
            .await
    }

    /// Mark and next settlement of one contract, or of all.
    ///
    /// # Errors
    /// As every call.
    pub async fn premiums(&self, symbol: Option<&Symbol>) -> Result<Vec<Premium>, RestError> {
        let (query, weight) = symbol.map_or((String::new(), 10), |symbol| {
            (format!("symbol={}", encoded(symbol)), 1)
        });
        self.get("/fapi/v1/premiumIndex", query, weight, rows::premiums)
            .await
    }

    async fn bars(
        &self,
        path: &'static str,
        symbol: &Symbol,
        range: Range,
    ) -> Result<Vec<Bar>, RestError> {
        let mut query = format!("symbol={}&interval=1m", encoded(symbol));
        for (name, value) in [("startTime", range.from), ("endTime", range.to)] {
            if let Some(at) = value {
                let _ = write!(query, "&{name}={}", at.millis());
            }
        }
        if let Some(limit) = range.limit {
            let _ = write!(query, "&limit={}", limit.clamp(1, BARS_PER_CALL));
        }
        let weight = match range.limit.unwrap_or(500) {
            0..100 => 1,
            100..500 => 2,
            500..=1_000 => 5,
            _ => 10,
        };
        self.get(path, query, weight, |text| rows::bars(text, MINUTE))
            .await
    }

    async fn trades(&self, symbol: &Symbol, tail: &str) -> Result<Vec<AggTrade>, RestError> {
        let query = format!("symbol={}{tail}", encoded(symbol));
        self.get("/fapi/v1/aggTrades", query, 20, rows::agg_trades)
            .await
    }

    async fn get<T>(
        &self,
        path: &'static str,
        query: String,
        weight: u32,
        read: impl FnOnce(&str) -> Result<T, WireError>,
    ) -> Result<T, RestError> {
        let text = self
            .text(Call {
                path,
                query,
                weight,
            })
            .await?;
        read(&text).map_err(|wrong| malformed(path, &wrong))
    }

    fn ledger<T>(&self, work: impl FnOnce(&mut Ledger, Timestamp) -> T) -> T {
        let now = self.shared.config.clock.now();
        let mut ledger = self
            .shared
            .ledger
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        work(&mut ledger, now)
    }
}

const CONTRACTS: &str = "/fapi/v1/exchangeInfo";

fn malformed(path: &'static str, wrong: &WireError) -> RestError {
    RestError::Malformed {
        path,
        what: wrong.to_string(),
    }
}

/// A name as a part of a query: everything but letters, digits and `-_.~` as bytes in hex. Names need not be ASCII.
fn encoded(symbol: &Symbol) -> String {
    let mut text = String::with_capacity(symbol.as_str().len());
    for byte in symbol.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_percent_encoded() {
        assert_eq!(encoded(&Symbol::new("BTCUSDT_261225")), "BTCUSDT_261225");
        assert_eq!(encoded(&Symbol::new("测试USDT")), "%E6%B5%8B%E8%AF%95USDT");
        assert_eq!(encoded(&Symbol::new("A&B=C")), "A%26B%3DC");
    }
}
