//! Costs estimated from bars (F3): half spread by Corwin and Schultz (2012), volatility by Parkinson (1980), and market
//! impact by the square-root law.
//!
//! Not here: which bars were complete at the time (the caller gives no others), where the costs are charged
//! (`exchange::fills`). Basis points are 1e-4 of a price.

use crate::stats::figure::{Figure, Why, count};

const BASIS_POINTS: f64 = 10_000.0;
/// Impact is rounded up to this many parts of a basis point (N3).
const IMPACT_PARTS: f64 = 10_000.0;

/// Highest and lowest price of one bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HighLow {
    /// Highest price; at least the lowest.
    pub high: f64,
    /// Lowest price; above zero.
    pub low: f64,
}

impl HighLow {
    fn is_sound(&self) -> bool {
        self.low > 0.0 && self.high >= self.low && self.high.is_finite()
    }

    /// ln²(H/L).
    fn square(&self) -> f64 {
        (self.high / self.low).ln().powi(2)
    }
}

/// S of each pair of adjacent bars, as a share of the price; may be negative, which means no spread was seen.
///
/// # Errors
/// [`Why::BadPrices`] for fewer than two bars, or one with a low at or below zero or above its high.
pub fn raw_spreads(bars: &[HighLow]) -> Result<Vec<f64>, Why> {
    if bars.len() < 2 || !bars.iter().all(HighLow::is_sound) {
        return Err(Why::BadPrices);
    }
    Ok(bars
        .windows(2)
        .map(|pair| raw_spread(pair[0], pair[1]))
        .collect())
}

fn raw_spread(first: HighLow, second: HighLow) -> f64 {
    let k = 3.0 - 2.0 * std::f64::consts::SQRT_2;
    let beta = first.square() + second.square();
    let both = HighLow {
        high: first.high.max(second.high),
        low: first.low.min(second.low),
    };
    let alpha = ((2.0 * beta).sqrt() - beta.sqrt()) / k - (both.square() / k).sqrt();
    // 2(e^α − 1)/(1 + e^α).
    2.0 * (alpha / 2.0).tanh()
}

/// The mean of the spreads with negative ones set to zero, as a share of the price.
///
/// # Errors
/// As [`raw_spreads`].
pub fn mean_spread(bars: &[HighLow]) -> Result<f64, Why> {
    let raw = raw_spreads(bars)?;
    Ok(raw.iter().map(|spread| spread.max(0.0)).sum::<f64>() / count(raw.len()))
}

/// Half of the mean spread in basis points; zero or more.
#[must_use]
pub fn half_spread_bps(bars: &[HighLow]) -> Figure {
    match mean_spread(bars) {
        Ok(spread) => Figure::new(spread / 2.0 * BASIS_POINTS),
        Err(why) => Figure::Undefined(why),
    }
}

/// σ = √(mean ln²(H/L)/(4·ln 2)): the deviation of the log price per bar; of a day when the bars are days.
#[must_use]
pub fn parkinson_sigma(bars: &[HighLow]) -> Figure {
    if bars.is_empty() || !bars.iter().all(HighLow::is_sound) {
        return Figure::Undefined(Why::BadPrices);
    }
    let mean = bars.iter().map(HighLow::square).sum::<f64>() / count(bars.len());
    Figure::new((mean / (4.0 * std::f64::consts::LN_2)).sqrt())
}

/// What the impact of an order depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImpactInputs {
    /// Y, about 1; zero or more.
    pub factor: f64,
    /// Daily σ in basis points; zero or more.
    pub sigma_bps: f64,
    /// Q: notional of the order, USDT; zero or more.
    pub order_notional: f64,
    /// V: notional traded on a day, USDT; above zero.
    pub daily_notional: f64,
}

/// Y·σ·√(Q/V) in basis points, rounded up to 1e-4 (N3). [`Why::NoVolume`] when nothing was traded,
/// [`Why::NotPositive`] for a negative or missing input.
#[must_use]
pub fn impact_bps(inputs: &ImpactInputs) -> Figure {
    let parts = [inputs.factor, inputs.sigma_bps, inputs.order_notional];
    if !parts.iter().all(|part| *part >= 0.0) {
        return Figure::Undefined(Why::NotPositive);
    }
    if inputs.daily_notional.is_nan() || inputs.daily_notional <= 0.0 {
        return Figure::Undefined(Why::NoVolume);
    }
    let share = inputs.order_notional / inputs.daily_notional;
    Figure::new(round_up(inputs.factor * inputs.sigma_bps * share.sqrt()))
}

