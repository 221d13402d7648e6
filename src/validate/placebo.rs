//! Placebos (V9): the same strategy, gates and prices, with signals whose time or symbol carries no information.
//!
//! Not here: what is drawn (`stats::validation::placebo`).
//! Invariants: both signals of a confluence move together, so its gap and score stay; whatever was no confluence of the
//! run is left out, but for risk signals, which stay where they are; a placebo that cannot be made counts against us.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::backtest::run::Canceled;
use crate::domain::signal::{Signal, SignalType};
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::exchange::history::World;
use crate::report::format;
use crate::report::validation::Table;
use crate::stats::figure::{Figure, Why};
use crate::stats::validation::multiplicity::{benjamini_hochberg, holm};
use crate::stats::validation::placebo::{
    OFFSET_MAX, OFFSET_MIN, Offsets, PLACEBOS_MIN, entry_times, entry_times_of, p_value, symbols,
    symbols_of,
};
use crate::sweep::figures::{Figures, METRICS};
use crate::trader::rules::Role112;
use crate::validate::engine;
use crate::validate::found::{Found, Part, found};
use crate::validate::progress::Tell;
use crate::validate::subject::Subject;

/// Chance of being fooled that is accepted.
const CHANCE: f64 = 0.05;

/// What is compared; larger is better.
const STATISTICS: [&str; 3] = ["net_usdt", "expectancy_r", "sharpe"];

/// What is taken from the signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Null {
    /// Each confluence moves by an offset of its own.
    Shifted,
    /// As many entries of each symbol at any time.
    Times,
    /// The same times, other symbols.
    Symbols,
}

const NULLS: [(Null, &str); 3] = [
    (Null::Shifted, "signals shifted by 1 to 24 hours"),
    (Null::Times, "entries at random times"),
    (Null::Symbols, "symbols permuted"),
];

/// A confluence of the run.
#[derive(Clone, Debug)]
struct Pair {
    legs: [Signal; 2],
    emitted: Timestamp,
}

/// What all placebos share.
struct Ground<'a> {
    subject: &'a Subject<'a>,
    pairs: Vec<Pair>,
    /// Signals that stay.
    kept: Vec<Signal>,
    /// From when to when each symbol has prices.
    spans: Vec<Option<(Timestamp, Timestamp)>>,
}

/// All placebos.
///
/// # Errors
/// When the user stopped it.
pub fn placebo(subject: &Subject<'_>, tell: &Tell<'_>) -> Result<Part, Canceled> {
    let ground = Ground::new(subject);
    let number = usize::try_from(subject.how.placebos).unwrap_or(usize::MAX);
    let world = &subject.scene.world;
    let run = |world: &mut World, index: usize| {
        let (null, _) = NULLS[index / number];
        ground.run(world, null, (index % number) as u64)
    };
    // Of the world only the messages are its own: prices are shared.
    let begin = || (**world).clone();
    let all = tell.all("placebos", NULLS.len() * number, (begin, run))?;
    let observed = statistics(subject.chosen().figures.as_ref());
    let mut values = Vec::new();
    for placebos in all.chunks(number) {
        for (place, observed) in observed.iter().enumerate() {
            let column: Vec<Figure> = placebos.iter().map(|stats| stats[place]).collect();
            values.push(if ground.pairs.is_empty() {
                Err("the run has no confluence".to_owned())
            } else {
                found(p_value(*observed, &column))
            });
        }
    }
    Ok(told(subject, &values))
}

