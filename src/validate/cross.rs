//! Cross-validation of trades that last (V3): each group of trades is traded with settings chosen on the others, those
//! that touch it left out.
//!
//! Not here: which trades touch a group (`stats::validation::folds`).
//! Settings are chosen by mean over deviation of the nets of the training trades: the declared objective needs a whole
//! run, and a training set with holes is none. Groups are those of the best trial's trades; other trials' trades belong
//! to the group in whose time they begin.

use std::ops::Range;

use serde_json::json;

use crate::backtest::run::Canceled;
use crate::domain::time::{DAY, Span, Timestamp};
use crate::report::format;
use crate::report::validation::Table;
use crate::stats::figure::{Why, count};
use crate::stats::quantile;
use crate::stats::returns;
use crate::stats::validation::folds::{Combinatorial, Held as Event, combinatorial, purge};
use crate::stats::validation::splits::{default_embargo, even_parts};
use crate::validate::found::{Found, Part, found};
use crate::validate::progress::Tell;
use crate::validate::subject::Subject;
use crate::validate::trials::{Held, Ran};

/// What all splits share.
struct Ground {
    /// First instant of each group but the first.
    bounds: Vec<Timestamp>,
    /// Trades of each trial in the order of their entries.
    trades: Vec<Vec<Held>>,
    embargo: Span,
    groups: usize,
}

/// Purged k-fold and the combinatorial form.
///
/// # Errors
/// When the user stopped it.
pub fn cross(subject: &Subject<'_>, tell: &Tell<'_>) -> Result<Part, Canceled> {
    let ground = match Ground::new(subject) {
        Ok(ground) => ground,
        Err(why) => return Ok(nothing(&why)),
    };
    let (groups, tested) = (subject.how.cv_groups, subject.how.cv_tested);
    let single = paths(subject, &ground, 1, tell)?;
    let several = paths(subject, &ground, tested, tell)?;
    let sharpes = |all: &Result<Vec<Found>, String>| match all {
        Ok(all) => all.clone(),
        Err(why) => vec![Err(why.clone())],
    };
    let one = sharpes(&single).into_iter().next();
    let all = sharpes(&several);
    let known: Vec<f64> = all.iter().flatten().copied().collect();
    let ascending = quantile::sorted(&known);
    let why = || {
        let first = all.iter().find_map(|sharpe| sharpe.as_ref().err());
        first.cloned().unwrap_or_else(|| "no path".to_owned())
    };
    let at = |permille| quantile::quantile(&ascending, permille).ok_or_else(why);
    let lost = all
        .iter()
        .filter(|sharpe| sharpe.as_ref().is_ok_and(|sharpe| *sharpe > 0.0));
    let loss_share = if known.is_empty() {
        Err(why())
    } else {
        // A path without a sharpe did not gain.
        Ok(1.0 - count(lost.count()) / count(all.len()))
    };
    let text = |sharpe: &Found| {
        sharpe
            .as_ref()
            .map_or(format::NONE.to_owned(), |sharpe| format::number(*sharpe, 2))
    };
    let rows = all.iter().enumerate();
    Ok(Part {
        figures: vec![
            (
                "kfold_sharpe",
                one.unwrap_or_else(|| Err("no path".to_owned())),
            ),
            ("cpcv_sharpe_p5", at(50)),
            ("cpcv_sharpe_median", at(500)),
            ("cpcv_loss_share", loss_share),
        ],
        tables: vec![Table {
            title: format!("Histories from {groups} groups, {tested} tested at a time"),
            head: ["History", "Sharpe"].map(str::to_owned).to_vec(),
            rows: rows
                .map(|(path, sharpe)| vec![(path + 1).to_string(), text(sharpe)])
                .collect(),
        }],
        detail: json!({
            "groups": groups,
            "tested": tested,
            "embargo_ms": ground.embargo.millis(),
            "path_sharpes": all.iter().map(|sharpe| sharpe.as_ref().ok()).collect::<Vec<_>>(),
        }),
        ..Part::default()
    })
}

fn nothing(why: &str) -> Part {
    let names = [
        "kfold_sharpe",
        "cpcv_sharpe_p5",
        "cpcv_sharpe_median",
        "cpcv_loss_share",
    ];
    Part {
        figures: names.map(|name| (name, Err(why.to_owned()))).to_vec(),
        ..Part::default()
    }
}

