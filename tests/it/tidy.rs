//! The tree itself: who imports whom, headers, calls that belong into one place, crates that belong into one floor.
//!
//! The table is the one of `src/ARCHITECTURE.md`. Everything from the first `#[cfg(test)]` of a file on is test code
//! and may do what tests do.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules and what each may import, besides itself. `trader::rules` is that module alone.
const LAYERS: [(&str, &[&str]); 18] = [
    ("domain", &[]),
    ("signal", &["domain"]),
    ("trader", &["domain"]),
    ("stats", &["domain"]),
    ("market", &["domain"]),
    ("engine", &["domain", "trader"]),
    ("report", &["domain", "stats"]),
    ("exchange", &["domain", "market", "engine", "trader::rules"]),
    ("journal", &["domain", "engine"]),
    ("settings", BELOW_FIVE),
    // A run writes its resolved configuration into its folder, so settings lie below it.
    ("backtest", BELOW_BACKTEST),
    // Many runs.
    ("sweep", BELOW_SWEEP),
    // What the best of many runs is worth.
    ("validate", BELOW_VALIDATE),
    ("web", BELOW_FIVE),
    // A look-alike of the exchange, for trying the rest without a network.
    ("lookalike", BELOW_FIVE),
    ("live", BELOW_SIX),
    ("cli", BELOW_CLI),
    ("main", &["cli"]),
];
const BELOW_FIVE: &[&str] = &[
    "domain", "signal", "trader", "stats", "market", "engine", "report", "exchange", "journal",
];
const BELOW_BACKTEST: &[&str] = &[
    "domain", "signal", "trader", "stats", "market", "engine", "report", "exchange", "journal",
    "settings",
];
const BELOW_SWEEP: &[&str] = &[
    "domain", "signal", "trader", "stats", "market", "engine", "report", "exchange", "journal",
    "settings", "backtest",
];
const BELOW_VALIDATE: &[&str] = &[
    "domain", "signal", "trader", "stats", "market", "engine", "report", "exchange", "journal",
    "settings", "backtest", "sweep",
];
const BELOW_SIX: &[&str] = &[
    "domain", "signal", "trader", "stats", "market", "engine", "report", "exchange", "journal",
    "settings", "backtest", "web",
];
const BELOW_CLI: &[&str] = &[
    "domain",
    "signal",
    "trader",
    "stats",
    "market",
    "engine",
    "report",
    "exchange",
    "journal",
    "settings",
    "backtest",
    "sweep",
    "validate",
    "web",
    "lookalike",
    "live",
];

/// Text that may only stand in files whose path begins with one of these.
const CALLS: [(&str, &[&str]); 16] = [
    ("Approved::seal", &["trader/risk.rs"]),
    ("println!", &["cli/"]),
    ("print!", &["cli/"]),
    ("eprintln!", &["cli/"]),
    ("eprint!", &["cli/"]),
    ("dbg!", &[]),
    ("io::stdout", &["cli/"]),
    ("io::stderr", &["cli/"]),
    ("env::var", &["settings/"]),
    ("env::temp_dir", &[]),
    ("option_env!", &[]),
    ("Instant::now", CLOCKS),
    ("SystemTime::now", CLOCKS),
    ("Utc::now", CLOCKS),
    ("Local::now", CLOCKS),
    ("thread::sleep", &[]),
];
const CLOCKS: &[&str] = &[
    "cli/",
    "live",
    "exchange/binance",
    "lookalike",
    // How long the disk takes for a commit.
    "journal/timing.rs",
];

/// Text that the pure modules may not hold: no files, sockets, threads, locks.
const IMPURE: [&str; 12] = [
    "std::fs",
    "std::io",
    "std::net",
    "std::thread",
    "std::process",
    "std::env",
    "std::time",
    "Mutex",
    "RwLock",
    "mpsc",
    "Atomic",
    "async fn",
];
const PURE: [&str; 7] = [
    "domain/",
    "signal",
    "trader/",
    "stats",
    "engine",
    "exchange/fills",
    "exchange/history",
];

