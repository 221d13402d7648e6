//! The tape as a stream of events: order, volume, numbers, marks, funding, and that nothing is said ahead.

use std::fs;
use std::path::Path;
use std::time::Instant;

use confluence::domain::market::{MarketEvent, News};
use confluence::domain::num::{Price, Qty};
use confluence::domain::random::Random;
use confluence::domain::symbol::{Symbol, SymbolId};
use confluence::domain::time::{Span, Timestamp};
use confluence::market::agg_trades::{self, AggTrade, AggTrades};
use confluence::market::instruments::{Fallback, RuleBook};
use confluence::market::library::Library;
use confluence::market::load::{Loaded, Request};
use confluence::market::place::TRADES_ASIDE;
use confluence::market::tape::Tape;
use confluence::market::ticks::path::{points, split_volume};
use confluence::market::ticks::{TickRules, Ticks};
use confluence::market::window::Window;
use tempfile::TempDir;

use crate::support::{MINUTE, ORIGIN, at, price, random_world, rate};

const WORLDS: u64 = 60;

fn whole() -> Window {
    Window {
        from: at(ORIGIN),
        to: at(ORIGIN + 6 * 1_440 * MINUTE),
    }
}

fn rules(window: Window) -> TickRules {
    TickRules {
        window,
        spread: None,
    }
}

/// Trades recorded on the second day of some symbols.
fn random_trades(random: &mut Random, tape: &Tape) -> Vec<Option<AggTrades>> {
    let one = |random: &mut Random| {
        let mut trades = AggTrades::default();
        let mut time = ORIGIN + 1_440 * MINUTE + random.between(0, 60_000);
        for id in 900_000..900_001 + random.below(400) {
            trades
                .push(AggTrade {
                    id,
                    time: at(time),
                    price: price(random.between(1, 2_000) * 1_000_000),
                    qty: Qty::from_steps(random.between(1, 1_000_000)).unwrap(),
                })
                .unwrap();
            time += random.between(0, 90_000);
        }
        trades
    };
    (0..tape.series.len())
        .map(|_| random.one_in(2).then(|| one(random)))
        .collect()
}

#[test]
fn streams_are_ordered_numbered_and_lossless() {
    let (mut events, mut trades, mut quotes, mut marks, mut recorded) = (0, 0, 0, 0, 0);
    for seed in 0..WORLDS {
        let random = &mut Random::new(seed);
        let tape = random_world(random).tape;
        let own = random_trades(random, &tape);
        let ticks = Ticks::new(&tape, &own, rules(whole()));
        let mut last = None;
        let mut ids: Vec<Option<u64>> = vec![None; tape.series.len()];
        let mut quote = None;
        for event in &ticks {
            events += 1;
            let key = (event.at, event.instant_key());
            assert!(
                last.is_none_or(|last| last <= key),
                "seed {seed}: {event:?}"
            );
            last = Some(key);
            match event.news {
                News::Quote { bid, ask } => {
                    quotes += 1;
                    assert_eq!(bid, ask, "seed {seed}");
                    quote = Some((event.symbol, event.at, bid));
                }
                News::Trade { price, qty } => {
                    trades += 1;
                    assert_eq!(quote, Some((event.symbol, event.at, price)), "seed {seed}");
                    let id = ids[event.symbol.index()]
                        .map_or_else(|| ticks.index().first_id(event.symbol), |id| Some(id + 1))
                        .unwrap();
                    ids[event.symbol.index()] = Some(id);
                    let known = ticks.trade(event.symbol, id).unwrap();
                    assert_eq!((known.at, known.price, known.qty), (event.at, price, qty));
                    let first = ticks.first_id_from(event.symbol, event.at).unwrap();
                    assert!(first <= id, "seed {seed}");
                    assert_eq!(ticks.trade(event.symbol, first).unwrap().at, event.at);
                    let next = event.at + Span::from_millis(1);
                    assert!(ticks.first_id_from(event.symbol, next).unwrap() > id);
                }
                News::Mark { funding, .. } => {
                    marks += 1;
                    assert_eq!(event.at.millis() % 1_000, 0, "seed {seed}");
                    assert!(funding.is_none_or(|next| next.at > event.at), "seed {seed}");
                    let all = tape.series[event.symbol.index()].as_ref();
                    let all = all.map_or(&[][..], |series| series.funding());
                    let next = all.iter().find(|record| record.time > event.at);
                    assert_eq!(
                        funding.map(|next| (next.at, next.rate)),
                        next.map(|record| (record.time, record.rate))
                    );
                }
            }
        }
        for (index, last) in ids.iter().enumerate() {
            let symbol = SymbolId::at(index);
            let count = ticks.index().count(symbol);
            let first = ticks.index().first_id(symbol);
            assert_eq!(last.map(|last| last + 1), first.map(|first| first + count));
            if let (Some(own), Some(first)) = (&own[index], first) {
                recorded += own.len();
                let before = ticks.first_id_from(symbol, own.time[0]).unwrap() - first;
                assert!(
                    before > 899_999 || ticks.trade(symbol, 900_000).unwrap().at == own.time[0]
                );
            }
        }
    }
    println!(
        "{WORLDS} worlds, {events} events: {trades} trades, {quotes} quotes, {marks} marks; {recorded} recorded trades"
    );
    assert!(trades > 100_000 && marks > 100_000 && recorded > 1_000);
}

