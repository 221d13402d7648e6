//! How much of the best result is the luck of many trials: overfitting (V4), deflated sharpe (V5), bootstrap (V6), order
//! of trades (V7).
//!
//! Not here: the formulas (`stats::validation`), the register (`register`).

use serde_json::{Map, Value, json};

use crate::domain::num::Money;
use crate::report::format;
use crate::report::validation::Table;
use crate::stats::figure::{Figure, Why, count};
use crate::stats::returns::YEAR_DAYS;
use crate::stats::validation::block_length::BlockLength;
use crate::stats::validation::bootstrap::{Bootstrap, BootstrapFigures, Interval};
use crate::stats::validation::correlation::MeanCorrelation;
use crate::stats::validation::cscv::{Blocks, Overfitting};
use crate::stats::validation::inference::{
    PASS_MARK, SharpeSample, effective_trials, expected_maximum, min_backtest_bound,
    min_backtest_years, trial_variance,
};
use crate::stats::validation::shuffle::{risk_of_ruin, trade_shuffle};
use crate::sweep::figures::METRICS;
use crate::validate::found::{Found, Part, found, number};
use crate::validate::register::Census;
use crate::validate::subject::Subject;

/// Choices of half of the days that a picture shows.
const DRAWN: usize = 400;

/// How a number is written.
type Form = fn(f64) -> String;

