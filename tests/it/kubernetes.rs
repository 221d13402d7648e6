//! The shipped Kubernetes manifest, as far as it can be checked without a cluster: it is YAML with the fields that an
//! Indexed Job needs, they agree, and its own commands, run here as the pods would, leave the bytes of one sweep.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use tempfile::TempDir;

use crate::binary::{files, json, say, sim, talk};

/// As much of YAML as the manifest uses: block maps and lists, flow lists of texts, plain and double-quoted texts.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Yaml {
    Text(String),
    List(Vec<Yaml>),
    Map(BTreeMap<String, Yaml>),
}

impl Yaml {
    /// Follows keys and, in lists, numbers.
    fn at(&self, path: &str) -> &Yaml {
        path.split('.').fold(self, |found, key| match found {
            Yaml::Map(map) => map.get(key).unwrap_or_else(|| panic!("no {key} of {path}")),
            Yaml::List(list) => &list[key.parse::<usize>().unwrap()],
            Yaml::Text(text) => panic!("{path}: '{text}' has no {key}"),
        })
    }

    fn text(&self, path: &str) -> &str {
        match self.at(path) {
            Yaml::Text(text) => text,
            other => panic!("{path} is no text: {other:?}"),
        }
    }

    fn texts(&self, path: &str) -> Vec<String> {
        let Yaml::List(list) = self.at(path) else {
            panic!("{path} is no list");
        };
        let text = |one: &Yaml| match one {
            Yaml::Text(text) => text.clone(),
            other => panic!("{path} holds {other:?}"),
        };
        list.iter().map(text).collect()
    }
}

/// Lines of one document with their indent, without comments.
fn lines(document: &str) -> Result<Vec<(usize, String)>, String> {
    let mut found = Vec::new();
    for line in document.lines() {
        if line.contains('\t') {
            return Err(format!("YAML takes no tabs: {line}"));
        }
        let line = match line.find(" #") {
            Some(comment) => &line[..comment],
            None if line.starts_with('#') => "",
            None => line,
        };
        let text = line.trim();
        if !text.is_empty() {
            found.push((line.len() - line.trim_start().len(), text.to_owned()));
        }
    }
    Ok(found)
}

fn scalar(text: &str) -> Result<Yaml, String> {
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    if let Some(inner) = inner {
        let items = inner.split(',').map(|one| scalar(one.trim()));
        return Ok(Yaml::List(items.collect::<Result<_, _>>()?));
    }
    let quoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let plain = quoted.unwrap_or(text);
    if plain.is_empty() || plain.contains(|letter| "\"'{}[]&*!|>%@`".contains(letter)) {
        return Err(format!("not a simple text: {text}"));
    }
    Ok(Yaml::Text(plain.to_owned()))
}

/// The block that begins at a line, and the line after it.
fn block(
    lines: &mut Vec<(usize, String)>,
    from: usize,
    indent: usize,
) -> Result<(Yaml, usize), String> {
    let (mut at, mut list, mut map) = (from, Vec::new(), BTreeMap::new());
    while let Some((own, text)) = lines.get(at).cloned() {
        if own < indent {
            break;
        }
        if own > indent {
            return Err(format!("indented where nothing is: {text}"));
        }
        if let Some(item) = text.strip_prefix("- ") {
            // A map in a list begins beside its dash: it is a block two further in.
            if item.contains(": ") || item.ends_with(':') {
                lines[at] = (indent + 2, item.to_owned());
                let (value, next) = block(lines, at, indent + 2)?;
                list.push(value);
                at = next;
            } else {
                list.push(scalar(item)?);
                at += 1;
            }
            continue;
        }
        let (key, rest) = text.split_once(':').ok_or(format!("no key: {text}"))?;
        let (value, next) = match (rest.trim(), lines.get(at + 1)) {
            ("", Some((deeper, _))) if *deeper > indent => {
                let deeper = *deeper;
                block(lines, at + 1, deeper)?
            }
            (rest, _) => (scalar(rest)?, at + 1),
        };
        if map.insert(key.to_owned(), value).is_some() {
            return Err(format!("{key} is there twice"));
        }
        at = next;
    }
    match (list.is_empty(), map.is_empty()) {
        (false, true) => Ok((Yaml::List(list), at)),
        (true, false) => Ok((Yaml::Map(map), at)),
        _ => Err("a block is a list or a map".to_owned()),
    }
}

/// A whole document.
fn read(document: &str) -> Result<Yaml, String> {
    block(&mut lines(document)?, 0, 0).map(|(value, _)| value)
}

fn documents() -> Vec<Yaml> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/cluster/kubernetes.yaml");
    let text = fs::read_to_string(path).unwrap();
    let parts = text.split("\n---\n").skip(1);
    parts.map(|document| read(document).unwrap()).collect()
}

const POD: &str = "spec.template.spec";

