//! The text of what the trader hears.
//!
//! Not here: what it says and notes (`notes`).

use super::text::{Eye, Pen, Told, Unread};
use crate::domain::event::{
    AccountUpdate, Event, HeldPosition, Operator, OrderReport, OrderStatus, OrderUpdate, Quote,
    Snapshot,
};
use crate::domain::signal::Signal;

impl Told for Event {
    fn tell(&self, pen: &mut Pen<'_>) {
        match self {
            Self::Signal { signal, quote } => {
                pen.variant("signal");
                pen.field("signal", signal);
                pen.field("quote", quote);
                pen.end();
            }
            Self::Order { id, update } => {
                pen.variant("order");
                pen.field("id", id);
                pen.field("update", update);
                pen.end();
            }
            Self::Account(update) => {
                pen.variant("account");
                pen.field("update", update);
                pen.end();
            }
            Self::Snapshot(holds) => {
                pen.variant("snapshot");
                pen.field("holds", holds);
                pen.end();
            }
            Self::Link(state) => {
                pen.variant("link");
                pen.field("state", state);
                pen.end();
            }
            Self::Wake => pen.only("wake"),
            Self::Operator(says) => {
                pen.variant("operator");
                pen.field("says", says);
                pen.end();
            }
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let whole = match eye.variant()? {
            "signal" => Self::Signal {
                signal: eye.field("signal")?,
                quote: eye.field("quote")?,
            },
            "order" => Self::Order {
                id: eye.field("id")?,
                update: eye.field("update")?,
            },
            "account" => Self::Account(eye.field("update")?),
            "snapshot" => Self::Snapshot(eye.field("holds")?),
            "link" => Self::Link(eye.field("state")?),
            "wake" => Self::Wake,
            "operator" => Self::Operator(eye.field("says")?),
            other => return eye.fail(format!("'{other}' is no form known here")),
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Signal {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            id,
            kind,
            symbol,
            event_time,
            received_time,
        } = self;
        pen.begin();
        pen.field("id", id);
        pen.field("kind", kind);
        pen.field("symbol", symbol);
        pen.field("event_time", event_time);
        pen.field("received_time", received_time);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            id: eye.field("id")?,
            kind: eye.field("kind")?,
            symbol: eye.field("symbol")?,
            event_time: eye.field("event_time")?,
            received_time: eye.field("received_time")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Quote {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            mark,
            trading,
            wallet,
            equity,
            available,
        } = self;
        pen.begin();
        pen.field("mark", mark);
        pen.field("trading", trading);
        pen.field("wallet", wallet);
        pen.field("equity", equity);
        pen.field("available", available);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            mark: eye.field("mark")?,
            trading: eye.field("trading")?,
            wallet: eye.field("wallet")?,
            equity: eye.field("equity")?,
            available: eye.field("available")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for OrderUpdate {
    fn tell(&self, pen: &mut Pen<'_>) {
        match self {
            Self::Accepted => pen.only("accepted"),
            Self::Filled {
                fill,
                total,
                complete,
            } => {
                pen.variant("filled");
                pen.field("fill", fill);
                pen.field("total", total);
                pen.field("complete", complete);
                pen.end();
            }
            Self::Rejected(reject) => {
                pen.variant("rejected");
                pen.field("reject", reject);
                pen.end();
            }
            Self::Canceled { total } => {
                pen.variant("canceled");
                pen.field("total", total);
                pen.end();
            }
            Self::NoAnswer => pen.only("no_answer"),
            Self::Report(report) => {
                pen.variant("report");
                pen.field("report", report);
                pen.end();
            }
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let whole = match eye.variant()? {
            "accepted" => Self::Accepted,
            "filled" => Self::Filled {
                fill: eye.field("fill")?,
                total: eye.field("total")?,
                complete: eye.field("complete")?,
            },
            "rejected" => Self::Rejected(eye.field("reject")?),
            "canceled" => Self::Canceled {
                total: eye.field("total")?,
            },
            "no_answer" => Self::NoAnswer,
            "report" => Self::Report(eye.field("report")?),
            other => return eye.fail(format!("'{other}' is no form known here")),
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for OrderReport {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self { status, fills } = self;
        pen.begin();
        pen.field("status", status);
        pen.field("fills", fills);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            status: eye.field("status")?,
            fills: eye.field("fills")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for OrderStatus {
    fn tell(&self, pen: &mut Pen<'_>) {
        match self {
            Self::Unknown => pen.only("unknown"),
            Self::Working => pen.only("working"),
            Self::Filled => pen.only("filled"),
            Self::Canceled => pen.only("canceled"),
            Self::Rejected(reject) => {
                pen.variant("rejected");
                pen.field("reject", reject);
                pen.end();
            }
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let whole = match eye.variant()? {
            "unknown" => Self::Unknown,
            "working" => Self::Working,
            "filled" => Self::Filled,
            "canceled" => Self::Canceled,
            "rejected" => Self::Rejected(eye.field("reject")?),
            other => return eye.fail(format!("'{other}' is no form known here")),
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for AccountUpdate {
    fn tell(&self, pen: &mut Pen<'_>) {
        match self {
            Self::Opened { balance } => {
                pen.variant("opened");
                pen.field("balance", balance);
                pen.end();
            }
            Self::DayStarted { equity, wallet } => {
                pen.variant("day_started");
                pen.field("equity", equity);
                pen.field("wallet", wallet);
                pen.end();
            }
            Self::Funding { symbol, amount } => {
                pen.variant("funding");
                pen.field("symbol", symbol);
                pen.field("amount", amount);
                pen.end();
            }
            Self::Closed {
                symbol,
                cause,
                fill,
            } => {
                pen.variant("closed");
                pen.field("symbol", symbol);
                pen.field("cause", cause);
                pen.field("fill", fill);
                pen.end();
            }
            Self::FloorReached { value } => {
                pen.variant("floor_reached");
                pen.field("value", value);
                pen.end();
            }
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let whole = match eye.variant()? {
            "opened" => Self::Opened {
                balance: eye.field("balance")?,
            },
            "day_started" => Self::DayStarted {
                equity: eye.field("equity")?,
                wallet: eye.field("wallet")?,
            },
            "funding" => Self::Funding {
                symbol: eye.field("symbol")?,
                amount: eye.field("amount")?,
            },
            "closed" => Self::Closed {
                symbol: eye.field("symbol")?,
                cause: eye.field("cause")?,
                fill: eye.field("fill")?,
            },
            "floor_reached" => Self::FloorReached {
                value: eye.field("value")?,
            },
            other => return eye.fail(format!("'{other}' is no form known here")),
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Snapshot {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self { positions, working } = self;
        pen.begin();
        pen.field("positions", positions);
        pen.field("working", working);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            positions: eye.field("positions")?,
            working: eye.field("working")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for HeldPosition {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            symbol,
            direction,
            qty,
        } = self;
        pen.begin();
        pen.field("symbol", symbol);
        pen.field("direction", direction);
        pen.field("qty", qty);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            symbol: eye.field("symbol")?,
            direction: eye.field("direction")?,
            qty: eye.field("qty")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Operator {
    fn tell(&self, pen: &mut Pen<'_>) {
        match self {
            Self::Halt => pen.only("halt"),
            Self::Resume => pen.only("resume"),
            Self::Close(symbol) => {
                pen.variant("close");
                pen.field("symbol", symbol);
                pen.end();
            }
            Self::CancelAll(symbol) => {
                pen.variant("cancel_all");
                pen.field("symbol", symbol);
                pen.end();
            }
            Self::Order(order) => {
                pen.variant("order");
                pen.field("order", order);
                pen.end();
            }
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let whole = match eye.variant()? {
            "halt" => Self::Halt,
            "resume" => Self::Resume,
            "close" => Self::Close(eye.field("symbol")?),
            "cancel_all" => Self::CancelAll(eye.field("symbol")?),
            "order" => Self::Order(eye.field("order")?),
            other => return eye.fail(format!("'{other}' is no form known here")),
        };
        eye.end()?;
        Ok(whole)
    }
}