#[test]
fn every_bar_comes_back_from_its_trades() {
    let (mut bars_met, mut dull) = (0, 0);
    for seed in 0..WORLDS {
        let tape = random_world(&mut Random::new(seed)).tape;
        let mut prices: Vec<Vec<(Timestamp, Price, Qty)>> = vec![Vec::new(); tape.series.len()];
        for event in &Ticks::new(&tape, &[], rules(whole())) {
            if let News::Trade { price, qty } = event.news {
                prices[event.symbol.index()].push((event.at, price, qty));
            }
        }
        for (series, trades) in tape.series.iter().zip(&prices) {
            let Some(series) = series else { continue };
            let mut rest = trades.as_slice();
            for row in 0..series.len() {
                let bar = series.bars().get(row);
                let end = series.end_time(row);
                let (own, later) = rest.split_at(rest.partition_point(|trade| trade.0 < end));
                rest = later;
                if bar.volume.is_zero() {
                    dull += 1;
                    assert!(own.is_empty());
                    continue;
                }
                bars_met += 1;
                let sum: i64 = own.iter().map(|trade| trade.2.steps()).sum();
                assert_eq!(own.len(), 4);
                assert_eq!(own[0].0, bar.open_time);
                assert_eq!((own[0].1, own[3].1), (bar.open, bar.close));
                assert_eq!(own.iter().map(|trade| trade.1).max(), Some(bar.high));
                assert_eq!(own.iter().map(|trade| trade.1).min(), Some(bar.low));
                assert_eq!(sum, bar.volume.steps());
                assert_eq!(
                    own[1].1 == bar.low,
                    bar.close >= bar.open || bar.low == bar.high
                );
                assert!(own.iter().all(|trade| !trade.2.is_zero()));
            }
            assert!(rest.is_empty());
        }
    }
    println!("{bars_met} bars came back, {dull} without volume gave no trade");
    assert!(bars_met > 10_000 && dull > 0);
    let tiny = split_volume(Qty::from_steps(2).unwrap());
    assert!(tiny.iter().all(|part| part.steps() == 1));
}

/// Events before an instant without what is said of funding to come.
fn before(ticks: &Ticks<'_>, cut: Timestamp) -> Vec<MarketEvent> {
    let plain = |mut event: MarketEvent| {
        if let News::Mark { price, .. } = event.news {
            event.news = News::Mark {
                price,
                funding: None,
            };
        }
        event
    };
    ticks
        .iter()
        .take_while(|event| event.at < cut)
        .map(plain)
        .collect()
}

