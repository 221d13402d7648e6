//! Frames of the market streams: trades, marks, best quotes, and answers to subscriptions; bare or wrapped in
//! `{"stream","data"}`.
//!
//! Not here: whether a frame is of a contract that was asked for, follows the one before it (`stream`).

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::domain::market::NextFunding;
use crate::domain::num::{Price, Qty};
use crate::domain::time::Timestamp;

use super::rows::{AggTrade, next_funding};
use super::{WireError, json_error, price, qty, shown, time};

/// What a frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// An aggregated trade.
    Trade {
        /// The contract.
        symbol: Cow<'a, str>,
        /// The trade.
        trade: AggTrade,
    },
    /// A mark price.
    Mark {
        /// The contract.
        symbol: Cow<'a, str>,
        /// The mark.
        mark: Mark,
    },
    /// A best quote.
    Book {
        /// The contract.
        symbol: Cow<'a, str>,
        /// The quote.
        book: Book,
    },
    /// A request was taken.
    Done {
        /// Its number.
        id: u64,
    },
    /// A request was turned down.
    Failed {
        /// Its number, if the frame says it.
        id: Option<u64>,
        /// The exchange's number of the error.
        code: i64,
        /// Its text.
        msg: String,
    },
}

/// A mark price as the stream says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When it was sent.
    pub at: Timestamp,
    /// The mark.
    pub price: Price,
    /// The next settlement; `None` for a contract without funding.
    pub funding: Option<NextFunding>,
}

/// A best quote as the stream says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Book {
    /// Number of the change of the book, ascending within a contract.
    pub update: u64,
    /// When the book became so.
    pub at: Timestamp,
    /// Best price to sell at.
    pub bid: Price,
    /// Best price to buy at.
    pub ask: Price,
}

/// Why a frame is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No JSON, or not of a shape that we know.
    Malformed,
    /// A price, quantity or rate that is none: zero, negative, NaN, with an exponent, too fine, too large.
    Number,
    /// A time that cannot be.
    Stamp,
    /// A bid above its ask.
    Crossed,
    /// Of a contract that was not subscribed on this link, or whose wrapping names another one.
    OtherSymbol,
    /// Of a stream that was not subscribed on this link.
    OtherStream,
}

/// All reasons, in the order of [`Reason::index`].
pub const REASONS: [Reason; 6] = [
    Reason::Malformed,
    Reason::Number,
    Reason::Stamp,
    Reason::Crossed,
    Reason::OtherSymbol,
    Reason::OtherStream,
];

/// A frame that is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason:?}: {why}")]
pub struct Refusal {
    /// The kind.
    pub reason: Reason,
    /// The words.
    pub why: String,
}

impl Reason {
    /// Its place in [`REASONS`].
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Malformed => 0,
            Self::Number => 1,
            Self::Stamp => 2,
            Self::Crossed => 3,
            Self::OtherSymbol => 4,
            Self::OtherStream => 5,
        }
    }
}

impl From<WireError> for Refusal {
    fn from(wrong: WireError) -> Self {
        let reason = match &wrong {
            WireError::Json(_) | WireError::Unknown { .. } | WireError::Row { .. } => {
                Reason::Malformed
            }
            WireError::Number { .. } => Reason::Number,
            WireError::Time { .. } => Reason::Stamp,
        };
        Self {
            reason,
            why: wrong.to_string(),
        }
    }
}

/// Just enough to tell what a frame is.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    e: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    stream: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    data: Option<Inner<'a>>,
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    code: Option<i64>,
    #[serde(borrow, default)]
    msg: Option<Cow<'a, str>>,
    #[serde(default)]
    error: Option<RawError>,
    #[serde(default, deserialize_with = "present")]
    result: bool,
}

#[derive(Deserialize)]
struct Inner<'a> {
    #[serde(borrow)]
    e: Cow<'a, str>,
    #[serde(borrow, default)]
    s: Cow<'a, str>,
}

#[derive(Deserialize)]
struct RawError {
    code: i64,
    #[serde(default)]
    msg: String,
}

#[derive(Deserialize)]
struct Wrapped<T> {
    data: T,
}

#[derive(Deserialize)]
struct RawTrade<'a> {
    #[serde(borrow)]
    s: Cow<'a, str>,
    a: u64,
    #[serde(borrow)]
    p: Cow<'a, str>,
    #[serde(borrow)]
    q: Cow<'a, str>,
    #[serde(rename = "T")]
    at: i64,
}

#[derive(Deserialize)]
struct RawMark<'a> {
    #[serde(borrow)]
    s: Cow<'a, str>,
    #[serde(rename = "E")]
    at: i64,
    #[serde(borrow)]
    p: Cow<'a, str>,
    #[serde(borrow, default)]
    r: Cow<'a, str>,
    #[serde(rename = "T", default)]
    next: i64,
}

