//! Small answers: the exchange's time, error bodies.
//!
//! Not here: answers in rows (`rows`), contracts (`contracts`).

use serde::Deserialize;

use crate::domain::time::Timestamp;

use super::{WireError, json_error, shown, time};

/// `{"code":-1121,"msg":"Invalid symbol."}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorBody {
    /// The exchange's number of the error.
    pub code: i64,
    /// Its text, cut to what is worth showing.
    pub msg: String,
}

#[derive(Deserialize)]
struct RawError {
    code: i64,
    #[serde(default)]
    msg: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawTime {
    server_time: i64,
}

impl ErrorBody {
    /// The error a body says; `None` when it is no such body (a page of a firewall, for example).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let raw: RawError = serde_json::from_str(text).ok()?;
        Some(Self {
            code: raw.code,
            msg: shown(&raw.msg),
        })
    }

    /// When a ban ends, if the text says so (`… banned until 1790000000000 …`).
    #[must_use]
    pub fn banned_until(&self) -> Option<Timestamp> {
        let (_, after) = self.msg.split_once("banned until ")?;
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        let millis: i64 = digits.parse().ok()?;
        Timestamp::from_epoch(millis).map(|_| Timestamp::from_millis(millis))
    }
}

/// The answer of `GET /fapi/v1/time`.
///
/// # Errors
/// When it is no such answer.
pub fn server_time(text: &str) -> Result<Timestamp, WireError> {
    let raw: RawTime = serde_json::from_str(text).map_err(|wrong| json_error(&wrong))?;
    time("serverTime", raw.server_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bans_name_their_end() {
        let text = r#"{"code":-1003,"msg":"Way too many requests; IP(1.2.3.4) banned until 1790000000123. Please use the websocket."}"#;
        let body = ErrorBody::parse(text).unwrap();
        assert_eq!(body.code, -1003);
        assert_eq!(
            body.banned_until(),
            Some(Timestamp::from_millis(1_790_000_000_123))
        );
        assert_eq!(ErrorBody::parse("<html>"), None);
        let other = ErrorBody::parse(r#"{"code":-1121,"msg":"Invalid symbol."}"#).unwrap();
        assert_eq!(other.banned_until(), None);
    }
}
