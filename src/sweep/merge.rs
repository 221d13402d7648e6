//! Shards become the sweep they are parts of.
//!
//! Not here: running shards (`run`), the tables (`finish`).
//! Invariant: the merged folder holds the bytes that one process alone would have left; nothing is merged that is not
//! exactly all parts of one sweep.

use std::fs;
use std::path::{Path, PathBuf};

use crate::settings::layers::Layers;
use crate::settings::overlay::Base;
use crate::sweep::declare::declare;
use crate::sweep::error::SweepError;
use crate::sweep::finish::{Identity, Summary, finish, head, ranking_of};
use crate::sweep::folder::{self, CONFIG, Existing, FolderError, Opening, SPACE};
use crate::sweep::journal::{self, Head, Present, in_order, read_head};
use crate::sweep::objective::Ranking;
use crate::sweep::plan::{Shard, SweepId};
use crate::sweep::space::Space;

/// A merged sweep.
#[derive(Debug)]
pub struct Merged {
    /// Its folder.
    pub folder: PathBuf,
    /// Its results; the best of them may be missing.
    pub summary: Summary,
    /// What decided.
    pub ranking: Ranking,
    base: Base,
    space: Space,
    id: SweepId,
    trials: u64,
    synthetic: bool,
}

impl Merged {
    /// What it is a sweep of.
    #[must_use]
    pub const fn identity(&self) -> Identity<'_> {
        Identity {
            base: &self.base,
            space: &self.space,
            ranking: &self.ranking,
            id: &self.id,
            trials: self.trials,
            synthetic: self.synthetic,
        }
    }
}

/// A shard that was found.
#[derive(Debug)]
struct Part {
    folder: PathBuf,
    head: Head,
}

/// Merges the shards in some folders (or in the `shard-…` folders below them) into `out`.
///
/// # Errors
/// When a shard is missing, there twice, unfinished, damaged or of another sweep.
pub fn merge(folders: &[PathBuf], out: &Path, existing: Existing) -> Result<Merged, SweepError> {
    let parts = parts(folders)?;
    let first = &parts[0];
    let wrong = |part: &Part, what: String| {
        SweepError::Usage(format!(
            "{}: {what}\nhint: merge the shards of one sweep, made by one command",
            part.folder.display()
        ))
    };
    for part in &parts {
        if let Some(differs) = first.head.id.differs(&part.head.id) {
            return Err(wrong(
                part,
                format!(
                    "is of another sweep than {}: its {differs}",
                    first.folder.display()
                ),
            ));
        }
        if part.head.shard.count != first.head.shard.count {
            let (own, other) = (part.head.shard, first.head.shard);
            return Err(wrong(
                part,
                format!(
                    "is shard {own}, and {} is shard {other}",
                    first.folder.display()
                ),
            ));
        }
        for key in ["objective", "objectives", "constraints", "trades_min"] {
            if part.head.object[key] != first.head.object[key] {
                return Err(wrong(
                    part,
                    format!("its {key} differs from that of {}", first.folder.display()),
                ));
            }
        }
    }
    complete(&parts)?;
    let trials = first
        .head
        .id
        .get("trials")
        .and_then(|text| text.parse::<u64>().ok());
    let trials =
        trials.ok_or_else(|| wrong(first, "does not say how many trials there are".to_owned()))?;
    for part in &parts {
        let shard = part.head.shard;
        let path = part.folder.join(journal::FILE);
        let done = in_order::<SweepError>(&path, (shard, trials), &mut |_, _| Ok(()))?;
        let total = shard.size(trials);
        if done < total {
            return Err(SweepError::Unfinished {
                done,
                total,
                path: part.folder.clone(),
            });
        }
    }
    join(&parts, trials, out, existing)
}

