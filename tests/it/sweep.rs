//! Sweeps as the built `sim` leaves them: the same bytes whatever the threads, interruptions and shards; every trial
//! the run that `sim backtest` makes; bad input refused with what to do.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use confluence::market::signals::write_csv;
use confluence::settings::layers::Layers;
use confluence::settings::overlay::{Base, Slot};
use confluence::sweep::method::{Method, Sampler};
use confluence::sweep::record::seal;
use confluence::sweep::space::{Choice, Coordinate, Parameter, Range, Space};
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{files, json, made_up, say, shared, sim, table, talk};
use crate::main_job::{pairs, stretches};

/// A space over matching, exits, costs and paths, with every kind of range.
const WIDE: &str = r#"
schema_version = 1
objective = "total_return"
trades_min = 0
where = ["tp1 < tp2", "exits.trailing.callback_pct < exits.trailing.activation_pct"]

[parameters]
"signals.window_s" = { from = 60, to = 400, kind = "log" }
"signals.score_min" = { from = 0.4, to = 0.8, step = 0.05 }
"signals.role_112" = ["leg", "risk", "both", "ignore"]
"account.leverage" = { from = 1, to = 10, kind = "integer" }
"sizing.position_pct" = [5, 10, 15]
exits.stop_pct = { from = 1, to = 5.5, kind = "real" }
"exits.targets[1].distance_pct" = { from = 2, to = 6.5, kind = "real", decimals = 2, name = "tp1" }
"exits.targets[2].distance_pct" = { from = 3, to = 17, kind = "real", name = "tp2" }
"exits.targets[1].share_pct" = { from = 30, to = 70, step = 10 }
"exits.trailing.enabled" = [true, false]
"exits.trailing.activation_pct" = { from = 1, to = 4, kind = "real" }
"exits.trailing.callback_pct" = { from = 0.5, to = 2.5, kind = "real" }
"simulation.path_mode" = ["pessimistic", "optimistic", "close_dir", "nearest"]
"simulation.stop_slippage_bps" = { choices = [0, 15, 50] }
"signals.delay_ms" = [0, 30000]
"#;

/// A place with made-up inputs and a space.
struct Place {
    home: TempDir,
}

