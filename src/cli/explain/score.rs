//! `sim explain score`: what a pair of signals scores and why.
//!
//! Not here: the score itself (`trader::confluence`).

use clap::Args;
use serde_json::json;

use super::{seconds, time};
use crate::cli::args::ConfigArgs;
use crate::cli::{Session, table};
use crate::domain::event::Score;
use crate::domain::num::{Rate, Rounding, UNIT, divide};
use crate::domain::signal::SignalType;
use crate::domain::time::Span;
use crate::trader::confluence::{PairAges, score};
use crate::trader::rules::{ConfluenceRules, FreshnessBasis, Role112};

/// `sim explain score`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ScoreArgs {
    /// Time between Alpha and FOMO: 240, 240s, 4m
    #[arg(long, value_parser = time, value_name = "TIME")]
    gap: Span,
    /// Type of the FOMO: 113, or 112 (intensified)
    #[arg(long = "type", default_value = "113", value_parser = clap::value_parser!(u16).range(112..=113))]
    kind: u16,
    /// Age of the newest signal at the decision
    #[arg(long, value_parser = time, default_value = "0", value_name = "TIME")]
    age: Span,
    #[command(flatten)]
    config: ConfigArgs,
}

/// One part of a score.
struct Part {
    name: &'static str,
    from: String,
    value: Rate,
    weight: Rate,
}

impl Part {
    /// Weight times value, for display.
    fn adds(&self) -> Rate {
        let product = i128::from(self.value.steps()) * i128::from(self.weight.steps());
        let steps = divide(product, i128::from(UNIT), Rounding::HalfEven);
        Rate::from_steps(i64::try_from(steps).expect("invariant: shares of one"))
    }
}

pub(super) fn run(args: &ScoreArgs, session: &Session) -> anyhow::Result<()> {
    let settings = args.config.load(Vec::new())?;
    let rules = &settings.rules.confluence;
    let kind = SignalType(args.kind);
    let strength = rules
        .strength(kind)
        .expect("invariant: the parser takes 112 and 113 only");
    let ages = PairAges {
        gap: args.gap,
        newest: args.age,
        oldest: args.age + args.gap,
    };
    let score = score(rules, ages, strength);
    let parts = parts(rules, ages, &score, args.kind);
    let (trades, verdict) = verdict(rules, ages, &score, kind);
    if session.terminal.is_json() {
        let rows: Vec<_> = parts
            .iter()
            .map(|part| {
                json!({
                    "part": part.name,
                    "value": part.value.to_string(),
                    "weight": part.weight.to_string(),
                    "adds": part.adds().to_string(),
                })
            })
            .collect();
        session.terminal.print_json(&json!({
            "gap_ms": args.gap.millis(),
            "age_ms": args.age.millis(),
            "type": args.kind,
            "parts": rows,
            "score": score.total.to_string(),
            "score_min": rules.score_min.to_string(),
            "confluence": trades,
            "verdict": verdict,
        }))?;
        return Ok(());
    }
    let rows: Vec<Vec<String>> = parts
        .iter()
        .map(|part| {
            vec![
                part.name.to_owned(),
                part.from.clone(),
                part.value.to_string(),
                part.weight.to_string(),
                part.adds().to_string(),
            ]
        })
        .collect();
    let text = table::render(
        &["part", "from", "value", "weight", "adds"],
        &rows,
        &[2, 3, 4],
    );
    session
        .terminal
        .print(&format!("{text}\nscore {}: {verdict}", score.total))?;
    Ok(())
}

fn parts(rules: &ConfluenceRules, ages: PairAges, score: &Score, kind: u16) -> [Part; 3] {
    let (age, whose) = match rules.freshness_basis {
        FreshnessBasis::Newest => (seconds(ages.newest), "age of the newest"),
        FreshnessBasis::Average => {
            let doubled = ages.newest + ages.oldest;
            let mean = Span::from_millis(doubled.millis() / 2);
            (seconds(mean), "mean age")
        }
    };
    [
        Part {
            name: "proximity",
            from: format!(
                "1 - gap {} / window {}",
                seconds(ages.gap),
                seconds(rules.window)
            ),
            value: score.proximity,
            weight: rules.weights.proximity,
        },
        Part {
            name: "strength",
            from: format!("type {kind}"),
            value: score.strength,
            weight: rules.weights.strength,
        },
        Part {
            name: "freshness",
            from: format!(
                "1 - {whose} {age} / horizon {}",
                seconds(rules.fresh_horizon)
            ),
            value: score.freshness,
            weight: rules.weights.freshness,
        },
    ]
}

fn verdict(
    rules: &ConfluenceRules,
    ages: PairAges,
    score: &Score,
    kind: SignalType,
) -> (bool, String) {
    let is_112 = kind == SignalType::FOMO_INTENSIFIED;
    if is_112 && matches!(rules.role_112, Role112::Risk | Role112::Ignore) {
        return (
            false,
            "no confluence: signals.role_112 does not let a 112 be the FOMO".to_owned(),
        );
    }
    if ages.gap >= rules.window {
        let window = seconds(rules.window);
        return (
            false,
            format!("no confluence: the gap must be below the window of {window}, strictly"),
        );
    }
    if ages.oldest >= rules.retention {
        let retention = seconds(rules.retention);
        return (
            false,
            format!("no confluence: a signal is forgotten after {retention}"),
        );
    }
    if score.total < rules.score_min {
        return (
            false,
            format!("no confluence: below score_min {}", rules.score_min),
        );
    }
    (
        true,
        format!("confluence, at or above score_min {}", rules.score_min),
    )
}