impl Ground {
    fn new(subject: &Subject<'_>) -> Result<Self, String> {
        let groups = subject.how.cv_groups;
        let by_entry = |ran: &Ran| {
            let mut trades = ran.trades.clone();
            trades.sort_by_key(|trade| (trade.start, trade.end));
            trades
        };
        let best = by_entry(subject.chosen());
        if best.len() < groups {
            return Err(format!(
                "{} trades are too few for {groups} groups",
                best.len()
            ));
        }
        let parts = even_parts(best.len(), groups);
        let holding: Vec<Span> = best.iter().map(|trade| trade.end - trade.start).collect();
        let window = subject.best.rules.confluence.window;
        let embargo = subject
            .how
            .embargo_days
            .and_then(|days| i64::try_from(days).ok());
        Ok(Self {
            bounds: parts[1..]
                .iter()
                .map(|part| best[part.start].start)
                .collect(),
            trades: subject.all.iter().map(by_entry).collect(),
            embargo: embargo.map_or_else(
                || default_embargo(&holding, window),
                |days| Span::from_millis(days * DAY.millis()),
            ),
            groups,
        })
    }

    /// The places of a trial's trades that belong to a group.
    fn group(&self, trades: &[Held], group: usize) -> Range<usize> {
        let from = |group: usize| match group.checked_sub(1) {
            Some(bound) => {
                let begins = self.bounds.get(bound).copied();
                begins.map_or(trades.len(), |at| {
                    trades.partition_point(|trade| trade.start < at)
                })
            }
            None => 0,
        };
        from(group)..from(group + 1)
    }

    /// The trial that is best on what is left when some groups are tested.
    fn choose(&self, tested: &[usize], least: usize) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for (place, trades) in self.trades.iter().enumerate() {
            let blocks: Vec<Range<usize>> = tested
                .iter()
                .map(|group| self.group(trades, *group))
                .collect();
            let events: Vec<Event> = trades
                .iter()
                .map(|trade| Event {
                    start: trade.start,
                    end: trade.end,
                })
                .collect();
            let train = purge(&events, &blocks, self.embargo).train;
            if train.len() < least {
                continue;
            }
            let nets: Vec<f64> = train
                .iter()
                .map(|index| trades[*index].net.to_f64())
                .collect();
            let deviation = quantile::deviation(&nets).filter(|deviation| *deviation > 0.0);
            let Some((mean, deviation)) = quantile::mean(&nets).zip(deviation) else {
                continue;
            };
            let sharpe = mean / deviation;
            if best.is_none_or(|(_, known)| sharpe > known) {
                best = Some((place, sharpe));
            }
        }
        best.map(|(place, _)| place)
    }
}

/// The annual sharpe of each path, or why there are none.
fn paths(
    subject: &Subject<'_>,
    ground: &Ground,
    tested: usize,
    tell: &Tell<'_>,
) -> Result<Result<Vec<Found>, String>, Canceled> {
    let Combinatorial { splits, paths } = match combinatorial(ground.groups, tested) {
        Ok(all) => all,
        Err(why) => return Ok(Err(why.text().to_owned())),
    };
    // The least number of trades, as far as the training groups go.
    let least = usize::try_from(subject.setup.ranking.trades_min).unwrap_or(usize::MAX);
    let least = least
        .saturating_mul(ground.groups - tested)
        .div_ceil(ground.groups)
        .max(2);
    let choose = |(): &mut (), index: usize| ground.choose(&splits[index], least);
    let chosen = tell.all("cross-validation", splits.len(), (|| (), choose))?;
    if chosen.iter().all(Option::is_none) {
        return Ok(Err(format!(
            "no trial has {least} trades in any training set"
        )));
    }
    let days = subject.days();
    let balance = subject.balance().to_f64();
    let sharpe = |path: &Vec<usize>| {
        let mut gained = vec![0.0; days.len() - 1];
        for (group, split) in path.iter().enumerate() {
            let Some(place) = chosen[*split] else {
                continue;
            };
            let trades = &ground.trades[place];
            for trade in &trades[ground.group(trades, group)] {
                let day = days
                    .partition_point(|day| *day <= trade.end)
                    .clamp(1, gained.len());
                gained[day - 1] += trade.net.to_f64() / balance;
            }
        }
        match returns::sharpe(&gained).why() {
            Some(Why::NoVariance) => Err("nothing was traded on that path".to_owned()),
            _ => found(returns::sharpe(&gained)),
        }
    };
    Ok(Ok(paths.iter().map(sharpe).collect()))
}
