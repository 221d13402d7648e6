//! The shipped Slurm script on a real Slurm of one node: what its tasks and its merge job leave is, to the byte, the
//! sweep without shards. `.ci/slurm start` installs and starts one; SLURM_CONF says where it is.

#![allow(
    clippy::disallowed_methods,
    reason = "a scheduler has a clock of its own"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::binary::{files, json, say, sim, table, talk};

/// Longer than a scheduler waits that looks at its queue every half minute.
const PATIENCE: Duration = Duration::from_secs(100);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether a node takes jobs; without one the test is skipped with a visible note, or fails when one is required.
fn node_answers() -> bool {
    // Without its controller, sinfo asks for minutes.
    let asked = Command::new("timeout")
        .args(["20", "sinfo", "--noheader", "--format=%T"])
        .output();
    let found = match asked {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
        Ok(output) => format!("sinfo: {}", talk(&output).trim()),
        Err(wrong) => format!("sinfo: {wrong}"),
    };
    let ready = ["idle", "mixed", "allocated"];
    if found.lines().any(|line| ready.contains(&line.trim())) {
        return true;
    }
    assert!(
        std::env::var("SIM_REQUIRE_SLURM").map_or(true, |value| value != "1"),
        "no Slurm node answers and SIM_REQUIRE_SLURM=1 ({found}); .ci/slurm start brings one"
    );
    say("SKIPPED: no Slurm node answers; .ci/slurm start brings one");
    false
}

/// A folder that all nodes see if they see the project.
struct Place {
    home: TempDir,
}

impl Place {
    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Submits the sweep of the README's space over the sample, in so many tasks, and hands back the array and the merge job.
    fn submit(&self, tasks: &str) -> [String; 2] {
        let mut command = Command::new(root().join("config/cluster/slurm.sh"));
        command.arg(tasks).arg(self.path("out"));
        command
            .arg("--signals")
            .arg(root().join("data/sample/signals.csv"));
        command.arg("--data").arg(root().join("data/sample"));
        command.arg("--space").arg(root().join("config/sweep.toml"));
        command
            .env("SIM", env!("CARGO_BIN_EXE_sim"))
            .current_dir(self.home.path());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SIM__")) {
            command.env_remove(name);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", talk(&output));
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let jobs: Vec<&str> = told.split_whitespace().collect();
        let ["array", array, "merge", merge] = jobs[..] else {
            panic!("the script prints the numbers of its jobs: {told}");
        };
        assert_ne!(array, merge);
        [array.to_owned(), merge.to_owned()]
    }

    /// Waits for the end of a merge job, which must be a good one.
    #[allow(
        clippy::disallowed_methods,
        reason = "the scheduler has a clock of its own"
    )]
    fn wait(&self, jobs: &[String; 2]) {
        let began = Instant::now();
        loop {
            let output = scontrol(&["--oneliner", "show", "job", &jobs[1]]);
            let told = talk(&output);
            let state = told
                .split_whitespace()
                .find_map(|word| word.strip_prefix("JobState="));
            match state {
                Some("COMPLETED") => return,
                Some("PENDING" | "RUNNING" | "COMPLETING" | "CONFIGURING")
                    if began.elapsed() < PATIENCE =>
                {
                    std::thread::sleep(Duration::from_millis(100));
                }
                other => {
                    let canceled = Command::new("scancel").args(jobs).output();
                    panic!(
                        "{jobs:?}: {other:?} ({canceled:?}): {told}\n{}",
                        self.logs()
                    );
                }
            }
        }
    }

    fn logs(&self) -> String {
        let mut all = String::new();
        for (name, bytes) in files(self.home.path()) {
            if Path::new(&name)
                .extension()
                .is_some_and(|extension| extension == "log")
            {
                all += &format!("{name}:\n{}\n", String::from_utf8_lossy(&bytes));
            }
        }
        all
    }

    /// The result without the shards it was made from.
    fn merged(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = files(&self.path("out"));
        found.retain(|name, _| !name.starts_with("shard-"));
        found
    }
}

fn scontrol(args: &[&str]) -> Output {
    Command::new("scontrol").args(args).output().unwrap()
}

#[test]
fn the_shipped_array_and_its_merge_leave_the_bytes_of_one_sweep() {
    if !node_answers() {
        return;
    }
    let began = Instant::now();
    let place = Place {
        home: TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
    };
    let whole = place.path("whole");
    let mut command = sim();
    command
        .current_dir(root())
        .args(["sweep", "--signals", "data/sample/signals.csv"]);
    command.args(["--data", "data/sample", "--space", "config/sweep.toml"]);
    json(command.arg("--out").arg(&whole));
    let whole = files(&whole);

    place.wait(&place.submit("3"));
    let logs = place.logs();
    for shard in ["1/3", "2/3", "3/3"] {
        let said = format!("shard {shard}, as SLURM_ARRAY_TASK_ID says");
        assert!(logs.contains(&said), "{said}: {logs}");
        let folder = format!("out/shard-{}", shard.replace('/', "-of-"));
        assert!(
            place.path(&folder).join("trials.jsonl").is_file(),
            "{folder}"
        );
    }
    let merged = place.merged();
    assert_eq!(
        whole.keys().collect::<Vec<_>>(),
        merged.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &whole {
        assert!(
            bytes == &merged[name],
            "{name} differs from the sweep without shards"
        );
    }

    // A task that was cut off loses its last line at most; the same command goes on there.
    let journal = place.path("out/shard-2-of-3/trials.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, &text[..text.len() / 2]).unwrap();
    place.wait(&place.submit("3"));
    assert!(whole == place.merged(), "cut off and submitted again");

    say(&format!(
        "slurm: {} trials in 3 tasks merged to the bytes of one sweep, {} files; again after a cut; {:.1} s",
        table(&whole["results.csv"]).len(),
        whole.len(),
        began.elapsed().as_secs_f64()
    ));
}

#[test]
fn the_script_without_a_number_of_tasks_says_how_it_is_used() {
    for words in [&[][..], &["reports/sweep"], &["3"], &["3x", "out"]] {
        let output = Command::new(root().join("config/cluster/slurm.sh"))
            .args(words)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
        assert!(
            talk(&output).contains("config/cluster/slurm.sh 16"),
            "{}",
            talk(&output)
        );
        assert!(output.stdout.is_empty());
    }
}
