//! What the order of the trades did (V7): drawdowns of shuffled trade results, and the risk of ruin of drawn ones.
//!
//! Not here: dependence between trades. Results of trades that overlap are not independent: whoever shows these figures
//! says so. Invariants: equity is additive and exact, in USDT; replicate b draws from stream(seed, 2, b).

use crate::domain::num::Money;
use crate::domain::random::Random;
use crate::stats::figure::{Figure, Why, count};
use crate::stats::quantile;

/// Purpose of the streams (W2).
const PURPOSE: u64 = 2;
/// Third path element of the draws with replacement, which V7 leaves open.
const WITH_REPLACEMENT: u64 = 1;
/// Steps of 1e-8 USDT in one USDT.
const STEPS: f64 = 1e8;

/// The largest drawdowns, USDT below the peak so far, zero or more, of the same trades in other orders.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TradeShuffle {
    /// In the order as traded.
    pub observed: f64,
    /// Median over the replicates.
    pub p50: Figure,
    /// 95 % quantile.
    pub p95: Figure,
    /// 99 % quantile.
    pub p99: Figure,
    /// (1 + replicates at least as deep as observed)/(B + 1), above 0 to 1: a small share says the order was unlucky.
    pub share_at_least: Figure,
}

/// Shuffles the net results of finished trades, given in order of exit.
///
/// # Errors
/// [`Why::NoTrades`] without trades, [`Why::NoReplicates`] without replicates.
pub fn trade_shuffle(nets: &[Money], seed: u64, replicates: u64) -> Result<TradeShuffle, Why> {
    check(nets, replicates)?;
    let observed = max_drawdown(nets.iter().copied());
    let mut order = nets.to_vec();
    let (mut depths, mut as_deep) = (Vec::new(), 0_usize);
    for replicate in 0..replicates {
        order.copy_from_slice(nets);
        permute(&mut order, seed, replicate);
        let depth = max_drawdown(order.iter().copied());
        as_deep += usize::from(depth >= observed);
        depths.push(usdt(depth));
    }
    depths.sort_by(f64::total_cmp);
    let at = |permille| {
        quantile::quantile(&depths, permille).map_or(Figure::Undefined(Why::NoTrades), Figure::new)
    };
    Ok(TradeShuffle {
        observed: usdt(observed),
        p50: at(500),
        p95: at(950),
        p99: at(990),
        share_at_least: Figure::new(count(1 + as_deep) / count(depths.len() + 1)),
    })
}

/// Puts trades into the order of one replicate.
pub fn permute<T>(trades: &mut [T], seed: u64, replicate: u64) {
    Random::stream(seed, &[PURPOSE, replicate]).shuffle(trades);
}

/// The share of replicates, 0–1, in which as many trades drawn with replacement bring `balance` to zero or below.
///
/// # Errors
/// As [`trade_shuffle`]; [`Why::Ruin`] when the balance is not above zero to begin with.
pub fn risk_of_ruin(
    nets: &[Money],
    balance: Money,
    seed: u64,
    replicates: u64,
) -> Result<f64, Why> {
    check(nets, replicates)?;
    if balance <= Money::ZERO {
        return Err(Why::Ruin);
    }
    let (mut ruined, mut total) = (0_usize, 0_usize);
    for replicate in 0..replicates {
        let mut random = Random::stream(seed, &[PURPOSE, replicate, WITH_REPLACEMENT]);
        let mut left = i128::from(balance.steps());
        let is_ruined = (0..nets.len()).any(|_| {
            let index =
                usize::try_from(random.below(nets.len() as u64)).expect("invariant: below a usize");
            left += i128::from(nets[index].steps());
            left <= 0
        });
        ruined += usize::from(is_ruined);
        total += 1;
    }
    Ok(count(ruined) / count(total))
}

fn check(nets: &[Money], replicates: u64) -> Result<(), Why> {
    if nets.is_empty() {
        return Err(Why::NoTrades);
    }
    if replicates == 0 {
        return Err(Why::NoReplicates);
    }
    Ok(())
}

/// Steps of 1e-8 USDT, wide enough for every order of amounts that fit one by one.
fn max_drawdown(nets: impl Iterator<Item = Money>) -> i128 {
    let (mut level, mut peak, mut deepest) = (0_i128, 0_i128, 0_i128);
    for net in nets {
        level += i128::from(net.steps());
        peak = peak.max(level);
        deepest = deepest.max(peak - level);
    }
    deepest
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a statistic; the exact comparison is done"
)]
fn usdt(steps: i128) -> f64 {
    steps as f64 / STEPS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(amounts: &[i64]) -> Vec<Money> {
        amounts
            .iter()
            .map(|amount| Money::from_steps(amount * 100_000_000))
            .collect()
    }

    #[test]
    fn the_worst_order_is_deeper_than_nearly_all_others() {
        let worst = nets(&[9, 8, 7, 6, -5, -6, -7, -8]);
        let found = trade_shuffle(&worst, 1, 999).expect("trades");
        assert!((found.observed - 26.0).abs() < 1e-12);
        let share = found.share_at_least.value().expect("known");
        assert!((0.001..0.1).contains(&share), "{share}");
        let best = nets(&[-5, 9, -6, 8, -7, 7, -8, 6]);
        let share = trade_shuffle(&best, 1, 999).expect("trades").share_at_least;
        assert!(share.value().expect("known") > 0.9);
        // Gains alone never fall, in no order.
        let gains = trade_shuffle(&nets(&[1, 2, 3]), 1, 99).expect("trades");
        assert_eq!(gains.p99.value(), Some(0.0));
        assert_eq!(gains.share_at_least.value(), Some(1.0));
    }

    #[test]
    fn orders_are_all_equally_likely() {
        let mut met = std::collections::BTreeMap::new();
        for replicate in 0..6_000 {
            let mut order = [0, 1, 2];
            permute(&mut order, 4, replicate);
            *met.entry(order).or_insert(0) += 1;
        }
        assert_eq!(met.len(), 6);
        assert!(
            met.values().all(|times| (880..1_120).contains(times)),
            "{met:?}"
        );
    }

    #[test]
    fn ruin_is_as_likely_as_it_is() {
        // Two draws of ±10 with a balance of 20: both must lose.
        let even = nets(&[10, -10]);
        let balance = Money::from_steps(2_000_000_000);
        let share = risk_of_ruin(&even, balance, 7, 8_000).expect("trades");
        assert!((share - 0.25).abs() < 0.02, "{share}");
        assert_eq!(risk_of_ruin(&even, Money::ZERO, 7, 10), Err(Why::Ruin));
        assert_eq!(risk_of_ruin(&[], balance, 7, 10), Err(Why::NoTrades));
        assert_eq!(trade_shuffle(&even, 7, 0), Err(Why::NoReplicates));
        // Amounts that only fit one by one.
        let huge = [
            Money::from_steps(i64::MAX),
            Money::from_steps(i64::MAX),
            Money::from_steps(-i64::MAX),
        ];
        assert!(trade_shuffle(&huge, 7, 10).expect("trades").observed > 9e10);
    }
}
