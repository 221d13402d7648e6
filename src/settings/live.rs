//! `[live]`: where prices and signals of a running strategy come from, where its record goes, how it is spoken to.
//!
//! Not here: what a run decides (no rule of the strategy is in this section), the addresses in use (`live`).
//! Invariant: no backtest depends on any of these keys, so they are no part of what names a run. Secrets are files that
//! are named here, never values.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::parse::Value;
use super::reader::{Reader, Rule};
use crate::domain::time::Span;

/// What the keys of this section begin with.
pub const SECTION: &str = "live.";

/// Everything about running that is not the strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// The exchange.
    pub market: Market,
    /// Sources of signals.
    pub intake: Intake,
    /// Address of the control port.
    pub control: Option<SocketAddr>,
    /// The journal.
    pub journal: PathBuf,
    /// Folder of the log files; none without it.
    pub log: Option<PathBuf>,
}

/// Where prices come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Market {
    /// Address of the REST calls.
    pub rest: String,
    /// Address of the streams.
    pub stream: String,
    /// What time is.
    pub clock: ClockKind,
    /// Contracts that are always subscribed.
    pub symbols: Vec<String>,
    /// Folder with maintenance brackets, which the exchange tells only to account holders.
    pub brackets: Option<PathBuf>,
    /// Silence after which a connection counts as broken.
    pub silent_after: Span,
    /// Oldest mark that an entry may be sized with.
    pub mark_age_max: Span,
    /// Time between two looks at the exchange's list of contracts, by this machine's clock.
    pub list_every: Span,
}

/// What time is while a strategy runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockKind {
    /// This machine's clock, corrected by the exchange's.
    #[default]
    Wall,
    /// What the stamps of the streams say: a market server at any speed.
    Stream,
}

/// Sources of signals; each is off without its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    /// The bridge's address.
    pub bridge: Option<SocketAddr>,
    /// Address of `POST /signals`.
    pub http: Option<SocketAddr>,
    /// File with the secret of `POST /signals`.
    pub http_key_file: Option<PathBuf>,
    /// A file that is followed.
    pub file: Option<PathBuf>,
    /// Whether lines are read from standard input.
    pub stdin: bool,
    /// Base address of the feed itself.
    pub feed: Option<String>,
    /// File with the feed's pass.
    pub feed_key_file: Option<PathBuf>,
    /// Time between two looks at the feed.
    pub feed_every: Span,
    /// Whether addresses that other machines can reach are allowed.
    pub allow_public: bool,
}

const WAIT: Rule<Span> = Rule {
    words: "above 0, at most an hour",
    holds: |span| span.millis() > 0 && span.millis() <= 3_600_000,
};

/// Reads the section.
pub(super) fn read(reader: &mut Reader<'_>) -> Live {
    let live = Live {
        market: market(reader),
        intake: intake(reader),
        control: address(reader, "live.control.listen"),
        journal: PathBuf::from(text(reader, "live.journal.file")),
        log: path(reader, "live.log.folder"),
    };
    needs(
        reader,
        live.intake.http.is_some() && live.intake.http_key_file.is_none(),
        ["live.intake.http", "live.intake.http_key_file"],
    );
    needs(
        reader,
        live.intake.feed.is_some() && live.intake.feed_key_file.is_none(),
        ["live.intake.feed", "live.intake.feed_key_file"],
    );
    if live.journal.as_os_str().is_empty() {
        reader.conflict(
            &["live.journal.file"],
            "live.journal.file is empty: a run without a record cannot be resumed",
            "name a file, for example paper.journal",
        );
    }
    live
}

fn needs(reader: &mut Reader<'_>, missing: bool, [key, other]: [&'static str; 2]) {
    if missing {
        reader.conflict(
            &[key, other],
            format!("{key} is set and {other} is not"),
            "name the file, or leave both empty",
        );
    }
}

fn market(reader: &mut Reader<'_>) -> Market {
    Market {
        rest: text(reader, "live.market.rest"),
        stream: text(reader, "live.market.stream"),
        clock: reader.choice(
            "live.market.clock",
            &[("wall", ClockKind::Wall), ("stream", ClockKind::Stream)],
        ),
        symbols: texts(reader, "live.market.symbols"),
        brackets: path(reader, "live.market.brackets"),
        silent_after: reader.seconds("live.market.silent_after_s", &WAIT),
        mark_age_max: reader.seconds("live.market.mark_age_max_s", &WAIT),
        list_every: reader.seconds("live.market.list_every_s", &WAIT),
    }
}

fn intake(reader: &mut Reader<'_>) -> Intake {
    let feed = text(reader, "live.intake.feed");
    Intake {
        bridge: address(reader, "live.intake.bridge"),
        http: address(reader, "live.intake.http"),
        http_key_file: path(reader, "live.intake.http_key_file"),
        file: path(reader, "live.intake.file"),
        stdin: reader.flag("live.intake.stdin"),
        feed: (!feed.is_empty()).then_some(feed),
        feed_key_file: path(reader, "live.intake.feed_key_file"),
        feed_every: reader.seconds("live.intake.feed_every_s", &WAIT),
        allow_public: reader.flag("live.intake.allow_public"),
    }
}

fn text(reader: &mut Reader<'_>, key: &str) -> String {
    let item = reader.item(key);
    let found = match &item.value {
        Value::Text(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Table(_) => {
            reader.wrong_kind(key, item, "text in quotes");
            String::new()
        }
    };
    reader.note(key, || quoted(&found));
    found
}

fn path(reader: &mut Reader<'_>, key: &str) -> Option<PathBuf> {
    let found = text(reader, key);
    (!found.is_empty()).then(|| PathBuf::from(found))
}

fn address(reader: &mut Reader<'_>, key: &str) -> Option<SocketAddr> {
    let found = text(reader, key);
    if found.is_empty() {
        return None;
    }
    let address = found.parse().ok();
    if address.is_none() {
        let item = reader.item(key);
        reader.wrong_kind(
            key,
            item,
            "an address such as \"127.0.0.1:8765\", or \"\" for none",
        );
    }
    address
}

fn texts(reader: &mut Reader<'_>, key: &str) -> Vec<String> {
    const EXPECTED: &str = "a list of texts such as [\"BTCUSDT\", \"ETHUSDT\"]";
    let item = reader.item(key);
    let Value::List(items) = &item.value else {
        reader.wrong_kind(key, item, EXPECTED);
        return Vec::new();
    };
    let mut found = Vec::new();
    for each in items {
        match &each.value {
            Value::Text(text) => found.push(text.clone()),
            Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Table(_) => {
                reader.wrong_kind(key, each, EXPECTED);
            }
        }
    }
    reader.note(key, || {
        let quoted: Vec<String> = found.iter().map(|text| quoted(text)).collect();
        format!("[{}]", quoted.join(", "))
    });
    found
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
