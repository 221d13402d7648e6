//! Frames of the streams as text, and broken ones.
//!
//! Not here: who gets them (`hub`).

use crate::domain::market::NextFunding;
use crate::domain::num::{Price, Qty};
use crate::domain::random::Random;
use crate::domain::time::Timestamp;

use super::streams::Kind;

/// A trade; underlying trades are numbered like aggregated ones. A trade below the one before it had a buying maker.
pub(super) fn trade(
    name: &str,
    at: Timestamp,
    id: u64,
    (price, qty): (Price, Qty),
    maker: bool,
) -> String {
    let at = at.millis();
    format!(
        r#"{{"e":"aggTrade","E":{at},"a":{id},"s":"{name}","p":"{price}","q":"{qty}","nq":"{qty}","f":{id},"l":{id},"T":{at},"m":{maker},"st":1}}"#
    )
}

/// The best prices. How much lies there is not known: a thousand on either side.
pub(super) fn book(name: &str, at: Timestamp, update: u64, bid: Price, ask: Price) -> String {
    let at = at.millis();
    format!(
        r#"{{"e":"bookTicker","u":{update},"E":{at},"T":{at},"s":"{name}","b":"{bid}","B":"1000","a":"{ask}","A":"1000","ps":"{name}","st":1}}"#
    )
}

/// A mark; a contract without funding ahead has an empty rate at time zero.
pub(super) fn mark(
    name: &str,
    at: Timestamp,
    price: Price,
    funding: Option<NextFunding>,
) -> String {
    let at = at.millis();
    let rate = funding.map_or_else(String::new, |next| next.rate.to_string());
    let next = funding.map_or(0, |next| next.at.millis());
    format!(
        r#"{{"e":"markPriceUpdate","E":{at},"s":"{name}","p":"{price}","ap":"{price}","P":"{price}","i":"{price}","r":"{rate}","T":{next},"st":1}}"#
    )
}

/// A frame in the envelope of combined streams.
pub(super) fn wrapped(name: &str, kind: Kind, frame: &str) -> String {
    let name = name.to_lowercase();
    format!(r#"{{"stream":"{name}@{}","data":{frame}}}"#, kind.suffix())
}

/// A broken frame made of a good one.
pub(super) fn broken(random: &mut Random, good: &str, kind: Kind) -> String {
    match random.below(if kind == Kind::Book { 8 } else { 7 }) {
        0 => {
            let cut = usize::try_from(random.between(1, 40)).unwrap_or(1);
            good.chars()
                .take(good.chars().count().saturating_sub(cut))
                .collect()
        }
        1 => "<html><body>502 Bad Gateway</body></html>".to_owned(),
        2 => with_price(good, kind, "NaN"),
        3 => with_price(good, kind, "0"),
        4 => with_price(good, kind, "-1"),
        5 => with_field(good, "s", "NOBODYASKEDUSDT"),
        6 => String::new(),
        // Crossed: the bid far above the ask.
        _ => with_field(&with_field(good, "b", "1000000"), "a", "0.00000001"),
    }
}

fn with_price(good: &str, kind: Kind, price: &str) -> String {
    with_field(good, if kind == Kind::Book { "b" } else { "p" }, price)
}

/// The frame with another text in a field.
fn with_field(good: &str, field: &str, text: &str) -> String {
    let start = format!(r#""{field}":""#);
    let Some((before, rest)) = good.split_once(&start) else {
        return String::new();
    };
    let after = rest.split_once('"').map_or("", |(_, after)| after);
    format!(r#"{before}{start}{text}"{after}"#)
}
