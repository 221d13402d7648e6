//! What trading cost (M6), tied out to the ledger to the last 1e-8 USDT.
//!
//! Not here: the rates (`domain::position`), results at other costs (`sensitivity`).
//! Invariant: net = realised − fees − liquidation fees + funding + insurance, exactly; slippage is inside realised and
//! shown as a memo only.

use serde::{Deserialize, Serialize};

use super::figure::{Figure, Why};
use super::trade_row::TradeRow;
use crate::domain::fill::{Fill, LedgerEntry, LedgerKind, Liquidity};
use crate::domain::num::Money;

/// Exact sums of a run's ledger and fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CostTotals {
    /// Money put in.
    pub deposits: Money,
    /// Σ realised profit, slippage inside.
    pub realized: Money,
    /// Fees of taker fills.
    pub fees_taker: Money,
    /// Fees of maker fills.
    pub fees_maker: Money,
    /// Fees of liquidations.
    pub fees_liquidation: Money,
    /// Funding paid; zero or above.
    pub funding_paid: Money,
    /// Funding received; zero or above.
    pub funding_received: Money,
    /// What the insurance fund made good.
    pub insurance: Money,
    /// Memo: Σ |fill − reference| × quantity.
    pub slippage: Money,
    /// What the wallet gained: realised − fees + funding + insurance.
    pub net: Money,
}

/// The books do not agree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// Fees by fills and by ledger differ.
    #[error(
        "fees do not tie out: {fills} USDT by fills, {ledger} USDT by the ledger\nhint: this is an error of the program, please report it with the run's folder"
    )]
    Fees {
        /// By fills.
        fills: Money,
        /// By the ledger.
        ledger: Money,
    },
    /// The wallet's change is not the sum of its causes.
    #[error(
        "net does not tie out: {parts} USDT by its parts, {ledger} USDT by the ledger\nhint: this is an error of the program, please report it with the run's folder"
    )]
    Net {
        /// By realised, fees, funding and insurance.
        parts: Money,
        /// By the sum of all entries but deposits.
        ledger: Money,
    },
}

/// Sums ledger and fills and proves that they agree.
///
/// # Errors
/// When they do not: an error of the simulator, not of its input.
pub fn totals<'a>(
    ledger: &[LedgerEntry],
    fills: impl IntoIterator<Item = &'a Fill>,
) -> Result<CostTotals, CostError> {
    let mut sums = CostTotals::default();
    let (mut ledger_fees, mut ledger_net) = (Money::ZERO, Money::ZERO);
    for entry in ledger {
        if entry.kind != LedgerKind::Deposit {
            ledger_net += entry.amount;
        }
        match entry.kind {
            LedgerKind::Deposit => sums.deposits += entry.amount,
            LedgerKind::Fee | LedgerKind::LiquidationFee => ledger_fees -= entry.amount,
            LedgerKind::RealizedPnl => sums.realized += entry.amount,
            LedgerKind::Funding if entry.amount < Money::ZERO => sums.funding_paid -= entry.amount,
            LedgerKind::Funding => sums.funding_received += entry.amount,
            LedgerKind::InsuranceCredit => sums.insurance += entry.amount,
        }
    }
    for fill in fills {
        sums.slippage += fill.slippage;
        match fill.liquidity {
            Liquidity::Taker => sums.fees_taker += fill.fee,
            Liquidity::Maker => sums.fees_maker += fill.fee,
            Liquidity::Liquidation => sums.fees_liquidation += fill.fee,
        }
    }
    if sums.fees() != ledger_fees {
        return Err(CostError::Fees {
            fills: sums.fees(),
            ledger: ledger_fees,
        });
    }
    sums.net = sums.realized - sums.fees() + sums.funding() + sums.insurance;
    if sums.net != ledger_net {
        return Err(CostError::Net {
            parts: sums.net,
            ledger: ledger_net,
        });
    }
    Ok(sums)
}

impl CostTotals {
    /// All fees, liquidation's included.
    #[must_use]
    pub fn fees(&self) -> Money {
        self.fees_taker + self.fees_maker + self.fees_liquidation
    }

