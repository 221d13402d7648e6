//! What is known of a finished trial: the figures of its daily equity and its trades, few enough for millions of trials.
//!
//! Not here: how each is computed (`stats`), which one decides (`objective`).
//! Invariant: a figure that is undefined is `None`; each is the one of the same name in the `metrics.json` of that run.

use crate::domain::fill::Trade;
use crate::domain::num::Money;
use crate::stats::equity::{DailyCore, DailySeries};
use crate::stats::figure::{Figure, count, millis};
use crate::stats::trade_row;
use crate::stats::trades::TradeCore;

/// Which way a figure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The larger the better.
    More,
    /// The smaller the better.
    Less,
}

/// How a figure is judged.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// As tables, objectives and constraints call it.
    pub name: &'static str,
    /// Which way is better.
    pub better: Better,
    /// Whether its size is judged: a drawdown of −0.2 counts as 0.2.
    pub by_size: bool,
}

const fn more(name: &'static str) -> Metric {
    Metric {
        name,
        better: Better::More,
        by_size: false,
    }
}

const fn less(name: &'static str) -> Metric {
    Metric {
        name,
        better: Better::Less,
        by_size: false,
    }
}

/// How many figures a trial has.
pub const COUNT: usize = 20;

/// Place of the number of trades.
pub const TRADES: usize = 0;

/// All of them, in the order of the tables.
pub const METRICS: [Metric; COUNT] = [
    more("trades"),
    more("net_usdt"),
    more("total_return"),
    more("cagr"),
    more("sharpe"),
    more("sortino"),
    Metric {
        name: "max_drawdown",
        better: Better::Less,
        by_size: true,
    },
    more("calmar"),
    less("ulcer_index"),
    less("annual_volatility"),
    more("skew"),
    less("kurtosis"),
    more("win_rate"),
    more("profit_factor"),
    more("expectancy"),
    more("expectancy_r"),
    more("sqn"),
    less("avg_hold_ms"),
    less("ambiguous_bars"),
    less("days"),
];

/// The figures of one trial, in the order of [`METRICS`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures(pub [Option<f64>; COUNT]);

impl Figures {
    /// Computes them from daily equity, finished trades, the net result and the number of ambiguous bars.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of bars stay below 2^53")]
    pub fn of(series: &DailySeries, trades: &[Trade], net: Money, ambiguous_bars: u64) -> Self {
        let daily = DailyCore::of(series);
        let nets: Vec<f64> = trades.iter().map(|trade| trade.net().to_f64()).collect();
        let risks: Vec<f64> = trades.iter().filter_map(trade_row::risk_multiple).collect();
        let hold = |trade: &Trade| millis((trade.exit_time - trade.entry_time).millis());
        let holds: Vec<f64> = trades.iter().map(hold).collect();
        let of_trades = TradeCore::of(&nets, &risks, &holds);
        let known = |value: f64| Figure::Known(value);
        let figures = [
            known(count(trades.len())),
            known(net.to_f64()),
            daily.total_return,
            daily.cagr,
            daily.law.sharpe,
            daily.law.sortino,
            Figure::new(daily.shape.worst),
            daily.growth_over(daily.shape.worst.abs()),
            Figure::new(daily.shape.ulcer),
            daily.annual_volatility(),
            daily.law.skew,
            daily.law.kurtosis,
            of_trades.win_rate,
            of_trades.profit_factor,
            of_trades.expectancy,
            of_trades.expectancy_r,
            of_trades.sqn,
            of_trades.avg_hold_ms,
            known(ambiguous_bars as f64),
            known(count(daily.returns.len())),
        ];
        Self(figures.map(Figure::value))
    }

    /// As one word each, `-` for none; reading it back gives the same bits.
    #[must_use]
    pub fn to_text(&self) -> String {
        let words: Vec<String> = self.0.iter().map(|value| number(*value, "-")).collect();
        words.join(" ")
    }

    /// Reads [`Figures::to_text`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut figures = [None; COUNT];
        let mut words = text.split(' ');
        for figure in &mut figures {
            *figure = match words.next()? {
                "-" => None,
                word => Some(word.parse::<f64>().ok().filter(|value| value.is_finite())?),
            };
        }
        words.next().is_none().then_some(Self(figures))
    }
}

/// The shortest text that reads back as the same number, or what stands for none.
#[must_use]
pub fn number(value: Option<f64>, none: &str) -> String {
    match value {
        Some(value) if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.0}"),
        Some(value) => format!("{value:?}"),
        None => none.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_back_to_the_bit() {
        let mut figures = Figures([None; COUNT]);
        let values = [0.1 + 0.2, -1e-300, 1e300, 25.0, -0.0, 5e-324, 1.0 / 3.0];
        for (slot, value) in figures.0.iter_mut().zip(values) {
            *slot = Some(value);
        }
        let back = Figures::parse(&figures.to_text()).unwrap();
        assert_eq!(back, figures);
        assert_eq!(Figures::parse("1 2"), None);
        assert_eq!(Figures::parse(&(figures.to_text() + " 1")), None);
        assert_eq!(Figures::parse(&figures.to_text().replace('-', "NaN")), None);
    }
}
