//! The built `sim` as a user meets it: streams, exit codes, messages.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn sim() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SIM__")) {
        command.env_remove(name);
    }
    command.env_remove("NO_COLOR");
    command
}

fn run(args: &[&str]) -> Output {
    sim().args(args).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn json(args: &[&str]) -> Value {
    let mut args = args.to_vec();
    args.extend(["--format", "json"]);
    let output = run(&args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn exit_codes_say_how_it_went() {
    let cases: [(&[&str], i32); 12] = [
        (&["--help"], 0),
        (&["--version"], 0),
        (&["config", "check"], 0),
        (&["completions", "zsh"], 0),
        (&[], 2),
        (&["frobnicate"], 2),
        (&["backtest"], 2),
        (&["backtest", "--signals", "x", "--timerange", "2026"], 2),
        (&["config", "show", "--set", "exits.stop_pct=100"], 2),
        (&["config", "show", "-c", "no/such/file.toml"], 2),
        (&["explain", "score", "--gap", "yesterday"], 2),
        (&["backtest", "--signals", "no/such/file.csv"], 1),
    ];
    for (args, code) in cases {
        let output = run(args);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{args:?}: {}",
            stderr(&output)
        );
        let talk = stderr(&output);
        assert!(
            !talk.contains("panicked") && !talk.contains("internal error"),
            "{talk}"
        );
        assert_eq!(
            code == 0,
            !stdout(&output).is_empty(),
            "{args:?}: results go to stdout"
        );
    }
    println!("exit codes: {} commands", cases.len());
}

#[test]
fn configuration_shows_where_each_value_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    std::fs::write(&file, "\n[exits]\nstop_pct = 2.50\n").unwrap();
    let file = file.to_str().unwrap();
    let output = sim()
        .args(["config", "show", "--format", "json", "-c", file])
        .args(["--set", "account.leverage=7"])
        .env("SIM__SIGNALS__WINDOW_S", "200")
        .output()
        .unwrap();
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let entry = |key: &str| {
        let rows = shown.as_array().unwrap();
        rows.iter().find(|row| row["key"] == key).unwrap().clone()
    };
    assert_eq!(entry("exits.stop_pct")["value"], 2.5);
    assert_eq!(entry("exits.stop_pct")["from"], format!("{file}:3"));
    assert_eq!(entry("account.leverage")["from"], "--set account.leverage");
    assert_eq!(
        entry("signals.window_s")["from"],
        "environment SIM__SIGNALS__WINDOW_S"
    );
    assert_eq!(entry("signals.window_s")["layer"], "environment");
    assert_eq!(entry("fees.taker_bps")["layer"], "default");
    assert_eq!(entry("exits.targets")["value"][1]["distance_pct"], 10);
    println!("config: {} keys shown", shown.as_array().unwrap().len());
}

#[test]
fn a_variable_that_looks_like_a_setting_is_not_passed_over() {
    for (name, words) in [
        ("SIM_EXITS__STOP_PCT", "hint: SIM__EXITS__STOP_PCT "),
        ("SIM_EXITS_STOP_PCT", "hint: SIM__EXITS__STOP_PCT "),
        ("sim__exits__stop_pct", "hint: SIM__EXITS__STOP_PCT "),
        ("SIM__EXITS_STOP_PCT", "unknown key 'exits_stop_pct'"),
    ] {
        let mut show = sim();
        let output = show.args(["config", "show"]).env(name, "2").output();
        let output = output.unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{name}: {text}");
        assert!(
            text.contains(words) && text.contains(name),
            "{name}: {text}"
        );
        println!("config: {text}");
    }
    // Others may have names of their own; and who reads no settings is not disturbed.
    for (name, args) in [
        ("SIM_SHARDS", &["config", "show"][..]),
        ("SIM_EXITS__STOP_PCT", &["completions", "bash"]),
    ] {
        let output = sim().args(args).env(name, "2").output().unwrap();
        assert!(output.status.success(), "{name}");
    }
}

#[test]
fn resolved_configuration_is_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resolved.toml");
    let aggressive = concat!(env!("CARGO_MANIFEST_DIR"), "/config/aggressive.toml");
    let first = run(&["config", "show", "--toml", "-c", aggressive]);
    std::fs::write(&file, &first.stdout).unwrap();
    let again = run(&["config", "show", "--toml", "-c", file.to_str().unwrap()]);
    assert_eq!(stdout(&first), stdout(&again));
    assert!(stdout(&first).contains("leverage = 10"));
}

