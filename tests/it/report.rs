//! The report of made-up runs: offline, escaped, clear in every odd case, fast.

use std::time::Instant;

use confluence::report::chart::render;
use confluence::report::{html, table};

use crate::made_up;

#[test]
#[allow(clippy::disallowed_methods, reason = "a test measures")]
fn pages_are_written_for_a_look() {
    let run = made_up::usual();
    let began = Instant::now();
    let page = html::page(&run).expect("a page");
    let pictures = render::pictures(&run).expect("pictures");
    println!(
        "report: {} bytes of html, {} + {} bytes of png, {:?}",
        page.len(),
        pictures.equity.len(),
        pictures.drawdown.len(),
        began.elapsed()
    );
    println!("{}", table::summary(&run));
    if let Ok(folder) = std::env::var("LOOK") {
        std::fs::write(format!("{folder}/report.html"), page).expect("written");
        std::fs::write(format!("{folder}/equity.png"), pictures.equity).expect("written");
        std::fs::write(format!("{folder}/drawdown.png"), pictures.drawdown).expect("written");
    }
}
