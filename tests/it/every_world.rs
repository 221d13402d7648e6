//! The small worlds of `every_key`, written as the files that a user would have.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use confluence::domain::event::{ManualOrder, Operator};
use confluence::domain::order::{OrderKind, Side};
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::Timestamp;

use crate::every_key::Scenario;

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000;
const MINUTE: i64 = 60_000;
/// The minute of the pair.
const PAIR: i64 = 5;

/// One symbol's minutes, prices in hundredths.
struct Path1m {
    rows: Vec<Row>,
    price: i64,
}

#[derive(Clone, Copy)]
struct Row {
    minute: i64,
    open: i64,
    high: i64,
    low: i64,
    close: i64,
    volume: i64,
}

impl Path1m {
    fn at(price: i64) -> Self {
        Self {
            rows: Vec::new(),
            price,
        }
    }

    fn next_minute(&self) -> i64 {
        self.rows.last().map_or(0, |row| row.minute + 1)
    }

    /// One bar with extremes of its own.
    fn bar(mut self, high: i64, low: i64, close: i64) -> Self {
        self.rows.push(Row {
            minute: self.next_minute(),
            open: self.price,
            high,
            low,
            close,
            volume: 1000,
        });
        self.price = close;
        self
    }

    /// Goes to a price in even steps.
    fn to(mut self, target: i64, minutes: i64) -> Self {
        let from = self.price;
        for step in 1..=minutes {
            let close = from + (target - from) * step / minutes;
            let open = self.price;
            self = self.bar(open.max(close), open.min(close), close);
        }
        self
    }

    fn flat(self, minutes: i64) -> Self {
        let price = self.price;
        self.to(price, minutes)
    }

    fn hole(mut self, from: i64, minutes: i64) -> Self {
        self.rows
            .retain(|row| !(from..from + minutes).contains(&row.minute));
        self
    }
}

/// Writes one data folder.
struct Folder<'a> {
    root: &'a Path,
    signals: String,
    count: usize,
}

fn decimal(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

impl Folder<'_> {
    fn put(&self, kind: &str, symbol: &str, minutes: i64, rows: &[Row]) {
        let folder = self.root.join(kind);
        fs::create_dir_all(&folder).unwrap();
        let mut text = String::from("open_time,open,high,low,close,volume\n");
        for group in rows.chunk_by(|one, other| one.minute / minutes == other.minute / minutes) {
            let time = START + group[0].minute / minutes * minutes * MINUTE;
            let high = group.iter().map(|row| row.high).max().unwrap();
            let low = group.iter().map(|row| row.low).min().unwrap();
            let volume: i64 = group.iter().map(|row| row.volume).sum();
            let [open, high, low, close] =
                [group[0].open, high, low, group[group.len() - 1].close].map(decimal);
            writeln!(text, "{time},{open},{high},{low},{close},{volume}").unwrap();
        }
        fs::write(folder.join(format!("{symbol}-{minutes}m.csv")), text).unwrap();
    }

    fn prices(&self, symbol: &str, path: &Path1m) {
        self.put("klines", symbol, 1, &path.rows);
    }

    fn signal(&mut self, kind: u16, symbol: &str, event: i64, received: i64) {
        self.count += 1;
        let (id, event, received) = (self.count, START + event, START + received);
        writeln!(self.signals, "{id},{kind},{symbol},{event},{received}").unwrap();
    }

    fn pair(&mut self, symbol: &str, minute: i64) {
        self.signal(110, symbol, minute * MINUTE, minute * MINUTE);
        self.signal(113, symbol, minute * MINUTE, minute * MINUTE);
    }
}

/// Writes the files of a scenario.
pub(crate) fn write(scenario: Scenario, root: &Path) {
    let mut folder = Folder {
        root,
        signals: String::from("id,type,symbol,event_time,received_time\n"),
        count: 0,
    };
    match scenario {
        Scenario::Rise
        | Scenario::Fall
        | Scenario::RiseThenFall
        | Scenario::Peak
        | Scenario::Unlisted
        | Scenario::NoPrice => one_pair(scenario, &mut folder),
        Scenario::Ambiguous | Scenario::TwoIntervals => two_intervals(scenario, &mut folder),
        Scenario::MarkWick => mark_wick(&mut folder),
        Scenario::Gaps | Scenario::Intensified | Scenario::Clocks | Scenario::OneClock => {
            signals(scenario, &mut folder);
        }
        Scenario::Crowd => crowd(&mut folder),
        Scenario::Again => {
            folder.pair("AUSDT", PAIR);
            folder.pair("AUSDT", PAIR + 4);
            folder.prices("AUSDT", &Path1m::at(10_000).flat(6).to(9_500, 1).flat(30));
        }
        Scenario::Hold => {
            folder.pair("AUSDT", PAIR);
            folder.pair("AUSDT", PAIR + 24 * 60);
            let path = Path1m::at(10_000).to(10_150, 24 * 60).to(10_100, 24 * 60);
            folder.prices("AUSDT", &path);
        }
        Scenario::LimitByHand => {
            folder.signal(110, "AUSDT", 0, 0);
            let path = Path1m::at(10_000).flat(20).to(9_900, 5).to(10_000, 5);
            folder.prices("AUSDT", &path.to(9_890, 5).to(10_000, 20));
        }
        Scenario::Drawn | Scenario::Verdict | Scenario::Form => {
            unreachable!("these have no world")
        }
    }
    if scenario == Scenario::OneClock {
        let published: String = folder
            .signals
            .lines()
            .filter_map(|line| Some(format!("{}\n", line.rsplit_once(',')?.0)))
            .collect();
        folder.signals = published;
    }
    fs::write(root.join("signals.csv"), folder.signals).unwrap();
}