    /// Received less paid.
    #[must_use]
    pub fn funding(&self) -> Money {
        self.funding_received - self.funding_paid
    }
}

/// One kind of cost in three units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostLine {
    /// Amount, USDT.
    pub usdt: f64,
    /// Share of the initial balance, a fraction.
    pub of_initial: Figure,
    /// Share of the gross profit before costs, a fraction.
    pub of_gross_profit: Figure,
}

/// M6 as it is written. Gross profit before costs is Σ of positive realised results of trades.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostMetrics {
    /// Σ positive realised results of trades, before fees and funding, USDT.
    pub gross_profit_before_costs: f64,
    /// Σ realised, USDT.
    pub realized: f64,
    /// What the wallet gained, USDT.
    pub net: f64,
    /// All fees.
    pub total_fees: CostLine,
    /// Fees of taker fills.
    pub fees_taker: CostLine,
    /// Fees of maker fills.
    pub fees_maker: CostLine,
    /// Fees of liquidations.
    pub fees_liquidation: CostLine,
    /// Received less paid, USDT.
    pub total_funding: f64,
    /// Funding paid.
    pub funding_paid: CostLine,
    /// Funding received.
    pub funding_received: CostLine,
    /// What the insurance fund made good, USDT.
    pub insurance: f64,
    /// Memo: inside `realized` already.
    pub slippage: CostLine,
}

/// The exact sums in the units of M6.
#[must_use]
pub fn cost_metrics(sums: &CostTotals, initial: Money, rows: &[TradeRow]) -> CostMetrics {
    let gross: f64 = rows.iter().map(|row| row.realized.max(0.0)).sum();
    let line = |amount: Money| {
        let usdt = amount.to_f64();
        CostLine {
            usdt,
            of_initial: Figure::ratio(usdt, initial.to_f64(), Why::NoTotal),
            of_gross_profit: Figure::ratio(usdt, gross, Why::NoGrossProfit),
        }
    };
    CostMetrics {
        gross_profit_before_costs: gross,
        realized: sums.realized.to_f64(),
        net: sums.net.to_f64(),
        total_fees: line(sums.fees()),
        fees_taker: line(sums.fees_taker),
        fees_maker: line(sums.fees_maker),
        fees_liquidation: line(sums.fees_liquidation),
        total_funding: sums.funding().to_f64(),
        funding_paid: line(sums.funding_paid),
        funding_received: line(sums.funding_received),
        insurance: sums.insurance.to_f64(),
        slippage: line(sums.slippage),
    }
}

impl CostMetrics {
    /// The cost lines, by their names.
    #[must_use]
    pub fn lines(&self) -> [(&'static str, CostLine); 7] {
        [
            ("total_fees", self.total_fees),
            ("fees_taker", self.fees_taker),
            ("fees_maker", self.fees_maker),
            ("fees_liquidation", self.fees_liquidation),
            ("funding_paid", self.funding_paid),
            ("funding_received", self.funding_received),
            ("slippage", self.slippage),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn entry(kind: LedgerKind, amount: i64) -> LedgerEntry {
        LedgerEntry {
            time: Timestamp::from_millis(0),
            symbol: None,
            kind,
            amount: Money::from_steps(amount),
        }
    }

    #[test]
    fn books_that_disagree_by_one_step_are_refused() {
        let ledger = [
            entry(LedgerKind::Deposit, 1000),
            entry(LedgerKind::RealizedPnl, 70),
            entry(LedgerKind::Funding, -3),
            entry(LedgerKind::Funding, 1),
        ];
        let sums = totals(&ledger, []).expect("they agree");
        assert_eq!(
            (sums.net, sums.funding()),
            (Money::from_steps(68), Money::from_steps(-2))
        );
        let with_fee = [ledger.as_slice(), &[entry(LedgerKind::Fee, -1)]].concat();
        assert_eq!(
            totals(&with_fee, []),
            Err(CostError::Fees {
                fills: Money::ZERO,
                ledger: Money::from_steps(1)
            })
        );
    }
}
