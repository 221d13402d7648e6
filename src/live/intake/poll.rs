//! The feed asked by us: both lists of `valuescan.md` section 6, with the user's token.
//!
//! Not here: what messages say (`message`).
//! Invariants: the token goes to the configured host alone, in a header, never over plain HTTP to another machine,
//! through no proxy and no redirect, and into no log; a message counts as taken only once the runner has answered, so
//! what was `busy` comes again with the next round.

mod token;

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, StatusCode, Url};
use serde_json::Value;

use super::SourceName;
use super::bounded::Bounded;
use super::config::{FeedConfig, IntakeError};
use super::count::Count;
use super::desk::{Desk, Patience, pause};
use super::limits::{FEED_BYTES, FEED_FAILURES, FEED_IDS};
use super::message;
use super::stats::FeedState;
use crate::signal::feed;
use token::Token;

const WAY: SourceName = SourceName::Feed;
const WARNINGS: &str = "/api/account/message/getWarnMessage";
const AI_MESSAGES: &str = "/api/account/message/aiMessagePage";
/// The page the original asks for.
const PAGE: &str = r#"{"pageNum":1,"pageSize":50}"#;
/// Codes of an envelope that say the token is no longer good.
const TOKEN_CODES: [i64; 2] = [4000, 4002];

/// Asks round after round.
pub(super) struct Poller {
    desk: Arc<Desk>,
    config: FeedConfig,
    client: Client,
    lists: [(Url, Option<&'static str>); 2],
    token: Token,
    seen: Bounded<Arc<str>, ()>,
}

/// How a round failed.
#[derive(Debug)]
enum Failure {
    /// The token is dead.
    Token,
    /// Anything else, in words without the token.
    Other(String),
}

impl Poller {
    /// # Errors
    /// When the base is no address, or plain HTTP to another machine, or there is no time between two rounds.
    pub(super) fn new(config: FeedConfig, desk: Arc<Desk>) -> Result<Self, IntakeError> {
        let wrong = |found: String| IntakeError::Value {
            key: "feed base",
            found,
            hint: "write scheme and host, for example https://api.valuescan.io; http only to this machine",
        };
        if config.every.is_zero() {
            let found = "every 0 ms".to_owned();
            let hint = "leave time between two rounds; 10 s is usual";
            return Err(IntakeError::Value {
                key: "feed interval",
                found,
                hint,
            });
        }
        let base = Url::parse(&config.base)
            .map_err(|error| wrong(format!("'{}' is no address: {error}", config.base)))?;
        let host = base.host_str().unwrap_or_default();
        let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        if base.scheme() != "https" && !(base.scheme() == "http" && here) {
            let found = format!(
                "{}://{host} would carry the token in the open",
                base.scheme()
            );
            return Err(wrong(found));
        }
        let join = |path| {
            base.join(path)
                .map_err(|error| wrong(format!("'{}': {error}", config.base)))
        };
        let lists = [(join(WARNINGS)?, None), (join(AI_MESSAGES)?, Some(PAGE))];
        let client = Client::builder()
            .timeout(config.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            token: Token::new(config.token_file.clone()),
            desk,
            config,
            client,
            lists,
            seen: Bounded::new(FEED_IDS),
        })
    }

    /// Asks until the end is asked for.
    pub(super) async fn run(mut self) {
        let desk = Arc::clone(&self.desk);
        let mut failures = 0;
        loop {
            let round = tokio::select! {
                round = self.round() => round,
                () = desk.stopped() => return,
            };
            let wait = match round {
                Ok(()) => {
                    failures = 0;
                    self.desk.stats.set_feed(FeedState::Answering);
                    self.config.every
                }
                Err(Failure::Token) => {
                    failures = 0;
                    if !self.new_token().await {
                        return;
                    }
                    continue;
                }
                Err(Failure::Other(found)) => {
                    failures += 1;
                    self.failed(&mut failures, &found)
                }
            };
            if !pause(&self.desk, wait).await {
                return;
            }
        }
    }

    /// How long to wait after a failure.
    fn failed(&self, failures: &mut u32, found: &str) -> Duration {
        self.desk.stats.add(WAY, Count::Failures);
        self.desk.quiet.warn(WAY, "the feed does not answer", found);
        if *failures < FEED_FAILURES {
            self.desk.stats.set_feed(FeedState::Failing);
            return self.config.every;
        }
        *failures = 0;
        self.desk.stats.set_feed(FeedState::Paused);
        self.config.pause
    }

    /// Says once that the token is dead and waits for another; `false` when the end came first.
    async fn new_token(&mut self) -> bool {
        self.desk.stats.add(WAY, Count::TokenDead);
        self.desk.stats.set_feed(FeedState::TokenDead);
        tracing::error!(
            file = %self.config.token_file.display(),
            "the feed no longer takes the token: no signals from it until the token file changes"
        );
        self.token.is_dead();
        while pause(&self.desk, self.config.every).await {
            if self.token.read().is_ok() {
                tracing::info!("the token file has changed: the feed is asked again");
                return true;
            }
        }
        false
    }

    /// Both lists once.
    async fn round(&mut self) -> Result<(), Failure> {
        self.token.read().map_err(Failure::Other)?;
        let mut news = Vec::new();
        let mut failure = None;
        for (url, body) in self.lists.clone() {
            match self.list(url, body).await {
                Ok(list) => {
                    // Newest first, as the feed has them.
                    news.extend(list.into_iter().rev());
                }
                Err(failed) if failure.is_none() || matches!(failed, Failure::Token) => {
                    failure = Some(failed);
                }
                Err(_) => {}
            }
        }
        // One list that fails does not keep the other's messages back.
        self.hand_in(news).await;
        failure.map_or(Ok(()), Err)
    }

    async fn list(&self, url: Url, body: Option<&'static str>) -> Result<Vec<Value>, Failure> {
        let path = url.path().to_owned();
        let failed = |found: String| Failure::Other(format!("{path}: {found}"));
        let request = match body {
            None => self.client.get(url),
            Some(body) => self.client.post(url).body(body),
        };
        let mut bearer = self.token.bearer().map_err(Failure::Other)?;
        bearer.set_sensitive(true);
        let request = request
            .header(AUTHORIZATION, bearer)
            .header(CONTENT_TYPE, "application/json");
        let mut response = request
            .send()
            .await
            .map_err(|error| failed(error.without_url().to_string()))?;
        let status = response.status();
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(Failure::Token);
        }
        if !status.is_success() {
            return Err(failed(format!("answered with status {status}")));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failed(error.without_url().to_string()))?
        {
            if bytes.len() + chunk.len() > FEED_BYTES {
                return Err(failed(format!(
                    "answered with more than {FEED_BYTES} bytes"
                )));
            }
            bytes.extend_from_slice(&chunk);
        }
        let value = message::json(&bytes).map_err(|bad| failed(bad.reason()))?;
        let code = value.get("code").and_then(Value::as_i64);
        if code.is_some_and(|code| TOKEN_CODES.contains(&code)) {
            return Err(Failure::Token);
        }
        feed::entries(value).map_err(|wrong| failed(wrong.to_string()))
    }

    /// Hands in what was not taken yet, oldest first: stable in the order of the lists, then by time.
    async fn hand_in(&mut self, mut news: Vec<Value>) {
        news.retain(|message| match feed::message_id(message) {
            Some(id) => self.seen.get(&id).is_none(),
            None => true,
        });
        news.sort_by_key(|message| message.get("createTime").and_then(Value::as_i64));
        let mut slots = Vec::new();
        let mut handed = Bounded::new(news.len());
        for message in &news {
            let id = feed::message_id(message);
            if let Some(id) = &id {
                // The same message is in both lists.
                if handed.get(id).is_some() {
                    continue;
                }
                handed.put(Arc::clone(id), ());
            }
            slots.push((id, self.desk.value(WAY, message, Patience::Brief).await));
        }
        for (id, slot) in slots {
            let settled = self.desk.settle(slot).await;
            if let Some(id) = id
                && !settled.answer.passes()
            {
                self.seen.put(id, ());
            }
        }
    }
}
