//! `sim replay` and what it stands on: a journal's decisions come out again, and one that does not is named.

use std::path::Path;
use std::sync::Arc;

use confluence::backtest::retrace::{Retrace, RetraceError};
use confluence::domain::num::Qty;
use confluence::domain::order::Amount;
use confluence::domain::random::Random;
use confluence::domain::symbol::Symbol;
use confluence::engine::drive;
use confluence::exchange::history::{Engine, History};
use confluence::journal::entry::{Boot, Entry, Listed, Recorded, SaidCommand};
use confluence::journal::reader::read;
use confluence::settings::Settings;
use confluence::trader::{Trader, Upkeep};

use super::open;
use crate::binary::{json, sim, talk};
use crate::support::{at, random_world, usual_model};

/// Runs a random world through the loop with a journal beside it; the trader as it stood in the end.
fn record(path: &Path, seed: u64) -> Trader {
    let mut random = Random::stream(seed, &[5]);
    let world = Arc::new(random_world(&mut random));
    let settings = Settings::defaults();
    let model = usual_model(settings.rules.terms);
    let listing = world.tape.instruments.iter().map(|instrument| Listed {
        symbol: instrument.symbol.clone(),
        instrument: instrument.clone(),
    });
    let boot = Boot {
        version: "0.1.0".to_owned(),
        config: settings.to_toml(),
        listing: listing.collect(),
    };
    let mut trader = Trader::new(
        settings.rules,
        world.tape.instruments.clone(),
        Upkeep::default(),
    );
    let mut history = History::new(&world, &model, Engine::Skip);
    let mut store = open(path).unwrap();
    store.begin(at(0), &boot).unwrap();
    drive(&mut trader, &mut history, &mut store).unwrap();
    store.commit().unwrap();
    trader
}

fn rows(path: &Path) -> Vec<Recorded> {
    read(path).unwrap().map(Result::unwrap).collect()
}

fn retrace(rows: &[Recorded]) -> Result<Retrace, RetraceError> {
    let mut retrace = Retrace::default();
    for row in rows {
        retrace.take(row)?;
    }
    Ok(retrace)
}

#[test]
fn random_journals_lead_to_the_same_trader() {
    let folder = tempfile::tempdir().unwrap();
    let (mut events, mut decisions, mut restarts) = (0, 0, 0);
    for seed in 0..60 {
        let path = folder.path().join(format!("{seed}.db"));
        let trader = record(&path, seed);
        let rows = rows(&path);
        let again = retrace(&rows).unwrap();
        let progress = again.progress();
        events += progress.events;
        decisions += progress.decisions;
        assert!(
            again.finish() == (Some(trader.clone()), Vec::new()),
            "seed {seed}"
        );
        // The same with a restart in the middle that lists one more contract.
        let Entry::Boot(boot) = &rows[0].entry else {
            unreachable!()
        };
        let mut longer = boot.clone();
        let mut added = boot.listing[0].clone();
        added.symbol = Symbol::new("ADDEDUSDT");
        added.instrument.symbol = added.symbol.clone();
        longer.listing.push(added);
        let mut with_restart = rows.clone();
        let middle = Recorded {
            entry: Entry::Boot(longer.clone()),
            epoch: 2,
            ..rows[rows.len() / 2].clone()
        };
        with_restart.insert(rows.len() / 2, middle);
        let (restarted, left) = retrace(&with_restart).unwrap().finish();
        let mut wanted = trader;
        wanted.relist(
            longer
                .listing
                .iter()
                .map(|listed| listed.instrument.clone())
                .collect(),
        );
        assert!(restarted == Some(wanted) && left.is_empty(), "seed {seed}");
        restarts += 1;
    }
    println!(
        "replay: {events} events, {decisions} decisions reproduced, {restarts} restarts with one more contract"
    );
    assert!(events > 1_000 && decisions > 1_000);
}

