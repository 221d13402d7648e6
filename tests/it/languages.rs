//! The report in each of its languages: no text of the page is left in the other one, and nothing but texts differs.
//!
//! Pages are of made-up runs of every odd kind and of real runs of the program, with as many warnings as they can get.

use std::collections::BTreeSet;
use std::path::Path;

use confluence::report::input::{DataNote, RunReport, Weight};
use confluence::report::words::reason::reason;
use confluence::report::words::{Lang, Phrase, Word, all, data, model};

use crate::binary::{files, made_up, say, shared, sim, table, talk};
use crate::report::{odd_runs, page, without_scripts};

/// Proper names and units that are the same in both languages; `n` and `a` are of `n/a` and `√n`.
const NAMES: [&str; 27] = [
    "sweep",
    "resume",
    "sim",
    "validate",
    "b",
    "sharpe",
    "grid",
    "max",
    "tp",
    "USDT",
    "UTC",
    "R",
    "CAGR",
    "VaR",
    "ES",
    "SQN",
    "Alpha",
    "FOMO",
    "OHLC",
    "OLHC",
    "K",
    "JSON",
    "Z",
    "n",
    "a",
    "Sharpe",
    "confluence",
];

/// Places in folders and in the configuration.
const PLACES: [&str; 5] = [
    "exchange-info/",
    "klines/",
    "mark/",
    "funding/",
    "[instrument]",
];

/// Elements whose text is no text of ours: code, the run's title, looks.
const SKIPPED: [&str; 5] = ["code", "pre", "h1", "title", "style"];

/// The texts a reader sees, character references resolved; names of pictures and of columns too.
fn visible(page: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut skipped: Option<&str> = None;
    for piece in page.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        let name = tag.split_whitespace().next().unwrap_or_default();
        match skipped {
            Some(open) if name.strip_prefix('/') == Some(open) => skipped = None,
            None if SKIPPED.contains(&name) => skipped = Some(name),
            _ => {}
        }
        for attribute in ["aria-label=\"", "data-head=\"", "title=\""] {
            let value = tag.split_once(attribute).map(|(_, rest)| rest);
            let value = value.and_then(|rest| rest.split('"').next());
            texts.extend(value.map(str::to_owned));
        }
        if skipped.is_none() && !text.trim().is_empty() {
            texts.push(text.trim().to_owned());
        }
    }
    let plain = |text: String| {
        [
            ("&#39;", "'"),
            ("&quot;", "\""),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&amp;", "&"),
        ]
        .iter()
        .fold(text, |text, (code, letter)| text.replace(code, letter))
    };
    texts.into_iter().map(plain).collect()
}

/// A mark of an axis of time: symbols of units are the same in both languages.
fn is_span(text: &str) -> bool {
    let (number, unit) = text.split_once(' ').unwrap_or_default();
    ["s", "min", "h", "d"].contains(&unit) && number.parse::<f64>().is_ok()
}

/// English words in a Chinese text.
fn english(text: &str) -> Vec<String> {
    let without = |text: String, place: &&str| text.replace(place, " ");
    let mut rest = PLACES.iter().fold(text.to_owned(), without);
    // A file's own name of a reason stands in brackets behind what it means, or alone in its cell.
    let whole = |name: &str| reason(name).is_some();
    if whole(text) || is_span(text) {
        return Vec::new();
    }
    while let Some((before, after)) = rest.split_once('（')
        && let Some((name, after)) = after.split_once('）')
    {
        rest = if whole(name) {
            format!("{before} {after}")
        } else {
            format!("{before} {name} {after}")
        };
    }
    rest.split(|letter: char| !(letter.is_ascii_alphanumeric() || "-_.".contains(letter)))
        .filter(|token| !is_name(token))
        .map(str::to_owned)
        .collect()
}

