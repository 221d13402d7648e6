//! Skipping and stepping give the same event log, byte for byte, on tapes that hold everything a run can meet.

use std::collections::BTreeMap;
use std::sync::Arc;

use confluence::backtest::log::Row;
use confluence::domain::event::{AccountUpdate, Event, Note};
use confluence::domain::random::Random;
use confluence::exchange::history::Engine;

use crate::support::{random_model, random_rules, random_world, run};

#[test]
fn skip_equals_step_on_random_worlds() {
    let seeds = std::env::var("SKIP_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(3_000_u64);
    let first = std::env::var("SKIP_FIRST")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0_u64);
    let mut met: BTreeMap<String, u64> = BTreeMap::new();
    for seed in first..first + seeds {
        let mut random = Random::stream(seed, &[100]);
        let world = Arc::new(random_world(&mut random));
        let rules = random_rules(&mut random);
        let model = random_model(&mut random, rules.terms);
        let (step, step_log) = run(&world, &rules, &model, Engine::Step);
        let (skip, skip_log) = run(&world, &rules, &model, Engine::Skip);
        if step_log.hash() != skip_log.hash() || step_log.rows() != skip_log.rows() {
            let index = step_log
                .rows()
                .iter()
                .zip(skip_log.rows())
                .position(|(one, other)| one != other);
            let index = index.unwrap_or_else(|| step_log.rows().len().min(skip_log.rows().len()));
            let from = index.saturating_sub(6);
            for (at, row) in &step_log.rows()[from..index] {
                eprintln!("same  {at} {row:?}");
            }
            eprintln!("step  {:?}", step_log.rows().get(index));
            eprintln!("skip  {:?}", skip_log.rows().get(index));
            panic!("seed {seed}: the logs differ at row {index}; rules {rules:?} model {model:?}");
        }
        assert_eq!(step.trades, skip.trades, "seed {seed}");
        assert_eq!(step.counters, skip.counters, "seed {seed}");
        assert_eq!(
            (step.wallet, step.equity),
            (skip.wallet, skip.equity),
            "seed {seed}"
        );
        assert_eq!(step.ledger, skip.ledger, "seed {seed}");
        let mut count = |what: String, by: u64| *met.entry(what).or_default() += by;
        for trade in &skip.trades {
            trade
                .exits
                .iter()
                .for_each(|reason| count(format!("exit {reason}"), 1));
        }
        count("ambiguous bars".into(), skip.counters.ambiguous_bars);
        count("drilled bars".into(), skip.counters.drilled_bars);
        count(
            "residual ambiguous".into(),
            skip.counters.residual_ambiguous,
        );
        count("detail ignored".into(), skip.counters.detail_ignored);
        count("stale fills".into(), skip.counters.stale_fills);
        for (index, (_, row)) in skip_log.rows().iter().enumerate() {
            match row {
                Row::Noted(Note::Halted(cause)) => count(format!("halt {}", cause.name()), 1),
                Row::Noted(Note::Refused { gate, .. }) => count(format!("gate {}", gate.name()), 1),
                Row::Heard(Event::Account(AccountUpdate::Funding { .. })) => {
                    count("funding".into(), 1)
                }
                Row::Heard(Event::Account(AccountUpdate::DayStarted { .. })) => {
                    count("days".into(), 1)
                }
                Row::Noted(Note::Surprise { what, .. }) => {
                    panic!(
                        "seed {seed}: surprise: {what}: {:#?}",
                        &skip_log.rows()[index.saturating_sub(25)..=index]
                    )
                }
                _ => {}
            }
        }
    }
    let wanted = [
        "exit sl",
        "exit tp1",
        "exit tp2",
        "exit tp3",
        "exit trailing",
        "exit break_even",
        "exit time_stop",
        "exit risk_signal",
        "exit halt_flatten",
        "exit liquidation",
        "exit delisted",
        "exit end_of_data",
        "exit script",
        "halt daily_loss",
        "halt halted",
        "funding",
        "days",
        "ambiguous bars",
        "drilled bars",
        "residual ambiguous",
        "detail ignored",
        "stale fills",
    ];
    println!("skip = step on {seeds} random worlds; met {met:?}");
    for what in wanted {
        let times = met.get(what).copied().unwrap_or(0);
        assert!(
            times >= 20 || seeds < 1_000,
            "{what} was met only {times} times"
        );
    }
}
