//! Run folders as the built `sim` leaves them: the same bytes whatever the way, whole or not at all, nobody else's
//! files touched.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use confluence::domain::time::Timestamp;
use confluence::report::panels::IDS;
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{files, json, made_up, sim, table};
use crate::every_key::Scenario;
use crate::every_world;

/// The files of a run folder, the pictures apart.
const WANTED: [&str; 12] = [
    "config.toml",
    "equity.parquet",
    "events.bin",
    "fills.csv",
    "ledger.csv",
    "metrics.json",
    "report.html",
    "report.msgpack",
    "run.json",
    "signals.csv",
    "timing.json",
    "trades.csv",
];

/// Whether these are the files of a run, no more and no less: every chart as PNG and SVG, and the summary.
fn assert_whole<'a>(names: impl IntoIterator<Item = &'a str>, timed: bool) {
    let (pictures, others): (Vec<&str>, Vec<&str>) =
        names.into_iter().partition(|name| name.contains('/'));
    let wanted = WANTED.into_iter();
    let wanted: Vec<&str> = wanted
        .filter(|name| timed || *name != "timing.json")
        .collect();
    assert_eq!(others, wanted);
    let mut expected: Vec<String> = IDS
        .into_iter()
        .filter(|id| *id != "sensitivity")
        .chain(["drawdown"])
        .flat_map(|id| [format!("png/{id}.png"), format!("svg/{id}.svg")])
        .chain(["png/summary.png".to_owned()])
        .collect();
    expected.sort();
    assert_eq!(pictures, expected);
}

/// The same of a folder.
fn assert_whole_folder(folder: &Path) {
    let files = files(folder);
    assert_whole(files.keys().map(String::as_str), true);
}

/// A place with made-up inputs.
struct Place {
    home: TempDir,
}

impl Place {
    fn new(seed: u64) -> Self {
        let home = tempfile::tempdir().unwrap();
        made_up(&home.path().join("data"), seed, 12);
        Self { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// `sim backtest` on the inputs, into a folder of that name.
    fn command(&self, out: &str) -> Command {
        backtest(&self.path("data"), &self.path(out))
    }

    fn run(&self, out: &str, args: &[&str]) -> BTreeMap<String, Vec<u8>> {
        json(self.command(out).args(args));
        let mut files = files(&self.path(out));
        assert!(files.remove("timing.json").is_some());
        files
    }
}

fn backtest(data: &Path, out: &Path) -> Command {
    let mut command = sim();
    command
        .arg("backtest")
        .arg("--signals")
        .arg(data.join("signals.csv"))
        .arg("--data")
        .arg(data)
        .arg("--out")
        .arg(out);
    command
}

fn run_id(files: &BTreeMap<String, Vec<u8>>) -> String {
    let run: Value = serde_json::from_slice(&files["run.json"]).unwrap();
    run["run_id"].as_str().unwrap().to_owned()
}

#[test]
fn run_folders_are_the_same_to_the_byte_whatever_the_way() {
    let place = Place::new(1);
    let first = place.run("first", &[]);
    let names: Vec<&str> = first.keys().map(String::as_str).collect();
    assert_whole(names.iter().copied(), false);
    let trades = csv::Reader::from_reader(first["trades.csv"].as_slice())
        .into_records()
        .count();
    assert!(trades > 20, "{trades} trades are too few to prove anything");
    let ways: [&[&str]; 7] = [
        &[],
        &["-j", "1"],
        &["-j", "2"],
        &["-j", "8"],
        &["--engine", "step"],
        &["--engine", "step", "-j", "8"],
        &["--engine", "skip", "-v", "--no-color"],
    ];
    for (index, way) in ways.iter().enumerate() {
        let other = place.run(&format!("way{index}"), way);
        same(&first, &other, &format!("{way:?}"));
    }
    // Copied inputs, another working folder, relative paths, another time zone and language.
    let copy = tempfile::tempdir().unwrap();
    let deep = copy.path().join("some/where else");
    for (name, bytes) in files(&place.path("data")) {
        let path = deep.join("prices").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let mut command = sim();
    command
        .current_dir(&deep)
        .env("TZ", "Asia/Shanghai")
        .env("LC_ALL", "de_DE.UTF-8")
        .args(["backtest", "--signals", "prices/signals.csv"])
        .args(["--data", "prices", "--out", "../run"]);
    json(&mut command);
    let mut other = files(&copy.path().join("some/run"));
    other.remove("timing.json");
    same(&first, &other, "copied inputs");
    println!(
        "folders: {} ways gave the same {} files, {trades} trades",
        ways.len() + 2,
        names.len()
    );
}

fn same(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>, way: &str) {
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        other.keys().collect::<Vec<_>>(),
        "{way}"
    );
    for (name, bytes) in one {
        assert!(*bytes == other[name], "{way}: {name} differs");
    }
    assert_eq!(run_id(one), run_id(other));
}

/// Leftovers of unfinished work in a folder.
fn leftovers(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(".run-")).collect()
}

/// A command that must fail: its message is one error without a panic.
fn fails(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{command:?}: {told}");
    assert!(output.stdout.is_empty(), "{command:?}: no result");
    let errors = told.lines().filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 1, "{command:?}: {told}");
    assert!(
        !told.contains("panicked") && !told.contains("internal error"),
        "{told}"
    );
    told
}