#[test]
fn consequences_are_printed() {
    let told = json(&[
        "config",
        "check",
        "-c",
        concat!(env!("CARGO_MANIFEST_DIR"), "/config/aggressive.toml"),
    ]);
    assert_eq!(told["loss_per_stop_pct"], "7.935");
    assert_eq!(told["stops_to_daily_limit"], 1);
    assert!(
        told["warnings"][0]
            .as_str()
            .unwrap()
            .contains("daily limit")
    );
}

#[test]
fn every_mistake_in_a_file_is_shown_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    std::fs::write(
        &file,
        "[exit]\nstop_pct = 2\n[account]\nleverge = 5\napi_secret = \"hunter2\"\n",
    )
    .unwrap();
    let output = run(&["config", "check", "-c", file.to_str().unwrap()]);
    let talk = stderr(&output);
    assert_eq!(output.status.code(), Some(2));
    assert!(talk.starts_with("error: "), "{talk}");
    assert!(talk.contains("unknown key 'exit'"), "{talk}");
    assert!(
        talk.contains("  4 | leverge = 5\n    | ^^^^^^^\nhint: did you mean 'account.leverage'?"),
        "{talk}"
    );
    assert!(
        talk.contains("looks like a secret") && !talk.contains("hunter2"),
        "{talk}"
    );
    assert!(talk.contains("3 problems"), "{talk}");
    assert!(!talk.contains('\u{1b}'), "no colour where no person looks");
}

#[test]
fn scores_are_explained() {
    for (gap, kind, score, trades) in [
        ("240", "112", "0.68", true),
        ("60", "113", "0.86", true),
        ("0", "113", "0.94", true),
        ("255", "113", "0.6", true),
        ("299.999", "113", "0.540001", false),
        ("300", "113", "0.54", false),
    ] {
        let told = json(&["explain", "score", "--gap", gap, "--type", kind]);
        assert_eq!(told["score"], score, "gap {gap}");
        assert_eq!(told["confluence"], trades, "gap {gap}");
    }
    let off = json(&[
        "explain",
        "score",
        "--gap",
        "0",
        "--type",
        "112",
        "--set",
        "signals.role_112=ignore",
    ]);
    assert_eq!(off["confluence"], false);
}

#[test]
fn sizes_are_explained() {
    let told = json(&[
        "explain",
        "size",
        "--price",
        "100",
        "--set",
        "account.leverage=10",
    ]);
    assert_eq!(told["entry"]["qty"], "100");
    assert_eq!(told["entry"]["entry_fee_usdt"], "5");
    assert_eq!(told["caps"]["decided_by"], "position_pct");
    let full = json(&["explain", "size", "--price", "100", "--margin-used", "5000"]);
    assert_eq!(full["refused"], "total_cap");
    let small = json(&[
        "explain",
        "size",
        "--price",
        "64000",
        "--wallet",
        "10",
        "--qty-min",
        "0.01",
    ]);
    assert_eq!(small["refused"], "below_min_qty");
    let tired = json(&["explain", "size", "--price", "100", "--entries-today", "20"]);
    assert_eq!(tired["refused"], "daily_trades");
}