fn one_pair(scenario: Scenario, folder: &mut Folder<'_>) {
    folder.pair("AUSDT", PAIR);
    let calm = Path1m::at(10_000).flat(PAIR);
    let path = match scenario {
        Scenario::Rise => calm.to(11_207, 60).flat(30),
        Scenario::Fall => calm.flat(1).bar(10_000, 9_500, 9_500).to(9_400, 5).flat(30),
        Scenario::RiseThenFall => calm.to(10_700, 30).to(9_400, 40).flat(30),
        Scenario::Peak => calm.to(10_250, 30).to(9_500, 30).flat(30),
        Scenario::NoPrice => calm.to(10_050, 40).hole(PAIR, 4),
        _ => Path1m::at(731).flat(PAIR + 1).to(690, 30).flat(10),
    };
    folder.prices("AUSDT", &path);
}

fn two_intervals(scenario: Scenario, folder: &mut Folder<'_>) {
    // Half a minute before a bar of either length opens: an entry does not wait for longer than its time to live.
    let heard = 10 * MINUTE - MINUTE / 2;
    folder.signal(110, "AUSDT", heard, heard);
    folder.signal(113, "AUSDT", heard, heard);
    let calm = Path1m::at(10_000).flat(10);
    let path = if scenario == Scenario::Ambiguous {
        calm.to(10_600, 2).to(9_540, 3).flat(10)
    } else {
        Path1m::at(10_000).to(10_200, 60)
    };
    folder.put("klines", "AUSDT", 1, &path.rows);
    folder.put("klines", "AUSDT", 5, &path.rows);
}

/// The contract stays where it is; only the marks move.
fn mark_wick(folder: &mut Folder<'_>) {
    let calm = || Path1m::at(10_000).flat(20);
    let marks = [
        ("AUSDT", calm().bar(10_000, 9_600, 10_000)),
        ("BUSDT", calm().to(10_300, 5).to(10_000, 5)),
        ("CUSDT", calm().bar(11_100, 10_000, 10_000)),
    ];
    for (symbol, mark) in marks {
        folder.pair(symbol, PAIR);
        folder.prices(symbol, &Path1m::at(10_000).flat(60));
        let mark = mark.flat(10);
        folder.put("mark", symbol, 1, &mark.rows);
    }
}

fn signals(scenario: Scenario, folder: &mut Folder<'_>) {
    let rising = || Path1m::at(10_000).to(10_400, 120);
    let second = 1000;
    match scenario {
        Scenario::Gaps => {
            for (index, gap) in [0, 50, 120, 200, 280, 290, 350].into_iter().enumerate() {
                let symbol = format!("G{index}USDT");
                let alpha = PAIR * MINUTE;
                let fomo = alpha + gap * second;
                folder.signal(110, &symbol, alpha, alpha + 2 * MINUTE);
                folder.signal(113, &symbol, fomo, fomo + 2 * MINUTE);
                folder.prices(&symbol, &rising());
            }
        }
        Scenario::Intensified => {
            folder.signal(110, "AUSDT", PAIR * MINUTE, PAIR * MINUTE);
            folder.signal(112, "AUSDT", PAIR * MINUTE, PAIR * MINUTE);
            folder.signal(112, "AUSDT", 40 * MINUTE, 40 * MINUTE);
            folder.prices("AUSDT", &rising());
        }
        Scenario::Clocks => {
            let heard = PAIR * MINUTE;
            folder.signal(110, "AUSDT", heard + second, heard);
            folder.signal(113, "AUSDT", heard + second, heard);
            folder.signal(110, "BUSDT", heard, heard + 20 * MINUTE);
            folder.signal(113, "BUSDT", heard, heard + 20 * MINUTE);
            folder.prices("AUSDT", &rising());
            folder.prices("BUSDT", &rising());
        }
        _ => {
            folder.pair("AUSDT", PAIR);
            folder.prices("AUSDT", &rising());
        }
    }
}

fn crowd(folder: &mut Folder<'_>) {
    for index in 0..8 {
        let symbol = format!("C{index}USDT");
        folder.pair(&symbol, PAIR);
        let path = Path1m::at(10_000).flat(PAIR + 1).to(9_600, 40).flat(20);
        folder.prices(&symbol, &path);
    }
    folder.pair("LATEUSDT", 25);
    folder.prices("LATEUSDT", &Path1m::at(10_000).flat(70));
}

/// Buys at a limit below the market, more than the bars have.
pub(crate) fn limit_by_hand() -> (Timestamp, Operator) {
    let order = ManualOrder {
        symbol: SymbolId::at(0),
        side: Side::Buy,
        kind: OrderKind::Limit {
            price: "99".parse().unwrap(),
            post_only: false,
        },
        qty: Some("150".parse().unwrap()),
        reduce_only: false,
        bracket: None,
        reference: Some(Arc::from("by hand")),
    };
    (
        Timestamp::from_millis(START + MINUTE),
        Operator::Order(order),
    )
}
