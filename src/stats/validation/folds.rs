//! Cross-validation of events that last (V3): purged and embargoed k-fold, and its combinatorial form.
//!
//! Not here: cuts of plain periods (`splits`), what is learnt on a fold.
//! Invariants: indices are those of the events given, ascending; no training event touches the hull of a test group or
//! the embargo behind it.

use std::ops::Range;

use crate::domain::time::{Span, Timestamp};
use crate::stats::figure::Why;
use crate::stats::validation::splits::{Choices, binomial, even_parts};

/// Most splits a combinatorial cross-validation may have.
pub const SPLITS_MAX: u64 = 1_000_000;

/// Something that lasted, ends included: a trade from entry to exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its entry.
    pub start: Timestamp,
    /// Its exit, not before the entry.
    pub end: Timestamp,
}

/// One fold: each event is in exactly one of the three.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// Events to judge on.
    pub test: Vec<usize>,
    /// Events to learn from.
    pub train: Vec<usize>,
    /// Events left out because they overlap a test group or lie in the embargo behind one.
    pub purged: Vec<usize>,
}

/// The splits of a combinatorial cross-validation, and the paths they make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combinatorial {
    /// Groups in test, one entry per split, in lexicographic order: C(N, k) of them.
    pub splits: Vec<Vec<usize>>,
    /// One entry per path, C(N − 1, k − 1) of them: for each group the split whose result the path takes for it, which
    /// is the j-th that tests the group in path j.
    pub paths: Vec<Vec<usize>>,
}

/// Folds of events in `folds` contiguous blocks of their order, sizes as equal as possible, longer first; each block is
/// the test once. Give the events in order of their start.
///
/// # Errors
/// [`Why::BadGroups`] below two folds or with more folds than events.
pub fn purged_kfold(events: &[Held], folds: usize, embargo: Span) -> Result<Vec<Fold>, Why> {
    if folds < 2 || folds > events.len() {
        return Err(Why::BadGroups);
    }
    let blocks = even_parts(events.len(), folds);
    Ok(blocks
        .into_iter()
        .map(|block| purge(events, &[block], embargo))
        .collect())
}

/// Tests some blocks of events and trains on the rest, but for events that overlap a block's hull [min start, max end] or
/// start within `embargo` after it. Each block has its own hull; empty ones have none.
#[must_use]
pub fn purge(events: &[Held], blocks: &[Range<usize>], embargo: Span) -> Fold {
    let hulls: Vec<Held> = blocks
        .iter()
        .filter_map(|block| hull(events.get(block.clone())?))
        .collect();
    let mut fold = Fold::default();
    for (index, event) in events.iter().enumerate() {
        let group = if blocks.iter().any(|block| block.contains(&index)) {
            &mut fold.test
        } else if hulls.iter().all(|hull| is_clear(event, hull, embargo)) {
            &mut fold.train
        } else {
            &mut fold.purged
        };
        group.push(index);
    }
    fold
}

fn hull(events: &[Held]) -> Option<Held> {
    Some(Held {
        start: events.iter().map(|event| event.start).min()?,
        end: events.iter().map(|event| event.end).max()?,
    })
}

fn is_clear(event: &Held, hull: &Held, embargo: Span) -> bool {
    let embargo_end = hull.end.millis().saturating_add(embargo.millis());
    event.end < hull.start || event.start.millis() > embargo_end
}

/// The choices of `tested` of `groups` groups, and the paths through them. [`purge`] with the blocks of the tested groups
/// gives the training events of a split.
///
/// # Errors
/// [`Why::BadGroups`] unless 1 ≤ `tested` < `groups` and the splits are at most [`SPLITS_MAX`].
pub fn combinatorial(groups: usize, tested: usize) -> Result<Combinatorial, Why> {
    if tested == 0 || tested >= groups {
        return Err(Why::BadGroups);
    }
    if binomial(groups, tested).is_none_or(|splits| splits > SPLITS_MAX) {
        return Err(Why::BadGroups);
    }
    let splits: Vec<Vec<usize>> = Choices::new(groups, tested).collect();
    // Every group is tested equally often: that many paths there are.
    let mut paths: Vec<Vec<usize>> = vec![Vec::new(); splits.len() * tested / groups];
    for group in 0..groups {
        let testing = splits
            .iter()
            .enumerate()
            .filter(|(_, split)| split.contains(&group));
        for (path, (split, _)) in paths.iter_mut().zip(testing) {
            path.push(split);
        }
    }
    Ok(Combinatorial { splits, paths })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;

    fn held(start: i64, end: i64) -> Held {
        Held {
            start: Timestamp::from_millis(start),
            end: Timestamp::from_millis(end),
        }
    }

    fn drawn(random: &mut Random, number: usize) -> Vec<Held> {
        let mut start = 0;
        (0..number)
            .map(|_| {
                start += random.between(0, 30);
                held(start, start + random.between(0, 90))
            })
            .collect()
    }

    #[test]
    fn no_training_event_touches_a_test_event_or_its_embargo() {
        let mut random = Random::new(3);
        let (mut met, mut purged) = (0, 0);
        for case in 0..60 {
            let events = drawn(&mut random, 40);
            let embargo = Span::from_millis(random.between(0, 40));
            let mut folds = purged_kfold(&events, 2 + case % 7, embargo).expect("enough events");
            let blocks = even_parts(events.len(), 6);
            for split in combinatorial(6, 2).expect("six groups").splits {
                let tested: Vec<Range<usize>> =
                    split.iter().map(|group| blocks[*group].clone()).collect();
                folds.push(purge(&events, &tested, embargo));
            }
            for fold in &folds {
                let mut all = [&fold.test[..], &fold.train, &fold.purged].concat();
                all.sort_unstable();
                assert_eq!(all, (0..events.len()).collect::<Vec<usize>>());
                for (known, later) in fold
                    .train
                    .iter()
                    .flat_map(|known| fold.test.iter().map(move |later| (known, later)))
                {
                    let (known, later) = (events[*known], events[*later]);
                    assert!(
                        known.end < later.start || known.start > later.end + embargo,
                        "{known:?} leaks into {later:?}"
                    );
                    met += 1;
                }
                purged += fold.purged.len();
            }
        }
        assert!(
            met > 100_000 && purged > 1_000,
            "{met} pairs, {purged} purged"
        );
    }

    #[test]
    fn every_group_lies_once_on_every_path_and_no_result_is_used_twice() {
        for (groups, tested) in [(2, 1), (4, 2), (6, 2), (6, 5), (10, 3)] {
            let made = combinatorial(groups, tested).expect("allowed");
            assert_eq!(binomial(groups, tested), Some(made.splits.len() as u64));
            assert_eq!(
                binomial(groups - 1, tested - 1),
                Some(made.paths.len() as u64)
            );
            let mut used = std::collections::BTreeSet::new();
            for path in &made.paths {
                assert_eq!(path.len(), groups);
                for (group, split) in path.iter().enumerate() {
                    assert!(made.splits[*split].contains(&group));
                    assert!(used.insert((group, *split)), "used twice");
                }
            }
            assert_eq!(used.len(), made.splits.len() * tested);
        }
    }

    #[test]
    fn impossible_groups_are_refused() {
        let events = [held(0, 1), held(2, 3)];
        for folds in [0, 1, 3] {
            assert_eq!(
                purged_kfold(&events, folds, Span::ZERO),
                Err(Why::BadGroups)
            );
        }
        for (groups, tested) in [(5, 0), (5, 5), (0, 0), (100, 50), (60, 10)] {
            assert_eq!(combinatorial(groups, tested), Err(Why::BadGroups));
        }
    }
}
