//! What a sweep is: which trials, on what, which part of them here; and the name that follows from it.
//!
//! Not here: running them (`run`).
//! Invariant: two sweeps of one identity have the same trials to the byte, wherever and on however many threads.

use std::fmt;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// What the files of a sweep say they are.
pub const KIND: &str = "confluence sweep";

/// Layout of the files of a sweep; it grows when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// Everything the trials hang on: names and values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepId(Vec<(String, String)>);

impl SweepId {
    /// From names and values.
    #[must_use]
    pub fn new(parts: Vec<(&str, String)>) -> Self {
        let owned = parts
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Self(owned.collect())
    }

    /// From the object of a file.
    #[must_use]
    pub fn of(object: &Value) -> Option<Self> {
        let parts = object.as_object()?.iter();
        let parts: Option<Vec<(String, String)>> = parts
            .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
        Some(Self(parts?))
    }

    /// As an object.
    #[must_use]
    pub fn to_object(&self) -> Value {
        let parts = self.0.iter();
        let object: Map<String, Value> = parts
            .map(|(name, value)| (name.clone(), Value::from(value.clone())))
            .collect();
        object.into()
    }

    /// One of its values.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A short name: the beginning of the hash of all of it.
    #[must_use]
    pub fn name(&self) -> String {
        hash(&self.to_object().to_string())[..16].to_owned()
    }

    /// Whether it is another one with more trials: each trial of that one is a trial of this one. A grid has a size of its
    /// own.
    #[must_use]
    pub fn lengthens(&self, other: &Self) -> bool {
        let number = |id: &Self| id.get("trials").and_then(|text| text.parse::<u64>().ok());
        let rest = |id: &Self| {
            let rest = id.0.iter().filter(|(name, _)| name != "trials");
            rest.cloned().collect::<Vec<_>>()
        };
        self.get("method") != Some("grid")
            && number(self) > number(other)
            && rest(self) == rest(other)
    }

    /// What another one has differently, in words.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Option<String> {
        const LONG: usize = 24;
        if self == other {
            return None;
        }
        let differ = self
            .0
            .iter()
            .filter(|(name, value)| other.get(name) != Some(value));
        let words: Vec<String> = differ
            .map(|(name, own)| match other.get(name) {
                // Hashes say nothing to people.
                Some(theirs) if theirs.len() < LONG && own.len() < LONG => {
                    format!("{name} is {theirs}, not {own}")
                }
                _ => format!("{name} is another"),
            })
            .collect();
        Some(if words.is_empty() {
            "form is another".to_owned()
        } else {
            words.join("; its ")
        })
    }
}

/// SHA-256 of text, in hexadecimal.
#[must_use]
pub fn hash(text: &str) -> String {
    let bytes = Sha256::digest(text.as_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Number of a task of a Slurm array.
const SLURM: &str = "SLURM_ARRAY_TASK_ID";

/// Variables of a scheduler.
struct Scheduler {
    index: &'static str,
    count: &'static str,
}

/// The schedulers that are known.
const SCHEDULERS: [Scheduler; 3] = [
    Scheduler {
        index: SLURM,
        count: "SLURM_ARRAY_TASK_COUNT",
    },
    Scheduler {
        index: "AWS_BATCH_JOB_ARRAY_INDEX",
        count: "AWS_BATCH_JOB_ARRAY_SIZE",
    },
    // Kubernetes tells a pod its index and not how many there are: the manifest says it.
    Scheduler {
        index: "JOB_COMPLETION_INDEX",
        count: "SIM_SHARDS",
    },
];

/// A scheduler's variables that make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the variable {name} says {found}, which is no part of a whole\nhint: number the tasks without gaps, set the count beside the index, or say --shard 1/1 to run all of it here"
)]
pub struct SchedulerError {
    /// The variable.
    pub name: &'static str,
    /// What it says.
    pub found: String,
}