fn gunzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// Runs and collects their ids.
struct Ids {
    place: Place,
    /// Each id with what gave it.
    seen: BTreeMap<String, String>,
    same: u64,
}

impl Ids {
    fn new(seed: u64) -> Self {
        let mut ids = Self {
            place: Place::new(seed),
            seen: BTreeMap::new(),
            same: 0,
        };
        let mut usual = ids.usual();
        ids.differs(&mut usual, "the base");
        ids
    }

    fn on(data: &Path, signals: &Path) -> Command {
        let mut command = sim();
        command.arg("backtest").arg("--signals").arg(signals);
        command.arg("--data").arg(data);
        command
    }

    fn usual(&self) -> Command {
        Self::on(
            &self.place.path("data"),
            &self.place.path("data/signals.csv"),
        )
    }

    fn id(&self, command: &mut Command) -> String {
        let run = json(command.arg("--out").arg(self.place.path("run")));
        assert_eq!(run["inputs"]["version"], env!("CARGO_PKG_VERSION"));
        let id = run["run_id"].as_str().unwrap().to_owned();
        assert_eq!(id.len(), 16);
        id
    }

    fn differs(&mut self, command: &mut Command, what: &str) {
        let id = self.id(command);
        if let Some(other) = self.seen.insert(id, what.to_owned()) {
            panic!("{what} has the id of {other}");
        }
    }

    fn is_base(&mut self, command: &mut Command, what: &str) {
        let id = self.id(command);
        assert_eq!(
            self.seen.get(&id).map(String::as_str),
            Some("the base"),
            "{what}"
        );
        self.same += 1;
    }

    fn tell(&self) {
        println!(
            "run ids: {} inputs apart, {} others the same as the first",
            self.seen.len(),
            self.same
        );
    }
}

#[test]
fn the_run_id_hangs_on_configuration_and_seed_and_on_no_way_of_running() {
    let mut ids = Ids::new(2);
    let sets = [
        "exits.stop_pct=2",
        "signals.delay_ms=1",
        "instrument.step=1",
        "run.seed=2",
    ];
    for set in sets {
        let mut command = ids.usual();
        ids.differs(command.args(["--set", set]), set);
    }
    for flag in [
        ["--from", "2025-03-02"],
        ["--balance", "9999.99"],
        ["--seed", "3"],
    ] {
        let mut command = ids.usual();
        ids.differs(command.args(flag), flag[0]);
    }
    let same = ids.place.path("same.toml");
    std::fs::write(&same, "[exits]\nstop_pct = 3.0\n").unwrap();
    let mut command = ids.usual();
    ids.is_base(command.arg("-c").arg(&same), "a default in other words");
    let mut command = ids.usual();
    ids.is_base(
        command.env("SIM__SIGNALS__WINDOW_S", "300"),
        "a default from the environment",
    );
    let mut command = ids.usual();
    ids.is_base(
        command.args(["--engine", "step", "-j", "3", "-v"]),
        "engine and threads",
    );
    ids.tell();
}

