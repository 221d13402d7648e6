//! Every key of `config/default.toml` changes something: a decision or a figure, not only a hash.
//!
//! One row per key: another value for it, what else must be set for the key to matter (for both runs), and the scenario
//! in which the difference shows. A key without a row fails, and so does a row without a key.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use confluence::backtest::job::{self, Job};
use confluence::backtest::log::EventLog;
use confluence::backtest::prepare::{Sources, prepare};
use confluence::backtest::run::simulate;
use confluence::backtest::threads::Crew;
use confluence::exchange::history::Engine;
use confluence::report::files::Look;
use confluence::settings::Settings;
use confluence::settings::layers::Layers;
use confluence::validate::points::Points;
use confluence::validate::progress::Tell;
use confluence::{sweep, validate};
use serde_json::json;

use crate::every_world;

/// A key, another value, and where the difference shows.
struct Row {
    key: &'static str,
    other: &'static str,
    with: &'static [&'static str],
    scenario: Scenario,
}

/// Small worlds (`every_world` writes them); each is one symbol unless it says otherwise. A pair is an Alpha and a 113
/// of one instant unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// A pair, then a rise of 12 % within an hour.
    Rise,
    /// A pair, then a bar that opens as before and falls 5 % at once.
    Fall,
    /// A pair, a rise of 7 %, a fall of 12 %.
    RiseThenFall,
    /// A pair, a rise of 2.5 %, a fall of 7 %.
    Peak,
    /// A pair, then five minutes that rise 6 % and fall 10 % again, recorded as one bar and as five.
    Ambiguous,
    /// A pair; then the mark alone falls 4 %, or rises 3 % and falls back, or rises 11 %: one symbol each.
    MarkWick,
    /// Pairs of seven symbols with gaps from 0 to 350 s, heard two minutes after they were published.
    Gaps,
    /// A 112 with an Alpha; a second 112 while the position is in profit.
    Intensified,
    /// A pair stamped a second after it was heard; one whose second half comes twenty minutes late.
    Clocks,
    /// A pair whose file knows only when it was published, then a rise.
    OneClock,
    /// Pairs of eight symbols within a minute, all fall 4 % within forty minutes; a ninth pair in between.
    Crowd,
    /// A pair, a stop, a second pair two minutes later.
    Again,
    /// Two days with a pair on each; prices drift and touch no level.
    Hold,
    /// A resting order by hand, which the price touches, then passes a little, on little volume.
    LimitByHand,
    /// Bars of one and of five minutes of one symbol that drifts; the last bar may be unfinished.
    TwoIntervals,
    /// A pair of a symbol that no exchangeInfo file knows, then a fall.
    Unlisted,
    /// A pair, then no price for three minutes.
    NoPrice,
    /// Figures that are drawn at random.
    Drawn,
    /// What the best of a small sweep is worth: every figure and gate of its verdict.
    Verdict,
    /// The form of the file itself: any other value is refused.
    Form,
}

use Scenario as S;

const fn row(key: &'static str, other: &'static str, scenario: Scenario) -> Row {
    with(key, other, scenario, &[])
}

const fn with(
    key: &'static str,
    other: &'static str,
    scenario: Scenario,
    with: &'static [&'static str],
) -> Row {
    Row {
        key,
        other,
        with,
        scenario,
    }
}

const TRAILING: &[&str] = &["exits.trailing.enabled=true"];
const BREAK_EVEN: &[&str] = &["exits.break_even.enabled=true"];

const SMALL: &[&str] = &["validate.placebos=20", "validate.replicates=200"];

