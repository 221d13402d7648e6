//! The scripts of the page and the policy that lets nothing else run.
//!
//! Not here: what they do (`trades.js`, `chart/browser.js`). The policy names each script of the page by its hash: nothing
//! that a run brings along can run, whatever it holds. A library beside the page cannot be named so when it is opened from a
//! disk: then scripts of files may run, and the page asks for that one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::report::chart::browser;

/// The table of trades.
const BOOK: &str = include_str!("trades.js");
/// Name of the library's file where it lies beside the page.
pub const LIBRARY: &str = "plotly.min.js";

/// Where the library that draws charts is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Assets {
    /// In the page: one file that shows everything anywhere.
    #[default]
    Embed,
    /// In a file beside the page, once for both languages and for a smaller page.
    Shared,
}

/// Elements for the end of the page, and the policy for its head.
#[must_use]
pub fn scripts(assets: Assets) -> (String, String) {
    let mut sources = vec![source(browser::DRAW), source(BOOK)];
    let library = match assets {
        Assets::Embed => {
            let library = browser::script();
            sources.push(source(&library));
            format!("<script>{library}</script>\n")
        }
        Assets::Shared => {
            // Of a page opened from a disk, browsers do not count the folder as its own place.
            sources.extend(["'self'".to_owned(), "file:".to_owned()]);
            format!("<script src=\"{LIBRARY}\"></script>\n")
        }
    };
    let html = format!(
        "{library}<script>{}</script>\n<script>{BOOK}</script>\n",
        browser::DRAW
    );
    let policy = format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; img-src data: blob:; script-src {}",
        sources.join(" ")
    );
    (html, policy)
}

/// Nothing runs.
#[must_use]
pub fn none() -> (String, String) {
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    (String::new(), policy.to_owned())
}

/// A script as a policy names it.
#[must_use]
pub fn source(script: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script)))
}
