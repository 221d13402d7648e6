//! A finished trade as statistics see it: floats, names resolved, what is not known left out.
//!
//! Not here: the trade as the simulator books it (`domain::fill`), figures over many (`trades`).

use serde::{Deserialize, Serialize};

use crate::domain::fill::Trade;
use crate::domain::num::Notional;
use crate::domain::order::Direction;
use crate::domain::symbol::Symbols;
use crate::domain::time::{Span, Timestamp};

/// A finished trade as statistics see it; amounts in USDT.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TradeRow {
    /// Name of the contract.
    pub symbol: String,
    /// Long or short, if known.
    pub direction: Option<Direction>,
    /// First entry fill.
    pub entry_time: Timestamp,
    /// Last exit fill.
    pub exit_time: Timestamp,
    /// Base-asset quantity, if known.
    pub qty: Option<f64>,
    /// Σ price × quantity of entries.
    pub entry_notional: f64,
    /// Σ price × quantity of exits.
    pub exit_notional: f64,
    /// Before fees and funding.
    pub realized: f64,
    /// After fees and funding.
    pub net: f64,
    /// All fees, never negative.
    pub fees: f64,
    /// Positive was received.
    pub funding: f64,
    /// Memo: slippage inside the prices.
    pub slippage: f64,
    /// |entry − stop| × quantity; `None` without a stop.
    pub risk: Option<f64>,
    /// Reason and quantity of each closing fill, in order; the quantity is zero where it is not known.
    pub exits: Vec<(String, f64)>,
    /// Worst excursion as a signed fraction of the entry price.
    pub mae: Option<f64>,
    /// Best excursion as a signed fraction of the entry price.
    pub mfe: Option<f64>,
    /// From entry to the best excursion.
    pub time_to_mfe: Option<Span>,
    /// Score of the confluence, 0–1.
    pub score: Option<f64>,
    /// Distance of its two signals.
    pub gap: Option<Span>,
    /// Bars of it that hang on the path inside the bar (F12).
    pub ambiguous_bars: u32,
}

fn in_r(risk: Option<f64>, amount: f64) -> Option<f64> {
    risk.filter(|risk| *risk > 0.0).map(|risk| amount / risk)
}

/// Net of a trade of the simulator over its initial risk; `None` without a risk above zero.
#[must_use]
pub fn risk_multiple(trade: &Trade) -> Option<f64> {
    in_r(
        trade.initial_risk.map(Notional::to_f64),
        trade.net().to_f64(),
    )
}

impl TradeRow {
    /// Takes over a trade of the simulator. What a trade does not know (quantities of its exits, time to the best
    /// excursion, score, gap) is left out, for the caller to add.
    #[must_use]
    pub fn from_trade(trade: &Trade, symbols: &Symbols) -> Self {
        let entry_notional = trade.entry_cost.to_f64();
        let qty = trade.qty.to_f64();
        let entry = entry_notional / qty;
        let sign = if trade.direction == Direction::Long {
            1.0
        } else {
            -1.0
        };
        let excursion = |price: f64| (qty > 0.0).then(|| sign * (price - entry) / entry);
        Self {
            symbol: symbols.name(trade.symbol).as_str().to_owned(),
            direction: Some(trade.direction),
            entry_time: trade.entry_time,
            exit_time: trade.exit_time,
            qty: Some(qty),
            entry_notional,
            exit_notional: trade.exit_quote.to_f64(),
            realized: trade.realized.to_f64(),
            net: trade.net().to_f64(),
            fees: trade.fees.to_f64(),
            funding: trade.funding.to_f64(),
            slippage: trade.slippage.to_f64(),
            risk: trade.initial_risk.map(Notional::to_f64),
            exits: trade
                .exits
                .iter()
                .map(|reason| (reason.to_string(), 0.0))
                .collect(),
            mae: excursion(trade.mae_price.to_f64()),
            mfe: excursion(trade.mfe_price.to_f64()),
            time_to_mfe: None,
            score: None,
            gap: None,
            ambiguous_bars: trade.ambiguous_bars,
        }
    }

    /// Net over initial risk; `None` without a risk above zero.
    #[must_use]
    pub fn r(&self) -> Option<f64> {
        self.in_r(self.net)
    }

    /// An amount of USDT in multiples of the initial risk.
    #[must_use]
    pub fn in_r(&self, amount: f64) -> Option<f64> {
        in_r(self.risk, amount)
    }

    /// Time between first entry and last exit.
    #[must_use]
    pub fn hold(&self) -> Span {
        self.exit_time - self.entry_time
    }

    /// The reason of the last closing fill, or `open` when nothing closed.
    #[must_use]
    pub fn last_exit(&self) -> &str {
        self.exits.last().map_or("open", |(reason, _)| reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fill::Reason;
    use crate::domain::num::{Money, Price, Qty};
    use crate::domain::order::Purpose;
    use crate::domain::symbol::{Symbol, SymbolId};

    #[test]
    fn a_short_loses_when_the_price_rises() {
        let price = |text: &str| text.parse::<Price>().expect("a price");
        let qty: Qty = "10".parse().expect("a quantity");
        let trade = Trade {
            symbol: SymbolId::at(0),
            direction: Direction::Short,
            entry_time: Timestamp::from_millis(0),
            exit_time: Timestamp::from_millis(60_000),
            qty,
            entry_cost: price("100") * qty,
            exit_quote: price("104") * qty,
            realized: "-40".parse().expect("an amount"),
            fees: "1".parse().expect("an amount"),
            funding: "0.5".parse().expect("an amount"),
            insurance: Money::ZERO,
            slippage: Money::ZERO,
            exits: vec![Reason::Order(Purpose::StopLoss)],
            entry_reason: Reason::Order(Purpose::Entry),
            reference: None,
            initial_risk: Some(price("3") * qty),
            mae_price: price("105"),
            mfe_price: price("98"),
            ambiguous_bars: 0,
        };
        let symbols = Symbols::new([Symbol::new("AUSDT")]).expect("few");
        let row = TradeRow::from_trade(&trade, &symbols);
        let close = |found: Option<f64>, expected: f64| {
            assert!((found.expect("known") - expected).abs() < 1e-12);
        };
        close(row.mae, -0.05);
        close(row.mfe, 0.02);
        close(row.r(), -40.5 / 30.0);
        assert_eq!((row.last_exit(), row.hold().millis()), ("sl", 60_000));
    }
}
