//! The text of orders: kinds, amounts, requests, refusals, plans of exits.
//!
//! Not here: what became of them (`events`).

use std::sync::Arc;

use super::text::{Eye, Pen, Told, Unread};
use crate::domain::event::{ExitPlan, ManualOrder, Target, TrailingPlan};
use crate::domain::order::{Amount, OrderKind, OrderRequest, Purpose, Reject};

impl Told for OrderKind {
    fn tell(&self, pen: &mut Pen<'_>) {
        match self {
            Self::Market => pen.only("market"),
            Self::Limit { price, post_only } => {
                pen.variant("limit");
                pen.field("price", price);
                pen.field("post_only", post_only);
                pen.end();
            }
            Self::Stop { trigger, watched } => {
                pen.variant("stop");
                pen.field("trigger", trigger);
                pen.field("watched", watched);
                pen.end();
            }
            Self::TakeProfit { trigger, watched } => {
                pen.variant("take_profit");
                pen.field("trigger", trigger);
                pen.field("watched", watched);
                pen.end();
            }
            Self::Trail {
                activation,
                callback,
                watched,
            } => {
                pen.variant("trail");
                pen.field("activation", activation);
                pen.field("callback", callback);
                pen.field("watched", watched);
                pen.end();
            }
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let whole = match eye.variant()? {
            "market" => Self::Market,
            "limit" => Self::Limit {
                price: eye.field("price")?,
                post_only: eye.field("post_only")?,
            },
            "stop" => Self::Stop {
                trigger: eye.field("trigger")?,
                watched: eye.field("watched")?,
            },
            "take_profit" => Self::TakeProfit {
                trigger: eye.field("trigger")?,
                watched: eye.field("watched")?,
            },
            "trail" => Self::Trail {
                activation: eye.field("activation")?,
                callback: eye.field("callback")?,
                watched: eye.field("watched")?,
            },
            other => return eye.fail(format!("'{other}' is no form known here")),
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Amount {
    fn tell(&self, pen: &mut Pen<'_>) {
        match self {
            Self::Exact(qty) => {
                pen.variant("exact");
                pen.field("qty", qty);
                pen.end();
            }
            Self::Share(of) => {
                pen.variant("share");
                pen.field("of", of);
                pen.end();
            }
            Self::All => pen.only("all"),
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let whole = match eye.variant()? {
            "exact" => Self::Exact(eye.field("qty")?),
            "share" => Self::Share(eye.field("of")?),
            "all" => Self::All,
            other => return eye.fail(format!("'{other}' is no form known here")),
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Purpose {
    fn tell(&self, pen: &mut Pen<'_>) {
        match self {
            Self::Entry => pen.only("entry"),
            Self::Manual => pen.only("manual"),
            Self::StopLoss => pen.only("stop_loss"),
            Self::BreakEven => pen.only("break_even"),
            Self::Trailing => pen.only("trailing"),
            Self::TakeProfit(level) => {
                pen.variant("take_profit");
                pen.field("level", level);
                pen.end();
            }
            Self::TimeStop => pen.only("time_stop"),
            Self::RiskSignal => pen.only("risk_signal"),
            Self::HaltFlatten => pen.only("halt_flatten"),
            Self::Unprotected => pen.only("unprotected"),
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let whole = match eye.variant()? {
            "entry" => Self::Entry,
            "manual" => Self::Manual,
            "stop_loss" => Self::StopLoss,
            "break_even" => Self::BreakEven,
            "trailing" => Self::Trailing,
            "take_profit" => Self::TakeProfit(eye.field("level")?),
            "time_stop" => Self::TimeStop,
            "risk_signal" => Self::RiskSignal,
            "halt_flatten" => Self::HaltFlatten,
            "unprotected" => Self::Unprotected,
            other => return eye.fail(format!("'{other}' is no form known here")),
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Reject {
    fn tell(&self, pen: &mut Pen<'_>) {
        match self {
            Self::WouldTriggerNow => pen.only("would_trigger_now"),
            Self::NothingToReduce => pen.only("nothing_to_reduce"),
            Self::InsufficientMargin => pen.only("insufficient_margin"),
            Self::BelowQtyMin => pen.only("below_qty_min"),
            Self::BelowNotionalMin => pen.only("below_notional_min"),
            Self::OffGrid => pen.only("off_grid"),
            Self::PostOnly => pen.only("post_only"),
            Self::NotTrading => pen.only("not_trading"),
            Self::StaleData => pen.only("stale_data"),
            Self::EndOfData => pen.only("end_of_data"),
            Self::Halted(cause) => {
                pen.variant("halted");
                pen.field("cause", cause);
                pen.end();
            }
            Self::Throttled { until } => {
                pen.variant("throttled");
                pen.field("until", until);
                pen.end();
            }
            Self::Other(code) => {
                pen.variant("other");
                pen.field("code", code);
                pen.end();
            }
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let whole = match eye.variant()? {
            "would_trigger_now" => Self::WouldTriggerNow,
            "nothing_to_reduce" => Self::NothingToReduce,
            "insufficient_margin" => Self::InsufficientMargin,
            "below_qty_min" => Self::BelowQtyMin,
            "below_notional_min" => Self::BelowNotionalMin,
            "off_grid" => Self::OffGrid,
            "post_only" => Self::PostOnly,
            "not_trading" => Self::NotTrading,
            "stale_data" => Self::StaleData,
            "end_of_data" => Self::EndOfData,
            "halted" => Self::Halted(eye.field("cause")?),
            "throttled" => Self::Throttled {
                until: eye.field("until")?,
            },
            "other" => Self::Other(eye.field("code")?),
            other => return eye.fail(format!("'{other}' is no form known here")),
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for OrderRequest {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            id,
            symbol,
            side,
            kind,
            amount,
            reduce_only,
            purpose,
            reference,
        } = self;
        pen.begin();
        pen.field("id", id);
        pen.field("symbol", symbol);
        pen.field("side", side);
        pen.field("kind", kind);
        pen.field("amount", amount);
        pen.field("reduce_only", reduce_only);
        pen.field("purpose", purpose);
        pen.field("reference", reference);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            id: eye.field("id")?,
            symbol: eye.field("symbol")?,
            side: eye.field("side")?,
            kind: eye.field("kind")?,
            amount: eye.field("amount")?,
            reduce_only: eye.field("reduce_only")?,
            purpose: eye.field("purpose")?,
            reference: eye.field("reference")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for ManualOrder {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            symbol,
            side,
            kind,
            qty,
            reduce_only,
            bracket,
            reference,
        } = self;
        pen.begin();
        pen.field("symbol", symbol);
        pen.field("side", side);
        pen.field("kind", kind);
        pen.field("qty", qty);
        pen.field("reduce_only", reduce_only);
        pen.field("bracket", bracket);
        pen.field("reference", reference);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            symbol: eye.field("symbol")?,
            side: eye.field("side")?,
            kind: eye.field("kind")?,
            qty: eye.field("qty")?,
            reduce_only: eye.field("reduce_only")?,
            bracket: eye.field("bracket")?,
            reference: eye.field("reference")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for ExitPlan {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            stop,
            stop_watched,
            targets,
            target_watched,
            share_of,
            trailing,
            break_even,
            hold_max,
        } = self;
        pen.begin();
        pen.field("stop", stop);
        pen.field("stop_watched", stop_watched);
        pen.field("targets", targets);
        pen.field("target_watched", target_watched);
        pen.field("share_of", share_of);
        pen.field("trailing", trailing);
        pen.field("break_even", break_even);
        pen.field("hold_max", hold_max);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            stop: eye.field("stop")?,
            stop_watched: eye.field("stop_watched")?,
            targets: eye.field("targets")?,
            target_watched: eye.field("target_watched")?,
            share_of: eye.field("share_of")?,
            trailing: eye.field("trailing")?,
            break_even: eye.field("break_even")?,
            hold_max: eye.field("hold_max")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Target {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self { distance, share } = self;
        pen.begin();
        pen.field("distance", distance);
        pen.field("share", share);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            distance: eye.field("distance")?,
            share: eye.field("share")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for TrailingPlan {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            activation,
            callback,
            watched,
        } = self;
        pen.begin();
        pen.field("activation", activation);
        pen.field("callback", callback);
        pen.field("watched", watched);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            activation: eye.field("activation")?,
            callback: eye.field("callback")?,
            watched: eye.field("watched")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

impl Told for Arc<ExitPlan> {
    fn tell(&self, pen: &mut Pen<'_>) {
        ExitPlan::tell(self, pen);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        ExitPlan::hear(eye).map(Self::new)
    }
}
