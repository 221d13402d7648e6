//! The strategy's settings as the core uses them: exact rates, spans and enums.
//!
//! Not here: reading them from text (`settings`), applying them (the modules beside this one).

use crate::domain::event::ExitPlan;
use crate::domain::num::Rate;
use crate::domain::order::Direction;
use crate::domain::position::Terms;
use crate::domain::signal::SignalType;
use crate::domain::time::Span;

/// Everything the strategy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Matching and scoring.
    pub confluence: ConfluenceRules,
    /// How much to risk.
    pub sizing: SizingRules,
    /// Limits of one UTC day.
    pub daily: DailyRules,
    /// Time after an exit in which the symbol takes no entry (S15); zero is none.
    pub cooldown: Span,
    /// The bracket of every entry.
    pub exits: ExitPlan,
    /// Share of the position that a risk signal closes (S18).
    pub risk_close_share: Rate,
    /// What a confluence opens.
    pub direction: Direction,
    /// Fees, leverage and margin mode agreed with the exchange.
    pub terms: Terms,
}

/// S1–S5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfluenceRules {
    /// Two event times match when they are closer than this, strictly (S4).
    pub window: Span,
    /// Smallest rounded score that is emitted.
    pub score_min: Rate,
    /// Weights of the three parts; they sum to one.
    pub weights: Weights,
    /// Strength of 112 as a leg.
    pub strength_intensified: Rate,
    /// Strength of 113.
    pub strength_fomo: Rate,
    /// What 112 is.
    pub role_112: Role112,
    /// Age at which freshness is zero.
    pub fresh_horizon: Span,
    /// Whose age freshness looks at.
    pub freshness_basis: FreshnessBasis,
    /// How long a signal stays matchable.
    pub retention: Span,
    /// Largest future stamp that is clamped instead of ignored.
    pub future_max: Span,
}

/// Weights of the score's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights {
    /// Of closeness in time.
    pub proximity: Rate,
    /// Of the FOMO's strength.
    pub strength: Rate,
    /// Of freshness.
    pub freshness: Rate,
}

/// The role of 112 (S3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role112 {
    /// A FOMO leg: the program's default.
    Leg,
    /// A risk signal, never a leg (S18).
    Risk,
    /// A risk signal while a position in the symbol is open, a leg while flat.
    Both,
    /// Nothing.
    Ignore,
}

/// Whose age counts (S5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreshnessBasis {
    /// The younger of the two.
    Newest,
    /// The mean of both (the legacy rule).
    Average,
}

/// S6, S7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizingRules {
    /// What the percentages are of.
    pub basis: SizingBasis,
    /// Share of the base for one symbol.
    pub position: Rate,
    /// Share of the base for all positions and pending entries.
    pub total: Rate,
    /// Whether the size grows with the score (0.5 + 0.5·score).
    pub score_scaling: bool,
    /// Largest Σ of losses at the stops as a share of the base; `None` is no such gate (S6).
    pub open_risk_max: Option<Rate>,
}

/// Unit of the size percentages (S6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizingBasis {
    /// Initial margin.
    Margin,
    /// Notional value.
    Notional,
}

/// S13, S14.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyRules {
    /// Entries of one UTC day, pending ones included.
    pub trades_max: u32,
    /// Loss since the day's start, as a share of the equity then, that halts.
    pub loss_max: Rate,
    /// What counts as loss.
    pub halt_basis: HaltBasis,
    /// What happens to open positions.
    pub halt_action: HaltAction,
}

/// What the daily loss is measured on (S14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HaltBasis {
    /// Realised and unrealised, fees and funding included.
    Equity,
    /// Booked amounts of the day alone (the legacy rule).
    Realized,
}

/// What a daily-loss halt does beyond refusing entries (S14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HaltAction {
    /// Open positions keep their exits.
    BlockEntries,
    /// Open positions are closed at market.
    Flatten,
}

impl ConfluenceRules {
    /// Strength of a type as the FOMO leg; `None` when it is none.
    #[must_use]
    pub fn strength(&self, kind: SignalType) -> Option<Rate> {
        match kind {
            SignalType::FOMO => Some(self.strength_fomo),
            SignalType::FOMO_INTENSIFIED => Some(self.strength_intensified),
            _ => None,
        }
    }
}