/// Contracts, ids, versions, lengths of bars, files and keys of the configuration are names.
fn is_name(token: &str) -> bool {
    let token = token.trim_matches(|letter| "-_.".contains(letter));
    token.is_empty()
        || NAMES.contains(&token)
        || token.ends_with("USDT")
        || token.contains(['_', '.'])
        || token.bytes().any(|byte| byte.is_ascii_digit())
}

fn is_chinese(letter: char) -> bool {
    ('\u{3000}'..='\u{9fff}').contains(&letter) || ('\u{ff00}'..='\u{ffef}').contains(&letter)
}

/// Looks at both pages of a run; the number of texts looked at.
fn look(name: &str, zh: &str, en: &str, ours: &[&str]) -> usize {
    assert!(zh.contains("<html lang=\"zh-CN\">"), "{name}");
    assert!(en.contains("<html lang=\"en\">"), "{name}");
    let texts = visible(zh);
    let mut chinese = 0;
    let mut left = BTreeSet::new();
    for text in &texts {
        chinese += usize::from(text.chars().any(is_chinese));
        let mut words = english(text);
        words.retain(|word| !ours.contains(&word.as_str()));
        if !words.is_empty() && !ours.contains(&text.as_str()) {
            left.insert(format!("{words:?} in: {text}"));
        }
    }
    assert!(left.is_empty(), "{name}: English is left: {left:#?}");
    assert!(chinese > 100, "{name}: {chinese} Chinese texts");
    let others = visible(en);
    for text in &others {
        let foreign = text.replace("币安人生", "");
        assert!(!foreign.chars().any(is_chinese), "{name}: {text}");
    }
    texts.len() + others.len()
}

/// Some values for a text's places.
fn said(word: Word) -> Phrase {
    word.of(["7", "8", "9", "10"])
}

/// A run that has every warning and every note there is.
fn all_warnings(mut run: RunReport) -> RunReport {
    let named = |part: &[Word], letter: &str| -> Vec<Word> {
        let words = part.iter().copied();
        words
            .filter(|word| word.name().starts_with(letter))
            .collect()
    };
    run.warnings = named(model::ALL, "W_").into_iter().map(said).collect();
    let notes = named(data::ALL, "D_")
        .into_iter()
        .chain(named(data::ALL, "ASIDE_"));
    run.data_notes = notes
        .map(|word| DataNote {
            symbol: None,
            weight: Weight::Caution,
            text: said(word),
        })
        .collect();
    run
}

#[test]
fn the_search_finds_what_it_looks_for() {
    for (text, found) in [
        ("净盈亏 +1.00 USDT", 0),
        ("止损（sl）", 0),
        ("low_score", 0),
        ("1.33 min", 0),
        ("持有 15 h", 1),
        ("没有持仓 (none)", 1),
        ("Mean hold", 2),
        ("sl 止损", 1),
    ] {
        assert_eq!(english(text).len(), found, "{text}");
    }
    let page = "<p title=\"One\">Two<code>x</code> &amp;</p><h1>No</h1>";
    assert_eq!(visible(page), ["One", "Two", "&"]);
}

#[test]
fn every_text_of_the_table_is_in_its_language() {
    let mut looked = 0;
    for word in all() {
        let (en, zh) = (word.say(Lang::En), word.say(Lang::Zh));
        assert!(!en.chars().any(is_chinese), "{}: {en}", word.name());
        let left = english(zh);
        assert!(left.is_empty(), "{}: {left:?} in {zh}", word.name());
        looked += 1;
    }
    println!("languages: {looked} texts of the table");
    assert!(looked > 300);
}

#[test]
fn pages_of_odd_runs_are_whole_in_both_languages() {
    let (mut looked, mut pages) = (0, 0);
    let usual = all_warnings(crate::made_up::usual());
    let mut runs = odd_runs();
    runs.retain(|(name, _)| *name != "hostile texts");
    runs.push(("all warnings", usual));
    for (name, run) in &runs {
        let page = |lang| page(run, lang);
        let (zh, en) = (page(Lang::Zh), page(Lang::En));
        assert_eq!(zh, page(Lang::Zh), "{name}: other bytes");
        looked += look(name, &zh, &en, &[]);
        pages += 2;
    }
    println!("languages: {looked} texts of {pages} pages of made-up runs");
    assert!(pages > 10);
}