/// Crates and the files that may name them.
const CRATES: [(&str, &[&str]); 27] = [
    ("polars", &["market/"]),
    // The tables of a run folder are written where the run is.
    (
        "csv",
        &[
            "market/",
            "backtest/tables.rs",
            "backtest/reading/",
            "sweep/tables.rs",
        ],
    ),
    ("rusqlite", &["market/", "journal"]),
    ("zip", &["market/"]),
    ("flate2", &["market/"]),
    ("plotters", &["report/chart"]),
    ("epaint_default_fonts", &["report/chart"]),
    ("plotly", &["report/chart"]),
    ("unifont_bitmap", &["report/chart"]),
    ("clap", &["cli/"]),
    ("clap_complete", &["cli/"]),
    ("indicatif", &["cli/"]),
    ("ctrlc", &["cli/"]),
    ("chrono", &["domain/time.rs"]),
    ("toml", &["settings/", "cli/config.rs"]),
    ("strsim", &["settings/"]),
    ("optimizer", &["sweep/models"]),
    ("tpe", &["sweep/models"]),
    ("rand_core", &["sweep/models"]),
    ("anyhow", &["cli/", "live"]),
    ("tokio", NETWORK),
    ("tokio_tungstenite", NETWORK),
    ("futures_util", NETWORK),
    ("axum", &["live", "lookalike"]),
    ("reqwest", &["exchange/binance", "live", "cli/"]),
    ("hmac", &["exchange/binance", "live"]),
    ("tracing_subscriber", &["cli/"]),
];
const NETWORK: &[&str] = &["exchange/binance", "live", "lookalike", "cli/"];

/// One source file without comments, the words inside text, and tests.
struct Source {
    /// Relative to `src`, with forward slashes.
    path: String,
    /// As it stands.
    whole: String,
    /// What the compiler makes of it.
    code: String,
}

/// How much was looked at.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    files: usize,
    imports: usize,
    crates: usize,
    calls: usize,
}