const ROWS: &[Row] = &[
    row("schema_version", "2", S::Form),
    row("account.balance_usdt", "5000", S::Rise),
    row("account.leverage", "5", S::Rise),
    with(
        "account.margin_mode",
        "cross",
        S::Fall,
        &["account.leverage=50"],
    ),
    row("fees.maker_bps", "3", S::LimitByHand),
    row("fees.taker_bps", "4", S::Rise),
    row("signals.window_s", "100", S::Gaps),
    row("signals.score_min", "0.9", S::Gaps),
    with(
        "signals.weight_proximity",
        "0.5",
        S::Gaps,
        &["signals.weight_freshness=0.2"],
    ),
    with(
        "signals.weight_strength",
        "0.4",
        S::Gaps,
        &["signals.weight_freshness=0.2"],
    ),
    with(
        "signals.weight_freshness",
        "0.2",
        S::Gaps,
        &["signals.weight_strength=0.4"],
    ),
    row("signals.strength_fomo", "0.5", S::Gaps),
    row("signals.strength_fomo_intensified", "0.5", S::Intensified),
    row("signals.role_112", "ignore", S::Intensified),
    row("signals.fresh_horizon_s", "600", S::Gaps),
    row("signals.freshness_basis", "average", S::Gaps),
    row("signals.retention_s", "1800", S::Clocks),
    row("signals.future_max_ms", "500", S::Clocks),
    row("signals.delay_ms", "60000", S::OneClock),
    row("sizing.basis", "notional", S::Rise),
    row("sizing.position_pct", "7", S::Rise),
    row("sizing.total_pct", "20", S::Crowd),
    row("sizing.score_scaling", "true", S::Gaps),
    row("sizing.open_risk_max_pct", "1", S::Crowd),
    row("entries.direction", "short", S::Rise),
    row("entries.cooldown_s", "3600", S::Again),
    row("daily.trades_max", "3", S::Crowd),
    row("daily.loss_max_pct", "1", S::Crowd),
    with(
        "daily.halt_basis",
        "realized",
        S::Crowd,
        &["daily.loss_max_pct=1"],
    ),
    with(
        "daily.halt_action",
        "flatten",
        S::Crowd,
        &["daily.loss_max_pct=1"],
    ),
    row("exits.stop_pct", "2", S::Fall),
    row("exits.stop_watched", "mark", S::MarkWick),
    row(
        "exits.targets",
        "[{distance_pct=4,share_pct=30},{distance_pct=6,share_pct=100}]",
        S::Rise,
    ),
    row("exits.target_watched", "mark", S::MarkWick),
    with(
        "exits.share_of",
        "remaining",
        S::Rise,
        &[
            "exits.targets=[{distance_pct=3,share_pct=30},{distance_pct=5,share_pct=30},{distance_pct=8,share_pct=100}]",
        ],
    ),
    row("exits.hold_max_s", "600", S::Hold),
    with(
        "exits.risk_close_share_pct",
        "25",
        S::Intensified,
        &["signals.role_112=both"],
    ),
    row("exits.trailing.enabled", "true", S::Peak),
    with("exits.trailing.activation_pct", "3", S::Peak, TRAILING),
    with("exits.trailing.callback_pct", "1", S::Peak, TRAILING),
    with("exits.trailing.watched", "mark", S::MarkWick, TRAILING),
    row("exits.break_even.enabled", "true", S::RiseThenFall),
    with(
        "exits.break_even.offset_pct",
        "0.5",
        S::RiseThenFall,
        BREAK_EVEN,
    ),
    row("simulation.prices", "trades", S::Rise),
    with(
        "simulation.path_mode",
        "optimistic",
        S::Ambiguous,
        &["data.interval=5m", "simulation.drilldown=off"],
    ),
    with(
        "simulation.drilldown",
        "off",
        S::Ambiguous,
        &["data.interval=5m"],
    ),
    row("simulation.latency_ms", "61000", S::Rise),
    row("simulation.bracket_delay_ms", "120000", S::Fall),
    row("simulation.entry_ttl_s", "600", S::NoPrice),
    row("simulation.half_spread_bps", "3", S::Rise),
    row("simulation.impact_bps", "1", S::Rise),
    row("simulation.slippage_bps", "5", S::Rise),
    row("simulation.stop_slippage_bps", "30", S::Fall),
    row("simulation.target_slippage_bps", "5", S::Rise),
    row("simulation.limit_fill", "touch", S::LimitByHand),
    row("simulation.limit_participation_pct", "10", S::LimitByHand),
    row("simulation.end_of_data", "mark", S::Hold),
    row("data.interval", "5m", S::TwoIntervals),
    row("data.drop_last_bar", "true", S::TwoIntervals),
    row("instrument.step", "1", S::Unlisted),
    row("instrument.qty_min", "1000", S::Unlisted),
    row("instrument.market_qty_max", "2", S::Unlisted),
    row("instrument.notional_min_usdt", "5000", S::Unlisted),
    with(
        "instrument.liquidation_fee_pct",
        "2",
        S::Unlisted,
        &["account.leverage=50"],
    ),
    with(
        "instrument.brackets",
        "[{floor_usdt=0,maintenance_pct=1}]",
        S::Unlisted,
        &["account.leverage=50"],
    ),
    row("run.from", "2026-01-02", S::Hold),
    row("run.to", "2026-01-01T12:00:00Z", S::Hold),
    row("run.seed", "2", S::Drawn),
    with("validate.gates", "[\"trades >= 5\"]", S::Verdict, SMALL),
    with("validate.folds", "3", S::Verdict, SMALL),
    with("validate.train_days", "7", S::Verdict, SMALL),
    with("validate.test_days", "3", S::Verdict, SMALL),
    with("validate.embargo_days", "4", S::Verdict, SMALL),
    with("validate.pbo_blocks", "8", S::Verdict, SMALL),
    with("validate.cv_groups", "4", S::Verdict, SMALL),
    with("validate.cv_tested", "3", S::Verdict, SMALL),
    with("validate.replicates", "300", S::Verdict, SMALL),
    with("validate.block_days", "4", S::Verdict, SMALL),
    with("validate.placebos", "30", S::Verdict, SMALL),
    with("validate.sharpe_target", "2", S::Verdict, SMALL),
];