impl<'a> Ground<'a> {
    fn new(subject: &'a Subject<'a>) -> Self {
        let world = &subject.scene.world;
        let mut by_id: BTreeMap<&str, &Signal> = BTreeMap::new();
        for signal in &world.signals {
            // The first of an id is the one that counts (S1).
            by_id.entry(&signal.id).or_insert(signal);
        }
        let leg = |id: &str| by_id.get(id).map(|signal| (*signal).clone());
        let pairs = subject.pairs.iter().filter_map(|(emitted, pair)| {
            Some(Pair {
                legs: [leg(&pair.alpha)?, leg(&pair.fomo)?],
                emitted: *emitted,
            })
        });
        let pairs: Vec<Pair> = pairs.collect();
        let used: Vec<&str> = pairs
            .iter()
            .flat_map(|pair| pair.legs.iter().map(|leg| &*leg.id))
            .collect();
        let risky = match subject.best.rules.confluence.role_112 {
            Role112::Risk | Role112::Both => true,
            Role112::Leg | Role112::Ignore => false,
        };
        let stays = |signal: &&Signal| {
            risky && signal.kind == SignalType::FOMO_INTENSIFIED && !used.contains(&&*signal.id)
        };
        let start = subject.outcome.start;
        let span = |series: &Option<crate::market::tape::Series>| {
            let series = series.as_ref().filter(|series| !series.is_empty())?;
            let first = series.open_time(0).max(start);
            Some((first, series.end_time(series.len() - 1)))
        };
        Self {
            kept: world.signals.iter().filter(stays).cloned().collect(),
            spans: world.tape.series.iter().map(span).collect(),
            pairs,
            subject,
        }
    }

    fn span(&self, symbol: SymbolId) -> Option<(Timestamp, Timestamp)> {
        self.spans.get(symbol.index()).copied().flatten()
    }

    /// The statistics of one placebo; undefined when it cannot be made.
    fn run(&self, world: &mut World, null: Null, number: u64) -> [Figure; 3] {
        let moved = match null {
            Null::Shifted => self.shifted(number),
            Null::Times => self.at_random_times(number),
            Null::Symbols => self.permuted(number),
        };
        let Some(mut signals) = moved else {
            return [Figure::Undefined(Why::NoReplicates); 3];
        };
        signals.extend(self.kept.iter().cloned());
        signals.sort_by(|one, other| one.order_key().cmp(&other.order_key()));
        world.signals = signals;
        let best = &self.subject.best;
        let figures = engine::figures_of(world, &best.rules, &best.model);
        statistics(figures.as_ref())
    }

    fn shifted(&self, number: u64) -> Option<Vec<Signal>> {
        let mut offsets = Offsets::new(self.subject.seed, number, OFFSET_MIN, OFFSET_MAX).ok()?;
        let mut moved = Vec::with_capacity(2 * self.pairs.len());
        for pair in &self.pairs {
            let (from, to) = self.span(pair.legs[0].symbol)?;
            let first = pair.legs.iter().map(|leg| leg.received_time).min()?;
            let fits = |offset: Span| first + offset >= from && pair.emitted + offset < to;
            let offset = offsets.draw_fitting(fits)?;
            moved.extend(pair.legs.iter().map(|leg| later(leg, offset)));
        }
        Some(moved)
    }

    fn at_random_times(&self, number: u64) -> Option<Vec<Signal>> {
        let mut random = entry_times_of(self.subject.seed, number);
        let mut moved = Vec::with_capacity(2 * self.pairs.len());
        for symbol in (0..self.spans.len()).map(SymbolId::at) {
            let own = self
                .pairs
                .iter()
                .filter(|pair| pair.legs[0].symbol == symbol);
            let own: Vec<&Pair> = own.collect();
            if own.is_empty() {
                continue;
            }
            let (from, to) = self.span(symbol)?;
            let times = entry_times(&mut random, from, to, own.len());
            for (pair, time) in own.iter().zip(times) {
                let offset = time - pair.emitted;
                moved.extend(pair.legs.iter().map(|leg| later(leg, offset)));
            }
        }
        Some(moved)
    }

