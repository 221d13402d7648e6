//! The verdict on the page of a sweep: put there by a validation, kept by whatever makes the page again, the numbers
//! those of the verdict's own file, and no other byte of the folder touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{files, made_up, say, sim, talk};

/// Made-up inputs and a sweep of them.
struct Place {
    home: TempDir,
}

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        // PBO cuts the days into sixteen parts.
        made_up(&home.path().join("data"), 61, 20);
        Self { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, verb: &str, out: &str, args: &[&str]) -> Command {
        let space = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/sweep.toml");
        let mut command = sim();
        command.current_dir(self.home.path()).arg(verb);
        command.args(["--signals", "data/signals.csv", "--data", "data"]);
        command.arg("--space").arg(space).args(["--out", out]);
        command.args(["--trades-min", "1"]);
        command.args(["--set", "validate.placebos=20"]);
        command.args(["--set", "validate.replicates=200"]);
        command.args(args);
        command
    }

    fn run(&self, verb: &str, out: &str, args: &[&str]) -> Output {
        let output = self.command(verb, out, args).output().unwrap();
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 6)), "{}", talk(&output));
        output
    }

    fn left(&self, out: &str) -> BTreeMap<String, Vec<u8>> {
        files(&self.path(out))
    }

    fn page(&self, out: &str) -> String {
        fs::read_to_string(self.path(&format!("{out}/sweep.html"))).unwrap()
    }
}

fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("<section id=\"{id}\">")).unwrap();
    rest.split_once("</section>").unwrap().0
}

/// Text as the page writes it.
fn escaped(text: &Value) -> String {
    let text = text.as_str().unwrap();
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\'', "&#39;")
}

/// That the page tells what the verdict's file tells; how many numbers were met.
fn tells(page: &str, verdict: &Value) -> usize {
    let shown = section(page, "verdict");
    let mut met = 0;
    for (list, found) in [("questions", "because"), ("gates", "value")] {
        for row in verdict[list].as_array().unwrap() {
            let (found, meaning) = (escaped(&row[found]), escaped(&row["meaning"]));
            assert!(shown.contains(&found), "{found}: {shown}");
            assert!(meaning.len() > 20 && shown.contains(&meaning), "{meaning}");
            met += 1;
        }
    }
    let word = if verdict["verdict"] == "survives" {
        "Survives"
    } else {
        "Probably noise"
    };
    assert!(page.contains(&format!("<strong>{word}:</strong>")));
    assert!(shown.contains(word) && shown.contains("href=\"validation.html\""));
    let shown = section(page, "inout");
    let forms = ["rolling", "anchored"];
    let folds = forms.map(|form| verdict["parts"]["walk_forward"][form]["folds"].as_array());
    let folds: Vec<&Value> = folds.into_iter().flatten().flatten().collect();
    let known = folds.iter().filter(|fold| {
        fold["daily_return_in_sample"].is_f64() && fold["daily_return_out_of_sample"].is_f64()
    });
    let windows = known.count();
    assert_eq!(shown.matches("<circle class=\"window").count(), windows);
    let halves = verdict["parts"]["overfitting"]["sharpes_in_and_out"].as_array();
    let halves = halves.map_or(0, Vec::len);
    assert_eq!(shown.matches("<circle class=\"dot\"").count(), halves);
    if let Some(slope) = verdict["figures"]["pbo_slope"].as_f64() {
        let text = format!("Slope {slope:.2}").replace('-', "\u{2212}");
        assert!(shown.contains(&text), "{text}: {shown}");
    }
    assert!(
        met > 3 && windows > 3 && halves > 10,
        "{met} {windows} {halves}"
    );
    assert!(!page.contains("NaN") && !page.contains("no verdict yet"));
    met + windows + halves
}