#[test]
fn the_tree_keeps_its_layers() {
    let mut files = Vec::new();
    collect(&root(), &mut files);
    files.sort();
    let sources: Vec<Source> = files.iter().map(|path| load(path)).collect();
    let mut seen = Seen::default();
    let mut wrong = Vec::new();
    for source in &sources {
        check(source, &mut seen, &mut wrong);
    }
    println!(
        "tidy: {} files, {} imports between modules, {} uses of guarded crates, {} guarded calls, {} violations",
        seen.files,
        seen.imports,
        seen.crates,
        seen.calls,
        wrong.len()
    );
    assert!(
        seen.files > 20 && seen.imports > 50 && seen.crates > 3 && seen.calls > 3,
        "too little was looked at: {seen:?}"
    );
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_module_of_the_tree_is_in_the_table() {
    let text = fs::read_to_string(root().join("lib.rs")).unwrap();
    let modules: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    println!("tidy: {} modules in lib.rs", modules.len());
    assert!(!modules.is_empty());
    for module in modules {
        assert!(
            LAYERS.iter().any(|(name, _)| *name == module),
            "{module} is in no floor of the table"
        );
    }
}

#[test]
fn the_check_finds_what_it_looks_for() {
    let cases: [(&str, &str, &str); 16] = [
        (
            "domain/a.rs",
            "use crate::trader::x;",
            "may not import trader",
        ),
        (
            "trader/a.rs",
            "use crate::{domain::num, signal::x};",
            "may not import signal",
        ),
        (
            "engine.rs",
            "fn f() { super::exchange::x() }",
            "may not import exchange",
        ),
        (
            "exchange/a.rs",
            "use crate::trader::risk::size;",
            "may not import trader",
        ),
        (
            "settings/a.rs",
            "use crate::backtest::x;",
            "may not import backtest",
        ),
        ("cli/a.rs", "use super::super::x;", "super::super"),
        ("cli/a.rs", "use crate::settings::*;", "glob"),
        ("cli/a.rs", "use crate::settings::{self, *};", "glob"),
        ("cli/a.rs", "pub use crate::settings::x;", "re-export"),
        (
            "trader/a.rs",
            "fn f() { Approved::seal(x) }",
            "Approved::seal",
        ),
        ("market/a.rs", "fn f() { println!() }", "println!"),
        ("report/a.rs", "fn f() { std::env::var(x) }", "env::var"),
        ("stats/a.rs", "use std::fs::File;", "std::fs"),
        ("stats/a.rs", "use polars::prelude::X;", "polars"),
        ("cli/utils.rs", "fn f() {}", "utils"),
        (
            "backtest/a.rs",
            "fn f() { let t = std::time::Instant::now(); }",
            "Instant::now",
        ),
    ];
    for (path, code, said) in cases {
        let mut wrong = Vec::new();
        let whole = format!("//! Head.\n//!\n//! Not here: x.\n\n{code}\n");
        check(&source(path, whole), &mut Seen::default(), &mut wrong);
        assert!(
            wrong.len() == 1 && wrong[0].contains(said),
            "{path}: {code}: {wrong:?}"
        );
    }
    let fine = "//! Head.\n//!\n//! Not here: `crate::cli`.\n\n// println!\n/* use crate::cli::x; */\nuse crate::domain::num;\n\
                const A: &str = \"crate::cli \\\" println!\"; const B: char = '\"'; fn f<'a>() {}\n#[cfg(test)]\nmod tests { use super::*; }\n";
    let mut wrong = Vec::new();
    let mut seen = Seen::default();
    check(
        &source("trader/a.rs", fine.to_owned()),
        &mut seen,
        &mut wrong,
    );
    assert!(wrong.is_empty() && seen.imports == 1, "{wrong:?} {seen:?}");
    println!("tidy: {} planted faults found", cases.len());
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

fn load(path: &Path) -> Source {
    let parts: Vec<String> = path
        .strip_prefix(root())
        .unwrap()
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    source(&parts.join("/"), fs::read_to_string(path).unwrap())
}

fn source(path: &str, whole: String) -> Source {
    let mut code = bare(&whole);
    if let Some(tests) = code.find("#[cfg(test)]") {
        code.truncate(tests);
    }
    Source {
        path: path.to_owned(),
        whole,
        code,
    }
}

/// Code without comments and without what stands between quotes.
fn bare(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        let here = letters[at];
        let next = letters.get(at + 1).copied();
        at = match (here, next) {
            ('/', Some('/')) => skip_until(&letters, at, |rest| rest[0] == '\n'),
            ('/', Some('*')) => skip_until(&letters, at, |rest| rest.starts_with(&['*', '/'])) + 2,
            ('r', Some('"' | '#')) if raw_text(&letters, at).is_some() => {
                raw_text(&letters, at).unwrap()
            }
            ('"', _) => end_of_text(&letters, at),
            // A character, not a lifetime: the closing quote is near.
            ('\'', Some('\\')) => skip_until(&letters, at + 3, |rest| rest[0] == '\'') + 1,
            ('\'', _) if letters.get(at + 2) == Some(&'\'') => at + 3,
            _ => {
                code.push(here);
                at + 1
            }
        };
    }
    code
}

fn skip_until(letters: &[char], from: usize, stop: impl Fn(&[char]) -> bool) -> usize {
    (from..letters.len())
        .find(|at| stop(&letters[*at..]))
        .unwrap_or(letters.len())
}

fn end_of_text(letters: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < letters.len() && letters[at] != '"' {
        at += if letters[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The end of `r"…"` or `r#"…"#`, if that is what begins here.
fn raw_text(letters: &[char], start: usize) -> Option<usize> {
    let hashes = letters[start + 1..]
        .iter()
        .take_while(|letter| **letter == '#')
        .count();
    if letters.get(start + 1 + hashes) != Some(&'"') {
        return None;
    }
    let mut close = vec!['"'];
    close.resize(hashes + 1, '#');
    let end = skip_until(letters, start + 2 + hashes, |rest| rest.starts_with(&close));
    Some(end + close.len())
}

fn check(source: &Source, seen: &mut Seen, wrong: &mut Vec<String>) {
    seen.files += 1;
    check_header(source, wrong);
    check_imports(source, seen, wrong);
    check_uses(source, wrong);
    check_calls(source, seen, wrong);
    check_crates(source, seen, wrong);
}

fn check_header(source: &Source, wrong: &mut Vec<String>) {
    let path = &source.path;
    if !source.whole.starts_with("//! ") {
        wrong.push(format!("{path}: does not open with a //! header"));
    } else if !matches!(path.as_str(), "main.rs" | "lib.rs") && !source.whole.contains("Not here") {
        wrong.push(format!("{path}: its header does not say what is not here"));
    }
    let name = path.rsplit('/').next().unwrap();
    if ["utils", "util", "common", "helpers", "misc"]
        .iter()
        .any(|vague| path.split('/').any(|part| part == *vague) || name == format!("{vague}.rs"))
    {
        wrong.push(format!("{path}: utils, common and the like name nothing"));
    }
}

/// The module of the table a file belongs to.
fn module(path: &str) -> &str {
    let first = path.split('/').next().unwrap();
    first.strip_suffix(".rs").unwrap_or(first)
}

fn check_imports(source: &Source, seen: &mut Seen, wrong: &mut Vec<String>) {
    let own = module(&source.path);
    if own == "lib" {
        return;
    }
    let allowed: BTreeMap<&str, &[&str]> = LAYERS.into_iter().collect();
    let Some(allowed) = allowed.get(own) else {
        wrong.push(format!(
            "{}: {own} is in no floor of the table",
            source.path
        ));
        return;
    };
    let mut roots = vec!["crate::", "confluence::"];
    // In the module's own top file `super` is the crate.
    let top = !source.path.contains('/') || source.path == format!("{own}/mod.rs");
    if top {
        roots.push("super::");
    }
    for root in roots {
        for path in paths_after(&source.code, root) {
            let target = path.split("::").next().unwrap();
            if target == own || !target.starts_with(|letter: char| letter.is_ascii_lowercase()) {
                continue;
            }
            seen.imports += 1;
            let fits = allowed
                .iter()
                .any(|name| path == *name || path.starts_with(&format!("{name}::")));
            if !fits {
                wrong.push(format!(
                    "{}: {own} may not import {target} ({root}{path})",
                    source.path
                ));
            }
        }
    }
}

/// The paths that follow a root, groups taken apart one level deep: `crate::{a::b, c}` gives `a::b` and `c`.
fn paths_after(code: &str, root: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices(root) {
        if !at_word_start(code, at) {
            continue;
        }
        let rest = &code[at + root.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0_i32;
            let end = group
                .find(|letter: char| {
                    depth += i32::from(letter == '{') - i32::from(letter == '}');
                    depth < 0
                })
                .unwrap_or(group.len());
            let mut start = 0;
            depth = 0;
            for (index, letter) in group[..end].char_indices().chain([(end, ',')]) {
                depth += i32::from(letter == '{') - i32::from(letter == '}');
                if letter == ',' && depth == 0 {
                    paths.push(path_at(group[start..index].trim_start()));
                    start = index + 1;
                }
            }
        } else {
            paths.push(path_at(rest));
        }
    }
    paths.retain(|path| !path.is_empty());
    paths
}

fn path_at(text: &str) -> String {
    text.chars()
        .take_while(|letter| letter.is_alphanumeric() || matches!(letter, '_' | ':'))
        .collect::<String>()
        .trim_end_matches(':')
        .to_owned()
}

/// Whether a name that begins here is not the end of a longer name or path.
fn at_word_start(code: &str, at: usize) -> bool {
    !code[..at].ends_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':'))
}

fn check_uses(source: &Source, wrong: &mut Vec<String>) {
    let path = &source.path;
    if source.code.contains("super::super") {
        wrong.push(format!(
            "{path}: super::super; name the module from crate:: on"
        ));
    }
    for statement in source.code.split(';') {
        let begins = statement
            .match_indices("use ")
            .map(|(at, _)| at)
            .filter(|at| at_word_start(statement, *at))
            .last();
        let Some(at) = begins else { continue };
        let imported = &statement[at..];
        if imported.contains("::*") || imported.contains(", *") || imported.contains("{*") {
            wrong.push(format!("{path}: glob import: {}", imported.trim()));
        }
        let before = statement[..at].trim_end();
        let public = before.ends_with("pub")
            || before.rfind("pub(").is_some_and(|open| {
                before.ends_with(')') && !before[open..before.len() - 1].contains(')')
            });
        if public {
            wrong.push(format!("{path}: re-export: pub {}", imported.trim()));
        }
    }
}

fn check_calls(source: &Source, seen: &mut Seen, wrong: &mut Vec<String>) {
    let path = &source.path;
    for (call, places) in CALLS {
        let count = source
            .code
            .match_indices(call)
            .filter(|(at, _)| call.contains("::") || at_word_start(&source.code, *at))
            .count();
        seen.calls += count;
        if count > 0 && !places.iter().any(|place| path.starts_with(place)) {
            wrong.push(format!("{path}: {call} belongs into {places:?}"));
        }
    }
    if PURE.iter().any(|place| path.starts_with(place)) {
        for banned in IMPURE {
            if source.code.contains(banned) {
                wrong.push(format!("{path}: a pure module holds no {banned}"));
            }
        }
    }
}

fn check_crates(source: &Source, seen: &mut Seen, wrong: &mut Vec<String>) {
    let path = &source.path;
    for (name, places) in CRATES {
        let used = ["::", ";", " as "].iter().any(|after| {
            let word = format!("{name}{after}");
            source.code.match_indices(&word).any(|(at, _)| {
                at_word_start(&source.code, at)
                    && (*after == "::" || source.code[..at].ends_with("use "))
            })
        });
        if !used {
            continue;
        }
        seen.crates += 1;
        if !places.iter().any(|place| path.starts_with(place)) {
            wrong.push(format!("{path}: the crate {name} belongs into {places:?}"));
        }
    }
}
