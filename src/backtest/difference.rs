//! The first event in which two logs differ, and what stands around it.
//!
//! Not here: which settings and inputs may be the cause (`causes`), reading logs (`events`), words (`cli`).
//! Invariant: a function of the two logs alone, wherever they come from; two logs that say the same have no difference.

use crate::backtest::events::{Events, HeardSignal, Kind, Record, Value};
use crate::domain::time::Timestamp;

/// Where two logs part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// How many records they have in common before it.
    pub common: usize,
    /// The last few of those.
    pub before: Vec<Record>,
    /// What the first log says there; `None` when it has ended.
    pub one: Option<Record>,
    /// What the other log says there.
    pub other: Option<Record>,
    /// In which way they differ.
    pub manner: Manner,
    /// Values that differ, where both say the same kind of thing.
    pub values: Vec<ValueDifference>,
    /// Records from there on, in each log.
    pub left: [usize; 2],
}

/// In which way two records differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// The same kind of thing at the same time, with other values.
    Values,
    /// The same kind of thing at another time.
    Time,
    /// Different things at the same time.
    Things,
    /// The first log says something while the other says nothing yet.
    OnlyOne,
    /// The other way round.
    OnlyOther,
    /// The first log ends.
    OneEnds,
    /// The other log ends.
    OtherEnds,
}

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueDifference {
    /// Its name.
    pub name: &'static str,
    /// In the first log; `None` when it has none.
    pub one: Option<Value>,
    /// In the other.
    pub other: Option<Value>,
}

/// Where the messages heard by two runs part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalDifference {
    /// How many they have in common before it.
    pub common: usize,
    /// What the first run heard there.
    pub one: Option<HeardSignal>,
    /// What the other heard there.
    pub other: Option<HeardSignal>,
    /// How many each heard.
    pub heard: [usize; 2],
}

/// Records shown before the difference.
const BEFORE: usize = 4;

/// Finds it; `None` when the logs say the same.
#[must_use]
pub fn first_difference(one: &Events, other: &Events) -> Option<Difference> {
    let (left, right) = (&one.records, &other.records);
    let common = left
        .iter()
        .zip(right)
        .take_while(|(one, other)| one == other);
    let common = common.count();
    if common == left.len() && common == right.len() {
        return None;
    }
    let (one, other) = (left.get(common).cloned(), right.get(common).cloned());
    Some(Difference {
        common,
        before: left[common.saturating_sub(BEFORE)..common].to_vec(),
        manner: manner(one.as_ref(), other.as_ref()),
        values: values(one.as_ref(), other.as_ref()),
        one,
        other,
        left: [left.len() - common, right.len() - common],
    })
}

fn manner(one: Option<&Record>, other: Option<&Record>) -> Manner {
    let (Some(one), Some(other)) = (one, other) else {
        return if one.is_none() {
            Manner::OneEnds
        } else {
            Manner::OtherEnds
        };
    };
    let same_thing = same_thing(one, other);
    match one.at.cmp(&other.at) {
        std::cmp::Ordering::Equal if same_thing => Manner::Values,
        std::cmp::Ordering::Equal => Manner::Things,
        _ if same_thing => Manner::Time,
        std::cmp::Ordering::Less => Manner::OnlyOne,
        std::cmp::Ordering::Greater => Manner::OnlyOther,
    }
}

/// Whether both are about the same: the same kind and contract, and the same purpose where there is one. Days begin and
/// accounts open without a contract.
fn same_thing(one: &Record, other: &Record) -> bool {
    let is_day = one.kind == Kind::DayStarted && one.at != other.at;
    let about = |record: &Record, name| record.get(name).cloned();
    one.kind == other.kind
        && !is_day
        && one.symbol == other.symbol
        && ["purpose", "alpha", "fomo"]
            .iter()
            .all(|name| about(one, name) == about(other, name))
}

/// Values of the same name and place that differ.
fn values(one: Option<&Record>, other: Option<&Record>) -> Vec<ValueDifference> {
    let (Some(one), Some(other)) = (one, other) else {
        return Vec::new();
    };
    if one.kind != other.kind {
        return Vec::new();
    }
    let mut found = Vec::new();
    if one.at != other.at {
        found.push(ValueDifference {
            name: "time",
            one: Some(Value::Time(one.at)),
            other: Some(Value::Time(other.at)),
        });
    }
    let mut rest: Vec<_> = other.fields.iter().collect();
    for field in &one.fields {
        let place = rest.iter().position(|other| other.name == field.name);
        let theirs = place.map(|place| rest.remove(place).value.clone());
        if theirs.as_ref() != Some(&field.value) {
            found.push(ValueDifference {
                name: field.name,
                one: Some(field.value.clone()),
                other: theirs,
            });
        }
    }
    found.extend(rest.into_iter().map(|field| ValueDifference {
        name: field.name,
        one: None,
        other: Some(field.value.clone()),
    }));
    found
}

/// The first message that the runs did not both hear alike; `None` when they heard the same.
#[must_use]
pub fn signal_difference(one: &Events, other: &Events) -> Option<SignalDifference> {
    let (left, right) = (&one.signals, &other.signals);
    let common = left
        .iter()
        .zip(right)
        .take_while(|(one, other)| one == other);
    let common = common.count();
    (common < left.len() || common < right.len()).then(|| SignalDifference {
        common,
        one: left.get(common).cloned(),
        other: right.get(common).cloned(),
        heard: [left.len(), right.len()],
    })
}

/// The last message a run heard up to an instant.
#[must_use]
pub fn heard_before(events: &Events, at: Timestamp) -> Option<&HeardSignal> {
    let heard = events.signals.iter();
    heard.take_while(|signal| signal.received_time <= at).last()
}
