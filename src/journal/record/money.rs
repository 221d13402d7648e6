//! The text of money and contracts: fills, ledger lines, trades, positions, filters.
//!
//! Not here: orders (`orders`), single numbers (`values`).

use super::text::{Eye, Pen, Told, Unread};
use crate::domain::fill::{Fill, LedgerEntry, Reason, Trade};
use crate::domain::instrument::{Bracket, Instrument};
use crate::domain::position::Position;
use crate::journal::entry::Listed;

impl Told for Fill {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            trade,
            time,
            side,
            qty,
            price,
            fee,
            liquidity,
            realized,
            insurance,
            slippage,
        } = self;
        pen.begin();
        pen.field("trade", trade);
        pen.field("time", time);
        pen.field("side", side);
        pen.field("qty", qty);
        pen.field("price", price);
        pen.field("fee", fee);
        pen.field("liquidity", liquidity);
        pen.field("realized", realized);
        pen.field("insurance", insurance);
        pen.field("slippage", slippage);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            trade: eye.field("trade")?,
            time: eye.field("time")?,
            side: eye.field("side")?,
            qty: eye.field("qty")?,
            price: eye.field("price")?,
            fee: eye.field("fee")?,
            liquidity: eye.field("liquidity")?,
            realized: eye.field("realized")?,
            insurance: eye.field("insurance")?,
            slippage: eye.field("slippage")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Reason {
    fn tell(&self, pen: &mut Pen<'_>) {
        match self {
            Self::Order(purpose) => {
                pen.variant("order");
                pen.field("purpose", purpose);
                pen.end();
            }
            Self::Liquidation => pen.only("liquidation"),
            Self::Delisted => pen.only("delisted"),
            Self::EndOfData => pen.only("end_of_data"),
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let whole = match eye.variant()? {
            "order" => Self::Order(eye.field("purpose")?),
            "liquidation" => Self::Liquidation,
            "delisted" => Self::Delisted,
            "end_of_data" => Self::EndOfData,
            other => return eye.fail(format!("'{other}' is no form known here")),
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for LedgerEntry {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            time,
            symbol,
            kind,
            amount,
        } = self;
        pen.begin();
        pen.field("time", time);
        pen.field("symbol", symbol);
        pen.field("kind", kind);
        pen.field("amount", amount);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            time: eye.field("time")?,
            symbol: eye.field("symbol")?,
            kind: eye.field("kind")?,
            amount: eye.field("amount")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Trade {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            symbol,
            direction,
            entry_time,
            exit_time,
            qty,
            entry_cost,
            exit_quote,
            realized,
            fees,
            funding,
            insurance,
            slippage,
            exits,
            entry_reason,
            reference,
            initial_risk,
            mae_price,
            mfe_price,
            ambiguous_bars,
        } = self;
        pen.begin();
        pen.field("symbol", symbol);
        pen.field("direction", direction);
        pen.field("entry_time", entry_time);
        pen.field("exit_time", exit_time);
        pen.field("qty", qty);
        pen.field("entry_cost", entry_cost);
        pen.field("exit_quote", exit_quote);
        pen.field("realized", realized);
        pen.field("fees", fees);
        pen.field("funding", funding);
        pen.field("insurance", insurance);
        pen.field("slippage", slippage);
        pen.field("exits", exits);
        pen.field("entry_reason", entry_reason);
        pen.field("reference", reference);
        pen.field("initial_risk", initial_risk);
        pen.field("mae_price", mae_price);
        pen.field("mfe_price", mfe_price);
        pen.field("ambiguous_bars", ambiguous_bars);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            symbol: eye.field("symbol")?,
            direction: eye.field("direction")?,
            entry_time: eye.field("entry_time")?,
            exit_time: eye.field("exit_time")?,
            qty: eye.field("qty")?,
            entry_cost: eye.field("entry_cost")?,
            exit_quote: eye.field("exit_quote")?,
            realized: eye.field("realized")?,
            fees: eye.field("fees")?,
            funding: eye.field("funding")?,
            insurance: eye.field("insurance")?,
            slippage: eye.field("slippage")?,
            exits: eye.field("exits")?,
            entry_reason: eye.field("entry_reason")?,
            reference: eye.field("reference")?,
            initial_risk: eye.field("initial_risk")?,
            mae_price: eye.field("mae_price")?,
            mfe_price: eye.field("mfe_price")?,
            ambiguous_bars: eye.field("ambiguous_bars")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Position {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            direction,
            qty,
            cost,
            isolated,
        } = self;
        pen.begin();
        pen.field("direction", direction);
        pen.field("qty", qty);
        pen.field("cost", cost);
        pen.field("isolated", isolated);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            direction: eye.field("direction")?,
            qty: eye.field("qty")?,
            cost: eye.field("cost")?,
            isolated: eye.field("isolated")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Listed {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self { symbol, instrument } = self;
        pen.begin();
        pen.field("symbol", symbol);
        pen.field("instrument", instrument);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            symbol: eye.field("symbol")?,
            instrument: eye.field("instrument")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Instrument {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            symbol,
            tick,
            step,
            qty_min,
            market_qty_max,
            notional_min,
            liquidation_fee,
            brackets,
            delisted,
        } = self;
        pen.begin();
        pen.field("symbol", symbol);
        pen.field("tick", tick);
        pen.field("step", step);
        pen.field("qty_min", qty_min);
        pen.field("market_qty_max", market_qty_max);
        pen.field("notional_min", notional_min);
        pen.field("liquidation_fee", liquidation_fee);
        pen.field("brackets", brackets);
        pen.field("delisted", delisted);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            symbol: eye.field("symbol")?,
            tick: eye.field("tick")?,
            step: eye.field("step")?,
            qty_min: eye.field("qty_min")?,
            market_qty_max: eye.field("market_qty_max")?,
            notional_min: eye.field("notional_min")?,
            liquidation_fee: eye.field("liquidation_fee")?,
            brackets: eye.field("brackets")?,
            delisted: eye.field("delisted")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Bracket {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            floor,
            cap,
            maintenance,
            deduction,
        } = self;
        pen.begin();
        pen.field("floor", floor);
        pen.field("cap", cap);
        pen.field("maintenance", maintenance);
        pen.field("deduction", deduction);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            floor: eye.field("floor")?,
            cap: eye.field("cap")?,
            maintenance: eye.field("maintenance")?,
            deduction: eye.field("deduction")?,
        };
        eye.end()?;
        Ok(whole)
    }
}
