//! The pages as a browser shows them, on a narrow screen and on a wide one: nothing is cut off, nothing scrolls sideways
//! but what may, and the script of a sweep's page does its work under the page's own policy. Needs Chromium; .ci/run
//! installs it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{made_up, say, sim, talk};

/// What looks at a page in a frame of its own, so that its policy holds for it alone, and writes down what it found.
const HARNESS: &str = include_str!("chromium.html");

/// The browser's program; without one the test is skipped with a visible note, or fails when one is required.
pub(crate) fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let works = |name: &&str| {
        let asked = Command::new(name).arg("--version").output();
        asked.is_ok_and(|output| output.status.success())
    };
    let found = names.into_iter().find(works);
    if found.is_none() {
        assert!(
            std::env::var("SIM_REQUIRE_CHROMIUM").map_or(true, |value| value != "1"),
            "no Chromium and SIM_REQUIRE_CHROMIUM=1; Debian's package is chromium"
        );
        say("SKIPPED: no Chromium; Debian's package is chromium");
    }
    found
}

/// A folder with a sweep of made-up data and its verdict.
struct Place {
    home: TempDir,
}

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        made_up(&home.path().join("data"), 61, 20);
        let place = Self { home };
        let space = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/sweep.toml");
        let mut sweep = sim();
        sweep.current_dir(place.home.path()).arg("sweep");
        sweep.args(["--signals", "data/signals.csv", "--data", "data"]);
        sweep.arg("--space").arg(space).args(["--out", "swept"]);
        sweep.args(["--trades-min", "1", "--validate"]);
        sweep.args(["--set", "validate.placebos=20"]);
        sweep.args(["--set", "validate.replicates=200"]);
        let output = sweep.output().unwrap();
        assert!(
            matches!(output.status.code(), Some(0 | 6)),
            "{}",
            talk(&output)
        );
        place
    }

    /// What the browser finds on a page that is so wide.
    fn look(&self, browser: &str, page: &str, width: u32) -> Value {
        look(browser, self.home.path(), (HARNESS, page, width)).0
    }
}

/// What a harness finds on a page of a folder that is so wide, and what the browser complained of meanwhile.
pub(crate) fn look(
    browser: &str,
    home: &Path,
    (harness, page, width): (&str, &str, u32),
) -> (Value, Vec<String>) {
    let place = home.join("harness.html");
    let text = harness
        .replace("PAGE", page)
        .replace("WIDTH", &width.to_string());
    fs::write(&place, text).unwrap();
    let output = Command::new(browser)
        // Without a sandbox: the page is ours, and containers allow none.
        .args(["--headless", "--no-sandbox", "--disable-gpu"])
        .args(["--hide-scrollbars", "--allow-file-access-from-files"])
        .args(["--enable-logging=stderr", "--v=0"])
        .args(["--virtual-time-budget=15000", "--dump-dom"])
        .arg(format!(
            "--user-data-dir={}",
            home.join("profile").display()
        ))
        .arg(format!("file://{}", place.display()))
        .output()
        .unwrap();
    let text = talk(&output);
    let found = text.split_once("<pre>").and_then(|(_, rest)| {
        let (found, _) = rest.split_once("</pre>")?;
        let plain = found
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        serde_json::from_str(&plain).ok()
    });
    let said = String::from_utf8_lossy(&output.stderr);
    let complaints = said.lines().filter(|line| line.contains("CONSOLE"));
    let complaints = complaints.map(str::to_owned).collect();
    let found = found.unwrap_or_else(|| panic!("{page}: {text}"));
    (found, complaints)
}

#[test]
fn pages_are_readable_on_a_narrow_screen_and_a_script_does_its_work() {
    let Some(browser) = browser() else {
        return;
    };
    let place = Place::new();
    for (page, may_scroll) in [
        ("swept/sweep.html", &["ranked", "parallel"][..]),
        ("swept/validation.html", &[]),
    ] {
        for width in [390, 1_280] {
            let found = place.look(browser, page, width);
            let name = format!("{page} at {width}: {found}");
            assert_eq!(found["width"], width, "{name}");
            assert_eq!(found["errors"], Value::Array(Vec::new()), "{name}");
            // The page as a whole never scrolls sideways; a wide table may, in its own frame, on a narrow screen.
            assert!(
                found["needs"].as_u64().unwrap() <= u64::from(width),
                "{name}"
            );
            for frame in found["scrolls"].as_array().unwrap() {
                let is_known = may_scroll.iter().any(|id| frame == id);
                assert!(is_known, "{frame} scrolls, {name}");
            }
            assert!(found["tables"].as_u64().unwrap() >= 4, "{name}");
            say(&format!("chromium: {name}"));
        }
    }
    let found = place.look(browser, "swept/sweep.html", 1_280);
    let drawn = |place: usize| found["proof"][place].as_u64().unwrap();
    assert!(drawn(0) > 3 && drawn(1) > 10, "{found}");
    let lines = found["lines"].as_u64().unwrap();
    let at = |key: &str| found["brush"][key].as_u64().unwrap();
    assert!(lines > 20, "{found}");
    assert_eq!((at("before"), at("cleared")), (lines, lines), "{found}");
    // Part of one axis: some lines stay and some go, and the words say how many.
    assert!((1..lines).contains(&at("kept")), "{found}");
    assert_eq!(
        found["brush"]["words"],
        format!("{} of {lines} lines", at("kept"))
    );
    let verdict = place.look(browser, "swept/validation.html", 390);
    assert!(verdict["brush"].is_null());
}
