//! Walk-forward (V2): settings chosen on some days, traded on the days behind them, again and again.
//!
//! Not here: how a row of days is cut (`stats::validation::splits`), which trial is best (`trials`).
//! Invariants: a choice sees nothing of its test; a test begins flat, with the wallet the test before it left, and
//! overhears what was said in the time that a signal waits; what is open at its end is closed with costs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::backtest::run::Canceled;
use crate::domain::num::Money;
use crate::domain::signal::Signal;
use crate::domain::time::{DAY, Span, Timestamp};
use crate::exchange::model::EndOfData;
use crate::market::window::Window as Stretch;
use crate::report::format;
use crate::report::validation::Table;
use crate::stats::equity::{DailyMetrics, DailySeries, daily_metrics};
use crate::stats::figure::{Figure, Why, count};
use crate::stats::quantile;
use crate::stats::returns::YEAR_DAYS;
use crate::stats::validation::splits::{
    WalkForward, WalkSplit, Window, default_embargo, efficiency,
};
use crate::validate::engine;
use crate::validate::found::{Found, Part, found};
use crate::validate::progress::Tell;
use crate::validate::subject::Subject;
use crate::validate::trials::{self, Candidate};

/// What was chosen on a training range.
#[derive(Clone, Debug)]
struct Choice {
    candidate: Candidate,
    objective: Option<f64>,
    /// Mean daily return there, times 365.
    annual: Figure,
    holding: Vec<Span>,
}

/// Training ranges by their first and last day, with the best on each.
type Choices = BTreeMap<(usize, usize), Option<Choice>>;

/// One test.
#[derive(Clone, Debug)]
struct Test {
    split: WalkSplit,
    choice: Option<Choice>,
    before: Money,
    after: Money,
    trades: usize,
    closes: Vec<f64>,
}

impl Test {
    /// Mean of its daily returns; none once nothing is left to trade with.
    fn daily_return(&self) -> Option<f64> {
        let mut before = self.before.to_f64();
        let mut returns = Vec::new();
        for close in &self.closes {
            if before <= 0.0 {
                return None;
            }
            returns.push(close / before - 1.0);
            before = *close;
        }
        quantile::mean(&returns)
    }
}

/// Lengths that the settings leave open: as many equal tests as asked for, the training at least three times as long.
fn lengths(subject: &Subject<'_>, days: usize, embargo: usize) -> (usize, usize) {
    let how = &subject.how;
    let free = days.saturating_sub(embargo);
    match (how.train_days, how.test_days) {
        (Some(train), Some(test)) => (train, test),
        (Some(train), None) => (train, free.saturating_sub(train) / how.folds),
        (None, Some(test)) => (3 * test, test),
        (None, None) => {
            let test = free / (how.folds + 3);
            (free - how.folds * test, test)
        }
    }
}

/// Both forms, rolling first.
///
/// # Errors
/// When the user stopped it.
pub fn walk(subject: &Subject<'_>, tell: &Tell<'_>) -> Result<Part, Canceled> {
    let mut choices = Choices::new();
    let mut part = Part::default();
    let mut detail = serde_json::Map::new();
    for (window, names) in [(Window::Rolling, ROLLING), (Window::Anchored, ANCHORED)] {
        let name = if window == Window::Rolling {
            "rolling"
        } else {
            "anchored"
        };
        match form(subject, (window, name), &mut choices, tell)? {
            Ok((tests, embargo)) => {
                let told = Told::new(subject, &tests);
                part.figures.extend(names.into_iter().zip(told.figures()));
                part.tables.push(told.table(subject, name));
                detail.insert(name.to_owned(), told.detail(subject, embargo));
            }
            Err(why) => {
                let none = names.map(|name| (name, Err(why.clone())));
                part.figures.extend(none);
            }
        }
    }
    part.detail = detail.into();
    Ok(part)
}

const ROLLING: [&str; 4] = [
    "wf_rolling_return",
    "wf_rolling_sharpe",
    "wf_rolling_efficiency",
    "wf_rolling_profitable",
];
const ANCHORED: [&str; 4] = [
    "wf_anchored_return",
    "wf_anchored_sharpe",
    "wf_anchored_efficiency",
    "wf_anchored_profitable",
];

/// All tests of one form with their embargo in days, or why there are none.
type Form = Result<(Vec<Test>, usize), String>;