#[test]
fn what_comes_after_a_cut_changes_nothing_before_it() {
    let mut compared = 0;
    for seed in 0..WORLDS / 2 {
        let random = &mut Random::new(seed);
        let tape = random_world(random).tape;
        let own = random_trades(random, &tape);
        let cut = at(ORIGIN + random.between(100, 3_000) * MINUTE);
        let window = Window {
            from: whole().from,
            to: cut,
        };
        let short = tape.within(window);
        let cut_own: Vec<_> = own
            .iter()
            .map(|own| {
                own.as_ref()
                    .map(|own| own.within(window))
                    .filter(|own| !own.is_empty())
            })
            .collect();
        let all = before(&Ticks::new(&tape, &own, rules(whole())), cut);
        let known = before(&Ticks::new(&short, &cut_own, rules(window)), cut);
        // A day is told from trades as soon as one was recorded in it; cut before the first, bars tell it.
        let day_of_cut = |own: &Option<AggTrades>| {
            own.as_ref().is_some_and(|own| {
                own.time
                    .iter()
                    .any(|time| *time >= cut && time.day() == (cut - Span::from_millis(1)).day())
                    && !own.time.iter().any(|time| *time < cut)
            })
        };
        if own.iter().any(day_of_cut) {
            continue;
        }
        compared += all.len();
        assert!(all == known, "seed {seed}");
        // From the middle on, the same events come as from the start.
        let middle = at(ORIGIN + random.between(0, 1_000) * MINUTE + random.between(0, 59_999));
        let late = Ticks::new(
            &tape,
            &own,
            rules(Window {
                from: middle,
                to: cut,
            }),
        );
        let late = before(&late, cut);
        let rest: Vec<_> = all.into_iter().filter(|event| event.at >= middle).collect();
        assert!(late == rest, "seed {seed} from {middle}");
    }
    println!("{compared} events compared");
    assert!(compared > 100_000);
}

#[test]
fn a_spread_lies_around_the_price_on_ticks() {
    let mut met = 0;
    for seed in 0..8 {
        let tape = random_world(&mut Random::new(seed)).tape;
        let ticks = Ticks::new(
            &tape,
            &[],
            TickRules {
                window: whole(),
                spread: Some(rate("0.001")),
            },
        );
        let mut quote = None;
        for event in &ticks {
            match event.news {
                News::Quote { bid, ask } => quote = Some((bid, ask)),
                News::Trade { price, .. } => {
                    let (bid, ask) = quote.unwrap();
                    let tick = tape.instruments[event.symbol.index()].tick;
                    assert!(
                        bid < price && price < ask && bid.is_on_tick(tick) && ask.is_on_tick(tick)
                    );
                    assert!((ask.steps() - bid.steps()) * 1_000 >= price.steps());
                    met += 1;
                }
                News::Mark { .. } => {}
            }
        }
    }
    println!("{met} quotes with a spread");
    assert!(met > 1_000);
}

fn fallback() -> Fallback {
    Fallback {
        tick: None,
        step: "0.001".parse().unwrap(),
        qty_min: "0.001".parse().unwrap(),
        market_qty_max: "1000000".parse().unwrap(),
        notional_min: "5".parse().unwrap(),
        liquidation_fee: "0.015".parse().unwrap(),
        brackets: vec![confluence::domain::instrument::Bracket {
            floor: "0".parse().unwrap(),
            cap: "1000000".parse().unwrap(),
            maintenance: "0.01".parse().unwrap(),
            deduction: "0".parse().unwrap(),
        }],
    }
}

fn load(folder: &Path, names: &[&str], window: Window, trades: bool) -> Loaded {
    let library = Library::open(&[folder.to_owned()]).unwrap();
    let request = Request {
        symbols: names.iter().map(|name| Symbol::new(name)).collect(),
        window,
        interval: None,
        drop_unfinished: false,
        trades,
        fallback: fallback(),
    };
    let mut rules = RuleBook::open(&library.rules).unwrap();
    library.load(&request, &mut rules).unwrap()
}

