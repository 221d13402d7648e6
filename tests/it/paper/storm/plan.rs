//! What a seed is about: a stretch of the sample, settings, signals, deaths of the process, bad senders, the operator.
//!
//! Not here: playing it (`round`), faults of the market server (`weather`).
//! Invariant: a plan hangs on its seed alone.

use std::path::{Path, PathBuf};

use confluence::domain::random::Random;
use confluence::domain::signal::{RawSignal, SignalType};
use confluence::domain::symbol::Symbol;
use confluence::domain::time::{Span, Timestamp};

use super::operator::Wish;
use super::pranks::{Prank, made};
use super::weather::Weather;
use crate::paper::stage::Play;

/// Contracts of the sample and the names the feed has for their coins.
const COINS: [(&str, &str); 3] = [
    ("SYNAUSDT", "SYNA"),
    ("SYNBUSDT", "SYNB"),
    ("1000SYNCUSDT", "SYNC"),
];

/// Minutes at the end of a tape in which nothing new is sent.
const LAST_CALM: i64 = 4;

/// Where a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At any write point.
    Any,
    /// Before a commit.
    Before,
    /// After a commit, before anybody hears of it.
    After,
}

/// One death: at the `nth` point of its kind after a start, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Death {
    pub(super) place: Place,
    pub(super) nth: u64,
}

/// One schedule.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// Whether playing it tells everything.
    pub(super) traced: bool,
    pub(super) play: Play,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) weather: Weather,
    pub(super) deaths: Vec<Death>,
    pub(super) pranks: Vec<Prank>,
    pub(super) wishes: Vec<(Timestamp, Wish)>,
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample")
}

impl Plan {
    pub(super) fn of(seed: u64) -> Self {
        let mut random = Random::stream(seed, &[0]);
        let weather = Weather::of(seed);
        let minutes = random.between(20, 120);
        let from = start(&mut random, minutes);
        let to = from + Span::from_millis(minutes * 60_000);
        let mut coins = COINS.to_vec();
        random.shuffle(&mut coins);
        coins.truncate(usize::try_from(random.between(1, 2)).unwrap());
        let until = minutes - LAST_CALM;
        let signals = signals(&mut random, &coins, from, until);
        let wishes = wishes(&mut random, &coins, from, until);
        let pranks = made::of(seed, &coins, from, until);
        let deaths = (0..random.below(4)).map(|_| death(&mut random)).collect();
        Self {
            seed,
            traced: false,
            play: Play {
                data: vec![sample()],
                brackets: sample(),
                symbols: coins.iter().map(|(name, _)| Symbol::new(name)).collect(),
                from: Some(from),
                to: Some(to),
                signals,
                sets: sets(&mut random),
            },
            from,
            to,
            weather,
            deaths,
            pranks,
            wishes,
        }
    }

    /// The last gate: nothing new is sent after it and nobody dies.
    pub(super) fn calm_from(&self) -> Timestamp {
        self.to - Span::from_millis(LAST_CALM * 60_000)
    }

    /// Whether the run must be the same as a backtest.
    pub(super) fn is_repeatable(&self) -> bool {
        self.weather.is_exact()
    }
}

/// A whole minute of the sample; one in three tapes passes a midnight, one in three a settlement.
fn start(random: &mut Random, minutes: i64) -> Timestamp {
    let first = Timestamp::parse("2024-03-02T00:00:00Z").unwrap();
    let day = random.between(0, 17) * 1_440;
    let minute = match random.below(3) {
        0 => 1_440 - random.between(5, minutes - 5),
        1 => 960 - random.between(5, minutes - 5),
        _ => random.between(0, 1_300),
    };
    first + Span::from_millis((day + minute) * 60_000)
}

fn death(random: &mut Random) -> Death {
    let place = match random.below(3) {
        0 => Place::Any,
        1 => Place::Before,
        _ => Place::After,
    };
    // Early deaths and late ones are as frequent.
    let most = 1_i64 << random.between(0, if place == Place::Any { 10 } else { 7 });
    let nth = u64::try_from(random.between(1, most)).unwrap();
    Death { place, nth }
}

