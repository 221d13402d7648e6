//! Signals of random walks: pairs of given gaps and lone messages, at uniform times but so far apart that no two groups
//! can meet.
//!
//! Not here: what is asked for, prices (`random_walk`).

use std::sync::Arc;

use crate::domain::random::Random;
use crate::domain::signal::{RawSignal, SignalType};
use crate::domain::time::{Span, Timestamp};

use super::generate::{ContractRecipe, Generated, KnownPair, MINUTE, MINUTES_A_DAY, Recipe};
use super::random_walk::Walks;

/// Between the last message of one group and the first of the next: the program's default retention and twenty seconds.
const APART: i64 = 620_000;

/// What stands in the signals at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Pair,
    LoneAlpha,
    LoneFomo,
}

/// Lone messages for so many pairs.
const fn lone(pairs: u16, pct: u16) -> usize {
    pairs as usize * pct as usize / 100
}

/// Milliseconds from the start of one group to the earliest start of the next.
const fn spacing(walks: &Walks) -> i64 {
    walks.gap_max.millis() + APART
}

/// The time that is left when every group keeps its distance, in milliseconds; `None` when there is not room for all.
pub(crate) fn free(recipe: &Recipe, walks: &Walks) -> Option<i64> {
    let groups = usize::from(recipe.confluences)
        + lone(recipe.confluences, walks.lone_alpha_pct)
        + lone(recipe.confluences, walks.lone_fomo_pct);
    let span = i64::from(recipe.days) * MINUTES_A_DAY * MINUTE;
    let free = span - spacing(walks) * (i64::try_from(groups).ok()? + 1);
    (free >= 0).then_some(free)
}

/// Adds the signals of one contract; none where they have no room.
pub(crate) fn add(
    made: &mut Generated,
    (recipe, walks, contract): (&Recipe, &Walks, &ContractRecipe),
    random: &mut Random,
) {
    let Some(free) = free(recipe, walks) else {
        return;
    };
    let mut groups = vec![Group::Pair; usize::from(recipe.confluences)];
    let lone = |pct| lone(recipe.confluences, pct);
    groups.resize(groups.len() + lone(walks.lone_alpha_pct), Group::LoneAlpha);
    groups.resize(groups.len() + lone(walks.lone_fomo_pct), Group::LoneFomo);
    random.shuffle(&mut groups);
    // Sorted draws plus their rank times the spacing are uniform among all times that keep the spacing.
    let mut offsets: Vec<i64> = groups.iter().map(|_| random.between(0, free)).collect();
    offsets.sort_unstable();
    let mut next = 0;
    let mut message = |random: &mut Random, kind: SignalType, time: Timestamp| {
        next += 1;
        let id = format!("{}-{next:06}", contract.coin);
        made.signals.push(RawSignal {
            id: Arc::from(id.as_str()),
            kind,
            name: contract.coin.clone(),
            event_time: time,
            received_time: Some(time + Span::from_millis(random.between(150, 2_500))),
        });
        id
    };
    let fomo_kind = |random: &mut Random| {
        if random.below(100) < u64::from(walks.type_112_pct) {
            SignalType::FOMO_INTENSIFIED
        } else {
            SignalType::FOMO
        }
    };
    for (rank, (group, offset)) in groups.iter().zip(&offsets).enumerate() {
        let at = offset + rank as i64 * spacing(walks);
        let time = recipe.from + Span::from_millis(at);
        match group {
            Group::LoneAlpha => drop(message(random, SignalType::ALPHA, time)),
            Group::LoneFomo => {
                let kind = fomo_kind(random);
                message(random, kind, time);
            }
            Group::Pair => {
                let gap = random.between(-walks.gap_max.millis(), walks.gap_max.millis());
                let later = time + Span::from_millis(gap.abs());
                let (alpha_time, fomo_time) = if gap < 0 {
                    (later, time)
                } else {
                    (time, later)
                };
                let kind = fomo_kind(random);
                let alpha = message(random, SignalType::ALPHA, alpha_time);
                let fomo = message(random, kind, fomo_time);
                made.known.confluences.push(KnownPair {
                    symbol: contract.symbol.clone(),
                    alpha,
                    fomo,
                    gap: gap.abs(),
                    episode: None,
                });
            }
        }
    }
}