/// The whole command of a job's only container, its folder moved here.
fn command(job: &Yaml, work: &Path) -> Vec<String> {
    let container = job.at(POD).at("containers.0");
    let mut words = container.texts("command");
    words.extend(container.texts("args"));
    let work = work.to_str().unwrap();
    assert_eq!(words.remove(0), "sim");
    words
        .iter()
        .map(|word| word.replace("/shared", work))
        .collect()
}

#[test]
fn the_manifest_has_the_fields_of_an_indexed_job_and_they_agree() {
    let documents = documents();
    let [sweep, merge] = &documents[..] else {
        panic!("two jobs, not {}", documents.len());
    };
    for job in [sweep, merge] {
        assert_eq!(
            (job.text("apiVersion"), job.text("kind")),
            ("batch/v1", "Job")
        );
        let pod = job.at(POD);
        assert_eq!(pod.text("containers.0.volumeMounts.0.mountPath"), "/shared");
        assert_eq!(
            pod.text("containers.0.volumeMounts.0.name"),
            pod.text("volumes.0.name")
        );
        assert!(
            !pod.text("volumes.0.persistentVolumeClaim.claimName")
                .is_empty()
        );
    }
    let claim = "volumes.0.persistentVolumeClaim.claimName";
    assert_eq!(
        sweep.at(POD).text(claim),
        merge.at(POD).text(claim),
        "one volume"
    );
    assert_eq!(sweep.text("spec.completionMode"), "Indexed");
    let shards: u64 = sweep.text("spec.completions").parse().unwrap();
    let parallel: u64 = sweep.text("spec.parallelism").parse().unwrap();
    assert!(shards > 1 && (1..=shards).contains(&parallel));
    let variable = sweep.at(POD).at("containers.0.env.0");
    assert_eq!(variable.text("name"), "SIM_SHARDS");
    assert_eq!(variable.text("value"), shards.to_string());
    assert_eq!(sweep.at(POD).text("restartPolicy"), "OnFailure");
    assert_eq!(merge.text("spec.suspend"), "true");
    // What the head of the file tells to type names these jobs.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/cluster/kubernetes.yaml");
    let head = fs::read_to_string(path).unwrap();
    for job in [sweep, merge] {
        assert!(head.contains(&format!("job/{}", job.text("metadata.name"))));
    }
    say(&format!(
        "kubernetes: {} jobs, {shards} shards",
        documents.len()
    ));
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", talk(output));
}

#[test]
fn the_manifests_own_commands_leave_the_bytes_of_one_sweep() {
    let documents = documents();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = TempDir::new().unwrap();
    let work = home.path();
    fs::copy(
        root.join("data/sample/signals.csv"),
        work.join("signals.csv"),
    )
    .unwrap();
    fs::copy(root.join("config/sweep.toml"), work.join("sweep.toml")).unwrap();
    // Only the data's place and the number of trials are others here.
    let here = |words: Vec<String>| -> Vec<String> {
        let data = root.join("data/sample");
        let replaced = words.into_iter().map(|word| match word.as_str() {
            "--trials=100000" => "--trials=100".to_owned(),
            _ if word.starts_with("--data=") => format!("--data={}", data.display()),
            _ => word,
        });
        replaced.collect()
    };
    let shards: u64 = documents[0].text("spec.completions").parse().unwrap();
    let pod = here(command(&documents[0], work));
    assert!(pod.contains(&"--trials=100".to_owned()));
    for index in 0..shards {
        let mut shard = sim();
        shard
            .args(&pod)
            .env("JOB_COMPLETION_INDEX", index.to_string());
        done(
            &shard
                .env("SIM_SHARDS", shards.to_string())
                .output()
                .unwrap(),
        );
    }
    done(&sim().args(command(&documents[1], work)).output().unwrap());
    let mut merged = files(&work.join("sweep"));
    merged.retain(|name, _| !name.starts_with("shard-"));
    let mut whole = sim();
    whole.args(pod.iter().map(|word| word.replace("/sweep", "/whole")));
    // The space's file is named like the result's folder.
    let space = work.join("whole.toml");
    fs::copy(work.join("sweep.toml"), space).unwrap();
    json(&mut whole);
    let whole = files(&work.join("whole"));
    assert!(whole == merged, "{:?} {:?}", whole.keys(), merged.keys());
    say(&format!(
        "kubernetes: {shards} pods and a merge, {} files are those of one sweep",
        whole.len()
    ));
}

#[test]
fn the_reader_of_yaml_reads_and_refuses() {
    let found =
        read("a: 1 # one\nb:\n  - x: [p, \"q\"]\n    y:\n      z: w\n  - x: [r]\n").unwrap();
    assert_eq!(found.text("a"), "1");
    assert_eq!(found.texts("b.0.x"), ["p", "q"]);
    assert_eq!(
        (found.text("b.0.y.z"), found.texts("b.1.x")),
        ("w", vec!["r".to_owned()])
    );
    for wrong in [
        "a: 1\na: 2",
        "a:\n    b: 1\n  c: 2",
        "a: {b: 1}",
        "a",
        "a:\n\tb: 1",
        "- x\na: 1",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