impl Place {
    fn new(seed: u64, space: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        made_up(&home.path().join("data"), seed, 8);
        fs::write(home.path().join("space.toml"), space).unwrap();
        Self { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn inputs(&self, verb: &str) -> Command {
        let mut command = sim();
        // Where the register of trials is to be.
        command.current_dir(self.home.path()).arg(verb);
        command.arg("--signals").arg(self.path("data/signals.csv"));
        command.arg("--data").arg(self.path("data"));
        command
    }

    fn sweep(&self, out: &str, args: &[&str]) -> Command {
        let mut command = self.inputs("sweep");
        command.arg("--space").arg(self.path("space.toml"));
        command.arg("--out").arg(self.path(out)).args(args);
        command
    }

    fn run(&self, out: &str, args: &[&str]) -> BTreeMap<String, Vec<u8>> {
        json(&mut self.sweep(out, args));
        files(&self.path(out))
    }
}

const RANDOM: [&str; 4] = ["--method", "random", "--trials", "600"];

fn same(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>, what: &str) {
    let names: Vec<&String> = one.keys().collect();
    assert_eq!(names, other.keys().collect::<Vec<_>>(), "{what}");
    for (name, bytes) in one {
        assert!(bytes == &other[name], "{what}: {name} differs");
    }
}

fn count(rows: &[BTreeMap<String, String>], status: &str) -> usize {
    rows.iter().filter(|row| row["status"] == status).count()
}

/// A journal as a program wrote it that hashed logs in another way.
fn of_older_form(journal: &str) -> String {
    let (head, rest) = journal.split_once('\n').unwrap();
    let mut head: Value = serde_json::from_str(head).unwrap();
    let fields = head.as_object_mut().unwrap();
    fields.remove("check").unwrap();
    let identity = fields["identity"].as_object_mut().unwrap();
    identity.remove("event_log").unwrap();
    format!("{}\n{rest}", seal(&head))
}

#[test]
fn sweeps_are_the_same_to_the_byte_on_any_number_of_threads() {
    let place = Place::new(11, WIDE);
    let first = place.run("one", &[&RANDOM[..], &["-j", "1"]].concat());
    let names = first.keys().map(String::as_str);
    let (pictures, names): (Vec<&str>, Vec<&str>) =
        names.partition(|name| name.starts_with("png/heat-"));
    assert_eq!(pictures.len(), 15, "{pictures:?}");
    let wanted = [
        "best.toml",
        "config.toml",
        "results.csv",
        "results.parquet",
        "space.toml",
        "sweep.html",
        "sweep.json",
        "trials.jsonl",
    ];
    assert_eq!(names, wanted, "exactly these files");
    for threads in ["2", "5"] {
        let other = place.run(threads, &[&RANDOM[..], &["-j", threads]].concat());
        same(&first, &other, threads);
    }
    let rows = table(&first["results.csv"]);
    let hashes: std::collections::BTreeSet<&String> =
        rows.iter().map(|row| &row["event_log_blake3"]).collect();
    say(&format!(
        "sweep: {} trials, {} ran, {} infeasible, {} different event logs, the same bytes on 1, 2 and 5 threads",
        rows.len(),
        count(&rows, "done"),
        count(&rows, "infeasible"),
        hashes.len()
    ));
    assert_eq!(rows.len(), 600);
    assert!(count(&rows, "done") > 150 && count(&rows, "infeasible") > 50 && hashes.len() > 100);
    // Other methods and the shipped space as well.
    for method in ["grid", "sobol"] {
        let space = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/sweep.toml"));
        fs::write(place.path("space.toml"), space.unwrap()).unwrap();
        let args = ["--method", method, "--trades-min", "1"];
        let one = place.run(&format!("{method}1"), &[&args[..], &["-j", "1"]].concat());
        let two = place.run(&format!("{method}2"), &[&args[..], &["-j", "2"]].concat());
        same(&one, &two, method);
    }
}

#[test]
fn a_killed_sweep_resumes_to_the_same_bytes() {
    let place = Place::new(12, WIDE);
    let trials = ["--method", "random", "--trials", "3000"];
    let whole = place.run("whole", &trials);
    let journal = place.path("killed").join("trials.jsonl");
    let lines = || {
        fs::read(&journal).map_or(0, |bytes| {
            bytes.iter().filter(|byte| **byte == b'\n').count()
        })
    };
    let mut kills = Vec::new();
    for goal in [1, 400, 1500] {
        let mut child = place
            .sweep("killed", &[&trials[..], &["--resume", "-j", "2"]].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while lines() < goal && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills.push(lines() - 1);
    }
    assert!(
        !place.path("killed/sweep.json").exists() && kills[2] > 1000 && kills[2] < 3000,
        "it was killed in the middle: {kills:?}"
    );
    // A line that was being written when the power went.
    let text = fs::read_to_string(&journal).unwrap();
    let mut cuts = 0;
    for cut in [1, 2, 20, 100] {
        fs::write(&journal, &text[..text.len() - cut]).unwrap();
        let output = place
            .sweep("killed", &[&trials[..], &["--resume"]].concat())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", talk(&output));
        same(&whole, &files(&place.path("killed")), "killed and resumed");
        cuts += 1;
    }
    // A finished sweep has nothing left to do; other ways to judge need no new trials.
    let before = fs::metadata(&journal).unwrap().len();
    let other = place.run(
        "killed",
        &[&trials[..], &["--resume", "--objective", "win_rate"]].concat(),
    );
    assert_ne!(other["sweep.json"], whole["sweep.json"]);
    assert!(fs::metadata(&journal).unwrap().len().abs_diff(before) < 64);
    say(&format!(
        "sweep: killed with {kills:?} of 3000 trials finished, {cuts} torn lines, the same bytes after --resume"
    ));
}

#[test]
fn an_interrupted_sweep_keeps_what_is_finished() {
    let place = Place::new(12, WIDE);
    let trials = ["--method", "random", "--trials", "10000"];
    let mut child = place
        .sweep("out", &trials)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let journal = place.path("out/trials.jsonl");
    while fs::metadata(&journal).map_or(0, |meta| meta.len()) < 5_000 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    let second = place
        .sweep("out", &[&trials[..], &["--resume"]].concat())
        .output()
        .unwrap();
    let text = talk(&second);
    assert!(text.contains("another sim is writing to it"), "{text}");
    let told = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(told.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let text = talk(&output);
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(
        text.contains("of 10000 trials are finished and kept") && text.contains("--resume"),
        "{text}"
    );
    let kept = fs::read_to_string(&journal).unwrap().lines().count() - 1;
    assert!(kept > 10 && kept < 10000, "{kept}");
    let resumed = place.run("out", &[&trials[..], &["--resume"]].concat());
    same(
        &resumed,
        &place.run("whole", &trials),
        "interrupted and resumed",
    );
    say(&format!(
        "sweep: interrupted after {kept} of 10000 trials, all kept"
    ));
}

#[test]
fn shards_merge_to_the_bytes_of_one_sweep() {
    let place = Place::new(13, WIDE);
    let whole = place.run("whole", &RANDOM);
    for (number, threads) in [("1/3", "1"), ("3/3", "2")] {
        let args = [&RANDOM[..], &["--shard", number, "-j", threads]].concat();
        let output = place.sweep("parts", &args).output().unwrap();
        assert!(output.status.success(), "{}", talk(&output));
    }
    let merge = |folders: &[&str], out: &str| {
        let mut command = sim();
        command.current_dir(place.home.path());
        command.args(["sweep", "merge"]);
        command.args(folders.iter().map(|name| place.path(name)));
        command.arg("--out").arg(place.path(out));
        command
    };
    let wrong = std::cell::Cell::new(0);
    let refused = |folders: &[&str], words: &[&str]| {
        wrong.set(wrong.get() + 1);
        let output = merge(folders, "no").output().unwrap();
        let text = talk(&output);
        assert!(
            !output.status.success() && !place.path("no").exists(),
            "{text}"
        );
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
    };
    refused(&["parts"], &["2 of 3 shards", "missing: 2/3", "hint: "]);
    // The second part as a scheduler asks for it.
    let output = place
        .sweep("parts", &RANDOM)
        .env("SLURM_ARRAY_TASK_ID", "8")
        .env("SLURM_ARRAY_TASK_MIN", "7")
        .env("SLURM_ARRAY_TASK_COUNT", "3")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", talk(&output));
    json(&mut merge(&["parts"], "merged"));
    same(&whole, &files(&place.path("merged")), "merged");
    let parts = [
        "parts/shard-1-of-3",
        "parts/shard-2-of-3",
        "parts/shard-3-of-3",
    ];
    json(&mut merge(&[parts[2], parts[0], parts[1]], "again"));
    same(
        &whole,
        &files(&place.path("again")),
        "merged in another order",
    );
    refused(
        &[parts[0], parts[1], parts[1], parts[2]],
        &["are both shard 2/3"],
    );
    refused(&[parts[0], parts[1]], &["missing: 3/3"]);
    let other = ["--method", "random", "--trials", "601", "--shard", "3/3"];
    assert!(
        place
            .sweep("foreign", &other)
            .output()
            .unwrap()
            .status
            .success()
    );
    let foreign = [parts[0], parts[1], "foreign/shard-3-of-3"];
    refused(&foreign, &["is of another sweep", "trials is 601, not 600"]);
    let journal = place.path(parts[1]).join("trials.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    // A shard whose hashes are of another form: they would stand side by side.
    let older = of_older_form(&text);
    fs::write(&journal, &older).unwrap();
    refused(&["parts"], &["is of another sweep", "event_log"]);
    let resumed = [&RANDOM[..], &["--shard", "2/3", "--resume"]].concat();
    let output = place.sweep("parts", &resumed).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("its event_log is another"),
        "{said}"
    );
    assert_eq!(
        fs::read_to_string(&journal).unwrap(),
        older,
        "left as it was"
    );
    // A shard that did not finish.
    let cut = text.trim_end().rfind('\n').unwrap() + 1;
    fs::write(&journal, &text[..cut]).unwrap();
    refused(&["parts"], &["199 of 200 trials are there", "--resume"]);
    let lines: Vec<&str> = text.lines().collect();
    let doubled = [&lines[..], &lines[5..6]].concat().join("\n") + "\n";
    fs::write(&journal, doubled).unwrap();
    refused(&["parts"], &["is there twice"]);
    say(&format!(
        "sweep: 3 shards merged to the bytes of the whole, {} wrong sets refused",
        wrong.get()
    ));
}

/// Runs some of the trials that ran by `sim backtest` and compares event logs and figures; returns how many were
/// compared and the trades in them.
fn compare(
    rows: &[BTreeMap<String, String>],
    wanted: usize,
    backtest: &dyn Fn(usize) -> (Command, PathBuf),
) -> (usize, usize) {
    let ran: Vec<&BTreeMap<String, String>> =
        rows.iter().filter(|row| row["status"] == "done").collect();
    let (mut compared, mut trades) = (0, 0);
    for row in ran.iter().step_by((ran.len() / wanted).max(1)) {
        let (mut command, folder) = backtest(compared);
        command.arg("--out").arg(&folder);
        let mut set = |key: &str, value: &str| {
            command.arg("--set").arg(format!("{key}={value}"));
        };
        for (key, value) in row.iter() {
            if key.contains('.') && !key.contains('[') {
                set(key, value);
            }
        }
        let (tp1, tp2, share) = (&row["tp1"], &row["tp2"], &row["exits.targets[1].share_pct"]);
        set(
            "exits.targets",
            &format!(
                "[{{distance_pct={tp1},share_pct={share}}},{{distance_pct={tp2},share_pct=100}}]"
            ),
        );
        let run = json(&mut command);
        assert_eq!(
            run["event_log_blake3"],
            row["event_log_blake3"].as_str(),
            "{row:?}"
        );
        let metrics = fs::read_to_string(folder.join("metrics.json")).unwrap();
        let metrics: Value = serde_json::from_str(&metrics).unwrap();
        for (group, names) in [
            (
                "daily",
                &[
                    "total_return",
                    "sharpe",
                    "max_drawdown",
                    "calmar",
                    "ulcer_index",
                    "skew",
                ][..],
            ),
            (
                "trades",
                &["win_rate", "profit_factor", "expectancy_r", "sqn"][..],
            ),
        ] {
            for name in names {
                let own = row[*name].parse::<f64>().ok();
                let other = metrics[group][name].as_f64();
                let close = match (own, other) {
                    (Some(own), Some(other)) => (own - other).abs() <= 1e-12 * other.abs(),
                    (own, other) => own.is_none() && other.is_none(),
                };
                assert!(close, "{name}: {own:?} and {other:?}");
            }
        }
        trades += row["trades"].parse::<usize>().unwrap();
        compared += 1;
    }
    (compared, trades)
}

#[test]
fn every_trial_is_the_run_that_backtest_makes() {
    let place = Place::new(14, WIDE);
    let files = place.run("out", &["--method", "sobol", "--trials", "128"]);
    let rows = table(&files["results.csv"]);
    let (compared, trades) = compare(&rows, 12, &|number| {
        (
            place.inputs("backtest"),
            place.path(&format!("run{number}")),
        )
    });
    say(&format!(
        "sweep: {compared} trials have the event log of their backtest, {trades} trades in them"
    ));
    assert!(compared >= 12 && trades > 50, "{compared} {trades}");
    // The best configuration is one that backtest takes, and gives the best trial.
    let summary: Value = serde_json::from_slice(&files["sweep.json"]).unwrap();
    let mut command = place.inputs("backtest");
    command.arg("-c").arg(place.path("out/best.toml"));
    command.arg("--out").arg(place.path("best"));
    let run = json(&mut command);
    assert_eq!(run["event_log_blake3"], summary["best"]["event_log_blake3"]);
}

#[test]
fn trials_on_real_prices_are_the_runs_that_backtest_makes() {
    let Some(data) = shared() else { return };
    let stretches = stretches(&data);
    let longest = stretches
        .into_iter()
        .max_by_key(|stretch| (stretch.to - stretch.from).millis());
    let longest = longest.unwrap();
    let place = Place::new(18, WIDE);
    let signals = place.path("real.csv");
    write_csv(&signals, &pairs(std::slice::from_ref(&longest), 5)).unwrap();
    let command = |verb: &str| {
        let mut command = sim();
        command.current_dir(place.home.path());
        command.arg(verb).arg("--signals").arg(&signals);
        command
            .arg("--data")
            .arg(data.join("klines"))
            .args(["--data"])
            .arg(data.join("mark"));
        command
    };
    let mut sweep = command("sweep");
    sweep
        .arg("--space")
        .arg(place.path("space.toml"))
        .arg("--out")
        .arg(place.path("real"));
    json(sweep.args(["--method", "random", "--trials", "60"]));
    let rows = table(&fs::read(place.path("real/results.csv")).unwrap());
    let (compared, trades) = compare(&rows, 5, &|number| {
        (command("backtest"), place.path(&format!("real{number}")))
    });
    say(&format!(
        "sweep: {compared} of {} trials on real {} have the event log of their backtest, {trades} trades in them",
        rows.len(),
        longest.symbol
    ));
    assert!(compared >= 5 && trades > 50, "{compared} {trades}");
}

#[test]
fn a_full_disk_is_told_and_keeps_what_is_finished() {
    let place = Place::new(19, WIDE);
    let whole = place.run("whole", &RANDOM);
    let mut kept = Vec::new();
    // No file may be longer than so many blocks; the signal that comes with it is ignored, as on a full disk.
    for blocks in ["0", "1", "8", "100", "290"] {
        let mut shell = Command::new("bash");
        shell.arg("-c").arg(format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""
        ));
        let sim = place.sweep("out", &[&RANDOM[..], &["--resume"]].concat());
        let output = shell
            .current_dir(place.home.path())
            .arg(sim.get_program())
            .args(sim.get_args())
            .output()
            .unwrap();
        let text = talk(&output);
        assert_eq!(output.status.code(), Some(1), "{blocks}: {text}");
        assert!(
            text.contains("hint: check the space left"),
            "{blocks}: {text}"
        );
        assert!(!text.contains(".unfinished-"), "{blocks}: {text}");
        assert!(!place.path("out/sweep.json").exists());
        let left = files(&place.path("out"));
        assert!(
            left.keys().all(|name| !name.starts_with('.')),
            "{blocks}: {:?}",
            left.keys()
        );
        let lines = left["trials.jsonl"]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        kept.push(lines.saturating_sub(1));
    }
    same(
        &whole,
        &place.run("out", &[&RANDOM[..], &["--resume"]].concat()),
        "a full disk",
    );
    assert!(kept.is_sorted() && kept[3] > 50, "{kept:?}");
    say(&format!(
        "sweep: 5 full disks told, {kept:?} of 600 trials kept, the same bytes afterwards"
    ));
}

#[test]
fn wrong_spaces_are_refused_with_what_to_do() {
    let place = Place::new(15, "");
    let stop = "\"exits.stop_pct\" = [1, 2]";
    let cases: [(&str, &[&str], &[&str]); 27] = [
        (
            "[parameters]\nSTOP\n\"validate.folds\" = { from = 3, to = 7, step = 1 }",
            &[],
            &[
                "space.toml:3:1",
                "'validate.folds' says how the best of all trials is judged, and changes no trial",
                "hint: take it out, and give the whole sweep one value",
            ],
        ),
        (
            "[parameters]\n[parameters.validate]\ngates = [[\"dsr >= 0.95\"], []]",
            &[],
            &["'validate.gates' says how", "changes no trial"],
        ),
        (
            "[parameters]\nSTOP\n\"run.seed\" = [1, 2]",
            &[],
            &["'run.seed' decides which points are drawn", "--seed"],
        ),
        ("", &[], &["declares no parameters", "hint: "]),
        ("[parameters]", &[], &["declares no parameters"]),
        (
            "[parameters]\n\"exits.stop_pc\" = [1]",
            &[],
            &[
                "space.toml:2:1",
                "unknown key 'exits.stop_pc'",
                "did you mean 'exits.stop_pct'?",
            ],
        ),
        (
            "[parametres]\n",
            &[],
            &["unknown key 'parametres'", "did you mean 'parameters'?"],
        ),
        (
            "[parameters]\n\"exits.stop_pct\" = []",
            &[],
            &["has no values"],
        ),
        (
            "[parameters]\n\"exits.stop_pct\" = [1, 1.0]",
            &[],
            &["has the value 1.0 twice"],
        ),
        (
            "[parameters]\n\"exits.stop_pct\" = 3",
            &[],
            &["takes a list of values or a range"],
        ),
        (
            "[parameters]\n\"exits.stop_pct\" = [1, 200]",
            &[],
            &[
                "space.toml:2:24",
                "'exits.stop_pct' is 200, and must be above 0 and below 100",
            ],
        ),
        (
            "[parameters]\n\"exits.stop_pct\" = { from = 5, to = 1, step = 1 }",
            &[],
            &["from a larger number to a smaller one"],
        ),
        (
            "[parameters]\n\"exits.stop_pct\" = { from = 1, to = 5, step = 0 }",
            &[],
            &["does not go up"],
        ),
        (
            "[parameters]\n\"exits.stop_pct\" = { from = 1, to = 5 }",
            &[],
            &["does not say which numbers", "hint: give either step"],
        ),
        (
            "[parameters]\n\"exits.stop_pct\" = { from = 1, step = 1 }",
            &[],
            &["has no 'to'"],
        ),
        (
            "[parameters]\n\"exits.stop_pct\" = { from = 1, to = 2, kind = \"real\" }",
            &[],
            &["is a range of reals, which has no grid", "--method random"],
        ),
        (
            "[parameters]\n\"signals.window_s\" = { from = 0, to = 2, kind = \"log\" }",
            &[],
            &["begins above 0"],
        ),
        (
            "[parameters]\n\"exits.targets[0].distance_pct\" = [1]",
            &[],
            &["counted from 1"],
        ),
        (
            "[parameters]\n\"exits.targets[3].distance_pct\" = [1]",
            &[],
            &["has 2 elements"],
        ),
        (
            "[parameters]\n\"exits.targets[1].distanc_pct\" = [1]",
            &[],
            &["did you mean 'exits.targets[1].distance_pct'?"],
        ),
        (
            "where = [\"stop < 3\"]\n[parameters]\nSTOP",
            &[],
            &["'stop' is no parameter, key or value"],
        ),
        (
            "where = [\"exits.stop_pct\"]\n[parameters]\nSTOP",
            &[],
            &["is no comparison"],
        ),
        (
            "where = [\"exits.stop_pct < 1\"]\n[parameters]\nSTOP",
            &[],
            &[
                "exclude every point",
                "'exits.stop_pct < 1' alone excludes 2 of 2",
            ],
        ),
        (
            "objective = \"sharp\"\n[parameters]\nSTOP",
            &[],
            &["there is no figure 'sharp'", "did you mean 'sharpe'?"],
        ),
        (
            "[parameters]\nSTOP",
            &["--constraint", "max_drawdown < -0.1"],
            &["judged by its size"],
        ),
        (
            "[parameters]\nSTOP",
            &["--method", "random", "--trials", "9999999999"],
            &["which no machine finishes"],
        ),
        (
            "[parameters]\n\"exits.stop_pct\" = { from = 0.00001, to = 99.9, step = 0.00001 }\n\"signals.window_s\" = { from = 1, to = 500, step = 0.001 }",
            &[],
            &[
                "the grid has 4985019990000 points",
                "--method random or sobol with --trials N",
            ],
        ),
    ];
    for (space, args, words) in cases {
        fs::write(place.path("space.toml"), space.replace("STOP", stop)).unwrap();
        let output = place.sweep("out", args).output().unwrap();
        let text = talk(&output);
        assert_eq!(output.status.code(), Some(2), "{space}: {text}");
        for word in words {
            assert!(text.contains(word), "{space}: {word}: {text}");
        }
        assert!(!place.path("out").exists(), "{space}");
    }
    // What no trial depends on today, and may tomorrow, is told.
    let maker = "[parameters]\nSTOP\n\"fees.maker_bps\" = [1, 2]";
    fs::write(place.path("space.toml"), maker.replace("STOP", stop)).unwrap();
    let text = talk(&place.sweep("out", &["--estimate"]).output().unwrap());
    assert!(
        text.contains("warning: 'fees.maker_bps' is for resting limit orders"),
        "{text}"
    );
    say(&format!("sweep: {} wrong spaces refused", cases.len()));
}

#[test]
fn wrong_folders_and_empty_results_are_told() {
    let space = "trades_min = 100000\n[parameters]\n\"exits.stop_pct\" = [1, 2]\n\"signals.window_s\" = [100, 200]\n";
    let place = Place::new(16, space);
    let wrong = std::cell::Cell::new(0);
    let fails = |args: &[&str], words: &[&str]| {
        wrong.set(wrong.get() + 1);
        let output = place.sweep("out", args).output().unwrap();
        let text = talk(&output);
        assert!(!output.status.success(), "{args:?}: {text}");
        for word in words {
            assert!(text.contains(word), "{args:?}: {word}: {text}");
        }
    };
    let results = place.path("out/results.csv");
    fails(
        &[],
        &[
            "'max:sharpe' is null in all 4 trials that ran; 4 have fewer than 100000 trades",
            "hint: the results are kept",
        ],
    );
    assert_eq!(
        table(&fs::read(&results).unwrap()).len(),
        4,
        "finished trials are kept"
    );
    assert!(!place.path("out/best.toml").exists());
    fails(&[], &["holds a sweep already", "--resume continues it"]);
    let ok = [
        "--resume",
        "--trades-min",
        "0",
        "--objective",
        "total_return",
    ];
    place.run("out", &ok);
    assert!(place.path("out/best.toml").exists());
    fails(
        &["--resume", "--set", "exits.hold_max_s=60"],
        &["belongs to another sweep: its configuration is another"],
    );
    fails(
        &["--resume", "--method", "random"],
        &["its method is grid, not random", "its trials is 4, not 256"],
    );
    fails(
        &[
            "--resume",
            "--trades-min",
            "0",
            "--constraint",
            "total_return > 1000",
        ],
        &["no trial has an objective and meets every constraint"],
    );
    // A damaged line, a foreign file, a folder of somebody else.
    let journal = place.path("out/trials.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text.replacen("done", "gone", 1)).unwrap();
    fails(&["--resume"], &["trials.jsonl:2: is damaged", "hint: "]);
    fs::write(&journal, "{\"kind\":\"something\"}\n").unwrap();
    fails(&["--resume"], &["is no journal of a sweep"]);
    fs::write(&journal, &text).unwrap();
    fs::write(place.path("out/mine.txt"), "x").unwrap();
    fails(&["--resume"], &["holds no sweep"]);
    fails(&["--replace"], &["holds no sweep"]);
    assert_eq!(fs::read(place.path("out/mine.txt")).unwrap(), b"x");
    fs::remove_file(place.path("out/mine.txt")).unwrap();
    place.run(
        "out",
        &[
            "--replace",
            "--trades-min",
            "0",
            "--objective",
            "total_return",
        ],
    );
    let args = [
        "--set",
        "exits.break_even.enabled=true",
        "--set",
        "exits.targets=[]",
    ];
    fails(&[&args[..], &["--replace"]].concat(), &["break-even"]);
    fails(&["--shard", "3/2"], &["is no part of a whole"]);
    fails(&["--method", "annealing"], &["invalid value 'annealing'"]);
    say(&format!(
        "sweep: {} wrong folders and calls told, nothing lost",
        wrong.get()
    ));
}

#[test]
fn an_estimate_writes_nothing() {
    let place = Place::new(17, WIDE);
    let found = json(&mut place.sweep("out", &[&RANDOM[..], &["--estimate"]].concat()));
    assert_eq!(found["trials"], 600);
    assert!(found["tried"].as_u64().unwrap() > 0 && found["seconds"].as_f64().unwrap() > 0.0);
    assert!(found["column_bytes"].as_u64().unwrap() > 100_000);
    assert!(!place.path("out").exists());
    let output = place
        .sweep("out", &[&RANDOM[..], &["--progress", "json"]].concat())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["done"], &last["total"]),
        (&Value::from(600), &Value::from(600)),
        "{text}"
    );
    say(&format!(
        "sweep: an estimate of {found}; {} objects of progress",
        lines.len()
    ));
}

/// The oracle's rows of `key`, from the file of the project or the one named by `SIM_ORACLE_VALIDATION`.
fn oracle(key: &str) -> (Value, f64) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/validation.json");
    let path = std::env::var("SIM_ORACLE_VALIDATION").map_or(own, PathBuf::from);
    let whole: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    (whole[key].clone(), whole["tolerance_rel"].as_f64().unwrap())
}

fn parameter(name: &str, range: Range) -> Parameter {
    let (base, _) = Base::new(&Layers::default()).unwrap();
    let item = base
        .item(&Slot::parse("exits.stop_pct").unwrap())
        .unwrap()
        .clone();
    Parameter {
        name: name.to_owned(),
        slot: Slot::parse(name).unwrap(),
        range,
        item,
    }
}

#[test]
fn oracle_grid_rows_come_in_order() {
    let (grid, _) = oracle("grid");
    let parameters = grid["space_in_declared_order"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| {
            let name = pair[0].as_str().unwrap();
            let texts = pair[1].as_array().unwrap().iter();
            let choice = |value: &Value| Choice {
                text: value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
                item: parameter("x", Range::List(Vec::new())).item,
            };
            parameter(name, Range::List(texts.map(choice).collect()))
        });
    let space = Space {
        parameters: parameters.collect(),
        predicates: Vec::new(),
    };
    assert_eq!(space.grid_size(), grid["count"].as_u64().map(u128::from));
    let sampler = Sampler::new(Method::Grid, 0, &space).unwrap();
    let rows = grid["rows"].as_array().unwrap();
    let mut compared = 0;
    for (trial, row) in (0..).zip(rows) {
        let texts = space.texts(&sampler.point(&space, trial));
        assert_eq!(row.as_object().unwrap().len(), texts.len());
        for (each, text) in space.parameters.iter().zip(&texts) {
            let value = &row[&each.name];
            let wanted = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(*text, wanted, "trial {trial}: {}", each.name);
            compared += 1;
        }
    }
    say(&format!(
        "validation: grid, {} rows, {compared} values",
        rows.len()
    ));
    assert!(compared > 0);
}

#[test]
fn oracle_random_search_draws_the_published_points() {
    let (search, tolerance) = oracle("random_search");
    let real = |from, to, log| Range::Real {
        from,
        to,
        log,
        decimals: 8,
    };
    let steps = |from: i64, step: i64, count| Range::Steps {
        from: from * 1_000_000,
        step: step * 1_000_000,
        count,
    };
    let space = Space {
        parameters: vec![
            parameter("sl_pct_uniform_0.01_0.05", real(0.01, 0.05, false)),
            parameter(
                "min_score_uniform_step_0.05_from_0.4_to_0.9",
                steps(40, 5, 11),
            ),
            parameter("window_s_log_60_900", real(60.0, 900.0, true)),
            parameter("leverage_int_2_20", steps(200, 100, 19)),
            parameter("exit_choice_of_3", steps(0, 100, 3)),
        ],
        predicates: Vec::new(),
    };
    let sampler = Sampler::new(Method::Random, search["seed"].as_u64().unwrap(), &space).unwrap();
    let trials = search["trials"].as_array().unwrap();
    let mut compared = 0;
    for (trial, row) in (0..).zip(trials) {
        assert_eq!(row.as_object().unwrap().len(), space.parameters.len());
        let point = sampler.point(&space, trial);
        for (each, at) in space.parameters.iter().zip(&point) {
            let wanted = row[&each.name].as_f64().unwrap();
            let found = match at {
                Coordinate::Real(value) => *value,
                Coordinate::Index(_) => each.range.text(*at).parse().unwrap(),
            };
            assert!(
                (found - wanted).abs() <= tolerance * wanted.abs(),
                "trial {trial}: {}: {found} {wanted}",
                each.name
            );
            compared += 1;
        }
    }
    say(&format!(
        "validation: random_search, {} trials, {compared} values",
        trials.len()
    ));
    assert!(compared > 0);
}