#[test]
fn a_validation_fills_its_part_of_the_page_and_touches_nothing_else() {
    let place = Place::new();
    place.run("sweep", "swept", &[]);
    let before = place.left("swept");
    let page = place.page("swept");
    assert!(section(&page, "verdict").contains("was not validated"));
    assert!(section(&page, "verdict").contains("sim validate --signals"));
    assert!(section(&page, "inout").contains("Known once the sweep is validated"));
    place.run("validate", "swept", &[]);
    let mut after = place.left("swept");
    let verdict: Value = serde_json::from_slice(&after["validation.json"]).unwrap();
    let met = tells(&place.page("swept"), &verdict);
    let judged = after.clone();
    for name in ["validation.json", "validation.html"] {
        assert!(after.remove(name).is_some());
    }
    assert_eq!(after.len(), before.len());
    let changed = after
        .iter()
        .filter(|(name, bytes)| before[*name] != **bytes);
    let changed: Vec<&String> = changed.map(|(name, _)| name).collect();
    assert_eq!(changed, ["sweep.html"]);
    // Everything outside of its two parts is as it was.
    let parts = |page: &str| {
        page.split("<!--")
            .map(str::to_owned)
            .collect::<Vec<String>>()
    };
    let (one, other) = (parts(&page), parts(&place.page("swept")));
    assert_eq!((one.len(), other.len()), (5, 5));
    assert!(one[0] == other[0] && one[2] == other[2] && one[4] == other[4]);
    // Made again with the verdict beside it, judged once more, or in one go: the same bytes.
    place.run("sweep", "swept", &["--resume"]);
    assert!(place.left("swept") == judged, "resumed");
    place.run("validate", "swept", &[]);
    assert!(place.left("swept") == judged, "judged again");
    place.run("sweep", "at-once", &["--validate"]);
    assert!(place.left("at-once") == judged, "in one go");
    say(&format!(
        "sweep page: a verdict with {met} numbers of its file, {} other files untouched",
        after.len() - 1
    ));
}

#[test]
fn a_verdict_of_something_else_never_gets_onto_the_page() {
    let place = Place::new();
    place.run("sweep", "swept", &[]);
    let before = place.left("swept");
    let refused = |args: &[&str], words: &str| {
        let output = place.command("validate", "swept", args).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", talk(&output));
        assert!(talk(&output).contains(words), "{}", talk(&output));
        assert!(place.left("swept") == before, "{words}");
    };
    refused(
        &["--balance", "500"],
        "holds another sweep: its configuration",
    );
    refused(&["--objective", "win_rate"], "ranked by another objective");
    refused(
        &["--method", "random", "--trials", "20"],
        "holds another sweep",
    );
    // Not finished; and a folder of somebody else.
    fs::rename(place.path("swept/sweep.json"), place.path("aside")).unwrap();
    let output = place.command("validate", "swept", &[]).output().unwrap();
    assert!(talk(&output).contains("not finished"), "{}", talk(&output));
    fs::rename(place.path("aside"), place.path("swept/sweep.json")).unwrap();
    fs::write(place.path("swept/mine.txt"), "x").unwrap();
    let output = place.command("validate", "swept", &[]).output().unwrap();
    assert!(
        talk(&output).contains("holds no verdict"),
        "{}",
        talk(&output)
    );
    fs::remove_file(place.path("swept/mine.txt")).unwrap();
    assert!(place.left("swept") == before);
    // A page without a place for it stays as it is, and that is said.
    let page = place.page("swept").replace("verdict-banner", "other");
    fs::write(place.path("swept/sweep.html"), &page).unwrap();
    let output = place.run("validate", "swept", &[]);
    assert!(
        talk(&output).contains("earlier version"),
        "{}",
        talk(&output)
    );
    assert!(place.page("swept") == page);
    // A damaged verdict, or one of another best, is as good as none.
    let path = place.path("swept/validation.json");
    let verdict = fs::read_to_string(&path).unwrap();
    let trial = format!(
        "\"trial\": {}",
        serde_json::from_str::<Value>(&verdict).unwrap()["chosen"]["trial"]
    );
    for other in [
        verdict[..verdict.len() / 2].to_owned(),
        verdict.replacen(&trial, "\"trial\": 1", 1),
    ] {
        fs::write(&path, &other).unwrap();
        place.run("sweep", "swept", &["--resume"]);
        assert!(place.page("swept").as_bytes() == before["sweep.html"]);
    }
    fs::write(&path, &verdict).unwrap();
    place.run("sweep", "swept", &["--resume"]);
    tells(
        &place.page("swept"),
        &serde_json::from_str(&verdict).unwrap(),
    );
    say(
        "sweep page: three other sweeps, a half one, a stranger's folder, two false verdicts: none on it",
    );
}