fn form(
    subject: &Subject<'_>,
    (window, name): (Window, &str),
    choices: &mut Choices,
    tell: &Tell<'_>,
) -> Result<Form, Canceled> {
    let days = subject.days();
    let count = days.len() - 1;
    // Any wait at all costs a day: tests begin at midnight.
    let mut embargo = subject.how.embargo_days.unwrap_or(1);
    let (train, longest) = lengths(subject, count, embargo);
    let splits = loop {
        // A longer embargo is paid for by the tests: with less to choose on there may be no choice at all.
        let free = count.saturating_sub(train.saturating_add(embargo));
        let test = match subject.how.test_days {
            Some(days) => days,
            None => (free / subject.how.folds).clamp(1, longest.max(1)),
        };
        let walk = WalkForward {
            train,
            test,
            step: test,
            embargo,
            window,
        };
        let Ok(splits) = walk.splits(count) else {
            return Ok(Err(format!(
                "{count} days are too few for {train} days of choice, {embargo} between and tests of {test}"
            )));
        };
        for split in &splits {
            choose(subject, (&days, &split.train), choices, (tell, name))?;
        }
        let wanted = held_for(&splits, choices);
        if subject.how.embargo_days.is_some() || wanted <= embargo {
            break splits;
        }
        // Longer than the one before, and never longer than the data: this ends.
        embargo = wanted;
    };
    let mut tests: Vec<Test> = Vec::new();
    let mut wallet = subject.balance();
    for split in splits {
        let known = choices.get(&(split.train.start, split.train.end));
        let test = trade(subject, &days, (split, known.cloned().flatten()), wallet);
        wallet = test.after;
        tests.push(test);
    }
    Ok(Ok((tests, embargo)))
}

