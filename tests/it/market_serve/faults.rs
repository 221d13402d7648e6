//! Planned faults of the market server happen, are counted, and are the same again with the same seed.

use std::time::Duration;

use confluence::lookalike::faults::{FAULTS, FaultPlan};
use confluence::lookalike::summary::Summary;
use serde_json::{Value, json};

use super::client::{Heard, Said, ask, block, config, market, public, start, text};
use super::{FROM, hear};

fn planned(text: &str, seed: u64) -> (Heard, Heard, Summary) {
    let mut config = config(FROM, 60);
    config.faults = FaultPlan::parse(text, seed).unwrap();
    hear(config)
}

fn count(summary: &Summary, name: &str) -> u64 {
    summary
        .faults
        .iter()
        .find(|(kind, _)| *kind == name)
        .unwrap()
        .1
}

fn texts(heard: &Heard) -> Vec<&str> {
    let texts = heard.frames.iter().filter_map(|frame| match frame {
        Said::Text(text) => Some(text.as_str()),
        Said::Ping(_) => None,
    });
    texts.collect()
}

#[test]
fn spoiled_streams_are_spoiled_the_same_way_again() {
    let clean = planned("", 1);
    let clean_count = (texts(&clean.0).len() + texts(&clean.1).len()) as u64;
    let plan = "duplicate=0.05,gap=0.02,delay=0.02,malformed=0.02";
    let (public, market, summary) = planned(plan, 7);
    let again = planned(plan, 7);
    assert_eq!(summary.faults, again.2.faults);
    assert_eq!(texts(&public), texts(&again.0));
    assert_eq!(texts(&market), texts(&again.1));
    let other = planned(plan, 8);
    assert_ne!(texts(&market), texts(&other.1));
    let held = |summary: &Summary| {
        count(summary, "duplicate") + count(summary, "malformed") - count(summary, "gap")
    };
    let heard = (texts(&public).len() + texts(&market).len()) as u64;
    // Frames still held back at the end never came.
    let wanted = clean_count + held(&summary);
    assert!(
        heard <= wanted && heard + 10 >= wanted,
        "{heard} of {wanted}"
    );
    let broken = texts(&market)
        .iter()
        .chain(&texts(&public))
        .filter(|text| {
            let value: Result<Value, _> = serde_json::from_str(text);
            value.is_err()
        })
        .count();
    assert!(broken > 0 && (broken as u64) < count(&summary, "malformed"));
    println!("{clean_count} frames; {summary}; {broken} are no JSON");
}

#[test]
fn faults_heal_when_they_should() {
    let (public, _, summary) = planned("duplicate=0.5,heal_after=10", 1);
    assert_eq!(count(&summary, "duplicate"), 10);
    assert!(summary.complete && !texts(&public).is_empty());
    println!("{summary}");
}

#[test]
fn connections_end_and_fall_silent() {
    let mut config = config(FROM, 240);
    config.faults = FaultPlan::parse("disconnect=0.001,silence=0.0005,wrong_route=0.1", 5).unwrap();
    let running = start(config);
    let address = running.address;
    // Each route comes back as long as the tape runs; one that hears nothing for a while begins anew.
    let keep = |path: String| async move {
        let mut rounds = (0, 0);
        loop {
            let Ok((mut socket, _)) =
                tokio_tungstenite::connect_async(format!("ws://{address}{path}")).await
            else {
                return rounds;
            };
            let mut heard = false;
            while text(&mut socket, Duration::from_millis(400))
                .await
                .is_some()
            {
                heard = true;
            }
            rounds.0 += 1;
            rounds.1 += u32::from(heard);
        }
    };
    let (one, other) = block(async {
        let public = tokio::spawn(keep(public()));
        let market = tokio::spawn(keep(market()));
        while !running.is_over() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        (public.await.unwrap(), market.await.unwrap())
    });
    let summary = running.wait();
    assert!(summary.complete, "{summary}");
    for kind in ["disconnect", "silence", "wrong_route"] {
        assert!(count(&summary, kind) > 0, "{summary}");
    }
    assert!(one.0 > 1 && other.0 > 1);
    println!(
        "{} public and {} market connections: {summary}",
        one.0, other.0
    );
}

#[test]
fn rest_fails_as_planned() {
    let mut config = config(FROM, 60);
    config.faults = FaultPlan::parse(
        "http429=0.2,http418=0.1,http503=0.2,http_garbage=0.1,clock=-1500ms",
        9,
    )
    .unwrap();
    let running = start(config);
    let address = running.address;
    let mut seen = std::collections::BTreeMap::new();
    let mut garbage = 0;
    block(async {
        for _ in 0..100 {
            let answer = ask(address, "/fapi/v1/time").await;
            *seen.entry(answer.status).or_insert(0_u64) += 1;
            if answer.status == 429 || answer.status == 418 {
                assert_eq!(answer.json()["code"], json!(-1003));
                assert!(answer.headers.contains_key("retry-after"));
            }
            if answer.status == 200 {
                let time = serde_json::from_str::<Value>(&answer.text)
                    .ok()
                    .and_then(|value| value["serverTime"].as_i64());
                match time {
                    Some(time) => assert_eq!(time, running.now().millis() - 1_500),
                    None => garbage += 1,
                }
            }
        }
    });
    let summary = running.stop();
    for (status, kind) in [(429, "http429"), (418, "http418"), (503, "http503")] {
        assert_eq!(
            seen.get(&status).copied().unwrap_or(0),
            count(&summary, kind)
        );
        assert!(count(&summary, kind) > 0);
    }
    assert_eq!(garbage, count(&summary, "http_garbage"));
    println!("{seen:?}, {garbage} bodies of rubbish");
}

#[test]
fn plans_that_make_no_sense_are_refused() {
    let mut refused = 0;
    for bad in [
        "disconnect",
        "disconnect=",
        "disconnect=2",
        "disconnect=-1",
        "disconnect=NaN",
        "dance=0.1",
        "clock=5",
        "clock=xms",
        "clock=99999999999ms",
        "heal_after=-1",
        "gap=0.1,gap=0.2",
    ] {
        let wrong = FaultPlan::parse(bad, 1).unwrap_err().to_string();
        assert!(wrong.contains("hint:"), "{wrong}");
        refused += 1;
    }
    let all: Vec<String> = FAULTS
        .iter()
        .map(|(_, name)| format!("{name}=0.5"))
        .collect();
    assert!(FaultPlan::parse(&all.join(", "), 1).is_ok());
    println!("{refused} plans refused, {} kinds known", FAULTS.len());
}