#[test]
fn exits_are_explained() {
    let free = [
        "explain",
        "exit",
        "--entry",
        "100",
        "--qty",
        "100",
        "--set",
        "simulation.half_spread_bps=0",
        "--set",
        "simulation.slippage_bps=0",
        "--set",
        "simulation.stop_slippage_bps=0",
        "--set",
        "simulation.target_slippage_bps=0",
    ];
    let told = json(&free);
    // The worked figures of a stopped and of a fully targeted trade: 10000 - 5 - 300 - 4.85 and its counterpart.
    assert_eq!(told["ways"][0]["net_usdt"], "-309.85");
    assert_eq!(told["ways"][2]["net_usdt"], "739.625");
    assert_eq!(told["levels"][1]["qty"], "50");
    let short = json(&[
        "explain",
        "exit",
        "--entry",
        "100",
        "--qty",
        "1",
        "--set",
        "entries.direction=short",
    ]);
    assert_eq!(short["levels"][0]["level"], "103");
    let wrong = run(&["explain", "exit", "--entry", "100", "--qty", "0.0001"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("hint: give the contract's own with --step"));
}

#[test]
fn extreme_figures_are_refused_or_computed_but_never_panic() {
    let prices = ["0.00000001", "1", "99999999", "100000000", "1000000000"];
    let amounts = ["0", "0.00000001", "1", "100000000", "1000000000", "-1", "x"];
    let mut met = 0;
    for price in prices {
        for amount in amounts {
            for args in [
                ["explain", "exit", "--entry", price, "--qty", amount],
                ["explain", "size", "--price", price, "--wallet", amount],
                ["explain", "size", "--price", price, "--reserved", amount],
                ["explain", "size", "--price", price, "--available", amount],
            ] {
                let mut args = args.to_vec();
                args.extend([
                    "--set",
                    "account.leverage=125",
                    "--set",
                    "exits.targets=[{distance_pct=10000,share_pct=100}]",
                ]);
                let output = run(&args);
                let code = output.status.code();
                assert!(
                    matches!(code, Some(0 | 2)),
                    "{args:?}: {code:?} {}",
                    stderr(&output)
                );
                met += 1;
            }
        }
    }
    println!("extremes: {met} commands");
}

/// The recorded messages, if this machine has them; absent ones are said aloud, or fail where they are required.
fn recorded() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data/signals/valuescan_ai_messages_20260101.json");
    if path.is_file() {
        return Some(path);
    }
    assert!(
        std::env::var_os("SIM_REQUIRE_SHARED").is_none(),
        "{} is absent and SIM_REQUIRE_SHARED is set",
        path.display()
    );
    println!("SKIPPED: {} is absent", path.display());
    None
}

