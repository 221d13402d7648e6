//! The same day on paper and in a backtest: same orders, same fills, same ledger.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use confluence::backtest::run::replay;
use confluence::domain::event::{Command, Event, Note};
use confluence::domain::random::Random;
use confluence::domain::signal::{RawSignal, Signal, SignalType};
use confluence::domain::symbol::{Symbol, Symbols};
use confluence::domain::time::{Span, Timestamp};
use confluence::engine::Journal;
use confluence::exchange::history::{Engine, Outcome, World};
use confluence::journal::entry::{Entry, SaidCommand};
use confluence::market::instruments::RuleBook;
use confluence::market::library::Library;
use confluence::market::load::Request;
use confluence::market::window::Window;
use confluence::settings::Settings;
use confluence::trader::{Trader, Upkeep};

use super::stage::{Play, Said, play, said};
use crate::binary::shared;

/// Keeps what a backtest heard and said in the journal's own form.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Entry>,
    pub(super) times: Vec<Timestamp>,
}

impl Rows {
    fn push(&mut self, at: Timestamp, entry: Entry) -> Result<(), Infallible> {
        self.times.push(at);
        self.rows.push(entry);
        Ok(())
    }
}

impl Journal for Rows {
    type Error = Infallible;

    fn heard(&mut self, at: Timestamp, event: &Event) -> Result<(), Infallible> {
        self.push(at, Entry::Heard(event.clone()))
    }

    fn noted(&mut self, at: Timestamp, note: &Note) -> Result<(), Infallible> {
        self.push(at, Entry::Noted(note.clone()))
    }

    fn said(&mut self, at: Timestamp, command: &Command) -> Result<(), Infallible> {
        self.push(at, Entry::Said(SaidCommand::of(command)))
    }
}

/// A backtest over the same trades with the signals of a paper journal, receipt times included.
pub(super) fn backtest(
    staged: &Play,
    settings: &Settings,
    paper: &Said,
    (from, to): (Timestamp, Timestamp),
) -> (Rows, Outcome) {
    let library = Library::open(&staged.data).unwrap();
    let symbols = Symbols::new(paper.names.iter().cloned()).unwrap();
    let request = Request {
        symbols: paper.names.clone(),
        window: Window { from, to },
        interval: None,
        drop_unfinished: false,
        trades: true,
        fallback: settings.fallback.clone(),
    };
    let mut rules = RuleBook::open(&library.rules).unwrap();
    let loaded = library.load(&request, &mut rules).unwrap();
    assert!(loaded.tape.symbols == symbols);
    let signals: Vec<Signal> = paper
        .signals
        .iter()
        .map(|(signal, _)| signal.clone())
        .collect();
    let world = World {
        tape: Arc::new(loaded.tape),
        signals,
        script: Vec::new(),
        trades: Arc::new(loaded.trades),
    };
    let mut model = settings.model.clone();
    model.start = paper.times.first().copied();
    let instruments = world.tape.instruments.clone();
    let mut trader = Trader::new(settings.rules.clone(), instruments, Upkeep::default());
    let mut rows = Rows::default();
    let outcome = replay(&world, (&model, Engine::Skip), &mut trader, &mut rows).unwrap();
    (rows, outcome)
}

/// The first difference between a paper run and a backtest, up to an instant.
pub(super) fn compare(
    paper: &Said,
    rows: &Rows,
    outcome: &Outcome,
    to: Timestamp,
) -> Result<usize, String> {
    let cut = |times: &[Timestamp]| times.partition_point(|at| *at < to);
    let (ours, theirs) = (cut(&paper.times), cut(&rows.times));
    for index in 0..ours.min(theirs) {
        if paper.rows[index] != rows.rows[index] || paper.times[index] != rows.times[index] {
            return Err(format!(
                "row {index}:\n  paper    {} {:?}\n  backtest {} {:?}",
                paper.times[index], paper.rows[index], rows.times[index], rows.rows[index]
            ));
        }
    }
    if ours != theirs {
        return Err(format!("paper has {ours} rows, the backtest {theirs}"));
    }
    let ledger: Vec<_> = outcome
        .ledger
        .iter()
        .filter(|entry| entry.time < to)
        .copied()
        .collect();
    if paper.ledger != ledger {
        return Err(format!(
            "ledgers differ: {} and {} entries",
            paper.ledger.len(),
            ledger.len()
        ));
    }
    let trades: Vec<_> = outcome
        .trades
        .iter()
        .filter(|trade| trade.exit_time < to)
        .cloned()
        .collect();
    for (ours, theirs) in paper.trades.iter().zip(&trades) {
        if ours != theirs {
            return Err(format!(
                "a trade:\n  paper    {ours:?}\n  backtest {theirs:?}"
            ));
        }
    }
    if paper.trades.len() != trades.len() {
        return Err(format!(
            "{} trades on paper, {} in the backtest",
            paper.trades.len(),
            trades.len()
        ));
    }
    Ok(ours)
}