/// What a scenario comes to under some settings: everything that was heard, decided and said, and the account at the
/// end. The settings themselves are no part of it.
fn outcome(scenario: Scenario, settings: &Settings) -> String {
    if scenario == S::Drawn {
        return interval(settings);
    }
    if scenario == S::Verdict {
        return verdict(settings);
    }
    let folder = tempfile::tempdir().unwrap();
    every_world::write(scenario, folder.path());
    let sources = Sources {
        signals: folder.path().join("signals.csv"),
        data: vec![folder.path().to_owned()],
    };
    let mut prepared = prepare(&sources, settings, &|_| {}).unwrap();
    if scenario == S::LimitByHand {
        let world = Arc::make_mut(&mut prepared.world);
        world.script.push(every_world::limit_by_hand());
    }
    // The run starts at its window, as `backtest` does it.
    let mut model = settings.model.clone();
    model.start = Some(prepared.window.from);
    let canceled = AtomicBool::new(false);
    let log = (EventLog::keeping(), &canceled);
    let run = simulate(&prepared.world, &settings.rules, &model, Engine::Skip, log).unwrap();
    let end = &run.outcome;
    format!(
        "{:?} {} {:?} {:?}",
        run.log.rows(),
        end.wallet,
        end.trades,
        end.open
    )
}

/// The figure that is drawn at random, over the trades of the sample.
fn interval(settings: &Settings) -> String {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    let job = Job {
        sources: Sources {
            signals: data.join("signals.csv"),
            data: vec![data],
        },
        settings: settings.clone(),
        out: Some(folder.path().join("run")),
        engine: Engine::Skip,
        threads: 1,
        look: Look::default(),
        origin: None,
    };
    let done = job::run(&job, &|_| {}, &AtomicBool::new(false), &|| json!({})).unwrap();
    let interval = &done.report.metrics.expectancy_r_interval;
    assert!(interval.low.value() < interval.high.value(), "{interval:?}");
    format!("{:?} {:?}", interval.low, interval.high)
}

