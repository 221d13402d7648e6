//! Trials that no other dominates: at least as good by every objective, and better by one.
//!
//! Not here: what a trial costs by an objective (`objective`).
//! Invariant: the front of some trials does not hang on the order in which they are added.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Costs that sort; they are finite.
#[derive(Clone, Debug)]
struct Costs(Vec<f64>);

impl Ord for Costs {
    fn cmp(&self, other: &Self) -> Ordering {
        let pairs = self.0.iter().zip(&other.0);
        let mut orders = pairs.map(|(own, other)| own.total_cmp(other));
        orders
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Costs {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Costs {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Costs {}

/// The front of the trials seen so far.
#[derive(Clone, Debug, Default)]
pub struct Front {
    /// Sorted by the first cost, then the second…; with two objectives the second falls as the first rises.
    members: BTreeMap<Costs, Vec<u64>>,
}

impl Front {
    /// Takes note of a trial with its cost by each objective; less is better.
    pub fn add(&mut self, trial: u64, costs: Vec<f64>) {
        let costs = Costs(costs);
        if let Some(equals) = self.members.get_mut(&costs) {
            equals.push(trial);
            return;
        }
        // Whoever dominates it sorts before it, whom it dominates after it; with two objectives the nearest one tells.
        let two = costs.0.len() == 2;
        let near = if two { 1 } else { usize::MAX };
        let mut before = self.members.range(..&costs).rev().take(near);
        if before.any(|(own, _)| dominates(own, &costs)) {
            return;
        }
        let after = self.members.range(&costs..).map(|(own, _)| own);
        let beaten: Vec<Costs> = if two {
            after
                .take_while(|own| dominates(&costs, own))
                .cloned()
                .collect()
        } else {
            after
                .filter(|own| dominates(&costs, own))
                .cloned()
                .collect()
        };
        for each in beaten {
            self.members.remove(&each);
        }
        self.members.insert(costs, vec![trial]);
    }

    /// Its trials, ascending.
    #[must_use]
    pub fn trials(&self) -> Vec<u64> {
        let mut trials: Vec<u64> = self.members.values().flatten().copied().collect();
        trials.sort_unstable();
        trials
    }
}

fn dominates(one: &Costs, other: &Costs) -> bool {
    let mut pairs = one.0.iter().zip(&other.0);
    one != other && pairs.all(|(one, other)| one <= other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;

    #[test]
    fn a_front_is_what_no_other_dominates() {
        let mut random = Random::new(5);
        let mut met = 0;
        for objectives in 1..=4 {
            for count in [1_u64, 2, 10, 300] {
                let mut value = || f64::from(u8::try_from(random.below(12)).unwrap());
                let trials: Vec<Vec<f64>> = (0..count)
                    .map(|_| (0..objectives).map(|_| value()).collect())
                    .collect();
                let mut front = Front::default();
                let mut backwards = Front::default();
                let numbered: Vec<(u64, &Vec<f64>)> = (0..count).zip(&trials).collect();
                for (trial, costs) in &numbered {
                    front.add(*trial, (*costs).clone());
                }
                for (trial, costs) in numbered.iter().rev() {
                    backwards.add(*trial, (*costs).clone());
                }
                let wanted = (0..count).zip(&trials).filter(|(_, costs)| {
                    let own = Costs((*costs).clone());
                    !trials
                        .iter()
                        .any(|other| dominates(&Costs(other.clone()), &own))
                });
                let wanted: Vec<u64> = wanted.map(|(trial, _)| trial).collect();
                assert_eq!(front.trials(), wanted);
                assert_eq!(backwards.trials(), wanted);
                met += wanted.len();
            }
        }
        assert!(met > 50, "{met}");
    }
}