/// Every folder that holds a shard, each once.
fn parts(folders: &[PathBuf]) -> Result<Vec<Part>, SweepError> {
    let mut found = Vec::new();
    for folder in folders {
        if folder.join(journal::FILE).is_file() && !has_shards(folder)? {
            found.push(folder.clone());
            continue;
        }
        let below = shards_below(folder)?;
        if below.is_empty() {
            return Err(SweepError::Usage(format!(
                "{}: holds no shard and no folders of shards\nhint: name the folder given to --out, or the shard folders themselves",
                folder.display()
            )));
        }
        found.extend(below);
    }
    let mut parts = Vec::new();
    for folder in found {
        let head = read_head(&folder.join(journal::FILE))?;
        parts.push(Part { folder, head });
    }
    parts.sort_by_key(|part| part.head.shard.index);
    Ok(parts)
}

fn has_shards(folder: &Path) -> Result<bool, SweepError> {
    Ok(!shards_below(folder)?.is_empty())
}

fn shards_below(folder: &Path) -> Result<Vec<PathBuf>, SweepError> {
    let unreadable = |source| {
        SweepError::Usage(format!(
            "{}: cannot be read: {source}\nhint: name folders of shards",
            folder.display()
        ))
    };
    let mut below = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let shard = entry.file_name().to_string_lossy().starts_with("shard-");
        if shard && entry.path().join(journal::FILE).is_file() {
            below.push(entry.path());
        }
    }
    below.sort();
    Ok(below)
}

/// Each shard once.
fn complete(parts: &[Part]) -> Result<(), SweepError> {
    let count = parts[0].head.shard.count;
    for pair in parts.windows(2) {
        if pair[0].head.shard == pair[1].head.shard {
            return Err(SweepError::Usage(format!(
                "{} and {} are both shard {}\nhint: give each shard once",
                pair[0].folder.display(),
                pair[1].folder.display(),
                pair[0].head.shard
            )));
        }
    }
    let there: Vec<u64> = parts.iter().map(|part| part.head.shard.index).collect();
    let missing: Vec<String> = (0..count)
        .filter(|index| !there.contains(index))
        .take(10)
        .map(|index| format!("{}/{count}", index + 1))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(SweepError::Usage(format!(
        "{} of {count} shards are there; missing: {}\nhint: run them with --shard, then merge again",
        parts.len(),
        missing.join(", ")
    )))
}

/// Writes the merged folder.
fn join(parts: &[Part], trials: u64, out: &Path, existing: Existing) -> Result<Merged, SweepError> {
    let first = &parts[0];
    let read = |name: &str| {
        let path = first.folder.join(name);
        fs::read_to_string(&path).map_err(|source| FolderError::Unwritable { path, source })
    };
    let (config, space_text) = (read(CONFIG)?, read(SPACE)?);
    let layers = Layers {
        files: vec![first.folder.join(CONFIG)],
        ..Layers::default()
    };
    let (base, _) = Base::new(&layers)?;
    let declared = declare(&first.folder.join(SPACE), &base)?;
    let object = &first.head.object;
    let ranking = ranking_of(object)?;
    let synthetic = object["synthetic"].as_bool().unwrap_or_default();
    let head = head(&first.head.id, Shard::WHOLE, &ranking, synthetic);
    let opening = Opening {
        head: &head,
        config: &config,
        space: &space_text,
        trials,
        shard: Shard::WHOLE,
    };
    let (journal, present): (_, Present) = folder::open(out, existing, opening)?;
    for part in parts {
        let path = part.folder.join(journal::FILE);
        in_order::<SweepError>(&path, (part.head.shard, trials), &mut |record, _| {
            if present.has(record.trial) {
                return Ok(());
            }
            Ok(journal.add(&record)?)
        })?;
    }
    drop(journal);
    let identity = Identity {
        base: &base,
        space: &declared.space,
        ranking: &ranking,
        id: &first.head.id,
        trials,
        synthetic,
    };
    let summary = finish(out, identity, &mut |_| {})?;
    Ok(Merged {
        folder: out.to_owned(),
        summary,
        id: first.head.id.clone(),
        space: declared.space,
        base,
        ranking,
        trials,
        synthetic,
    })
}
