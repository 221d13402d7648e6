//! Settings through their public interface: layers, exactness, refusals, the resolved text.

use std::path::PathBuf;

use confluence::domain::num::Rate;
use confluence::domain::time::{Span, Timestamp};
use confluence::settings::Settings;
use confluence::settings::error::SettingsError;
use confluence::settings::layers::{FlagValue, Layers};
use confluence::settings::source::Origin;
use confluence::trader::rules::Role112;

struct Folder {
    held: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        Self {
            held: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.held.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn sets(sets: &[&str]) -> Layers {
    Layers {
        sets: sets.iter().map(|set| (*set).to_owned()).collect(),
        ..Layers::default()
    }
}

fn from_file(text: &str) -> Result<Settings, SettingsError> {
    let folder = Folder::new();
    Settings::load(&Layers {
        files: vec![folder.file("my.toml", text)],
        ..Layers::default()
    })
}

fn refused(text: &str) -> String {
    from_file(text).unwrap_err().to_string()
}

#[test]
fn defaults_are_the_documented_ones() {
    let settings = Settings::defaults();
    assert_eq!(settings.rules.terms.leverage, 3);
    assert_eq!(settings.rules.exits.stop, Rate::from_percent("3").unwrap());
    assert_eq!(settings.rules.confluence.role_112, Role112::Leg);
    assert_eq!(settings.model.latency, Span::from_millis(250));
    assert_eq!(settings.model.balance.to_string(), "10000");
    assert_eq!(settings.rules.exits.targets.len(), 2);
    let kept: Vec<_> = settings.resolved().iter().map(|entry| &entry.key).collect();
    println!("settings: {} keys", kept.len());
    assert!(kept.len() > 50);
}

#[test]
fn later_layers_win_and_say_so() {
    let folder = Folder::new();
    let files = vec![
        folder.file("one.toml", "[exits]\nstop_pct = 1\nhold_max_s = 60\n"),
        folder.file("two.toml", "[exits]\nstop_pct = 2\n"),
    ];
    let mut layers = Layers {
        files: files.clone(),
        ..Layers::default()
    };
    let stop = |layers: &Layers| {
        let settings = Settings::load(layers).unwrap();
        let entry = settings
            .resolved()
            .iter()
            .find(|entry| entry.key == "exits.stop_pct")
            .unwrap();
        (entry.value.clone(), entry.origin().clone())
    };
    assert_eq!(stop(&Layers::default()), ("3".to_owned(), Origin::Default));
    assert_eq!(
        stop(&layers),
        ("2".to_owned(), Origin::File(files[1].clone()))
    );
    let name = "SIM__EXITS__STOP_PCT".to_owned();
    layers.environment = vec![(name.clone(), Some("2.5".to_owned()))];
    assert_eq!(stop(&layers), ("2.5".to_owned(), Origin::Environment(name)));
    layers.sets = vec!["exits.stop_pct = 4.25".to_owned()];
    assert_eq!(
        stop(&layers),
        (
            "4.25".to_owned(),
            Origin::Flag("--set exits.stop_pct".to_owned())
        )
    );
    layers.flags = vec![FlagValue {
        flag: "--balance",
        key: "account.balance_usdt",
        value: "500".to_owned(),
    }];
    let settings = Settings::load(&layers).unwrap();
    assert_eq!(settings.model.balance.to_string(), "500");
    assert_eq!(
        settings.rules.exits.hold_max,
        Some(Span::from_millis(60_000))
    );
}

#[test]
fn numbers_are_read_exactly_as_typed() {
    for (typed, steps) in [
        ("3.0", 3_000_000),
        ("\"3.0\"", 3_000_000),
        ("0.1", 100_000),
        ("0.000001", 1),
        ("2.675001", 2_675_001),
        ("1e1", 10_000_000),
        ("1_0.5", 10_500_000),
    ] {
        let settings = from_file(&format!("[exits]\nstop_pct = {typed}\n")).unwrap();
        assert_eq!(
            settings.rules.exits.stop,
            Rate::from_steps(steps),
            "{typed}"
        );
    }
    for (typed, said) in [
        ("0.0000001", "no finer than 0.000001"),
        ("nan", "not a decimal number"),
        ("inf", "not a decimal number"),
        ("0x10", "not a decimal number"),
        ("1e99", "not a decimal number"),
        ("2000000000", "out of range"),
        ("true", "takes a number, found true"),
        ("[3]", "takes a number, found a list"),
        ("100", "must be above 0 and below 100"),
        ("0", "must be above 0 and below 100"),
        ("-3", "must be above 0 and below 100"),
    ] {
        let text = refused(&format!("[exits]\nstop_pct = {typed}\n"));
        assert!(text.contains(said), "{typed}: {text}");
        assert!(text.contains("my.toml:2:12: "), "{typed}: {text}");
    }
}

#[test]
fn every_problem_is_reported_at_once_with_its_line() {
    let text = refused(
        "[exits]\nstop_pc = 2\nstop_watched = \"marc\"\n\n[account]\nleverage = 126\n\n[risk]\nx = 1\n",
    );
    assert!(
        text.contains("my.toml:2:1: unknown key 'exits.stop_pc'"),
        "{text}"
    );
    assert!(text.contains("  2 | stop_pc = 2\n    | ^^^^^^^"), "{text}");
    assert!(
        text.contains("hint: did you mean 'exits.stop_pct'?"),
        "{text}"
    );
    assert!(
        text.contains("my.toml:3:16: 'exits.stop_watched' is 'marc'"),
        "{text}"
    );
    assert!(text.contains("hint: did you mean 'mark'?"), "{text}");
    assert!(
        text.contains("my.toml:6:12: 'account.leverage' is 126"),
        "{text}"
    );
    assert!(text.contains("unknown key 'risk'"), "{text}");
    assert!(text.contains("4 problems"), "{text}");
}

#[test]
fn contradictions_are_refused() {
    let cases: [(&[&str], &str); 22] = [
        (
            &["exits.targets=[{distance_pct=5,share_pct=50},{distance_pct=5,share_pct=100}]"],
            "not nearer than take-profit 2",
        ),
        (
            &["exits.targets=[{distance_pct=5,share_pct=50},{distance_pct=8,share_pct=30}]"],
            "closes all that is left",
        ),
        (
            &["exits.targets=[{distance_pct=5,share_pct=100},{distance_pct=8,share_pct=100}]"],
            "already close everything",
        ),
        (
            &["exits.targets=[{distance_pct=5}]"],
            "takes all of { distance_pct",
        ),
        (
            &["exits.targets=[{distance_pct=5,share_pct=100,x=1}]"],
            "unknown key 'exits.targets[1].x'",
        ),
        (&["signals.weight_proximity=0.5"], "must sum to exactly 1"),
        (
            &["signals.score_min=0.99", "signals.role_112=ignore"],
            "no pair can score so much",
        ),
        (&["signals.score_min=1.01"], "must be 0 to 1"),
        (
            &["signals.retention_s=299"],
            "shorter than 'signals.window_s'",
        ),
        (&["signals.delay_ms=600000"], "stale on arrival"),
        (&["sizing.total_pct=5"], "less than 'sizing.position_pct'"),
        (&["sizing.total_pct=101"], "more than 100"),
        (&["exits.trailing.callback_pct=0.09"], "0.1 to 10"),
        (&["exits.trailing.callback_pct=10.1"], "0.1 to 10"),
        (
            &[
                "exits.trailing.enabled=true",
                "exits.trailing.callback_pct=2",
            ],
            "start below the entry",
        ),
        (
            &[
                "exits.break_even.enabled=true",
                "exits.break_even.offset_pct=5",
            ],
            "not below the first take-profit",
        ),
        (
            &["exits.break_even.enabled=true", "exits.targets=[]"],
            "fewer than two",
        ),
        (&["account.leverage=0"], "from 1 to 125"),
        (&["account.balance_usdt=-1"], "must be above 0 and at most"),
        (&["daily.trades_max=0"], "0 would refuse every entry"),
        (
            &["run.from=2026-01-08", "run.to=2026-01-08"],
            "not after its start",
        ),
        (
            &["instrument.brackets=[{floor_usdt=1,maintenance_pct=1}]"],
            "begin with a tier at 0",
        ),
    ];
    for (given, said) in cases {
        let text = Settings::load(&sets(given)).unwrap_err().to_string();
        assert!(text.contains(said), "{given:?}: {text}");
        assert!(text.starts_with("--set "), "{given:?}: {text}");
    }
    println!("contradictions: {} refused", cases.len());
}

#[test]
fn secrets_are_refused_and_never_shown() {
    const VALUE: &str = "AbCdEf0123456789";
    let mut seen = 0;
    for text in [
        format!("api_key = \"{VALUE}\"\n"),
        format!("[binance]\nsecret = \"{VALUE}\"\n"),
        format!("[account]\naccess_token = \"{VALUE}\"\n"),
        format!("binance = {{ name = \"x\", api_secret = \"{VALUE}\" }}\n"),
        format!("api_key = \"{VALUE}\nleverage = 3\n"),
        format!("[[accounts]]\npassword = \"{VALUE}\"\n"),
        format!(
            "exits.targets = [{{ distance_pct = 5, share_pct = 100, apiKey = \"{VALUE}\" }}]\n"
        ),
    ] {
        let said = refused(&text);
        assert!(!said.contains("AbCdEf"), "{said}");
        seen += 1;
    }
    for given in [format!("binance.api_key={VALUE}"), format!("token={VALUE}")] {
        let said = Settings::load(&sets(&[&given])).unwrap_err().to_string();
        assert!(
            said.contains("looks like a secret") && !said.contains("AbCdEf"),
            "{said}"
        );
        seen += 1;
    }
    let layers = Layers {
        environment: vec![("SIM__BINANCE__API_KEY".to_owned(), Some(VALUE.to_owned()))],
        ..Layers::default()
    };
    let said = Settings::load(&layers).unwrap_err().to_string();
    assert!(
        said.contains("looks like a secret") && !said.contains("AbCdEf"),
        "{said}"
    );
    println!("secrets: {} refused", seen + 1);
}

#[test]
fn resolved_text_reads_back_to_the_same_settings() {
    let layers = sets(&[
        "exits.stop_pct=\"2.50\"",
        "signals.window_s=299.999",
        "exits.targets=[{distance_pct=3,share_pct=30},{distance_pct=5.5,share_pct=30},{distance_pct=8,share_pct=100}]",
        "exits.share_of=remaining",
        "exits.break_even.enabled=true",
        "data.interval=5m",
        "run.from=2026-01-01T15:15:20+08:00",
        "run.seed=9223372036854775807",
        "simulation.path_mode=OHLC",
    ]);
    for settings in [Settings::defaults(), Settings::load(&layers).unwrap()] {
        let text = settings.to_toml();
        let back = from_file(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(back.to_toml(), text);
        assert_eq!(back.rules, settings.rules);
        assert_eq!(back.model, settings.model);
        assert_eq!(back.fallback, settings.fallback);
        assert_eq!((back.run, back.data), (settings.run, settings.data));
        assert_eq!(back.resolved().len(), settings.resolved().len());
    }
    let written = Settings::load(&layers).unwrap();
    assert_eq!(written.run.from, Timestamp::parse("2026-01-01T07:15:20Z"));
}

#[test]
fn presets_hold_only_what_differs() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config");
    for (name, leverage, position, stop, first, changed) in [
        ("conservative", 2, "5", "2", "3", 4),
        ("aggressive", 10, "15", "5", "8", 4),
    ] {
        let settings = Settings::load(&Layers {
            files: vec![root.join(format!("{name}.toml"))],
            ..Layers::default()
        })
        .unwrap();
        assert_eq!(settings.rules.terms.leverage, leverage);
        assert_eq!(settings.rules.sizing.position.percent(), position);
        assert_eq!(settings.rules.exits.stop.percent(), stop);
        assert_eq!(settings.rules.exits.targets[0].distance.percent(), first);
        let defaults = Settings::defaults();
        let differing = settings
            .resolved()
            .iter()
            .zip(defaults.resolved())
            .filter(|(ours, default)| ours.value != default.value)
            .count();
        let typed = settings
            .resolved()
            .iter()
            .filter(|entry| *entry.origin() != Origin::Default)
            .count();
        assert_eq!(
            (differing, typed),
            (changed, changed + 1),
            "{name}: and schema_version"
        );
    }
}

#[test]
fn broken_files_are_refused_in_words() {
    let folder = Folder::new();
    let deep = "[".repeat(5000);
    for (text, said) in [
        ("[exits\nstop_pct = 3\n", "broken.toml:1:"),
        ("a = 1\na = 2\n", "broken.toml:2:"),
        (deep.as_str(), "broken.toml:1:"),
        ("exits = 3\n", "'exits' takes a section of keys"),
        (
            "exits.stop_pct.a = 3\n",
            "'exits.stop_pct' takes a number, found a group of keys",
        ),
        ("schema_version = 2\n", "the form this program reads"),
    ] {
        let path = folder.file("broken.toml", text);
        let layers = Layers {
            files: vec![path],
            ..Layers::default()
        };
        let error = Settings::load(&layers).unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
        assert!(error.len() < 2000, "{} bytes of error", error.len());
    }
    let long = folder.file("long.toml", &"#".repeat((1 << 20) + 1));
    for (path, said) in [
        (long, "is larger than"),
        (folder.held.path().join("none.toml"), "cannot be read"),
        (folder.held.path().to_owned(), "cannot be read"),
    ] {
        let layers = Layers {
            files: vec![path],
            ..Layers::default()
        };
        let error = Settings::load(&layers).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
