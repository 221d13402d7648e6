//! Addresses of hosts: which ones may be talked to, and in which scheme.
//!
//! Not here: which host a run uses (`settings`), paths of calls (`rest`), routes of streams (`stream`).
//! Invariant: without encryption only this machine is talked to.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

/// The address of a host, with an optional path in front of all of its paths; never with a query or a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Without a slash at its end.
    text: String,
    encrypted: bool,
}

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Calls: `https://…` or `http://…`.
    Rest,
    /// Streams: `wss://…` or `ws://…`.
    Streams,
}

/// Why a text is no address of a host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No URL at all.
    #[error("'{0}' is no address: {1}\nhint: for example https://fapi.binance.com")]
    Unreadable(String, String),
    /// A scheme that does not fit the purpose.
    #[error("'{0}' begins with {1}://\nhint: use {2}://")]
    Scheme(String, String, &'static str),
    /// No encryption to a host that is not this machine.
    #[error("'{0}' is not encrypted and {1} is not this machine\nhint: use {2}://, or 127.0.0.1")]
    Open(String, String, &'static str),
    /// A user, a query or a fragment.
    #[error("'{0}' holds more than a host and a path\nhint: leave out user, query and fragment")]
    TooMuch(String),
}

impl Purpose {
    const fn schemes(self) -> (&'static str, &'static str) {
        match self {
            Self::Rest => ("https", "http"),
            Self::Streams => ("wss", "ws"),
        }
    }
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is none, its scheme does not fit, or it would leave this machine without encryption. The text of a user
    /// or password is not shown.
    pub fn parse(text: &str, purpose: Purpose) -> Result<Self, AddressError> {
        let url = Url::parse(text.trim())
            .map_err(|wrong| AddressError::Unreadable(clip(text), wrong.to_string()))?;
        let (safe, open) = purpose.schemes();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::TooMuch("an address with a user".to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::TooMuch(clip(text)));
        }
        if url.scheme() != safe && url.scheme() != open {
            return Err(AddressError::Scheme(
                clip(text),
                url.scheme().to_owned(),
                safe,
            ));
        }
        let Some(host) = url.host_str() else {
            let why = "it names no host".to_owned();
            return Err(AddressError::Unreadable(clip(text), why));
        };
        if url.scheme() == open && !is_loopback(host) {
            return Err(AddressError::Open(clip(text), host.to_owned(), safe));
        }
        Ok(Self {
            text: url.as_str().trim_end_matches('/').to_owned(),
            encrypted: url.scheme() == safe,
        })
    }

    /// Whether what travels is encrypted.
    #[must_use]
    pub const fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// The address of a path below it; the path begins with a slash and is already percent-encoded.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn clip(text: &str) -> String {
    text.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_talked_to_without_encryption() {
        for (text, purpose) in [
            ("https://fapi.binance.com", Purpose::Rest),
            ("https://fapi.binance.com/", Purpose::Rest),
            ("http://127.0.0.1:8080", Purpose::Rest),
            ("http://[::1]:8080/a/", Purpose::Rest),
            ("ws://localhost:1", Purpose::Streams),
            ("wss://fstream.binance.com", Purpose::Streams),
        ] {
            let address = Address::parse(text, purpose).unwrap();
            assert_eq!(address.to_string(), text.trim_end_matches('/'));
        }
        for (text, purpose, said) in [
            ("http://fapi.binance.com", Purpose::Rest, "not this machine"),
            (
                "http://127.0.0.1.example.com",
                Purpose::Rest,
                "not this machine",
            ),
            ("ws://10.0.0.1", Purpose::Streams, "not this machine"),
            ("wss://fapi.binance.com", Purpose::Rest, "use https://"),
            ("ftp://fapi.binance.com", Purpose::Rest, "use https://"),
            ("fapi.binance.com", Purpose::Rest, "no address"),
            ("https://a:secret@b", Purpose::Rest, "user"),
            ("https://b/?x=1", Purpose::Rest, "leave out"),
        ] {
            let said_of_it = Address::parse(text, purpose).unwrap_err().to_string();
            assert!(said_of_it.contains(said), "{text}: {said_of_it}");
            assert!(!said_of_it.contains("secret"), "{said_of_it}");
        }
    }
}
