//! Groups of trades (M7): by symbol, exit, score, gap, time and direction, and how concentrated the result is.
//!
//! Not here: figures of all trades together (`trades`).
//! Invariant: every trade that has the property is in exactly one row of a table; a trade without it is in none.

use serde::{Deserialize, Serialize};

use super::calendar::{self, WEEKDAYS};
use super::figure::{Figure, Why, count};
use super::quantile;
use super::trade_row::TradeRow;

/// One group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupRow {
    /// What its trades share.
    pub key: String,
    /// Trades.
    pub n: usize,
    /// Trades that won.
    pub wins: usize,
    /// Wins over n.
    pub win_rate: Figure,
    /// Σ net, USDT.
    pub net: f64,
    /// Mean net, USDT.
    pub expectancy: Figure,
    /// Gross profit over gross loss.
    pub profit_factor: Figure,
    /// Net over the net of all trades; negative when it worked against the total.
    pub share_of_net: Figure,
}

/// How often and how much of the position a reason closed, over all closing fills.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExitRow {
    /// The reason.
    pub reason: String,
    /// Closing fills with it.
    pub fills: usize,
    /// Share of the value of all positions that it closed; undefined when quantities are not known.
    pub share_of_quantity: Figure,
}

/// Shares of total net, as fractions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Concentration {
    /// Of the best trade.
    pub best_1: Figure,
    /// Of the best five.
    pub best_5: Figure,
    /// Of the best ten.
    pub best_10: Figure,
    /// Of the best symbol.
    pub best_symbol: Figure,
    /// Its name; left out without trades.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_symbol_name: Option<String>,
}

/// M7.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breakdowns {
    /// By contract, in order of names.
    pub symbol: Vec<GroupRow>,
    /// By last exit reason.
    pub exit: Vec<GroupRow>,
    /// By reason of each closing fill.
    pub exit_fills: Vec<ExitRow>,
    /// By tenth of the scores traded; equal scores stay together.
    pub score_decile: Vec<GroupRow>,
    /// By distance of the two signals.
    pub gap: Vec<GroupRow>,
    /// By hour of entry, UTC.
    pub hour: Vec<GroupRow>,
    /// By weekday of entry, UTC.
    pub weekday: Vec<GroupRow>,
    /// By month of entry, UTC.
    pub month: Vec<GroupRow>,
    /// Long and short.
    pub direction: Vec<GroupRow>,
    /// By result in multiples of the initial risk.
    pub result_r: Vec<GroupRow>,
    /// How much hangs on few trades.
    pub concentration: Concentration,
}

/// Upper edges of the gap buckets in seconds and their names.
const GAPS: [(i64, &str); 6] = [
    (30, "under 30 s"),
    (60, "30–60 s"),
    (120, "60–120 s"),
    (180, "120–180 s"),
    (240, "180–240 s"),
    (300, "240–300 s"),
];

/// Upper edges of results in R and their names.
const RESULTS: [(f64, &str); 10] = [
    (-1.5, "below -1.5 R"),
    (-1.0, "-1.5 to -1 R"),
    (-0.5, "-1 to -0.5 R"),
    (0.0, "-0.5 to 0 R"),
    (0.5, "0 to 0.5 R"),
    (1.0, "0.5 to 1 R"),
    (1.5, "1 to 1.5 R"),
    (2.0, "1.5 to 2 R"),
    (3.0, "2 to 3 R"),
    (5.0, "3 to 5 R"),
];

/// All tables of M7.
#[must_use]
pub fn breakdowns(rows: &[TradeRow]) -> Breakdowns {
    let deciles = Deciles::new(rows);
    Breakdowns {
        symbol: group_by(rows, |row| Some(row.symbol.clone())),
        exit: group_by(rows, |row| Some(row.last_exit().to_owned())),
        exit_fills: exit_fills(rows),
        score_decile: group_by(rows, |row| row.score.map(|score| deciles.name(score))),
        gap: relabel(group_by(rows, gap_bucket)),
        hour: group_by(rows, |row| {
            Some(format!("{:02}:00", calendar::hour(row.entry_time)))
        }),
        weekday: relabel(group_by(rows, |row| {
            let day = calendar::weekday(row.entry_time);
            Some(format!("{day} {}", WEEKDAYS[day]))
        })),
        month: group_by(rows, |row| Some(calendar::month(row.entry_time))),
        direction: group_by(rows, |row| {
            row.direction.map(|direction| direction.name().to_owned())
        }),
        result_r: relabel(group_by(rows, |row| {
            let result = row.r()?;
            let place = RESULTS.partition_point(|(edge, _)| *edge <= result);
            let name = RESULTS.get(place).map_or("5 R and over", |(_, name)| name);
            Some(format!("{place:02} {name}"))
        })),
        concentration: concentration(rows),
    }
}

/// Groups trades by a key, rows in ascending order of keys; `None` leaves a trade out.
#[must_use]
pub fn group_by(rows: &[TradeRow], key: impl Fn(&TradeRow) -> Option<String>) -> Vec<GroupRow> {
    let total: f64 = rows.iter().map(|row| row.net).sum();
    let mut keyed: Vec<(String, f64)> = rows
        .iter()
        .filter_map(|row| key(row).map(|name| (name, row.net)))
        .collect();
    // Stable: nets of a group keep their order, so sums are the same in every run.
    keyed.sort_by(|left, right| left.0.cmp(&right.0));
    keyed
        .chunk_by(|left, right| left.0 == right.0)
        .map(|members| group(members, total))
        .collect()
}