#[derive(Deserialize)]
struct RawBook<'a> {
    #[serde(borrow)]
    s: Cow<'a, str>,
    u: u64,
    #[serde(borrow)]
    b: Cow<'a, str>,
    #[serde(borrow)]
    a: Cow<'a, str>,
    #[serde(rename = "T")]
    at: i64,
}

/// A field that is there, even as `null`.
fn present<'a, D: serde::Deserializer<'a>>(from: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(from).map(|_| true)
}

/// Reads one frame.
///
/// # Errors
/// When it says nothing that we know or something that cannot be.
pub fn parse(text: &str) -> Result<Frame<'_>, Refusal> {
    let head: Head<'_> = from_json(text)?;
    match (&head.e, &head.data) {
        (Some(kind), _) => {
            // Kinds are told apart before the rest is read: `a` is a number in a trade and text in a quote.
            let kind = kind.as_ref();
            body(
                kind,
                || from_json(text),
                || from_json(text),
                || from_json(text),
            )
        }
        (None, Some(inner)) => {
            if let Some(stream) = &head.stream {
                fits(stream, &inner.s)?;
            }
            body(
                inner.e.as_ref(),
                || from_json(text).map(|wrapped: Wrapped<_>| wrapped.data),
                || from_json(text).map(|wrapped: Wrapped<_>| wrapped.data),
                || from_json(text).map(|wrapped: Wrapped<_>| wrapped.data),
            )
        }
        (None, None) => answer(&head, text),
    }
}

fn from_json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|wrong| Refusal::from(json_error(&wrong)))
}

fn body<'a>(
    kind: &str,
    trade: impl FnOnce() -> Result<RawTrade<'a>, Refusal>,
    mark: impl FnOnce() -> Result<RawMark<'a>, Refusal>,
    book: impl FnOnce() -> Result<RawBook<'a>, Refusal>,
) -> Result<Frame<'a>, Refusal> {
    match kind {
        "aggTrade" => trade_of(trade()?),
        "markPriceUpdate" => mark_of(mark()?),
        "bookTicker" => book_of(book()?),
        other => Err(Refusal {
            reason: Reason::OtherStream,
            why: format!("e: '{}' was not asked for", shown(other)),
        }),
    }
}

fn trade_of(raw: RawTrade<'_>) -> Result<Frame<'_>, Refusal> {
    let traded: Qty = qty("q", &raw.q)?;
    if traded.is_zero() {
        return Err(Refusal {
            reason: Reason::Number,
            why: format!("q: '{}' is nothing", raw.q),
        });
    }
    let trade = AggTrade {
        id: raw.a,
        price: price("p", &raw.p)?,
        qty: traded,
        at: time("T", raw.at)?,
    };
    let symbol = raw.s;
    Ok(Frame::Trade { symbol, trade })
}

fn mark_of(raw: RawMark<'_>) -> Result<Frame<'_>, Refusal> {
    let mark = Mark {
        at: time("E", raw.at)?,
        price: price("p", &raw.p)?,
        funding: next_funding(&raw.r, raw.next)?,
    };
    let symbol = raw.s;
    Ok(Frame::Mark { symbol, mark })
}

fn book_of(raw: RawBook<'_>) -> Result<Frame<'_>, Refusal> {
    let book = Book {
        update: raw.u,
        at: time("T", raw.at)?,
        bid: price("b", &raw.b)?,
        ask: price("a", &raw.a)?,
    };
    if book.bid > book.ask {
        return Err(Refusal {
            reason: Reason::Crossed,
            why: format!("bid {} is above ask {}", book.bid, book.ask),
        });
    }
    let symbol = raw.s;
    Ok(Frame::Book { symbol, book })
}

/// The name of a stream begins with its contract, in small letters.
fn fits(stream: &str, symbol: &str) -> Result<(), Refusal> {
    let name = stream.split('@').next().unwrap_or(stream);
    if name.to_lowercase() == symbol.to_lowercase() || name.starts_with('!') {
        return Ok(());
    }
    Err(Refusal {
        reason: Reason::OtherSymbol,
        why: format!("stream '{}' holds '{}'", shown(stream), shown(symbol)),
    })
}

fn answer<'a>(head: &Head<'_>, text: &str) -> Result<Frame<'a>, Refusal> {
    let failed = |code, msg: &str| Frame::Failed {
        id: head.id,
        code,
        msg: shown(msg),
    };
    match (&head.error, head.code, head.id) {
        (Some(error), _, _) => Ok(failed(error.code, &error.msg)),
        (None, Some(code), _) => Ok(failed(code, head.msg.as_deref().unwrap_or_default())),
        (None, None, Some(id)) if head.result => Ok(Frame::Done { id }),
        _ => Err(Refusal {
            reason: Reason::Malformed,
            why: format!("neither data nor an answer: {}", shown(text)),
        }),
    }
}