/// The figures of the best trial as they stand before any doubt.
#[must_use]
pub fn observed(subject: &Subject<'_>) -> Part {
    let figure = |name: &str| {
        let place = METRICS.iter().position(|metric| metric.name == name);
        let figures = subject.chosen().figures.as_ref();
        let value = place.and_then(|place| figures?.0[place]);
        value.ok_or_else(|| "the run has no such figure".to_owned())
    };
    let figures: Vec<(&'static str, Found)> =
        ["trades", "days", "net_usdt", "total_return", "sharpe"]
            .into_iter()
            .map(|name| (name, figure(name)))
            .collect();
    let trial = subject.chosen().trial;
    let detail = json!({
        "trial": trial,
        "values": subject.best.values,
        "from": subject.outcome.start.to_text(),
        "to": subject.outcome.end.to_text(),
    });
    Part {
        figures,
        detail,
        ..Part::default()
    }
}

/// V4 over all trials that ran.
#[must_use]
pub fn overfitting(subject: &Subject<'_>) -> Part {
    let days = subject.chosen().days;
    let judged = judge(subject, days);
    let of = |pick: fn(&Overfitting) -> Figure| match &judged {
        Ok(answer) => found(pick(answer)),
        Err(why) => Err(why.text().to_owned()),
    };
    let bytes: usize = subject.all.iter().map(|ran| ran.bytes()).sum();
    let splits = judged.as_ref().map_or(0, |answer| answer.splits.len());
    let figures = vec![
        ("pbo", of(|answer| Figure::Known(answer.probability))),
        ("pbo_slope", of(|answer| answer.slope)),
        (
            "pbo_loss_share",
            of(|answer| Figure::Known(answer.loss_share)),
        ),
    ];
    let table = Table {
        title: "What was compared".to_owned(),
        head: vec![String::new(), "Count".to_owned()],
        rows: [
            ("days", days),
            ("configurations", subject.all.len()),
            ("parts of the days", subject.how.pbo_blocks),
            ("ways to take half of the parts", splits),
        ]
        .map(|(name, value)| vec![name.to_owned(), format::whole(value as u64)])
        .to_vec(),
    };
    Part {
        figures,
        tables: vec![table],
        detail: json!({
            "days": days,
            "configurations": subject.all.len(),
            "blocks": subject.how.pbo_blocks,
            "splits": splits,
            "intercept": judged.as_ref().ok().and_then(|answer| answer.intercept.value()),
            "sharpes_in_and_out": judged.as_ref().map_or_else(|_| Vec::new(), some_sharpes),
            "memory_bytes": bytes,
        }),
        ..Part::default()
    }
}

/// Annual sharpe of the best in sample and out of sample, for some of the choices, evenly taken.
fn some_sharpes(answer: &Overfitting) -> Vec<[f64; 2]> {
    let total = answer.splits.len();
    let kept = total.min(DRAWN);
    let splits = (0..kept).map(|place| &answer.splits[place * total / kept.max(1)]);
    let known = splits.filter_map(|split| {
        let pair = [split.in_sample.value()?, split.out_of_sample.value()?];
        Some(pair.map(|daily| daily * YEAR_DAYS.sqrt()))
    });
    known.collect()
}

fn judge(subject: &Subject<'_>, days: usize) -> Result<Overfitting, Why> {
    let mut blocks = Blocks::new(days, subject.how.pbo_blocks)?;
    for ran in subject.all.iter().filter(|ran| ran.figures.is_some()) {
        blocks.push(&ran.daily())?;
    }
    blocks.overfitting()
}

/// V5 with the register's count.
#[must_use]
pub fn deflated(subject: &Subject<'_>, census: &Census) -> Part {
    let returns = subject.chosen().returns.as_slice();
    let sample = SharpeSample::of(returns);
    let trials = count(census.trials);
    // One trial has no variance, and needs none.
    let variance = if census.trials < 2 {
        Figure::Known(0.0)
    } else {
        trial_variance(&census.sharpes)
    };
    let alike = correlation(subject);
    let effective = alike.map(|alike| effective_trials(trials, alike));
    let of = |pick: &dyn Fn(&SharpeSample) -> Figure| match &sample {
        Ok(sample) => pick(sample),
        Err(why) => Figure::Undefined(*why),
    };
    let deflated = |trials: Figure| {
        trials.and(variance, |trials, variance| {
            of(&|sample| sample.deflated(trials, variance))
        })
    };
    let mark = variance.and(Figure::Known(trials), |variance, trials| {
        expected_maximum(trials, variance)
    });
    let target = subject.how.sharpe_target;
    let figures = vec![
        ("trials", Ok(trials)),
        ("trials_effective", found(effective)),
        ("psr", found(of(&|sample| sample.probabilistic(0.0)))),
        (
            "sharpe_by_luck",
            found(mark.map(|mark| mark * YEAR_DAYS.sqrt())),
        ),
        ("dsr", found(deflated(Figure::Known(trials)))),
        ("dsr_effective", found(deflated(effective))),
        (
            "min_track_record_days",
            found(of(&|sample| sample.min_track_record(0.0, PASS_MARK))),
        ),
        (
            "min_backtest_years",
            found(min_backtest_years(trials, target)),
        ),
        (
            "min_backtest_years_bound",
            found(min_backtest_bound(trials, target)),
        ),
    ];
    let cautions = (!census.damaged.is_empty()).then(|| {
        let lines: Vec<String> = census.damaged.iter().map(u64::to_string).collect();
        format!(
            "the register of trials has lines that cannot be read ({}); each counts as one more trial",
            lines.join(", ")
        )
    });
    Part {
        figures,
        detail: json!({
            "register_trials": census.trials,
            "register_trials_with_sharpe": census.sharpes.len(),
            "register_damaged_lines": census.damaged,
            "variance_of_daily_sharpes": variance.value(),
            "mean_correlation": alike.value(),
            "sharpe_daily": sample.as_ref().ok().map(|sample| sample.sharpe),
            "skew": sample.as_ref().ok().map(|sample| sample.skew),
            "kurtosis": sample.as_ref().ok().map(|sample| sample.kurtosis),
        }),
        cautions: cautions.into_iter().collect(),
        ..Part::default()
    }
}

fn correlation(subject: &Subject<'_>) -> Figure {
    let mut mean = MeanCorrelation::new(subject.chosen().days);
    for ran in &subject.all {
        // A series that ends in ruin is compared with nothing.
        if ran.figures.is_some()
            && ran.is_whole()
            && let Err(why) = mean.push(&ran.returns)
        {
            return Figure::Undefined(why);
        }
    }
    mean.mean()
}

/// V6 of the best trial's daily returns.
#[must_use]
pub fn bootstrap(subject: &Subject<'_>) -> Part {
    let returns = subject.chosen().returns.as_slice();
    let estimated = || BlockLength::of(returns).map(|length| length.mean_block());
    let block = subject
        .how
        .block_days
        .map_or_else(estimated, |days| Ok(count(days)));
    let drawn = block.and_then(|mean_block| {
        let bootstrap = Bootstrap {
            seed: subject.seed,
            replicates: subject.how.replicates,
            mean_block,
        };
        bootstrap.figures(returns)
    });
    let figure = |pick: &dyn Fn(&_) -> Figure| match &drawn {
        Ok(figures) => found(pick(figures)),
        Err(why) => Err(why.text().to_owned()),
    };
    let figures = vec![
        ("bootstrap_sharpe_low", figure(&|all| all.sharpe.low)),
        ("bootstrap_sharpe_high", figure(&|all| all.sharpe.high)),
        (
            "bootstrap_sharpe_not_positive",
            figure(&|all| all.sharpe_not_positive),
        ),
    ];
    let (tables, intervals) = drawn
        .as_ref()
        .map(told)
        .map_or((Vec::new(), None), |(table, detail)| {
            (vec![table], Some(detail))
        });
    Part {
        figures,
        tables,
        detail: json!({
            "replicates": subject.how.replicates,
            "mean_block_days": block.ok(),
            "low_middle_high": intervals,
        }),
        ..Part::default()
    }
}

/// The intervals as a table and as an object.
fn told(all: &BootstrapFigures) -> (Table, Value) {
    let percent: Form = |value| format::percent(value);
    let plain: Form = |value| format::number(value, 2);
    let rows: [(&str, Interval, Form); 4] = [
        ("mean_daily", all.mean_daily, percent),
        ("sharpe", all.sharpe, plain),
        ("max_drawdown", all.max_drawdown, percent),
        ("total_return", all.total_return, percent),
    ];
    let ends = |interval: &Interval| [interval.low, interval.middle, interval.high];
    let cells = rows.iter().map(|(name, interval, form)| {
        let texts = ends(interval).map(|end| format::figure(end, form));
        std::iter::once((*name).to_owned()).chain(texts).collect()
    });
    let table = Table {
        title: "Middle 95 % of the redrawn histories".to_owned(),
        head: ["", "2.5 %", "Median", "97.5 %"]
            .map(str::to_owned)
            .to_vec(),
        rows: cells.collect(),
    };
    let object: Map<String, Value> = rows
        .iter()
        .map(|(name, interval, _)| ((*name).to_owned(), json!(ends(interval).map(Figure::value))))
        .collect();
    (table, object.into())
}

/// V7 of the best trial's trades.
#[must_use]
pub fn shuffle(subject: &Subject<'_>) -> Part {
    let mut trades = subject.chosen().trades.clone();
    trades.sort_by_key(|trade| trade.end);
    let nets: Vec<Money> = trades.iter().map(|trade| trade.net).collect();
    let (seed, replicates) = (subject.seed, subject.how.replicates);
    let shuffled = trade_shuffle(&nets, seed, replicates);
    let ruin = risk_of_ruin(&nets, subject.balance(), seed, replicates);
    let words = |why: &Why| why.text().to_owned();
    let p95 = shuffled.as_ref().map(|shuffled| found(shuffled.p95));
    let share = shuffled
        .as_ref()
        .map(|shuffled| found(shuffled.share_at_least));
    let figures = vec![
        (
            "shuffle_drawdown_p95",
            p95.unwrap_or_else(|why| Err(words(why))),
        ),
        ("shuffle_share", share.unwrap_or_else(|why| Err(words(why)))),
        ("risk_of_ruin", ruin.map_err(|why| words(&why))),
    ];
    let detail = shuffled.ok().map(|shuffled| {
        json!({
            "replicates": replicates,
            "observed_drawdown_usdt": shuffled.observed,
            "p50": number(&found(shuffled.p50)),
            "p95": number(&found(shuffled.p95)),
            "p99": number(&found(shuffled.p99)),
        })
    });
    Part {
        figures,
        detail: detail.unwrap_or_default(),
        ..Part::default()
    }
}