/// Runs the program twice; nothing but page, pictures and time may differ. The number of texts looked at.
fn run_both(name: &str, signals: &Path, prices: &Path, sets: &[&str]) -> usize {
    let place = tempfile::tempdir().expect("a folder");
    let made = ["en", "zh"].map(|lang| {
        let out = place.path().join(lang);
        let mut command = sim();
        command
            .args([
                "backtest",
                "--assets",
                "shared",
                "--lang",
                lang,
                "--signals",
            ])
            .arg(signals);
        command.arg("--data").arg(prices).arg("--out").arg(&out);
        for set in sets {
            command.args(["--set", set]);
        }
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{name}: {}", talk(&output));
        (output.stdout, files(&out))
    });
    let [(en_said, en), (zh_said, zh)] = made;
    assert_eq!(en_said, zh_said, "{name}: the terminal is English");
    assert!(en.keys().eq(zh.keys()), "{name}");
    for (file, bytes) in &en {
        let may = file == "report.html" || file == "timing.json" || file.contains('/');
        assert!(may || bytes == &zh[file], "{name}: {file} differs");
    }
    let rows = table(&en["signals.csv"]);
    let ours: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| row.values())
        .map(String::as_str)
        .collect();
    let ours: Vec<&str> = ours.into_iter().collect();
    let page = |of: &Vec<u8>| without_scripts(std::str::from_utf8(of).expect("text"));
    look(
        name,
        &page(&zh["report.html"]),
        &page(&en["report.html"]),
        &ours,
    )
}

#[test]
fn pages_of_real_runs_are_whole_in_both_languages() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    let signals = sample.join("signals.csv");
    let doubtful = [
        "account.leverage=50",
        "exits.stop_pct=8",
        "exits.trailing.enabled=true",
        "exits.trailing.activation_pct=30",
        "signals.score_min=0.95",
        "simulation.end_of_data=mark",
    ];
    let mut looked = 0;
    for (name, sets) in [
        ("sample", [].as_slice()),
        ("nothing is traded", ["signals.score_min=1"].as_slice()),
        (
            "liquidated",
            ["account.leverage=125", "exits.stop_pct=40"].as_slice(),
        ),
        ("doubtful settings", doubtful.as_slice()),
    ] {
        looked += run_both(name, &signals, &sample, sets);
    }
    let place = tempfile::tempdir().expect("a folder");
    made_up(place.path(), 3, 6);
    std::fs::write(place.path().join("notes.txt"), "not a table").expect("written");
    looked += run_both(
        "made up",
        &place.path().join("signals.csv"),
        place.path(),
        &[],
    );
    if let Some(real) = shared() {
        let messages = real.join("signals/valuescan_ai_messages_20260101.json");
        looked += run_both("recorded messages", &messages, &real, &[]);
    }
    say(&format!("languages: {looked} texts of pages of real runs"));
    assert!(looked > 1000);
}

#[test]
fn sentences_survive_their_way_through_a_file() {
    let run = all_warnings(crate::made_up::usual());
    let mut met = 0;
    let notes = run.data_notes.iter().map(|note| &note.text);
    let values = run.assumptions.iter().map(|assumption| &assumption.value);
    for phrase in run.warnings.iter().chain(notes).chain(values) {
        let text = serde_json::to_string(phrase).expect("it serialises");
        let back: Phrase = serde_json::from_str(&text).expect("it is read");
        assert_eq!(&back, phrase, "{text}");
        met += 1;
    }
    println!("languages: {met} sentences written and read");
    assert!(met > 30);
}