/// Pairs that match and lone messages, in the coins' own spellings.
fn signals(
    random: &mut Random,
    coins: &[(&str, &str)],
    from: Timestamp,
    until: i64,
) -> Vec<RawSignal> {
    let mut signals = Vec::new();
    for (_, coin) in coins {
        for pair in 0..random.between(1, 4) {
            let begin = random.between(30_000, (until * 60_000 - 200_000).max(60_000));
            let gap = random.between(0, 180_000);
            let second = match random.below(4) {
                0 => SignalType::FOMO_INTENSIFIED,
                _ => SignalType::FOMO,
            };
            for (kind, after) in [(SignalType::ALPHA, 0), (second, gap)] {
                if random.one_in(12) {
                    continue;
                }
                let event = from + Span::from_millis(begin + after);
                let delay = Span::from_millis(random.between(0, 3_000));
                signals.push(RawSignal {
                    id: format!("s-{coin}-{pair}-{}", kind.0).into(),
                    kind,
                    name: (*coin).to_owned(),
                    event_time: event,
                    received_time: Some(event + delay),
                });
            }
        }
    }
    signals.sort_by_key(|signal| signal.received_time);
    signals
}

fn wishes(
    random: &mut Random,
    coins: &[(&str, &str)],
    from: Timestamp,
    until: i64,
) -> Vec<(Timestamp, Wish)> {
    let mut wishes: Vec<(Timestamp, Wish)> = (0..random.below(6))
        .map(|_| {
            let at = from + Span::from_millis(random.between(20_000, until * 60_000));
            let coin = usize::try_from(random.below(coins.len() as u64)).unwrap();
            let name = coins[coin].0.to_owned();
            let wish = match random.below(9) {
                0 | 1 => Wish::Pause,
                2 | 3 => Wish::Resume,
                4 => Wish::Flatten,
                5 => Wish::Close(name),
                6 | 7 => Wish::Restart,
                _ => Wish::Cancel(name),
            };
            (at, wish)
        })
        .collect();
    wishes.sort_by_key(|(at, _)| *at);
    wishes
}

/// Settings of the strategy and of the run: small distances, so that stops and targets are reached within the hour.
fn sets(random: &mut Random) -> Vec<String> {
    let latency = [0, 0, 250][usize::try_from(random.below(3)).unwrap()];
    let stop = random.between(5, 60);
    let target = random.between(5, 60);
    let mut sets = vec![
        "live.control.listen=\"127.0.0.1:0\"".to_owned(),
        "live.market.silent_after_s=1".to_owned(),
        format!("simulation.latency_ms={latency}"),
        format!("simulation.bracket_delay_ms={latency}"),
        format!("exits.stop_pct={}.{:02}", stop / 100, stop % 100),
        format!(
            "exits.targets=[{{distance_pct=0.{target:02},share_pct=50}},{{distance_pct=1.2,share_pct=100}}]"
        ),
        format!("account.leverage={}", random.between(1, 10)),
        format!(
            "sizing.total_pct={}",
            [15, 50][usize::try_from(random.below(2)).unwrap()]
        ),
        format!(
            "daily.trades_max={}",
            [1, 2, 20][usize::try_from(random.below(3)).unwrap()]
        ),
        format!(
            "daily.loss_max_pct={}",
            ["0.02", "0.1", "5"][usize::try_from(random.below(3)).unwrap()]
        ),
    ];
    let mut maybe = |one_in: u64, set: &str| {
        if random.one_in(one_in) {
            sets.push(set.to_owned());
        }
    };
    maybe(2, "account.margin_mode=\"cross\"");
    maybe(4, "entries.direction=\"short\"");
    maybe(3, "daily.halt_action=\"flatten\"");
    maybe(4, "daily.halt_basis=\"realized\"");
    maybe(3, "exits.stop_watched=\"mark\"");
    maybe(3, "exits.hold_max_s=900");
    maybe(3, "exits.break_even.enabled=true");
    maybe(4, "sizing.score_scaling=true");
    maybe(4, "signals.role_112=\"both\"");
    maybe(5, "entries.cooldown_s=600");
    if random.one_in(2) {
        let callback = random.between(1, 3);
        sets.push("exits.trailing.enabled=true".to_owned());
        sets.push(format!("exits.trailing.callback_pct=0.{callback}"));
        sets.push(format!(
            "exits.trailing.activation_pct=0.{}",
            random.between(callback + 1, 5)
        ));
    }
    sets
}