    fn permuted(&self, number: u64) -> Option<Vec<Signal>> {
        let trades = |at: Timestamp| {
            let symbols = self.spans.iter().enumerate();
            let open = symbols
                .filter(move |(_, span)| span.is_some_and(|(from, to)| from <= at && at < to));
            open.map(|(index, _)| SymbolId::at(index))
                .collect::<Vec<SymbolId>>()
        };
        let trading: Vec<Vec<SymbolId>> =
            self.pairs.iter().map(|pair| trades(pair.emitted)).collect();
        let counts: Vec<usize> = trading.iter().map(Vec::len).collect();
        let drawn = symbols(&mut symbols_of(self.subject.seed, number), &counts);
        let mut moved = Vec::with_capacity(2 * self.pairs.len());
        for ((pair, open), drawn) in self.pairs.iter().zip(&trading).zip(drawn) {
            let symbol = *open.get(drawn?)?;
            moved.extend(
                pair.legs
                    .iter()
                    .cloned()
                    .map(|leg| Signal { symbol, ..leg }),
            );
        }
        Some(moved)
    }
}

fn later(leg: &Signal, offset: Span) -> Signal {
    Signal {
        event_time: leg.event_time + offset,
        received_time: leg.received_time + offset,
        ..leg.clone()
    }
}

/// The statistics of a run; one that it has not got is worse than any.
fn statistics(figures: Option<&Figures>) -> [Figure; 3] {
    STATISTICS.map(|name| {
        let place = METRICS.iter().position(|metric| metric.name == name);
        let value = place.and_then(|place| figures?.0[place]);
        value.map_or(Figure::Undefined(Why::NoStatistic), Figure::Known)
    })
}

/// The p values that exist, adjusted together (V10).
fn adjusted(values: &[Found], adjust: fn(&[f64]) -> Result<Vec<f64>, Why>) -> Vec<Found> {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    let mut adjusted = adjust(&known).unwrap_or_default().into_iter();
    let none = || "it is no probability".to_owned();
    let each = values.iter().map(|value| match value {
        Ok(_) => adjusted.next().ok_or_else(none),
        Err(why) => Err(why.clone()),
    });
    each.collect()
}

/// All p values together.
fn told(subject: &Subject<'_>, values: &[Found]) -> Part {
    let (by_holm, by_share) = (adjusted(values, holm), adjusted(values, benjamini_hochberg));
    let text = |value: &Found| {
        value
            .as_ref()
            .map_or(format::NONE.to_owned(), |p| format::number(*p, 4))
    };
    let mut rows = Vec::new();
    let mut detail: Vec<Value> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let (_, name) = NULLS[index / STATISTICS.len()];
        let statistic = STATISTICS[index % STATISTICS.len()];
        rows.push(vec![
            format!("{name}: {statistic}"),
            text(value),
            text(&by_holm[index]),
            text(&by_share[index]),
        ]);
        detail.push(json!({
            "null": name,
            "statistic": statistic,
            "p": value.as_ref().ok(),
            "p_holm": by_holm[index].as_ref().ok(),
            "p_benjamini_hochberg": by_share[index].as_ref().ok(),
        }));
    }
    let mut cautions = Vec::new();
    if by_holm[0].as_ref().is_ok_and(|p| *p > CHANCE) {
        cautions.push(
            "signals at random times do nearly as well: it earns from drift and exits, not from its signals"
                .to_owned(),
        );
    }
    if subject.how.placebos < PLACEBOS_MIN {
        cautions.push(format!(
            "{} placebos are fewer than {PLACEBOS_MIN}: their probabilities are coarse",
            subject.how.placebos
        ));
    }
    Part {
        figures: vec![
            ("placebo_p", by_holm[0].clone()),
            ("placebo_net_p", values[0].clone()),
            ("placebo_expectancy_p", values[1].clone()),
            ("placebo_sharpe_p", values[2].clone()),
            ("random_times_p", values[3].clone()),
            ("permuted_symbols_p", values[6].clone()),
        ],
        tables: vec![Table {
            title: "Chance of doing as well without information".to_owned(),
            head: ["Placebo", "p", "Holm", "Benjamini-Hochberg"]
                .map(str::to_owned)
                .to_vec(),
            rows,
        }],
        detail: json!({
            "placebos": subject.how.placebos,
            "confluences": subject.pairs.len(),
            "hypotheses": detail,
        }),
        cautions,
    }
}
