//! A call on its way: its turn, its answer up to the limit, what a refusal means.
//!
//! Not here: which calls there are (`rest`), how weight is counted (`weight`).

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::exchange::binance::weight::Refused;
use crate::exchange::binance::wire::answer::ErrorBody;
use crate::exchange::binance::wire::shown;

use super::{Call, Rest, RestError};

/// Weight of a call in flight; it is settled however the call ends, also when nobody waits for it any more.
struct Booked<'a> {
    rest: &'a Rest,
    weight: u32,
    header: Option<u32>,
}

impl Drop for Booked<'_> {
    fn drop(&mut self) {
        self.rest
            .ledger(|ledger, now| ledger.back(now, self.weight, self.header));
    }
}

impl Rest {
    pub(super) async fn text(&self, call: Call) -> Result<String, RestError> {
        self.turn(&call).await?;
        let mut booked = Booked {
            rest: self,
            weight: call.weight,
            header: None,
        };
        let (status, headers, body) = self.send(&call).await?;
        booked.header =
            number(&headers, "x-mbx-used-weight-1m").and_then(|used| u32::try_from(used).ok());
        drop(booked);
        if status == 200 {
            return body;
        }
        Err(self.turned_down(call.path, status, &headers, body))
    }

    /// Waits until the call may leave, or says that this takes too long.
    async fn turn(&self, call: &Call) -> Result<(), RestError> {
        loop {
            let asked = self.ledger(|ledger, now| {
                ledger
                    .take(now, call.weight)
                    .map_err(|until| (until, until - now))
            });
            let Err((until, left)) = asked else {
                return Ok(());
            };
            let left = Duration::from_millis(u64::try_from(left.millis()).unwrap_or(0).max(1));
            if left > self.shared.config.wait_max {
                return Err(RestError::Throttled {
                    path: call.path,
                    until,
                });
            }
            tokio::time::sleep(left).await;
        }
    }

    /// The status, the headers, and the body as far as it is a text within its limit.
    async fn send(
        &self,
        call: &Call,
    ) -> Result<(u16, HeaderMap, Result<String, RestError>), RestError> {
        let Call { path, query, .. } = call;
        let mut address = self.shared.config.base.join(path);
        if !query.is_empty() {
            let _ = write!(address, "?{query}");
        }
        let sent = self.shared.client.get(address).send().await;
        let answer = sent.map_err(|wrong| transport(path, &wrong))?;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let body = self.body(path, answer).await;
        Ok((status, headers, body))
    }

    async fn body(
        &self,
        path: &'static str,
        mut answer: reqwest::Response,
    ) -> Result<String, RestError> {
        let limit = self.shared.config.body_max;
        let stated = answer.content_length().unwrap_or(0);
        if stated > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Err(RestError::TooLarge { path, limit });
        }
        if answer.headers().contains_key("content-encoding") {
            let what = "it is compressed, which was not asked for".to_owned();
            return Err(RestError::Malformed { path, what });
        }
        let mut bytes = Vec::new();
        while let Some(part) = answer
            .chunk()
            .await
            .map_err(|wrong| transport(path, &wrong))?
        {
            if bytes.len() + part.len() > limit {
                return Err(RestError::TooLarge { path, limit });
            }
            bytes.extend_from_slice(&part);
        }
        String::from_utf8(bytes).map_err(|_| RestError::Malformed {
            path,
            what: "it is not UTF-8".to_owned(),
        })
    }

    fn turned_down(
        &self,
        path: &'static str,
        status: u16,
        headers: &HeaderMap,
        body: Result<String, RestError>,
    ) -> RestError {
        let text = body.unwrap_or_default();
        let said = ErrorBody::parse(&text);
        let how = match status {
            429 => Some(Refused::TooMany),
            418 => Some(Refused::Banned),
            _ => None,
        };
        if let Some(how) = how {
            let after = number(headers, "retry-after");
            let banned = said.as_ref().and_then(ErrorBody::banned_until);
            let until = self.ledger(|ledger, now| ledger.refused(now, how, after, banned));
            return RestError::Throttled { path, until };
        }
        RestError::Status {
            path,
            status,
            code: said.as_ref().map(|said| said.code),
            msg: said.map_or_else(|| shown(&text), |said| said.msg),
        }
    }
}

fn transport(path: &'static str, wrong: &reqwest::Error) -> RestError {
    if wrong.is_timeout() {
        return RestError::Timeout { path };
    }
    RestError::Unreachable {
        path,
        why: chain(wrong),
    }
}

/// An error with its causes; addresses are left out, the path is said already.
pub(super) fn chain(wrong: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut cause = std::error::Error::source(wrong);
    while let Some(inner) = cause {
        words.push(inner.to_string());
        cause = inner.source();
    }
    if words.is_empty() {
        words.push("the request failed".to_owned());
    }
    shown(&words.join(": "))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}