/// The verdict on a small sweep of the sample: figures, reasons and gates. What only repeats a setting is left out.
fn verdict(settings: &Settings) -> String {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    let space = folder.path().join("space.toml");
    let text =
        "schema_version = 1\ntrades_min = 3\n[parameters]\n\"exits.stop_pct\" = [1, 2, 3, 4]\n";
    std::fs::write(&space, text).unwrap();
    let changed = settings.resolved().iter();
    let changed = changed.filter(|entry| entry.key.starts_with("validate."));
    let job = sweep::job::Job {
        sources: Sources {
            signals: data.join("signals.csv"),
            data: vec![data],
        },
        layers: Layers {
            sets: changed
                .map(|entry| format!("{}={}", entry.key, entry.value))
                .collect(),
            ..Layers::default()
        },
        space,
        method: sweep::method::Method::Grid,
        trials: None,
        shard: sweep::plan::Shard::WHOLE,
        objective: None,
        constraints: Vec::new(),
        trades_min: None,
    };
    let setup = sweep::job::Setup::new(&job, &|_| {}).unwrap();
    let tell = Tell {
        crew: Crew {
            threads: 2,
            cancel: &AtomicBool::new(false),
        },
        hear: &|_, _, _| {},
    };
    let register = folder.path().join("trials.jsonl");
    let object = validate::job::run(Points::drawn(&setup), &register, &tell)
        .unwrap()
        .object;
    format!(
        "{} {} {}",
        object["figures"], object["why_null"], object["gates"]
    )
}

fn load(sets: &[&str]) -> Result<Settings, String> {
    Settings::load(&Layers {
        sets: sets.iter().map(|set| (*set).to_owned()).collect(),
        ..Layers::default()
    })
    .map_err(|error| error.to_string())
}

#[test]
fn every_key_has_a_row() {
    let settings = Settings::defaults();
    let keys: BTreeSet<&str> = settings
        .resolved()
        .iter()
        .map(|entry| entry.key.as_str())
        // No backtest depends on these; `paper` runs by them.
        .filter(|key| !key.starts_with("live."))
        .collect();
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.key).collect();
    assert_eq!(rows.len(), ROWS.len(), "a key has two rows");
    let without: Vec<_> = keys.symmetric_difference(&rows).collect();
    assert!(
        without.is_empty(),
        "key without row or row without key: {without:?}"
    );
    println!("keys: {} of {} have a row", rows.len(), keys.len());
}

#[test]
fn every_key_changes_a_decision_or_a_figure() {
    let mut changed = 0;
    let mut idle = Vec::new();
    for row in ROWS {
        let mut sets = row.with.to_vec();
        let set = format!("{}={}", row.key, row.other);
        if row.scenario == S::Form {
            sets.push(&set);
            assert!(
                load(&sets).is_err(),
                "{}: another value is refused",
                row.key
            );
            changed += 1;
            continue;
        }
        // Weights change in pairs: the sum stays 1, so the plain run has no part of the change.
        let weights = row.key.starts_with("signals.weight_");
        let plain = load(if weights { &[] } else { row.with }).unwrap();
        sets.push(&set);
        let other = load(&sets).unwrap_or_else(|error| panic!("{}: {error}", row.key));
        if outcome(row.scenario, &plain) == outcome(row.scenario, &other) {
            idle.push(format!("{} = {} in {:?}", row.key, row.other, row.scenario));
        }
        changed += 1;
    }
    assert!(
        idle.is_empty(),
        "these change nothing:\n{}",
        idle.join("\n")
    );
    assert_eq!(changed, ROWS.len());
    println!("keys: {changed} change an outcome");
}