/// Up to the next 1e-4; what is that close above one that floats may have put it there stays on it.
fn round_up(value: f64) -> f64 {
    const FLOAT_ERROR: f64 = 1e-13;
    let parts = value * IMPACT_PARTS;
    let near = parts.round();
    if (parts - near).abs() <= FLOAT_ERROR * near {
        near / IMPACT_PARTS
    } else {
        parts.ceil() / IMPACT_PARTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;

    /// Bars of a walk of 390 equal steps with the ends of a day joined, seen through a spread around the true price.
    fn bars(days: usize, step: f64, spread: f64) -> Vec<HighLow> {
        let mut random = Random::new(17);
        let mut price = 100.0_f64;
        (0..days)
            .map(|_| {
                let (mut high, mut low) = (price, price);
                for _ in 0..390 {
                    price *= if random.one_in(2) {
                        1.0 + step
                    } else {
                        1.0 / (1.0 + step)
                    };
                    (high, low) = (high.max(price), low.min(price));
                }
                HighLow {
                    high: high * (1.0 + spread / 2.0),
                    low: low * (1.0 - spread / 2.0),
                }
            })
            .collect()
    }

    #[test]
    fn the_known_volatility_of_a_walk_is_found() {
        let step = 0.0005;
        let found = parkinson_sigma(&bars(4_000, step, 0.0))
            .value()
            .expect("bars");
        let truth = step * 390.0_f64.sqrt();
        // A walk of steps reaches its extremes a little less than a continuous one.
        assert!((0.92..1.01).contains(&(found / truth)), "{found} {truth}");
    }

    #[test]
    fn a_wider_spread_is_seen_as_wider() {
        let half = |spread| {
            half_spread_bps(&bars(4_000, 0.0005, spread))
                .value()
                .expect("bars")
        };
        let found = [0.0, 0.01, 0.02, 0.04].map(half);
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
        // Wide spreads outweigh the setting to zero of negative pairs.
        assert!((found[3] / 200.0 - 1.0).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn impact_is_rounded_up_and_never_for_float_errors() {
        let base = ImpactInputs {
            factor: 1.0,
            sigma_bps: 400.0,
            order_notional: 25.0,
            daily_notional: 10_000.0,
        };
        assert_eq!(impact_bps(&base).value(), Some(20.0));
        let third = ImpactInputs {
            factor: 1.0 / 3.0,
            ..base
        };
        assert_eq!(impact_bps(&third).value(), Some(6.6667));
        // 0.1·0.3·√1 is a little above 0.03 in floats.
        let tenth = ImpactInputs {
            factor: 0.1,
            sigma_bps: 0.3,
            order_notional: 1.0,
            daily_notional: 1.0,
        };
        assert_eq!(impact_bps(&tenth).value(), Some(0.03));
        let none = ImpactInputs {
            daily_notional: 0.0,
            ..base
        };
        assert_eq!(impact_bps(&none).why(), Some(Why::NoVolume));
        let wrong = ImpactInputs {
            sigma_bps: f64::NAN,
            ..base
        };
        assert_eq!(impact_bps(&wrong).why(), Some(Why::NotPositive));
    }

    #[test]
    fn broken_bars_have_no_estimate() {
        let bar = |high, low| HighLow { high, low };
        for broken in [
            bar(1.0, 0.0),
            bar(1.0, 2.0),
            bar(f64::NAN, 1.0),
            bar(f64::INFINITY, 1.0),
        ] {
            assert_eq!(parkinson_sigma(&[broken]).why(), Some(Why::BadPrices));
            assert_eq!(raw_spreads(&[broken, broken]), Err(Why::BadPrices));
        }
        assert_eq!(
            half_spread_bps(&[bar(2.0, 1.0)]).why(),
            Some(Why::BadPrices)
        );
    }
}