#[test]
fn a_decision_that_is_missing_added_or_changed_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut met = [0; 3];
    for seed in 0..8 {
        let path = folder.path().join(format!("{seed}.db"));
        record(&path, seed);
        let rows = rows(&path);
        for place in 0..rows.len() {
            let row = &rows[place];
            if !matches!(row.entry, Entry::Noted(_) | Entry::Said(_)) {
                continue;
            }
            let mut without = rows.clone();
            without.remove(place);
            let heard_after = rows[place..]
                .iter()
                .any(|row| matches!(row.entry, Entry::Heard(_)));
            let differs =
                |rows: &[Recorded]| matches!(retrace(rows), Err(RetraceError::Differs(_)));
            if heard_after {
                assert!(differs(&without), "seed {seed}, without row {}", row.seq);
                met[0] += 1;
            }
            let mut twice = rows.clone();
            twice.insert(place, row.clone());
            let same_follows = rows
                .get(place + 1)
                .is_some_and(|next| next.entry == row.entry);
            if !same_follows {
                assert!(differs(&twice), "seed {seed}, twice row {}", row.seq);
                met[1] += 1;
            }
            if let Entry::Said(SaidCommand::Submit(request)) = &row.entry {
                let mut request = request.clone();
                request.amount = Amount::Exact(Qty::from_steps(123).unwrap());
                let mut changed = rows.clone();
                changed[place].entry = Entry::Said(SaidCommand::Submit(request));
                assert!(differs(&changed), "seed {seed}, changed row {}", row.seq);
                met[2] += 1;
            }
        }
    }
    println!(
        "replay: {} missing, {} repeated, {} changed decisions named",
        met[0], met[1], met[2]
    );
    assert!(met.iter().all(|count| *count > 10));
}

#[test]
fn the_command_tells_explains_and_finds_differences() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    record(&path, 3);
    let rows = rows(&path);
    let report = json(sim().arg("replay").arg(&path));
    let said = rows
        .iter()
        .filter(|row| matches!(row.entry, Entry::Noted(_) | Entry::Said(_)));
    let heard = rows
        .iter()
        .filter(|row| matches!(row.entry, Entry::Heard(_)));
    assert_eq!(report["decisions"], said.count());
    assert_eq!(report["events"], heard.clone().count());
    assert!(report["first_difference"].is_null(), "{report}");
    let middle = rows[rows.len() / 2].at.to_text();
    let output = sim()
        .args(["replay", "--explain", "--until", &middle])
        .arg(&path)
        .output()
        .unwrap();
    let text = talk(&output);
    assert!(output.status.success(), "{text}");
    for part in [
        "decisions reproduced",
        "halts: ",
        "entries of the UTC day: ",
        "signal ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let sample: Vec<&str> = text.lines().take(14).collect();
    println!("{}", sample.join("\n"));
    let explained = json(sim().arg("replay").arg("--explain").arg(&path));
    let told = explained["explained"].as_array().unwrap();
    let refusals = told
        .iter()
        .filter_map(|sentence| sentence["text"].as_str())
        .filter(|text| text.contains("refused by gate"));
    // What stands behind the gate follows its name.
    let refusals = refusals.inspect(|text| assert!(text.split(": ").count() > 1, "{text}"));
    println!(
        "replay: {} sentences, {} refusals with figures",
        told.len(),
        refusals.count()
    );
    // The same rows, one order larger, in a journal whose chain is sound.
    let changed = folder.path().join("changed.db");
    let mut store = open(&changed).unwrap();
    let mut orders = 0;
    for row in &rows {
        let mut entry = row.entry.clone();
        if let Entry::Boot(boot) = &entry {
            store.begin(row.at, boot).unwrap();
            continue;
        }
        if let Entry::Said(SaidCommand::Submit(request)) = &mut entry {
            request.amount = Amount::All;
            orders += 1;
        }
        store.append(row.at, &entry).unwrap();
    }
    store.commit().unwrap();
    drop(store);
    assert!(orders > 0);
    let output = sim().arg("replay").arg(&changed).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", talk(&output));
    assert!(
        talk(&output).contains("first difference: row "),
        "{}",
        talk(&output)
    );
    for (arguments, code) in [
        (vec!["nowhere.db"], 1),
        (vec!["nowhere.db", "--until", "soon"], 2),
        (vec![], 2),
    ] {
        let output = sim().arg("replay").args(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(!talk(&output).contains("internal error"), "{arguments:?}");
    }
    println!(
        "replay: {} rows, {orders} changed orders, 3 wrong uses",
        rows.len()
    );
}