/// Runs every trial on a training range, unless that was done.
fn choose(
    subject: &Subject<'_>,
    (days, train): (&[Timestamp], &std::ops::Range<usize>),
    choices: &mut Choices,
    (tell, name): (&Tell<'_>, &str),
) -> Result<(), Canceled> {
    let key = (train.start, train.end);
    if choices.contains_key(&key) {
        return Ok(());
    }
    let setup = subject.setup;
    let worlds = setup.worlds.within(Stretch {
        from: days[train.start],
        to: days[train.end],
    });
    let stage = format!("walk-forward, {name}, fold {}", choices.len() + 1);
    let all = trials::run_all(&subject.points, &worlds, (tell, &stage))?;
    let best = trials::best(setup, &all);
    let choice = best.and_then(|best| {
        Some(Choice {
            candidate: trials::candidate(&subject.points, best.trial)?,
            objective: setup.ranking.judge(best.figures.as_ref()).objective,
            annual: annual(&best.returns),
            holding: best
                .trades
                .iter()
                .map(|trade| trade.end - trade.start)
                .collect(),
        })
    });
    choices.insert(key, choice);
    Ok(())
}

fn annual(returns: &[f64]) -> Figure {
    quantile::mean(returns).map_or(Figure::Undefined(Why::FewReturns), |mean| {
        Figure::new(mean * YEAR_DAYS)
    })
}

/// The default embargo (V2) in whole days, from what was held on the training ranges.
fn held_for(splits: &[WalkSplit], choices: &Choices) -> usize {
    let chosen = splits
        .iter()
        .filter_map(|split| choices.get(&(split.train.start, split.train.end))?.as_ref());
    let holding: Vec<Span> = chosen
        .clone()
        .flat_map(|choice| choice.holding.clone())
        .collect();
    let windows = chosen.map(|choice| choice.candidate.rules.confluence.window);
    let span = default_embargo(&holding, windows.max().unwrap_or(Span::ZERO));
    let days = span.millis().div_euclid(DAY.millis()) + i64::from(span.millis() % DAY.millis() > 0);
    usize::try_from(days).unwrap_or(usize::MAX)
}

/// Trades one test.
fn trade(
    subject: &Subject<'_>,
    days: &[Timestamp],
    (split, choice): (WalkSplit, Option<Choice>),
    before: Money,
) -> Test {
    let window = Stretch {
        from: days[split.test.start],
        to: days[split.test.end],
    };
    let mut test = Test {
        before,
        after: before,
        trades: 0,
        closes: Vec::new(),
        choice,
        split,
    };
    let candidate = test.choice.as_ref().map(|choice| &choice.candidate);
    if let Some(candidate) = candidate.filter(|_| before > Money::ZERO)
        && let Some(outcome) = run_test(subject, candidate, window, before)
    {
        test.closes = trials::series(&outcome, before).closes;
        test.trades = outcome.trades.len();
        test.after = outcome.wallet;
    }
    // Days without any price at the end, or without a choice: nothing happens on them.
    let last = test.closes.last().copied().unwrap_or(before.to_f64());
    test.closes.resize(test.split.test.len(), last);
    test
}

/// One test run over its own days.
#[must_use]
pub fn run_test(
    subject: &Subject<'_>,
    candidate: &Candidate,
    window: Stretch,
    wallet: Money,
) -> Option<crate::exchange::history::Outcome> {
    let worlds = &subject.setup.worlds;
    let whole = worlds.scene(&candidate.values)?;
    let cut = worlds.within(window);
    let scene = cut.scene(&candidate.values)?;
    let waits = candidate.rules.confluence.retention;
    let before: Vec<Signal> = whole
        .world
        .signals
        .iter()
        .filter(|signal| (scene.start - waits..scene.start).contains(&signal.received_time))
        .cloned()
        .collect();
    let mut model = candidate.model.clone();
    model.start = Some(scene.start);
    model.balance = wallet;
    model.end_of_data = EndOfData::ForceClose;
    engine::run(&scene.world, &candidate.rules, &model, &before)
}

/// What the tests come to.
struct Told {
    tests: Vec<Test>,
    metrics: DailyMetrics,
    efficiency: Figure,
}

impl Told {
    fn new(subject: &Subject<'_>, tests: &[Test]) -> Self {
        let days = subject.days();
        let first = tests.first().map_or(0, |test| test.split.test.start);
        let last = tests.last().map_or(0, |test| test.split.test.end);
        let series = DailySeries {
            start: days[first],
            end: days[last],
            initial: subject.balance().to_f64(),
            closes: tests.iter().flat_map(|test| test.closes.clone()).collect(),
        };
        let metrics = daily_metrics(&series, &[]);
        let known: Vec<f64> = tests
            .iter()
            .filter_map(|test| test.choice.as_ref()?.annual.value())
            .collect();
        let in_sample = quantile::mean(&known);
        let in_sample = in_sample.map_or(Figure::Undefined(Why::NoTrades), Figure::new);
        Self {
            tests: tests.to_vec(),
            efficiency: efficiency(metrics.annual_return_arithmetic, in_sample),
            metrics,
        }
    }

    fn figures(&self) -> [Found; 4] {
        if self.tests.iter().all(|test| test.choice.is_none()) {
            let none = || {
                Err(
                    "no trial could be chosen on any training range: too few trades there"
                        .to_owned(),
                )
            };
            return [none(), none(), none(), none()];
        }
        let gained = self.tests.iter().filter(|test| test.after > test.before);
        let efficiency = match self.efficiency {
            Figure::Undefined(Why::NotPositive) => {
                Err("the settings chosen lost on the days they were chosen on".to_owned())
            }
            other @ (Figure::Known(_) | Figure::Undefined(_)) => found(other),
        };
        [
            found(self.metrics.total_return),
            found(self.metrics.sharpe),
            efficiency,
            Ok(count(gained.count()) / count(self.tests.len())),
        ]
    }

    /// How many parameters each choice has differently from the one before.
    fn drift(&self) -> Vec<Option<usize>> {
        let values = |test: &Test| {
            test.choice
                .as_ref()
                .map(|choice| choice.candidate.values.clone())
        };
        let mut before = None;
        let drift = self.tests.iter().map(|test| {
            let own = values(test);
            let changed = own.as_ref().zip(before.as_ref());
            let changed = changed.map(|(own, before): (&Vec<String>, &Vec<String>)| {
                own.iter()
                    .zip(before)
                    .filter(|(own, before)| own != before)
                    .count()
            });
            before = own.or(before.take());
            changed
        });
        drift.collect()
    }

    fn table(&self, subject: &Subject<'_>, name: &str) -> Table {
        let days = subject.days();
        let day = |index: usize| days[index].to_text().chars().take(10).collect::<String>();
        let head = [
            "Test from",
            "to before",
            "Chosen since",
            "Trial",
            "Return",
            "Trades",
            "Changed",
        ];
        let rows = self.tests.iter().zip(self.drift()).map(|(test, drift)| {
            let trial = test.choice.as_ref().map(|choice| choice.candidate.trial);
            let gain = test.after.to_f64() / test.before.to_f64() - 1.0;
            vec![
                day(test.split.test.start),
                day(test.split.test.end),
                day(test.split.train.start),
                trial.map_or_else(|| "none".to_owned(), |trial| trial.to_string()),
                format::signed_percent(gain),
                test.trades.to_string(),
                drift.map_or_else(String::new, |changed| changed.to_string()),
            ]
        });
        Table {
            title: format!("Tests, {name}"),
            head: head.map(str::to_owned).to_vec(),
            rows: rows.collect(),
        }
    }

    fn detail(&self, subject: &Subject<'_>, embargo: usize) -> Value {
        let days = subject.days();
        let folds = self.tests.iter().zip(self.drift()).map(|(test, drift)| {
            let choice = test.choice.as_ref();
            json!({
                "train": [days[test.split.train.start].to_text(), days[test.split.train.end].to_text()],
                "test": [days[test.split.test.start].to_text(), days[test.split.test.end].to_text()],
                "trial": choice.map(|choice| choice.candidate.trial),
                "values": choice.map(|choice| choice.candidate.values.clone()),
                "objective_in_sample": choice.and_then(|choice| choice.objective),
                "daily_return_in_sample": choice.and_then(|choice| choice.annual.value()).map(|annual| annual / YEAR_DAYS),
                "daily_return_out_of_sample": choice.and_then(|_| test.daily_return()),
                "wallet_before_usdt": test.before.to_string(),
                "wallet_after_usdt": test.after.to_string(),
                "trades": test.trades,
                "parameters_changed": drift,
            })
        });
        let folds: Vec<Value> = folds.collect();
        let equity: Vec<f64> = self
            .tests
            .iter()
            .flat_map(|test| test.closes.clone())
            .collect();
        json!({
            "embargo_days": embargo,
            "max_drawdown": self.metrics.max_drawdown.value(),
            "annual_return": self.metrics.annual_return_arithmetic.value(),
            "folds": folds,
            "equity": equity,
        })
    }
}