/// Pairs of an Alpha and a FOMO through a day.
pub(super) fn signals(
    random: &mut Random,
    name: &str,
    from: Timestamp,
    pairs: u64,
) -> Vec<RawSignal> {
    let mut signals = Vec::new();
    for pair in 0..pairs {
        let begin = 60_000 + 86_000_000 / pairs * pair + random.below(3_000_000);
        let gap = random.below(240_000);
        for (kind, after) in [(SignalType::ALPHA, 0), (SignalType::FOMO, gap)] {
            let event = from + Span::from_millis(i64::try_from(begin + after).unwrap());
            let delay = i64::try_from(random.below(3_000)).unwrap();
            signals.push(RawSignal {
                id: format!("{name}-{pair}-{}", kind.0).into(),
                kind,
                name: name.to_owned(),
                event_time: event,
                received_time: Some(event + Span::from_millis(delay)),
            });
        }
    }
    signals.sort_by_key(|signal| signal.received_time);
    signals
}

/// Symbols and days with minutes or trades in the recordings.
const DAYS: [(&str, &str, &[&str]); 12] = [
    (
        "klines/um-1m-archive",
        "ALGOUSDT",
        &["2024-09-05", "2024-09-18"],
    ),
    (
        "klines/um-1m-archive",
        "AVAXUSDT",
        &["2024-02-07", "2024-02-21", "2026-06-10", "2026-07-15"],
    ),
    (
        "klines/um-1m-archive",
        "DOTUSDT",
        &["2025-11-04", "2025-11-21"],
    ),
    (
        "klines/um-1m-archive",
        "FILUSDT",
        &["2024-10-10", "2025-09-22"],
    ),
    (
        "klines/um-1m-archive",
        "LINKUSDT",
        &["2026-02-05", "2026-02-17"],
    ),
    (
        "klines/um-1m-archive",
        "NEARUSDT",
        &["2023-09-12", "2025-11-07", "2025-11-20"],
    ),
    (
        "klines/um-1m",
        "RIVERUSDT",
        &["2026-01-01", "2026-01-10", "2026-01-22"],
    ),
    ("klines/um-1m-archive", "LINKUSDT", &["2026-02-25"]),
    ("klines/um-1m-archive", "DOTUSDT", &["2025-11-14"]),
    ("klines/um-1m-archive", "ALGOUSDT", &["2024-09-27"]),
    ("klines/um-1m-archive", "FILUSDT", &["2024-10-24"]),
    ("trades", "APEUSDT", &["2024-10-18"]),
];

#[test]
fn a_day_on_paper_is_a_day_in_the_backtest() {
    let Some(data) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(5);
    let (mut pairs, mut entries, mut exits, mut rows) = (0, 0, 0, 0);
    for (place, name, days) in DAYS {
        for day in days {
            let from = Timestamp::parse(day).unwrap();
            let to = from.next_day();
            let staged = staged(&data, place, name, (from, to), &mut random);
            let journal = folder.path().join(format!("{name}-{day}.journal"));
            let (settings, summary) = play(&staged, &journal);
            assert_eq!(
                summary.signals.acknowledged,
                staged.signals.len() as u64,
                "{name} {day}"
            );
            let paper = said(&journal);
            let (back, outcome) = backtest(&staged, &settings, &paper, (from, to));
            match compare(&paper, &back, &outcome, to) {
                Ok(same) => rows += same,
                Err(difference) => panic!("{name} {day}: {difference}"),
            }
            pairs += 1;
            exits += paper.trades.len();
            let fills = paper.ledger.iter();
            entries += fills.filter(|entry| entry.symbol.is_some()).count();
        }
    }
    println!(
        "parity: {pairs} (symbol, day) pairs, {rows} rows equal, {exits} trades, {entries} ledger entries"
    );
    assert!(pairs >= 20 && exits >= 20);
}

fn staged(
    data: &std::path::Path,
    place: &str,
    name: &str,
    (from, to): (Timestamp, Timestamp),
    random: &mut Random,
) -> Play {
    let mut sets = vec![
        "simulation.latency_ms=0".to_owned(),
        "simulation.bracket_delay_ms=0".to_owned(),
        "exits.stop_pct=0.6".to_owned(),
        "exits.targets=[{distance_pct=0.5,share_pct=50},{distance_pct=1.2,share_pct=100}]"
            .to_owned(),
    ];
    if random.below(2) == 0 {
        sets.push("exits.trailing.enabled=true".to_owned());
        sets.push("exits.trailing.activation_pct=0.4".to_owned());
        sets.push("exits.trailing.callback_pct=0.3".to_owned());
    }
    if random.below(3) == 0 {
        sets.push("exits.stop_watched=\"mark\"".to_owned());
    }
    if random.below(3) == 0 {
        sets.push("exits.hold_max_s=3600".to_owned());
    }
    let folders: Vec<PathBuf> = [place, "exchange-info", "funding"]
        .iter()
        .map(|part| data.join(part))
        .collect();
    Play {
        data: folders,
        brackets: data.join("exchange-info"),
        symbols: vec![Symbol::new(name)],
        from: Some(from),
        to: Some(to),
        signals: signals(random, name, from, 6),
        sets,
    }
}