#[test]
fn recorded_trades_come_as_they_were_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if !folder.join("README.md").is_file() {
        assert!(std::env::var_os("SIM_REQUIRE_SHARED").is_none());
        println!("SKIPPED: {} is absent", folder.display());
        return;
    }
    let day = |text: &str| Timestamp::parse(text).unwrap();
    let window = Window {
        from: day("2024-10-18"),
        to: day("2024-10-19"),
    };
    let library = Library::open(std::slice::from_ref(&folder)).unwrap();
    assert_eq!(library.trades.len(), 1);
    assert!(library.aside[TRADES_ASIDE].contains(&library.trades[0].path));
    assert!(load(&folder, &["APEUSDT"], window, false).trades[0].is_none());
    let loaded = load(&folder, &["APEUSDT"], window, true);
    let own = loaded.trades[0].as_ref().unwrap();
    assert_eq!(own.len(), 45_342);
    let bars = loaded.tape.series[0].as_ref().unwrap().bars();
    assert_eq!(bars.interval.millis(), MINUTE);
    let ticks = Ticks::new(&loaded.tape, &loaded.trades, rules(window));
    let told: Vec<_> = ticks
        .iter()
        .filter_map(|event| match event.news {
            News::Trade { price, qty } => Some((event.at, price, qty)),
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), own.len());
    for (row, trade) in told.iter().enumerate() {
        assert_eq!(*trade, (own.time[row], own.price[row], own.qty[row]));
    }
    let symbol = SymbolId::at(0);
    assert_eq!(ticks.index().first_id(symbol), Some(171_927_517));
    let last = ticks.trade(symbol, 171_927_517 + 45_341).unwrap();
    assert_eq!(last.id, *own.id.last().unwrap());
    println!(
        "{} recorded trades, {} minutes built of them",
        own.len(),
        bars.len()
    );
}

#[test]
fn broken_archives_are_refused_with_their_row() {
    let folder = TempDir::new().unwrap();
    let good = "5,1.5,2,10,11,1729209603958,false\n6,1.6,2,12,12,1729209604000,true\n";
    let read = |text: &str| {
        let path = folder.path().join("AUSDT-aggTrades.csv");
        fs::write(&path, text).unwrap();
        agg_trades::read(&path)
    };
    let header =
        "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n";
    assert_eq!(read(good).unwrap().len(), 2);
    assert_eq!(read(&format!("{header}{good}")).unwrap().id, [5, 6]);
    let micros = good
        .replace("3958,", "3958000,")
        .replace("4000,", "4000000,");
    assert_eq!(read(&micros).unwrap().time, read(good).unwrap().time);
    let mut refused = 0;
    for (from, to) in [
        ("6,1.6", "5,1.6"),
        ("1.6", "NaN"),
        ("1.6", "0"),
        ("1.6", "-1"),
        (",2,12", ",0,12"),
        (",2,12", ",-2,12"),
        ("1729209604000", "1729209603000"),
        ("1729209604000", "1729209604"),
        ("1729209604000", "soon"),
        (",true", ""),
        (",true", ",true,true"),
        (",true", ",perhaps"),
        ("12,12", "12,11"),
        ("6,1.6", "\n6,1.6"),
        ("6,1.6", "x,1.6"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good);
        let wrong = read(&text).unwrap_err().to_string();
        assert!(wrong.contains("AUSDT-aggTrades.csv:"), "{wrong}");
        assert!(wrong.contains("hint:"), "{wrong}");
        refused += 1;
    }
    assert!(read("").is_err() && read(header).is_err());
    assert!(read(&header.replace("price", "prize")).is_err());
    println!("{refused} broken rows refused");
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a speed is told")]
fn the_speed_is_worth_saying() {
    let tape = random_world(&mut Random::new(3)).tape;
    let ticks = Ticks::new(&tape, &[], rules(whole()));
    let begun = Instant::now();
    let mut count = 0_u64;
    let mut sum = 0_i64;
    while begun.elapsed().as_millis() < 300 {
        for event in &ticks {
            count += 1;
            sum ^= event.at.millis();
        }
    }
    let rate = count as f64 / begun.elapsed().as_secs_f64() / 1e6;
    let bars: usize = tape
        .series
        .iter()
        .flatten()
        .map(|series| series.len())
        .sum();
    println!("{rate:.1} million events a second ({bars} bars, {sum})");
    assert!(count > 1_000_000);
    let bar = tape.series.iter().flatten().next().unwrap().bars().get(0);
    assert_eq!(
        points(&bar, Span::from_millis(MINUTE))[3].0.millis() % MINUTE,
        59_999
    );
}
