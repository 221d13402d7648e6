//! The files a report is made of: the page, the pictures, the script of its charts.
//!
//! Not here: putting them in their place (`backtest`), what is on them (`html`, `panels`).

use super::panels;

/// Pictures that are no charts of the page.
const MORE: [&str; 2] = ["drawdown", "summary"];

/// Whether a report has a picture of this name, without its ending.
#[must_use]
pub fn is_picture(name: &str) -> bool {
    panels::IDS.contains(&name) || MORE.contains(&name)
}
