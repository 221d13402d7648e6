//! Contracts and frames of the source: exact numbers, stamps of this machine's clock.
//!
//! Not here: sockets (`exchange`).

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::CONTRACTS;

/// Price steps of a contract at the start: 10.0000 USDT.
const START: u64 = 100_000;
/// Hours until the next settlement, in milliseconds.
const FUNDING_AFTER: u64 = 8 * 3_600_000;

/// The name of a contract.
pub(crate) fn contract(index: usize) -> String {
    format!("L{index:03}USDT")
}

/// Milliseconds since 1970.
pub(crate) fn millis() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    u64::try_from(since.as_millis()).expect("before the end of time")
}

/// What a route's thread knows of its contracts.
pub(crate) struct Speaker {
    contracts: Vec<Contract>,
    next: usize,
    seed: u64,
}

/// One contract of a route.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contract {
    price: u64,
    /// The last number said: of a trade, or of a change of the book.
    pub(crate) number: u64,
    /// Of all trades together.
    pub(crate) volume: u64,
}

impl Speaker {
    pub(crate) fn new(seed: u64) -> Self {
        let contract = |index: usize| Contract {
            price: START,
            number: 1_000_000 * (index as u64 + 1),
            volume: 0,
        };
        Self {
            contracts: (0..CONTRACTS).map(contract).collect(),
            next: 0,
            seed,
        }
    }

    /// The contracts as they stand.
    pub(crate) fn contracts(self) -> Vec<Contract> {
        self.contracts
    }

    fn turn(&mut self) -> usize {
        let index = self.next;
        self.next = (index + 1) % self.contracts.len();
        index
    }

    fn moved(&mut self, index: usize) -> u64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let contract = &mut self.contracts[index];
        let step = (self.seed >> 33) % 81;
        contract.price = (contract.price + step)
            .saturating_sub(40)
            .clamp(START / 2, START * 2);
        contract.price
    }

    /// A trade of the next contract in turn.
    pub(crate) fn trade(&mut self, out: &mut Vec<u8>, at: u64) {
        let index = self.turn();
        let price = self.moved(index);
        let contract = &mut self.contracts[index];
        contract.number += 1;
        let id = contract.number;
        let qty = 1 + id % 97;
        contract.volume += qty;
        let (whole, part) = (price / 10_000, price % 10_000);
        framed(out, |out| {
            write!(
                out,
                r#"{{"e":"aggTrade","E":{at},"a":{id},"s":"L{index:03}USDT","p":"{whole}.{part:04}","q":"{qty}","nq":"{qty}","f":{id},"l":{id},"T":{at},"m":false,"st":1}}"#
            )
        });
    }

    /// A change of the book of the next contract in turn.
    pub(crate) fn book(&mut self, out: &mut Vec<u8>, at: u64) {
        let index = self.turn();
        let price = self.moved(index);
        let contract = &mut self.contracts[index];
        contract.number += 1;
        let id = contract.number;
        let ask = price + 1;
        framed(out, |out| {
            write!(
                out,
                r#"{{"e":"bookTicker","u":{id},"E":{at},"T":{at},"s":"L{index:03}USDT","b":"{}.{:04}","B":"1000","a":"{}.{:04}","A":"1000","ps":"L{index:03}USDT","st":1}}"#,
                price / 10_000,
                price % 10_000,
                ask / 10_000,
                ask % 10_000
            )
        });
    }

    /// A mark of a contract.
    pub(crate) fn mark(&mut self, out: &mut Vec<u8>, index: usize, at: u64) {
        let price = self.contracts[index].price;
        let next = at - at % FUNDING_AFTER + FUNDING_AFTER;
        let (whole, part) = (price / 10_000, price % 10_000);
        framed(out, |out| {
            write!(
                out,
                r#"{{"e":"markPriceUpdate","E":{at},"s":"L{index:03}USDT","p":"{whole}.{part:04}","ap":"{whole}.{part:04}","P":"{whole}.{part:04}","i":"{whole}.{part:04}","r":"0.00010000","T":{next},"st":1}}"#
            )
        });
    }
}

/// A text frame of a server: no mask, a length of one or three bytes.
pub(crate) fn framed(out: &mut Vec<u8>, text: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) {
    let start = out.len();
    out.extend_from_slice(&[0x81, 126, 0, 0]);
    text(out).expect("memory takes everything");
    let length = u16::try_from(out.len() - start - 4).expect("a short frame");
    if length < 126 {
        out.drain(start + 2..start + 4);
        out[start + 1] = u8::try_from(length).expect("below 126");
    } else {
        out[start + 2..start + 4].copy_from_slice(&length.to_be_bytes());
    }
}

/// The answer of `exchangeInfo`.
pub(crate) fn exchange_info() -> String {
    let contracts: Vec<Value> = (0..CONTRACTS).map(listed).collect();
    json!({
        "timezone": "UTC",
        "serverTime": millis(),
        "futuresType": "U_MARGINED",
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2_400},
        ],
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": true, "autoAssetExchange": "-10000"}],
        "symbols": contracts,
    })
    .to_string()
}

fn listed(index: usize) -> Value {
    let name = contract(index);
    json!({
        "symbol": name,
        "pair": name,
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000_i64,
        "onboardDate": 1_569_398_400_000_i64,
        "status": "TRADING",
        "baseAsset": name.trim_end_matches("USDT"),
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": 4,
        "quantityPrecision": 0,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.015000",
        "marketTakeBound": "0.10",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.0001", "maxPrice": "1000000", "tickSize": "0.0001"},
            {"filterType": "LOT_SIZE", "minQty": "0.1", "maxQty": "1000000000", "stepSize": "0.1"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.1", "maxQty": "1000000", "stepSize": "0.1"},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
            {"filterType": "PERCENT_PRICE", "multiplierUp": "1.1500", "multiplierDown": "0.8500", "multiplierDecimal": "4"},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    })
}