/// Every `count`-th trial from `index` on: neighbours in the space cost alike, so parts cost alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    pub index: u64,
    /// How many parts there are.
    pub count: u64,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { index: 0, count: 1 };
    /// Most parts.
    pub const COUNT_MAX: u64 = 1_000_000;

    /// Reads `2/8`: the second of eight.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (index, count) = text.split_once('/')?;
        Self::numbered(index.trim().parse().ok()?, count.trim().parse().ok()?)
    }

    /// The `number`-th (from 1) of `count`.
    #[must_use]
    pub fn numbered(number: u64, count: u64) -> Option<Self> {
        let fits = (1..=count).contains(&number) && count <= Self::COUNT_MAX;
        fits.then(|| Self {
            index: number - 1,
            count,
        })
    }

    /// The part that a scheduler asks for by its variables, and which: an array of Slurm or of AWS Batch, or an indexed
    /// job of Kubernetes with `SIM_SHARDS` beside it.
    ///
    /// # Errors
    /// When the variables are there and say no part of a whole.
    pub fn of_scheduler(
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<(Self, &'static str)>, SchedulerError> {
        let number = |name: &'static str| -> Result<Option<u64>, SchedulerError> {
            let Some(found) = variable(name) else {
                return Ok(None);
            };
            let parsed = found.trim().parse();
            parsed.map(Some).map_err(|_| SchedulerError { name, found })
        };
        for scheduler in &SCHEDULERS {
            let Some(index) = number(scheduler.index)? else {
                continue;
            };
            let wrong = |found: String| SchedulerError {
                name: scheduler.index,
                found,
            };
            let count = number(scheduler.count)?.ok_or(SchedulerError {
                name: scheduler.count,
                found: "nothing".to_owned(),
            })?;
            let (mut first, mut step) = (0, 1);
            if scheduler.index == SLURM {
                first = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
                step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
            }
            let rank = index.checked_sub(first).filter(|above| above % step == 0);
            let shard = rank.and_then(|above| Self::numbered(above / step + 1, count));
            let shard = shard.ok_or_else(|| wrong(format!("{index} of {count}")))?;
            return Ok(Some((shard, scheduler.index)));
        }
        Ok(None)
    }

    /// Whether it is all there is.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.count == 1
    }

    /// Whether a trial is in it.
    #[must_use]
    pub const fn holds(self, trial: u64) -> bool {
        trial % self.count == self.index
    }

    /// How many of so many trials are in it.
    #[must_use]
    pub const fn size(self, trials: u64) -> u64 {
        trials.saturating_sub(self.index).div_ceil(self.count)
    }

    /// The folder of a part below that of the sweep; names sort as their numbers.
    #[must_use]
    pub fn folder(self) -> String {
        let width = self.count.to_string().len();
        format!("shard-{:0width$}-of-{}", self.index + 1, self.count)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.index + 1, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedulers_are_understood() {
        let ask = |pairs: &[(&str, &str)]| {
            let found = Shard::of_scheduler(&|name| {
                let found = pairs.iter().find(|(own, _)| *own == name);
                found.map(|(_, value)| (*value).to_owned())
            });
            found.map(|found| found.map(|(shard, _)| shard.to_string()))
        };
        let slurm = |id, count, min| {
            [
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_COUNT", count),
                ("SLURM_ARRAY_TASK_MIN", min),
            ]
        };
        let shard = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(ask(&[]), Ok(None));
        assert_eq!(ask(&slurm("0", "4", "0")), shard("1/4"));
        assert_eq!(ask(&slurm("4", "4", "1")), shard("4/4"));
        assert!(ask(&slurm("9", "4", "1")).is_err());
        assert!(ask(&slurm("x", "4", "1")).is_err());
        let aws = [
            ("AWS_BATCH_JOB_ARRAY_INDEX", "2"),
            ("AWS_BATCH_JOB_ARRAY_SIZE", "3"),
        ];
        assert_eq!(ask(&aws), shard("3/3"));
        let pod = [("JOB_COMPLETION_INDEX", "0"), ("SIM_SHARDS", "2")];
        assert_eq!(ask(&pod), shard("1/2"));
        assert!(ask(&pod[..1]).is_err());
    }

    #[test]
    fn shards_share_all_trials_out() {
        for count in 1..=7 {
            for trials in 0..=20 {
                let shards = (1..=count).filter_map(|number| Shard::numbered(number, count));
                let sizes: u64 = shards.clone().map(|shard| shard.size(trials)).sum();
                assert_eq!(sizes, trials);
                for trial in 0..trials {
                    assert_eq!(shards.clone().filter(|shard| shard.holds(trial)).count(), 1);
                }
            }
        }
        assert_eq!(Shard::parse("0/3"), None);
        assert_eq!(Shard::parse("4/3"), None);
        assert_eq!(
            Shard::parse("2/3").map(|shard| shard.to_string()),
            Some("2/3".to_owned())
        );
    }
}