#[test]
fn the_run_id_hangs_on_every_price_and_not_on_the_packing() {
    let mut ids = Ids::new(3);
    let (data, changed) = (ids.place.path("data"), ids.place.path("changed"));
    let signals = data.join("signals.csv");
    let inputs = files(&data);
    for (name, bytes) in &inputs {
        let path = changed.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let klines = inputs.iter().find(|(name, _)| name.starts_with("klines/"));
    let (name, bytes) = klines.unwrap();
    let text = gunzip(bytes);
    let plain = changed.join(name).with_extension("");
    std::fs::remove_file(changed.join(name)).unwrap();
    std::fs::write(&plain, &text).unwrap();
    ids.is_base(
        &mut Ids::on(&changed, &signals),
        "the same prices in another packing",
    );
    // The high of one bar alone, a tenth more.
    let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
    let middle = rows.len() / 2;
    let mut cells: Vec<String> = rows[middle].split(',').map(str::to_owned).collect();
    let high: f64 = cells[2].parse().unwrap();
    cells[2] = format!("{:.0}", high * 1.1 + 1.0);
    rows[middle] = cells.join(",");
    std::fs::write(&plain, rows.join("\n") + "\n").unwrap();
    ids.differs(&mut Ids::on(&changed, &signals), "another price");
    // Prices of the benchmark alone, which nobody trades.
    let market = ids.place.path("market");
    std::fs::create_dir_all(market.join("klines")).unwrap();
    for price in ["100", "101"] {
        let day = Timestamp::parse("2025-03-01").unwrap().millis();
        let rows = (0..1_440).map(|minute| {
            let time = day + minute * 60_000;
            format!("{time},{price},{price},{price},{price},5\n")
        });
        let text = "open_time,open,high,low,close,volume\n".to_owned() + &rows.collect::<String>();
        std::fs::write(market.join("klines/BTCUSDT-1m.csv"), text).unwrap();
        let mut command = ids.usual();
        ids.differs(
            command.arg("--data").arg(&market),
            &format!("a market at {price}"),
        );
    }
    ids.tell();
}

#[test]
fn the_run_id_hangs_on_every_message_and_not_on_the_format() {
    let mut ids = Ids::new(4);
    let data = ids.place.path("data");
    let signals = data.join("signals.csv");
    let messages = std::fs::read_to_string(&signals).unwrap();
    assert!(messages.starts_with("id,type,symbol,event_time,received_time\n"));
    let other = ids.place.path("other.csv");
    std::fs::write(&other, &messages).unwrap();
    ids.is_base(&mut Ids::on(&data, &other), "another name of the file");
    for ending in ["parquet", "jsonl"] {
        let converted = ids.place.path(&format!("same.{ending}"));
        let mut convert = sim();
        convert
            .args(["signals", "convert", "--signals"])
            .arg(&signals);
        json(convert.arg("--out").arg(&converted));
        ids.is_base(&mut Ids::on(&data, &converted), ending);
    }
    let at = |time: &str| format!("{time}T10:00:00.000Z,{time}T10:00:00.000Z");
    for (line, what) in [
        (
            format!("999999,108,NONE,{}", at("2025-03-03")),
            "a message of no use",
        ),
        (
            format!("999999,110,,{}", at("2025-03-03")),
            "a message without a name",
        ),
        (
            format!("999999,110,AAA,{}", at("2024-03-03")),
            "a message before the run",
        ),
    ] {
        std::fs::write(&other, format!("{messages}{line}\n")).unwrap();
        let mut command = Ids::on(&data, &other);
        ids.differs(command.args(["--from", "2025-03-01"]), what);
    }
    let mut lines: Vec<&str> = messages.lines().collect();
    let last = if lines[2].ends_with("5Z") { "4Z" } else { "5Z" };
    let second = lines[2][..lines[2].len() - 2].to_owned() + last;
    lines[2] = &second;
    std::fs::write(&other, lines.join("\n")).unwrap();
    ids.differs(&mut Ids::on(&data, &other), "a millisecond");
    ids.tell();
}

#[test]
fn without_a_name_the_folder_is_reports_and_the_run_id() {
    let place = Place::new(3);
    let mut command = sim();
    command.current_dir(place.home.path());
    let run = json(command.args([
        "backtest",
        "--signals",
        "data/signals.csv",
        "--data",
        "data",
    ]));
    let id = run["run_id"].as_str().unwrap();
    assert_eq!(run["folder"], format!("reports/{id}"));
    assert_whole_folder(&place.path(&format!("reports/{id}")));
    for key in [
        "kind",
        "schema_version",
        "version",
        "inputs",
        "event_log_blake3",
        "from",
        "to",
        "messages",
        "confluences",
        "entries",
        "trades",
        "fills",
        "final_wallet_usdt",
        "final_equity_usdt",
        "net_usdt",
        "envelope_net_usdt",
        "data_cautions",
        "warnings",
        "synthetic",
    ] {
        assert!(run.get(key).is_some(), "{key}");
    }
    assert_eq!(run["synthetic"], true, "made-up prices are named so");
    // What is printed is what run.json holds, and where it is.
    let kept = std::fs::read(place.path(&format!("reports/{id}/run.json"))).unwrap();
    let mut kept: Value = serde_json::from_slice(&kept).unwrap();
    kept["folder"] = run["folder"].clone();
    assert_eq!(kept, run);
    // Its configuration makes the same run again.
    let mut again = sim();
    again.current_dir(place.home.path());
    again.args([
        "backtest",
        "--signals",
        "data/signals.csv",
        "--data",
        "data",
    ]);
    let again = json(again.args(["-c", &format!("reports/{id}/config.toml"), "--out", "again"]));
    assert_eq!(again["run_id"], run["run_id"]);
    assert_eq!(again["event_log_blake3"], run["event_log_blake3"]);
    // The tables agree with the summary.
    let rows =
        |name: &str| table(&std::fs::read(place.path(&format!("again/{name}"))).unwrap()).len();
    assert_eq!(Value::from(rows("trades.csv")), run["trades"]);
    assert_eq!(Value::from(rows("fills.csv")), run["fills"]);
    assert_eq!(Value::from(rows("signals.csv")), run["messages"]);
}

#[test]
fn what_is_not_a_run_of_ours_is_left_alone() {
    let place = Place::new(4);
    json(&mut place.command("ours"));
    let ours = files(&place.path("ours"));
    let copy = |name: &str| {
        for (file, bytes) in &ours {
            let path = place.path(name).join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    };
    let put = |name: &str, text: &str| {
        let path = place.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("file", "mine");
    put("foreign/notes.txt", "mine");
    put("other_kind/run.json", "{\"kind\": \"another program\"}");
    put("broken/run.json", "{");
    copy("with_notes");
    put("with_notes/notes.txt", "mine");
    copy("with_picture");
    put("with_picture/png/mine.png", "mine");
    copy("with_folder");
    put("with_folder/mine/x", "mine");
    copy("with_link");
    std::fs::remove_file(place.path("with_link/report.html")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", place.path("with_link/report.html")).unwrap();
    std::os::unix::fs::symlink(place.path("ours"), place.path("link")).unwrap();
    std::os::unix::fs::symlink(place.path("nowhere"), place.path("dangling")).unwrap();
    let before = files(place.home.path());
    let names = [
        "file",
        "foreign",
        "other_kind",
        "broken",
        "with_notes",
        "with_picture",
        "with_folder",
        "with_link",
        "link",
        "dangling",
        "data",
        ".",
    ];
    for name in names {
        let told = fails(&mut place.command(name), 1);
        assert!(told.contains("hint: "), "{name}: {told}");
        let named = name == "." || told.contains(name);
        assert!(named, "{name}: {told}");
        assert!(
            files(place.home.path()) == before,
            "{name}: something was changed"
        );
        assert_eq!(leftovers(place.home.path()), Vec::<String>::new(), "{name}");
    }
    assert!(fails(&mut place.command("with_notes"), 1).contains("'notes.txt'"));
    // A run of ours and an empty folder are replaced.
    std::fs::create_dir(place.path("empty")).unwrap();
    for name in ["ours", "empty"] {
        json(place.command(name).args(["--set", "exits.stop_pct=2"]));
        let new = files(&place.path(name));
        assert_eq!(
            new.keys().collect::<Vec<_>>(),
            ours.keys().collect::<Vec<_>>()
        );
        assert_ne!(run_id(&new), run_id(&ours));
    }
    assert_eq!(leftovers(place.home.path()), Vec::<String>::new());
    println!("{} places were refused and left as they were", names.len());
}

#[test]
fn a_run_that_fails_leaves_nothing() {
    let place = Place::new(5);
    std::fs::write(place.path("a_file"), "x").unwrap();
    std::fs::write(place.path("bad.csv"), "id,type\n1,110\n").unwrap();
    std::fs::create_dir(place.path("no_data")).unwrap();
    let before = files(place.home.path());
    let mut cases = 0;
    for out in [
        "a_file/run",
        "a_file/deep/er/run",
        "/proc/run",
        "/proc/self/deep/run",
        "/sys/run",
    ] {
        let told = fails(&mut place.command(out), 1);
        assert!(told.contains("cannot be written"), "{told}");
        cases += 1;
    }
    let deep = place.path("made/for/this/run");
    let mut bad = sim();
    bad.arg("backtest")
        .arg("--signals")
        .arg(place.path("bad.csv"));
    fails(
        bad.arg("--data")
            .arg(place.path("data"))
            .arg("--out")
            .arg(&deep),
        1,
    );
    let mut none = sim();
    none.arg("backtest")
        .arg("--signals")
        .arg(place.path("data/signals.csv"));
    fails(
        none.arg("--data")
            .arg(place.path("no_data"))
            .arg("--out")
            .arg(&deep),
        1,
    );
    fails(
        place
            .command("made/for/this/run")
            .args(["--set", "exits.stop_pct=0"]),
        2,
    );
    fails(
        place
            .command("made/for/this/run")
            .args(["--from", "2030-01-01"]),
        1,
    );
    assert!(files(place.home.path()) == before);
    assert!(
        !place.path("made").exists(),
        "folders made for nothing are gone"
    );
    assert_eq!(leftovers(place.home.path()), Vec::<String>::new());
    println!("{} failing runs left nothing", cases + 4);
}

/// A small file system of its own, gone with its owner.
struct SmallDisk {
    place: TempDir,
}

impl SmallDisk {
    /// `None` where mounting is not allowed.
    fn mount(bytes: usize) -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"]);
        let mounted = mount.arg(place.path()).output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self { place })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg(self.place.path()).output();
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let place = Place::new(6);
    json(&mut place.command("whole"));
    let size: usize = files(&place.path("whole")).values().map(Vec::len).sum();
    let mut refused = 0;
    // No file may be longer than so many blocks; the signal that comes with it is ignored, as on a full disk.
    for blocks in ["0", "1", "8", "64", "200"] {
        let mut shell = Command::new("bash");
        shell.arg("-c").arg(format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""
        ));
        let sim = backtest(&place.path("data"), &place.path("limited"));
        shell.arg(sim.get_program()).args(sim.get_args());
        let told = fails(&mut shell, 1);
        assert!(told.contains("hint: check the space"), "{told}");
        assert!(
            told.contains("limited"),
            "the user's own folder is named: {told}"
        );
        assert!(
            !told.contains(".run-"),
            "and none the user never heard of: {told}"
        );
        assert!(!place.path("limited").exists(), "{blocks} blocks");
        assert_eq!(leftovers(place.home.path()), Vec::<String>::new());
        refused += 1;
        for verb in ["generate", "convert"] {
            let mut shell = Command::new("bash");
            shell.arg("-c").arg(format!(
                "trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""
            ));
            shell
                .arg(env!("CARGO_BIN_EXE_sim"))
                .args(["data", verb, "--out"]);
            shell.arg(place.path("limited"));
            if verb == "convert" {
                shell.arg("--data").arg(place.path("data"));
            }
            if blocks == "200" {
                continue;
            }
            let told = fails(&mut shell, 1);
            assert!(told.contains("hint: check the space"), "{verb}: {told}");
            assert!(told.contains("limited/"), "{verb}: {told}");
            let hidden = told.contains(".unfinished") || told.contains(".writing");
            assert!(!hidden, "{verb}: no hidden name: {told}");
            assert!(!place.path("limited").exists(), "{verb}");
            refused += 1;
        }
    }
    match SmallDisk::mount(size * 3 / 2) {
        None => println!("no file system can be mounted here: the small disk is left out"),
        Some(disk) => {
            let out = disk.place.path().join("run");
            json(&mut backtest(&place.path("data"), &out));
            let older = files(&out);
            let told = fails(backtest(&place.path("data"), &out).args(["--seed", "7"]), 1);
            assert!(told.contains("space"), "{told}");
            assert!(files(&out) == older, "the older run is as it was");
            assert_eq!(leftovers(disk.place.path()), Vec::<String>::new());
            refused += 1;
        }
    }
    println!("{refused} full disks were told, a whole run has {size} bytes");
}

/// Starts a run that takes a while and waits until it says that it does `stage`.
fn started(place: &Place, out: &str, stage: &str) -> Child {
    let mut command = place.command(out);
    command.args(["-v", "--engine", "step", "-j", "1"]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut talk = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with(stage) {
        line.clear();
        assert!(
            talk.read_line(&mut line).unwrap() > 0,
            "it ended before '{stage}'"
        );
    }
    // What was read ahead is lost, which no test here minds.
    child.stderr = Some(talk.into_inner());
    child
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .arg(name)
        .arg(child.id().to_string())
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_run_that_is_stopped_leaves_no_folder() {
    let home = tempfile::tempdir().unwrap();
    made_up(&home.path().join("data"), 7, 120);
    let place = Place { home };
    let stages = [
        "loading prices",
        "simulating",
        "replaying",
        "figures",
        "writing the report",
    ];
    for (name, code) in [("-INT", 130), ("-TERM", 130)] {
        let mut stopped = 0;
        for stage in stages {
            let child = started(&place, "run", stage);
            signal(&child, name);
            let output = child.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            // At the very end it may be done before it hears.
            if output.status.success() {
                assert_eq!(stage, "writing the report", "{told}");
                std::fs::remove_dir_all(place.path("run")).unwrap();
                continue;
            }
            assert_eq!(
                output.status.code(),
                Some(code),
                "{name} while {stage}: {told}"
            );
            assert!(told.contains("error: interrupted"), "{told}");
            assert!(!place.path("run").exists(), "{name} while {stage}");
            assert_eq!(
                leftovers(place.home.path()),
                Vec::<String>::new(),
                "{name} while {stage}"
            );
            stopped += 1;
        }
        assert!(stopped >= 4, "{name}: {stopped}");
    }
    // Nothing can be done about a kill; it leaves hidden work at most, and the next run does not mind.
    let mut hidden = 0;
    for stage in stages {
        let mut child = started(&place, "run", stage);
        signal(&child, "-KILL");
        assert!(!child.wait().unwrap().success());
        assert!(!place.path("run").exists(), "killed while {stage}");
        hidden = leftovers(place.home.path()).len();
    }
    json(&mut place.command("run"));
    assert_whole_folder(&place.path("run"));
    println!(
        "stopped and killed at {} stages; kills left {hidden} hidden folders",
        stages.len()
    );
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let place = Place::new(8);
    for (number, format) in ["table", "json"].into_iter().enumerate() {
        let out = place.path(&format!("piped{number}"));
        let sim = backtest(&place.path("data"), &out);
        let mut shell = Command::new("bash");
        shell.args(["-c", "\"$0\" \"$@\" | true; exit ${PIPESTATUS[0]}"]);
        shell
            .arg(sim.get_program())
            .args(sim.get_args())
            .args(["--format", format]);
        let output = shell.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert!(
            !told.contains("panicked")
                && !told.contains("internal error")
                && !told.contains("error:"),
            "{told}"
        );
        assert_whole_folder(&out);
    }
    // Nobody listens at all.
    let sim = backtest(&place.path("data"), &place.path("deaf"));
    let mut shell = Command::new("bash");
    shell.args(["-c", "exec \"$0\" \"$@\" >&- 2>&-"]);
    shell.arg(sim.get_program()).args(sim.get_args());
    let status = shell.status().unwrap();
    assert!(status.code().is_some(), "{status:?}");
    assert_whole_folder(&place.path("deaf"));
}

#[test]
fn runs_into_one_folder_at_once_leave_one_whole_run() {
    let place = Place::new(9);
    let whole = place.run("alone", &[]);
    let mut done = 0;
    for round in 0..4 {
        let children: Vec<Child> = (0..6)
            .map(|_| {
                let mut command = place.command("shared");
                command.stdout(Stdio::null()).stderr(Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(
                matches!(output.status.code(), Some(0 | 1)),
                "round {round}: {told}"
            );
            assert!(
                !told.contains("panicked") && !told.contains("internal error"),
                "{told}"
            );
            done += u64::from(output.status.success());
        }
        let mut left = files(&place.path("shared"));
        left.remove("timing.json");
        same(&whole, &left, "at once");
        assert_eq!(leftovers(place.home.path()), Vec::<String>::new());
    }
    println!("at once: {done} of 24 runs were put in place, the folder was whole after each round");
    assert!(done >= 4);
}

#[test]
fn an_account_beyond_exact_amounts_is_told_and_never_wraps() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    std::fs::create_dir(&data).unwrap();
    every_world::write(Scenario::Rise, &data);
    let out = home.path().join("run");
    let usual = |balance: &str| {
        let mut command = backtest(&data, &out);
        let sets = [
            "account.leverage=100",
            "sizing.position_pct=95",
            "sizing.total_pct=95",
            "exits.targets=[{distance_pct=11.9,share_pct=100}]",
            "instrument.brackets=[{floor_usdt=0,maintenance_pct=0.1}]",
            "instrument.market_qty_max=1000000000",
        ];
        for set in sets {
            command.args(["--set", set]);
        }
        command.args(["--balance", balance]);
        command
    };
    // The same trade with little money tells the two factors, with costs and without.
    let summary = json(&mut usual("10000"));
    let number = |value: &serde_json::Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let with_costs = number(&summary["final_wallet_usdt"]) / 10_000.0;
    let metrics = std::fs::read_to_string(out.join("metrics.json")).unwrap();
    let metrics: serde_json::Value = serde_json::from_str(&metrics).unwrap();
    let free = metrics["cost_table"]["rows"][0]["net"].as_f64().unwrap() / 10_000.0 + 1.0;
    assert!(
        10.1 < with_costs && with_costs < free,
        "{with_costs} {free}: {summary}"
    );
    // Just beyond: no result, nothing left behind, the old run still there.
    let told = fails(&mut usual("100000000"), 1);
    assert!(
        told.contains("amounts beyond 1000000000 USDT are not simulated"),
        "{told}"
    );
    assert!(out.join("run.json").exists());
    // In between: the run stands, the replay without costs has no row, and that is said.
    let between = format!("{:.2}", 1e9 / ((with_costs + free) / 2.0));
    let summary = json(&mut usual(&between));
    let warnings = summary["warnings"].to_string();
    assert!(warnings.contains("have no row: 0x costs"), "{warnings}");
    println!("beyond exact amounts: one run refused, one replay without a row");
}
