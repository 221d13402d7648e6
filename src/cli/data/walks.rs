//! Options of `sim data generate` for plain random walks, the workloads of the benchmarks.
//!
//! Not here: the rest of the command (`generate`), making the walks (`market::random_walk`).

use clap::Args;

use crate::domain::num::{Rate, parse_steps};
use crate::domain::time::Span;
use crate::market::random_walk::Walks;

/// Options that only random walks have.
#[derive(Debug, Args)]
#[command(next_help_heading = "Random walks")]
pub(super) struct WalkArgs {
    /// Plain random walks of this volatility a year, without episodes, holes, marks and funding; a range is spread
    /// over the contracts: 55 or 55..120
    #[arg(long, value_name = "PCT[..PCT]", value_parser = volatility)]
    volatility_pct: Option<Volatility>,
    /// Confluences of each contract a day, instead of --confluences
    #[arg(
        long,
        value_name = "N",
        requires = "volatility_pct",
        conflicts_with = "confluences"
    )]
    confluences_per_day: Option<u16>,
    /// Steps of the price in a minute; its bar is made from them
    #[arg(long, value_name = "N", requires = "volatility_pct", default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=600))]
    steps: u16,
    /// Largest time between Alpha and FOMO of a pair; gaps are uniform, either may be first
    #[arg(long, value_name = "S", requires = "volatility_pct", default_value_t = 280, value_parser = clap::value_parser!(u16).range(0..=3600))]
    gap_max_s: u16,
    /// Share of the FOMO that are of type 112
    #[arg(long, value_name = "PCT", requires = "volatility_pct", default_value_t = 30, value_parser = clap::value_parser!(u16).range(0..=100))]
    type_112_pct: u16,
    /// Alpha without a partner, for each hundred pairs
    #[arg(long, value_name = "PCT", requires = "volatility_pct", default_value_t = 100, value_parser = clap::value_parser!(u16).range(0..=10000))]
    lone_alpha_pct: u16,
    /// FOMO without a partner, for each hundred pairs
    #[arg(long, value_name = "PCT", requires = "volatility_pct", default_value_t = 200, value_parser = clap::value_parser!(u16).range(0..=10000))]
    lone_fomo_pct: u16,
}

/// A volatility, or the first and the last of several.
#[derive(Clone, Debug)]
struct Volatility {
    text: String,
    ends: (Rate, Rate),
}

fn volatility(text: &str) -> Result<Volatility, String> {
    let one = |part: &str| {
        let steps = parse_steps(part.trim()).map_err(|wrong| wrong.to_string())?;
        // 0.01 % to 1000 %.
        if !(1_000_000..=100_000_000_000).contains(&steps) {
            return Err(format!("'{part}' is not between 0.01 and 1000 percent"));
        }
        Ok(Rate::from_steps(steps / 100))
    };
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    Ok(Volatility {
        text: text.to_owned(),
        ends: (one(first)?, one(last)?),
    })
}

impl WalkArgs {
    /// What is asked for; `None` without a volatility.
    pub(super) fn walks(&self) -> Option<Walks> {
        let (first, last) = self.volatility_pct.as_ref()?.ends;
        Some(Walks {
            steps: self.steps,
            gap_max: Span::from_millis(i64::from(self.gap_max_s) * 1_000),
            type_112_pct: self.type_112_pct,
            lone_alpha_pct: self.lone_alpha_pct,
            lone_fomo_pct: self.lone_fomo_pct,
            ..Walks::new(first, last)
        })
    }

    /// Confluences of each contract in so many days, where they are given by the day.
    pub(super) fn confluences(&self, days: u16) -> Option<u16> {
        self.confluences_per_day
            .map(|per_day| per_day.saturating_mul(days))
    }

    /// These options as they are typed, each with a blank before it; nothing without a volatility.
    pub(super) fn command(&self) -> String {
        let Some(volatility) = &self.volatility_pct else {
            return String::new();
        };
        format!(
            " --volatility-pct {} --steps {} --gap-max-s {} --type-112-pct {} --lone-alpha-pct {} --lone-fomo-pct {}",
            volatility.text,
            self.steps,
            self.gap_max_s,
            self.type_112_pct,
            self.lone_alpha_pct,
            self.lone_fomo_pct,
        )
    }
}
