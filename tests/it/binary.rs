//! The built `sim` and the folders tests run it on. Not here: what is tested.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use confluence::domain::time::Timestamp;
use confluence::market::generate::{ContractRecipe, Recipe, generate};
use confluence::market::generate_files::{self, Format};
use serde_json::Value;

/// `sim` without settings of the surrounding shell.
pub(crate) fn sim() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SIM__")) {
        command.env_remove(name);
    }
    command.env_remove("NO_COLOR");
    command
}

/// Text of both streams.
pub(crate) fn talk(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// The object on stdout of a command that must succeed.
pub(crate) fn json(command: &mut Command) -> Value {
    let output = command.args(["--format", "json"]).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", talk(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A file of the sample that is shipped.
pub(crate) fn sample(name: &str) -> String {
    format!("{}/data/sample/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A backtest of the sample into a folder.
pub(crate) fn run_sample(folder: &Path, more: &[&str]) {
    let mut command = sim();
    command.args(["backtest", "--signals", &sample("signals.csv")]);
    command.args(["--data", &sample("")]);
    let output = command.args(more).arg("--out").arg(folder);
    let output = output.output().unwrap();
    assert!(output.status.success(), "{}", talk(&output));
}

/// A line that shows even when the test passes.
pub(crate) fn say(line: &str) {
    let line = format!("{line}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// The real recordings; without them the test is skipped with a visible note, or fails when they are required.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if folder.join("README.md").is_file() {
        return Some(folder.canonicalize().unwrap());
    }
    assert!(
        std::env::var("SIM_REQUIRE_SHARED").map_or(true, |value| value != "1"),
        "{} is absent and SIM_REQUIRE_SHARED=1",
        folder.display()
    );
    say(&format!("SKIPPED: {} is absent", folder.display()));
    None
}

/// Made-up prices and signals: three contracts, some days.
pub(crate) fn made_up(root: &Path, seed: u64, days: u16) {
    let recipe = Recipe {
        seed,
        contracts: ContractRecipe::several(3),
        from: Timestamp::parse("2025-03-01").unwrap(),
        days,
        confluences: days * 2,
    };
    let made = generate(&recipe).unwrap();
    let files = generate_files::write(root, &recipe, &made, Format::CsvGz, "a test").unwrap();
    assert!(files.len() > 4);
}

/// Every file below a folder with its bytes; of a symbolic link, where it points.
pub(crate) fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            if path.is_symlink() {
                let target = std::fs::read_link(&path).unwrap();
                found.insert(name, target.to_str().unwrap().as_bytes().to_vec());
            } else if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A table with its header: one map per row.
pub(crate) fn table(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(bytes);
    let rows = reader.deserialize();
    rows.map(|row| row.unwrap()).collect()
}