#[test]
fn recorded_messages_hold_exactly_four_confluences() {
    let Some(path) = recorded() else { return };
    let told = json(&["signals", "check", "--signals", path.to_str().unwrap()]);
    let pairs: Vec<(&str, &str, i64, f64)> = told["confluences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| {
            (
                pair["symbol"].as_str().unwrap(),
                pair["time"].as_str().unwrap(),
                pair["gap_ms"].as_i64().unwrap(),
                pair["score"].as_f64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        pairs,
        [
            ("ZBTUSDT", "2026-01-01T02:40:22.000Z", 0, 0.94),
            ("LIGHTUSDT", "2026-01-01T03:55:22.000Z", 0, 0.94),
            ("LYNUSDT", "2026-01-01T06:15:34.000Z", 0, 0.94),
            ("RIVERUSDT", "2026-01-01T07:15:20.000Z", 0, 0.94),
        ]
    );
    let misses = told["near_misses"].as_array().unwrap();
    let missed = misses
        .iter()
        .find(|miss| miss["gap_ms"] == 303_000)
        .expect("the RIVER pair one batch apart");
    assert_eq!(missed["symbol"], "RIVERUSDT");
    assert_eq!(missed["reason"], "window");
    let ignored = told["ignored"].as_array().unwrap().len();
    println!(
        "recorded: {} confluences, {} near misses, {ignored} ignored",
        pairs.len(),
        misses.len()
    );
    // A wider window makes a fifth of it.
    let wide = json(&[
        "signals",
        "check",
        "--signals",
        path.to_str().unwrap(),
        "--set",
        "signals.window_s=304",
        "--set",
        "signals.retention_s=608",
        "--set",
        "signals.score_min=0.5",
    ]);
    let wide = wide["confluences"].as_array().unwrap();
    assert!(wide.iter().any(|pair| pair["gap_ms"] == 303_000));
}

#[test]
fn made_up_data_goes_the_whole_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (made, again, fast) = (path("made"), path("again"), path("fast"));
    let generate = [
        "data",
        "generate",
        "--days",
        "2",
        "--confluences",
        "4",
        "--out",
    ];
    let told = json(&[&generate[..], &[&made]].concat());
    json(&[&generate[..], &[&again]].concat());
    let signals = format!("{made}/signals.csv");
    assert_eq!(
        std::fs::read(&signals).unwrap(),
        std::fs::read(format!("{again}/signals.csv")).unwrap(),
        "the same seed gives the same files"
    );
    let checked = json(&["signals", "check", "--signals", &signals, "--data", &made]);
    assert_eq!(
        checked["confluences"].as_array().unwrap().len() as u64,
        told["confluences"].as_u64().unwrap()
    );
    let series = |folder: &str| json(&["data", "check", "--data", folder])["series"].clone();
    let (slow, quick) = {
        json(&["data", "convert", "--data", &made, "--out", &fast]);
        (series(&made), series(&fast))
    };
    assert_eq!(slow, quick, "converted series hold the same");
    assert_eq!(slow.as_array().unwrap().len(), 9);
    assert!(
        slow.as_array()
            .unwrap()
            .iter()
            .all(|each| each["synthetic"] == true)
    );
    let taken = run(&["data", "convert", "--data", &made, "--out", &fast]);
    assert_eq!(taken.status.code(), Some(1));
    assert!(
        stderr(&taken).contains("hint: name a new folder"),
        "{}",
        stderr(&taken)
    );
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 3, "nothing half-written stays behind");
    for ending in ["csv", "parquet", "jsonl"] {
        let out = path(&format!("signals.{ending}"));
        json(&["signals", "convert", "--signals", &signals, "--out", &out]);
        let same = json(&["signals", "check", "--signals", &out, "--data", &made]);
        assert_eq!(same["confluences"], checked["confluences"], "{ending}");
        let before = std::fs::read(&out).unwrap();
        let again = run(&["signals", "convert", "--signals", &signals, "--out", &out]);
        assert_eq!(again.status.code(), Some(1), "{ending}");
        assert!(stderr(&again).contains("there is a file already"));
        assert_eq!(std::fs::read(&out).unwrap(), before, "{ending}");
    }
    let unknown = run(&[
        "signals",
        "convert",
        "--signals",
        &signals,
        "--out",
        &path("x.doc"),
    ]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn broken_series_are_shown_beside_sound_ones() {
    let folder = tempfile::tempdir().unwrap();
    let klines = folder.path().join("klines");
    std::fs::create_dir(&klines).unwrap();
    let row = "1767225600000,1,2,0.5,1.5,10\n";
    std::fs::write(klines.join("AUSDT-1m.csv"), row).unwrap();
    std::fs::write(
        klines.join("BUSDT-1m.csv"),
        "1767225600000,1,2,0.5,abc,10\n",
    )
    .unwrap();
    let output = run(&["data", "check", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("AUSDT"));
    assert!(
        stdout(&output).contains("unusable: BUSDT 1m klines: "),
        "{}",
        stdout(&output)
    );
    assert!(
        stderr(&output).contains("1 of 2 series and files of rules cannot be used"),
        "{}",
        stderr(&output)
    );
    let rules = folder.path().join("exchange-info");
    std::fs::create_dir(&rules).unwrap();
    std::fs::remove_file(klines.join("BUSDT-1m.csv")).unwrap();
    let odd = "[{\"symbol\":\"A\",\"brackets\":[]},{\"symbol\":\"B\",\"brackets\":[{\"notionalFloor\":0,\"notionalCap\":9,\"maintMarginRatio\":0.1,\"cum\":0}]}]";
    std::fs::write(rules.join("tiers-2026-01-01.json"), odd).unwrap();
    let told = json(&["data", "check", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(told["rules"][0]["kind"], "brackets");
    assert_eq!(told["rules"][0]["contracts"], 2);
    assert_eq!(told["rules"][0]["unusable"].as_array().unwrap().len(), 1);
    std::fs::write(rules.join("answer.json"), "{\"symbols\":\n[oops").unwrap();
    let output = run(&["data", "check", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("answer.json:2:2: no JSON of filters"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let mut child = sim()
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}

#[test]
fn quiet_says_nothing_beside_the_result() {
    let output = run(&["-q", "config", "check"]);
    assert!(!output.stdout.is_empty());
    assert_eq!(stderr(&output), "");
}

/// The folder is begun before the long work and the wish to stop is looked at after each part of it, so the signal
/// always comes in time.
#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let names = || -> Vec<String> {
        std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    let child = sim()
        .args([
            "data",
            "generate",
            "--days",
            "365",
            "--symbols",
            "10",
            "--out",
        ])
        .arg(folder.path().join("made"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !names().iter().any(|name| name.starts_with(".unfinished-")) {
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("error: interrupted"));
    assert_eq!(
        names(),
        Vec::<String>::new(),
        "nothing half-written stays behind"
    );
}

#[test]
fn the_main_job_leaves_a_whole_run_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, first, second, taken) = (path("data"), path("first"), path("second"), path("taken"));
    json(&[
        "data",
        "generate",
        "--days",
        "3",
        "--confluences",
        "6",
        "--out",
        &data,
    ]);
    let signals = format!("{data}/signals.csv");
    let base = ["backtest", "--signals", &signals, "--data", &data];
    let told = json(&[&base[..], &["--out", &first, "-j", "1"]].concat());
    assert!(told.is_object() && told["run_id"].is_string());
    json(
        &[
            &base[..],
            &["--out", &second, "-j", "3", "--engine", "step"],
        ]
        .concat(),
    );
    let names = [
        "run.json",
        "config.toml",
        "metrics.json",
        "trades.csv",
        "fills.csv",
        "signals.csv",
        "ledger.csv",
        "equity.parquet",
        "report.html",
        "png/equity.png",
        "png/drawdown.png",
    ];
    for name in names {
        let read = |run: &str| std::fs::read(format!("{run}/{name}")).unwrap();
        assert!(!read(&first).is_empty(), "{name}");
        assert!(
            read(&first) == read(&second),
            "{name} hangs on threads or engine"
        );
    }
    println!(
        "run folder: {} files, equal for 1 and 3 threads, skip and step",
        names.len()
    );
    // A run is replaced, anything else is not.
    json(
        &[
            &base[..],
            &["--out", &first, "--balance", "500", "--seed", "7"],
        ]
        .concat(),
    );
    let config = std::fs::read_to_string(format!("{first}/config.toml")).unwrap();
    assert!(config.contains("balance_usdt = 500\n") && config.contains("seed = 7\n"));
    std::fs::create_dir(&taken).unwrap();
    std::fs::write(format!("{taken}/mine.txt"), "mine").unwrap();
    let refused = run(&[&base[..], &["--out", &taken]].concat());
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("holds no run"),
        "{}",
        stderr(&refused)
    );
    let left: Vec<_> = std::fs::read_dir(&taken).unwrap().collect();
    assert_eq!(left.len(), 1);
    let early = run(&[
        &base[..],
        &["--out", &path("early"), "--timerange", "20200101-20200102"],
    ]
    .concat());
    assert_eq!(early.status.code(), Some(1), "{}", stderr(&early));
    assert!(!folder.path().join("early").exists());
}

/// A day of flat minutes of `AAAUSDT` and a pair of signals on it.
struct Small {
    folder: tempfile::TempDir,
}

impl Small {
    const PAIR: &str = "id,type,symbol,event_time,received_time\n\
        a,110,AAA,2026-01-01T02:00:00Z,2026-01-01T02:00:01Z\n\
        f,113,AAA,2026-01-01T02:01:00Z,2026-01-01T02:01:01Z\n";

    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bars = (0..1440_i64).map(|minute| {
            let time = 1_767_225_600_000 + minute * 60_000;
            format!("{time},100,100.5,99.5,100.{},7\n", minute % 5)
        });
        let small = Self { folder };
        small.put("data/klines/AAAUSDT-1m.csv", &bars.collect::<String>());
        small.put("signals.csv", Self::PAIR);
        small
    }

    fn put(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn backtest(&self, more: &[&str]) -> Output {
        sim()
            .current_dir(self.folder.path())
            .args(["backtest", "--signals", "signals.csv", "--data", "data"])
            .args(["--out", "run", "--format", "json"])
            .args(more)
            .output()
            .unwrap()
    }
}

#[test]
fn the_form_of_times_is_said_and_a_missing_zone_is_warned_of() {
    let small = Small::new();
    let cases = [
        ("2026-01-01T02:00:00Z", "RFC 3339", false),
        ("2026-01-01T10:00:00+08:00", "RFC 3339", false),
        ("1767232800", "epoch s", false),
        ("1767232800000", "epoch ms", false),
        ("1767232800000000", "epoch \u{b5}s", false),
        ("2026-01-01 02:00:00", "text without a zone", true),
    ];
    for (time, form, warned) in cases {
        let text = format!("id,type,symbol,event_time\na,110,AAA,{time}\nf,113,AAA,{time}\n");
        let file = small.put("signals.csv", &text);
        let output = run(&["signals", "check", "--signals", &file]);
        let talk = stderr(&output);
        assert!(talk.contains(&format!("times: {form}\n")), "{time}: {talk}");
        assert_eq!(talk.contains("name no zone"), warned, "{time}: {talk}");
        let output = small.backtest(&[]);
        let talk = stderr(&output);
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["signals_times"], form, "{talk}");
        assert!(talk.contains(&format!("times: {form}\n")), "{time}: {talk}");
        let flagged = summary["warnings"].to_string().contains("name no zone");
        assert_eq!((flagged, talk.contains("name no zone")), (warned, warned));
    }
    let mixed = "id,type,symbol,event_time,received_time\na,110,AAA,2026-01-01T02:00:00Z,2026-01-01 10:00:01\n";
    let file = small.put("mixed.csv", mixed);
    let output = run(&["signals", "check", "--signals", &file]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("one file has one form"));
    println!("times: {} forms", cases.len());
}

#[test]
fn rules_that_cannot_be_used_are_told() {
    let small = Small::new();
    small.put(
        "data/exchange-info/answer.json",
        "{\"symbols\":[{\"symbol\":\"AAAUSDT\",\"filters\":[{\"filterType\":\"PRICE_FILTER\",\"tickSize\":\"abc\"},{\"filterType\":\"LOT_SIZE\"}]}]}",
    );
    let output = small.backtest(&[]);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let cautions = summary["data_cautions"].to_string();
    assert!(
        cautions.contains("passed over") && cautions.contains("tickSize: 'abc'"),
        "a run without the filters of its file must say so: {cautions}"
    );
}

#[test]
fn errors_show_the_place_and_what_stands_there() {
    let small = Small::new();
    let long = format!(
        "[{}{{\"id\":oops}}]",
        "{\"id\":1,\"type\":110,\"createTime\":1767225600000},".repeat(50)
    );
    let cases = [
        (
            "short.csv",
            "id,type,symbol,event_time\na,110,AAA\n",
            ":2: 3 columns in the row",
            "  | a,110,AAA\n",
        ),
        (
            "text.csv",
            "id,type,symbol,event_time\na,fomo,AAA,1\n",
            ":2:3: type: 'fomo'",
            "  | a,fomo,AAA,1\n",
        ),
        (
            "two.jsonl",
            "{\"id\":\"a\",\"type\":110,\"symbol\":\"A\",\"event_time\":1767225600}\n{oops\n",
            ":2:2: no JSON",
            "  | {oops\n",
        ),
        (
            "field.jsonl",
            "{\"id\":\"a\",\"type\":\"x\",\"symbol\":\"A\",\"event_time\":1767225600}\n",
            ":1: message 1",
            "\"type\":\"x\"",
        ),
        ("long.json", long.as_str(), ": no JSON", "{\"id\":oops}]\n"),
    ];
    for (name, text, place, shown) in cases {
        let file = small.put(name, text);
        let output = run(&["signals", "check", "--signals", &file]);
        let talk = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{name}: {talk}");
        assert!(
            talk.contains(&format!("{name}{place}"))
                || (name == "long.json" && talk.contains(place)),
            "{name}: {talk}"
        );
        assert!(talk.contains(shown), "{name}: {talk}");
        assert!(talk.contains("\nhint: "), "{name}: {talk}");
        assert!(
            talk.lines().all(|line| line.chars().count() < 400),
            "{name}"
        );
    }
    let endless = small.put("endless.csv", &"x".repeat(200_000));
    let output = run(&["signals", "check", "--signals", &endless]);
    assert!(stderr(&output).contains("endless.csv:1: a line has more"));
    println!("errors with their line: {}", cases.len());
}

#[test]
fn a_run_without_bars_says_what_the_folders_hold() {
    let small = Small::new();
    let output = small.backtest(&["--interval", "5m"]);
    let talk = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{talk}");
    assert!(talk.contains("no 5m bars between"), "{talk}");
    assert!(
        talk.contains("of AAAUSDT\nhint: the folders of --data hold bars of AAAUSDT"),
        "{talk}"
    );
    std::fs::remove_dir_all(small.folder.path().join("data")).unwrap();
    std::fs::create_dir(small.folder.path().join("data")).unwrap();
    let talk = small.backtest(&[]);
    assert!(
        stderr(&talk).contains("hold no bars at all"),
        "{}",
        stderr(&talk)
    );
    for time in ["1960-01-01", "2100-01-01", "0"] {
        let output = small.backtest(&["--from", time]);
        assert_eq!(output.status.code(), Some(2), "{time}: {}", stderr(&output));
        assert!(
            stderr(&output).contains("2010 to 2099"),
            "{}",
            stderr(&output)
        );
    }
    let two = run(&["config", "show", "--toml", "--format", "json"]);
    assert_eq!((two.status.code(), stdout(&two)), (Some(2), ""));
}

#[test]
fn holes_in_the_funding_are_told() {
    let small = Small::new();
    let hour = |hour: i64| 1_767_225_600_000 + hour * 3_600_000;
    let whole = format!(
        "funding_time,funding_rate\n{},0.0001\n{},0.0001\n{},0.0001\n",
        hour(0),
        hour(8),
        hour(16)
    );
    let cautions = |text: &str| {
        small.put("data/funding/AAAUSDT-funding.csv", text);
        let output = small.backtest(&[]);
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["trades"], 1, "{}", stderr(&output));
        summary["data_cautions"].to_string()
    };
    let told = cautions(&whole);
    assert!(!told.contains("funding"), "{told}");
    let told = cautions(&whole.replace(&format!("{},0.0001\n", hour(8)), ""));
    let hole = "no funding was recorded from 2026-01-01 00:00 to 2026-01-01 16:00 UTC";
    assert!(
        told.contains(hole) && told.contains("a position was open"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_made_or_converted_is_refused_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let (empty, out) = (empty.to_str().unwrap(), folder.path().join("out"));
    let out = out.to_str().unwrap();
    let cases: [(&[&str], i32, &str); 5] = [
        (
            &[
                "data",
                "generate",
                "--days",
                "3660",
                "--symbols",
                "500",
                "--out",
                out,
            ],
            2,
            "more than 7320",
        ),
        (
            &["data", "generate", "--from", "1970-01-01", "--out", out],
            2,
            "2010 and 2099",
        ),
        (
            &["data", "generate", "--from", "2099-12-30", "--out", out],
            2,
            "2010 and 2099",
        ),
        (
            &["data", "convert", "--data", empty, "--out", out],
            1,
            "no series",
        ),
        (
            &["data", "generate", "--out", "/proc/nothing/of/the/kind"],
            1,
            "/proc/nothing/of/the/kind: cannot be written",
        ),
    ];
    for (args, code, told) in cases {
        let output = run(args);
        let talk = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {talk}");
        assert!(
            talk.contains(told) && talk.contains("\nhint: "),
            "{args:?}: {talk}"
        );
        assert!(!talk.contains("at path"), "no temporary name: {talk}");
        assert!(!std::path::Path::new(out).exists());
    }
    for verb in ["ls", "check"] {
        let output = run(&["data", verb, "--data", empty]);
        assert!(stdout(&output).contains("no series"), "{}", stdout(&output));
    }
}