fn group(members: &[(String, f64)], total: f64) -> GroupRow {
    let nets = || members.iter().map(|(_, net)| *net);
    let n = count(members.len());
    let wins = nets().filter(|net| *net > 0.0).count();
    let profit: f64 = nets().filter(|net| *net > 0.0).sum();
    let loss: f64 = nets().filter(|net| *net < 0.0).sum();
    let net: f64 = nets().sum();
    GroupRow {
        key: members[0].0.clone(),
        n: members.len(),
        wins,
        win_rate: Figure::ratio(count(wins), n, Why::NoTrades),
        net,
        expectancy: Figure::ratio(net, n, Why::NoTrades),
        profit_factor: Figure::ratio(profit, loss.abs(), Why::NoLosses),
        share_of_net: Figure::ratio(net, total, Why::NoTotal),
    }
}

/// Drops the sort number before the first space of a key.
fn relabel(mut rows: Vec<GroupRow>) -> Vec<GroupRow> {
    for row in &mut rows {
        if let Some((_, name)) = row.key.split_once(' ') {
            row.key = name.to_owned();
        }
    }
    rows
}

fn gap_bucket(row: &TradeRow) -> Option<String> {
    let seconds = row.gap?.millis() / 1000;
    let place = GAPS.partition_point(|(edge, _)| *edge <= seconds);
    let name = GAPS.get(place).map_or("300 s and over", |(_, name)| name);
    Some(format!("{place} {name}"))
}

/// The scores traded, cut into tenths.
struct Deciles {
    ascending: Vec<f64>,
    /// Lowest and highest score of each tenth.
    ranges: [(f64, f64); 10],
}

impl Deciles {
    fn new(rows: &[TradeRow]) -> Self {
        let scores: Vec<f64> = rows.iter().filter_map(|row| row.score).collect();
        let mut deciles = Self {
            ascending: quantile::sorted(&scores),
            ranges: [(f64::INFINITY, f64::NEG_INFINITY); 10],
        };
        for score in &scores {
            let (low, high) = deciles.ranges[deciles.tenth(*score)];
            deciles.ranges[deciles.tenth(*score)] = (low.min(*score), high.max(*score));
        }
        deciles
    }

    /// 0–9, by the share of scores strictly below, so that equal scores stay together.
    fn tenth(&self, score: f64) -> usize {
        let below = self.ascending.partition_point(|other| *other < score);
        (below * 10 / self.ascending.len().max(1)).min(9)
    }

    fn name(&self, score: f64) -> String {
        let tenth = self.tenth(score);
        let (low, high) = self.ranges[tenth];
        format!("{:02} ({low:.3}–{high:.3})", tenth + 1)
    }
}

fn exit_fills(rows: &[TradeRow]) -> Vec<ExitRow> {
    let mut keyed: Vec<(&str, f64)> = rows
        .iter()
        .flat_map(|row| {
            // Quantities of different contracts add up only as shares of their positions' values.
            let unit = row
                .qty
                .filter(|qty| *qty > 0.0)
                .map_or(0.0, |qty| row.entry_notional / qty);
            row.exits
                .iter()
                .map(move |(reason, qty)| (reason.as_str(), qty * unit))
        })
        .collect();
    keyed.sort_by(|left, right| left.0.cmp(right.0));
    let total: f64 = keyed.iter().map(|(_, value)| value).sum();
    keyed
        .chunk_by(|left, right| left.0 == right.0)
        .map(|fills| ExitRow {
            reason: fills[0].0.to_owned(),
            fills: fills.len(),
            share_of_quantity: Figure::ratio(
                fills.iter().map(|(_, value)| value).sum(),
                total,
                Why::NotRecorded,
            ),
        })
        .collect()
}

fn concentration(rows: &[TradeRow]) -> Concentration {
    let nets: Vec<f64> = rows.iter().map(|row| row.net).collect();
    let total: f64 = nets.iter().sum();
    let ascending = quantile::sorted(&nets);
    let why = if rows.is_empty() {
        Why::NoTrades
    } else {
        Why::NoTotal
    };
    let best = |top: usize| {
        let sum: f64 = ascending.iter().rev().take(top).sum();
        Figure::ratio(sum, total, why)
    };
    let by_symbol = group_by(rows, |row| Some(row.symbol.clone()));
    let winner = by_symbol
        .iter()
        .max_by(|left, right| left.net.total_cmp(&right.net));
    Concentration {
        best_1: best(1),
        best_5: best(5),
        best_10: best(10),
        best_symbol: winner.map_or(Figure::Undefined(why), |row| {
            Figure::ratio(row.net, total, why)
        }),
        best_symbol_name: winner.map(|row| row.key.clone()),
    }
}

impl Breakdowns {
    /// The tables of trades by their names.
    #[must_use]
    pub fn tables(&self) -> [(&'static str, &[GroupRow]); 9] {
        [
            ("symbol", &self.symbol),
            ("exit", &self.exit),
            ("score_decile", &self.score_decile),
            ("gap", &self.gap),
            ("hour", &self.hour),
            ("weekday", &self.weekday),
            ("month", &self.month),
            ("direction", &self.direction),
            ("result_r", &self.result_r),
        ]
    }
}
