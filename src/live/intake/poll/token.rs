//! The feed's token, from a file that may change.
//!
//! Not here: what is asked with it (`poll`).
//! Invariant: the token leaves only as a header; no error quotes the file.

use std::fs::File;
use std::path::PathBuf;

use reqwest::header::HeaderValue;
use serde_json::Value;

use crate::live::intake::secret::{Secret, open_to_others, read_bounded};

/// The token as it stands in the file.
#[derive(Debug)]
pub(super) struct Token {
    file: PathBuf,
    held: Option<Secret>,
    /// A token that the feed no longer takes: as long as the file holds it, there is none.
    dead: Option<Secret>,
    warned: bool,
}

impl Token {
    pub(super) const fn new(file: PathBuf) -> Self {
        Self {
            file,
            held: None,
            dead: None,
            warned: false,
        }
    }

    /// Reads the file again.
    ///
    /// # Errors
    /// In words, when it holds no token or one that is dead.
    pub(super) fn read(&mut self) -> Result<(), String> {
        let shown = self.file.display();
        let wrong = |found: &str| {
            format!("{shown}: {found}\nhint: a JSON object with the key account_token")
        };
        let file = File::open(&self.file).map_err(|error| wrong(&error.to_string()))?;
        let open = open_to_others(&file).unwrap_or_default().is_some();
        let bytes = read_bounded(file).map_err(|error| wrong(&error.to_string()))?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|_| wrong("is no JSON"))?;
        let token = value.get("account_token").and_then(Value::as_str);
        let token = token.map(str::trim).filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| wrong("holds no account_token"))?;
        let is = |other: &Option<Secret>| {
            other
                .as_ref()
                .is_some_and(|other| other.bytes() == token.as_bytes())
        };
        if is(&self.dead) {
            return Err(wrong("still holds the token that the feed refused"));
        }
        if open && !self.warned {
            self.warned = true;
            tracing::warn!(file = %shown, "others may read the token file: chmod 600 it");
        }
        self.dead = None;
        self.held = Some(Secret::new(token.as_bytes().to_vec()));
        Ok(())
    }

    /// The feed refused it.
    pub(super) fn is_dead(&mut self) {
        self.dead = self.held.take();
    }

    /// The value of the header.
    ///
    /// # Errors
    /// In words, when there is none, or it holds what a header cannot.
    pub(super) fn bearer(&self) -> Result<HeaderValue, String> {
        let held = self.held.as_ref().ok_or("there is no token")?;
        let mut bytes = b"Bearer ".to_vec();
        bytes.extend_from_slice(held.bytes());
        HeaderValue::from_bytes(&bytes).map_err(|_| "the token is no text for a header".to_owned())
    }
}
