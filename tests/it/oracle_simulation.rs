//! Loads every scenario, case and function row of the simulation oracle and compares everything `expected` holds.
//! `SIM_ORACLE_SIMULATION` names another file of the same schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use confluence::backtest::log::{EventLog, Row};
use confluence::domain::bar::{Bar, Bars};
use confluence::domain::event::{
    Event, ExitPlan, ManualOrder, Note, Operator, OrderUpdate, ShareOf, Target, TrailingPlan,
};
use confluence::domain::instrument::{Bracket, Instrument};
use confluence::domain::num::{Money, Price, Qty, Rate, Rounding};
use confluence::domain::order::{Direction, OrderKind, Purpose, Side, Watched};
use confluence::domain::position::{MarginMode, Position, Terms};
use confluence::domain::signal::{Signal, SignalType};
use confluence::domain::symbol::{Symbol, SymbolId, Symbols};
use confluence::domain::time::{Span, Timestamp};
use confluence::engine::drive;
use confluence::exchange::fills::{Resting, trailing_level};
use confluence::exchange::history::equity::account_curve;
use confluence::exchange::history::{Engine, History, Outcome, World};
use confluence::exchange::model::{Costs, Drilldown, EndOfData, LimitFill, Model, PathMode};
use confluence::market::tape::{FundingRecord, Series, Tape};
use confluence::trader::confluence::{PairAges, score};
use confluence::trader::rules::{
    ConfluenceRules, DailyRules, FreshnessBasis, HaltAction, HaltBasis, Role112, Rules,
    SizingBasis, SizingRules, Weights,
};
use confluence::trader::{Trader, Upkeep, bracket};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Oracle {
    schema_version: u32,
    #[allow(dead_code, reason = "a remark for readers")]
    note: String,
    defaults: Value,
    instrument_defaults: Value,
    scenarios: Vec<Scenario>,
    functions: Vec<Function>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    id: String,
    title: String,
    rules: Vec<String>,
    kind: String,
    instruments: BTreeMap<String, Value>,
    bars: BTreeMap<String, Vec<Vec<Value>>>,
    bar_ms: Option<i64>,
    #[serde(default)]
    mark_bars: BTreeMap<String, Vec<Vec<Value>>>,
    #[serde(default)]
    detail_bars: BTreeMap<String, Vec<Vec<Value>>>,
    detail_bar_ms: Option<i64>,
    #[serde(default)]
    funding: Vec<Funding>,
    #[serde(default)]
    signals: Vec<RawSignal>,
    #[serde(default)]
    script: Vec<Script>,
    config: Option<Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    config: Option<Value>,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    confluences: Vec<Value>,
    ignored: Vec<Value>,
    rejects: Vec<Value>,
    fills: Vec<Value>,
    ledger: Vec<Value>,
    trades: Vec<Value>,
    equity: Vec<Value>,
    #[serde(rename = "final")]
    last: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Funding {
    time: i64,
    symbol: String,
    rate: String,
    mark: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSignal {
    id: String,
    #[serde(rename = "type")]
    kind: u16,
    symbol: String,
    t_event: i64,
    t_recv: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    time: i64,
    action: String,
    symbol: String,
    side: String,
    qty: Option<String>,
    price: Option<String>,
    #[serde(default)]
    reduce_only: bool,
    #[serde(default)]
    post_only: bool,
    bracket: Option<Value>,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct InstrumentText {
    tick: String,
    step: String,
    min_qty: String,
    max_qty: String,
    min_notional: String,
    liq_fee: String,
    delist_time: Option<i64>,
    brackets: Vec<BracketText>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct BracketText {
    floor: String,
    cap: String,
    mmr: String,
    cum: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    initial_balance: String,
    start_time: Option<i64>,
    path_mode: String,
    drilldown: String,
    latency_ms: i64,
    bracket_delay_ms: i64,
    entry_ttl_ms: i64,
    fees: Fees,
    half_spread_bps: String,
    slippage_bps: String,
    stop_slippage_bps: String,
    tp_slippage_bps: String,
    #[serde(default)]
    impact_bps: Option<String>,
    trigger_source: TriggerSource,
    limit_fill: String,
    limit_participation: String,
    margin_mode: String,
    leverage: u16,
    direction: String,
    confluence: ConfluenceText,
    sizing: SizingText,
    daily: DailyText,
    cooldown_ms: i64,
    exits: ExitsText,
    end_of_data: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fees {
    maker: String,
    taker: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TriggerSource {
    sl: String,
    tp: String,
    trailing: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfluenceText {
    window_ms: i64,
    min_score: String,
    weights: Vec<String>,
    strength: BTreeMap<String, String>,
    type112: String,
    fresh_horizon_ms: i64,
    freshness_basis: String,
    retention_ms: i64,
    max_future_ms: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SizingText {
    basis: String,
    position_pct: String,
    total_pct: String,
    score_scaling: bool,
    #[serde(default)]
    max_open_risk_pct: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DailyText {
    max_trades: u32,
    max_loss_pct: String,
    halt_basis: String,
    halt_action: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExitsText {
    sl_pct: String,
    tp: Vec<(String, String)>,
    share_of: String,
    trailing: TrailingText,
    break_even: BreakEvenText,
    max_hold_ms: i64,
    risk_close_share: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrailingText {
    enabled: bool,
    activation_pct: String,
    callback_pct: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BreakEvenText {
    enabled: bool,
    offset_pct: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Function {
    #[serde(rename = "fn")]
    name: String,
    args: Value,
    expect: Value,
}

fn num<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse()
        .unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
}

fn bps(text: &str) -> Rate {
    Rate::from_bps(text).unwrap()
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

fn ms(value: i64) -> Timestamp {
    Timestamp::from_millis(value)
}

fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

fn instrument(symbol: &str, text: &InstrumentText) -> Instrument {
    Instrument {
        symbol: Symbol::new(symbol),
        tick: num(&text.tick),
        step: num(&text.step),
        qty_min: num(&text.min_qty),
        market_qty_max: num(&text.max_qty),
        notional_min: num(&text.min_notional),
        liquidation_fee: num(&text.liq_fee),
        brackets: brackets(&text.brackets),
        delisted: text.delist_time.map(ms),
    }
}

fn brackets(rows: &[BracketText]) -> Vec<Bracket> {
    rows.iter()
        .map(|row| Bracket {
            floor: num(&row.floor),
            cap: num(&row.cap),
            maintenance: num(&row.mmr),
            deduction: num(&row.cum),
        })
        .collect()
}

fn bars(rows: &[Vec<Value>], interval: i64) -> Bars {
    let mut bars = Bars::new(Span::from_millis(interval));
    for row in rows {
        assert!(
            row.len() == 6 || row.len() == 5,
            "a bar has 5 or 6 columns: {row:?}"
        );
        let bar = Bar {
            open_time: ms(row[0].as_i64().unwrap()),
            open: num(text(&row[1])),
            high: num(text(&row[2])),
            low: num(text(&row[3])),
            close: num(text(&row[4])),
            volume: row.get(5).map_or(Qty::ZERO, |volume| num(text(volume))),
        };
        // Scenario S08 holds a bar whose low is above its open. A data edge refuses such a bar (T2); the oracle's answer
        // for it is well defined all the same, so the columns are filled past the check.
        bars.open_time.push(bar.open_time);
        bars.open.push(bar.open);
        bars.high.push(bar.high);
        bars.low.push(bar.low);
        bars.close.push(bar.close);
        bars.volume.push(bar.volume);
    }
    bars
}

fn watched(name: &str) -> Watched {
    match name {
        "contract" => Watched::Contract,
        "mark" => Watched::Mark,
        other => panic!("trigger source {other}"),
    }
}

fn exit_plan(config: &Config) -> ExitPlan {
    let exits = &config.exits;
    ExitPlan {
        stop: num(&exits.sl_pct),
        stop_watched: watched(&config.trigger_source.sl),
        targets: exits
            .tp
            .iter()
            .map(|(at, share)| Target {
                distance: num(at),
                share: num(share),
            })
            .collect(),
        target_watched: watched(&config.trigger_source.tp),
        share_of: match exits.share_of.as_str() {
            "initial" => ShareOf::Initial,
            "remaining" => ShareOf::Remaining,
            other => panic!("share_of {other}"),
        },
        trailing: exits.trailing.enabled.then(|| TrailingPlan {
            activation: num(&exits.trailing.activation_pct),
            callback: num(&exits.trailing.callback_pct),
            watched: watched(&config.trigger_source.trailing),
        }),
        break_even: exits
            .break_even
            .enabled
            .then(|| num(&exits.break_even.offset_pct)),
        hold_max: (exits.max_hold_ms > 0).then(|| Span::from_millis(exits.max_hold_ms)),
    }
}

fn rules(config: &Config) -> Rules {
    let signals = &config.confluence;
    assert_eq!(signals.weights.len(), 3);
    assert_eq!(signals.strength.len(), 2);
    Rules {
        confluence: ConfluenceRules {
            window: Span::from_millis(signals.window_ms),
            score_min: num(&signals.min_score),
            weights: Weights {
                proximity: num(&signals.weights[0]),
                strength: num(&signals.weights[1]),
                freshness: num(&signals.weights[2]),
            },
            strength_intensified: num(&signals.strength["112"]),
            strength_fomo: num(&signals.strength["113"]),
            role_112: match signals.type112.as_str() {
                "leg" => Role112::Leg,
                "risk" => Role112::Risk,
                "both" => Role112::Both,
                "ignore" => Role112::Ignore,
                other => panic!("type112 {other}"),
            },
            fresh_horizon: Span::from_millis(signals.fresh_horizon_ms),
            freshness_basis: freshness(&signals.freshness_basis),
            retention: Span::from_millis(signals.retention_ms),
            future_max: Span::from_millis(signals.max_future_ms),
        },
        sizing: SizingRules {
            basis: match config.sizing.basis.as_str() {
                "margin" => SizingBasis::Margin,
                "notional" => SizingBasis::Notional,
                other => panic!("basis {other}"),
            },
            position: num(&config.sizing.position_pct),
            total: num(&config.sizing.total_pct),
            score_scaling: config.sizing.score_scaling,
            open_risk_max: config.sizing.max_open_risk_pct.as_deref().map(num),
        },
        daily: DailyRules {
            trades_max: config.daily.max_trades,
            loss_max: num(&config.daily.max_loss_pct),
            halt_basis: match config.daily.halt_basis.as_str() {
                "equity" => HaltBasis::Equity,
                "realized" => HaltBasis::Realized,
                other => panic!("halt_basis {other}"),
            },
            halt_action: match config.daily.halt_action.as_str() {
                "block_entries" => HaltAction::BlockEntries,
                "flatten" => HaltAction::Flatten,
                other => panic!("halt_action {other}"),
            },
        },
        cooldown: Span::from_millis(config.cooldown_ms),
        exits: exit_plan(config),
        risk_close_share: num(&config.exits.risk_close_share),
        direction: match config.direction.as_str() {
            "long" => Direction::Long,
            "short" => Direction::Short,
            other => panic!("direction {other}"),
        },
        terms: terms(config),
    }
}

fn freshness(name: &str) -> FreshnessBasis {
    match name {
        "newest" => FreshnessBasis::Newest,
        "average" => FreshnessBasis::Average,
        other => panic!("freshness_basis {other}"),
    }
}

fn terms(config: &Config) -> Terms {
    Terms {
        leverage: config.leverage,
        margin_mode: match config.margin_mode.as_str() {
            "isolated" => MarginMode::Isolated,
            "cross" => MarginMode::Cross,
            other => panic!("margin_mode {other}"),
        },
        maker: num(&config.fees.maker),
        taker: num(&config.fees.taker),
    }
}

fn model(config: &Config) -> Model {
    Model {
        balance: num(&config.initial_balance),
        start: config.start_time.map(ms),
        terms: terms(config),
        prices: confluence::exchange::model::Prices::Bars,
        path_mode: *PathMode::ALL
            .iter()
            .find(|mode| mode.name() == config.path_mode)
            .expect("path_mode"),
        drilldown: match config.drilldown.as_str() {
            "off" => Drilldown::Off,
            "ambiguous" => Drilldown::Ambiguous,
            "always" => Drilldown::Always,
            other => panic!("drilldown {other}"),
        },
        latency: Span::from_millis(config.latency_ms),
        bracket_delay: Span::from_millis(config.bracket_delay_ms),
        entry_ttl: Span::from_millis(config.entry_ttl_ms),
        costs: Costs {
            half_spread: bps(&config.half_spread_bps),
            impact: config.impact_bps.as_deref().map_or(Rate::ZERO, bps),
            slippage: bps(&config.slippage_bps),
            stop_slippage: bps(&config.stop_slippage_bps),
            target_slippage: bps(&config.tp_slippage_bps),
        },
        limit_fill: match config.limit_fill.as_str() {
            "through" => LimitFill::Through,
            "touch" => LimitFill::Touch,
            other => panic!("limit_fill {other}"),
        },
        limit_participation: num(&config.limit_participation),
        end_of_data: match config.end_of_data.as_str() {
            "force_close" => EndOfData::ForceClose,
            "mark" => EndOfData::Mark,
            other => panic!("end_of_data {other}"),
        },
    }
}

fn world(oracle: &Oracle, scenario: &Scenario, config: &Value) -> World {
    let interval = scenario.bar_ms.unwrap_or(60_000);
    let normal = |name: &str| Symbol::normalize(name).unwrap();
    let named = scenario.signals.iter().map(|signal| normal(&signal.symbol));
    let listed = scenario.instruments.keys().map(|name| Symbol::new(name));
    let symbols = Symbols::new(listed.chain(named)).unwrap();
    let defaults: InstrumentText =
        serde_json::from_value(oracle.instrument_defaults.clone()).unwrap();
    let mut instruments = Vec::new();
    let mut series = Vec::new();
    for (_, name) in symbols.iter() {
        let merged = scenario.instruments.get(name.as_str()).map_or_else(
            || defaults.clone(),
            |over| {
                let mut value = oracle.instrument_defaults.clone();
                merge(&mut value, over);
                serde_json::from_value(value).unwrap()
            },
        );
        instruments.push(instrument(name.as_str(), &merged));
        let marks: Vec<Bars> = scenario
            .mark_bars
            .get(name.as_str())
            .map(|rows| bars(rows, interval))
            .into_iter()
            .collect();
        let detail = scenario.detail_bars.get(name.as_str()).map(|rows| {
            bars(
                rows,
                scenario
                    .detail_bar_ms
                    .expect("detail_bar_ms beside detail_bars"),
            )
        });
        let funding = scenario
            .funding
            .iter()
            .filter(|record| record.symbol == name.as_str())
            .map(|record| FundingRecord {
                time: ms(record.time),
                rate: num(&record.rate),
                mark: record.mark.as_deref().map(num),
            })
            .collect();
        series.push(
            scenario
                .bars
                .get(name.as_str())
                .map(|rows| Series::new(bars(rows, interval), &marks, detail, funding)),
        );
    }
    let mut signals: Vec<Signal> = scenario
        .signals
        .iter()
        .map(|raw| Signal {
            id: Arc::from(raw.id.as_str()),
            kind: SignalType(raw.kind),
            symbol: symbols.id(&normal(&raw.symbol)).unwrap(),
            event_time: ms(raw.t_event),
            received_time: ms(raw.t_recv),
        })
        .collect();
    signals.sort_by(|one, other| one.order_key().cmp(&other.order_key()));
    let mut script: Vec<(Timestamp, Operator)> = scenario
        .script
        .iter()
        .map(|row| (ms(row.time), operator(row, &symbols, config)))
        .collect();
    script.sort_by_key(|(time, _)| *time);
    World {
        tape: Arc::new(Tape {
            symbols,
            instruments,
            series,
        }),
        signals,
        script,
        trades: Arc::default(),
    }
}

fn operator(row: &Script, symbols: &Symbols, config: &Value) -> Operator {
    let kind = match (row.action.as_str(), &row.price) {
        ("market", None) => OrderKind::Market,
        ("limit", Some(price)) => OrderKind::Limit {
            price: num(price),
            post_only: row.post_only,
        },
        other => panic!("script action {other:?}"),
    };
    let bracket = row.bracket.as_ref().map(|over| {
        let mut config = config.clone();
        merge(&mut config["exits"], over);
        Arc::new(exit_plan(&serde_json::from_value(config).unwrap()))
    });
    Operator::Order(ManualOrder {
        symbol: symbols.id(&Symbol::new(&row.symbol)).unwrap(),
        side: if row.side == "buy" {
            Side::Buy
        } else {
            Side::Sell
        },
        kind,
        qty: row.qty.as_deref().map(num),
        reduce_only: row.reduce_only,
        bracket,
        reference: row.reference.as_deref().map(Arc::from),
    })
}

/// What a run came to, in the oracle's terms.
struct Actual {
    confluences: Vec<Value>,
    ignored: Vec<Value>,
    rejects: Vec<Value>,
    fills: Vec<Value>,
    ledger: Vec<Value>,
    trades: Vec<Value>,
    equity: Vec<Value>,
    last: Value,
    hash: String,
}

fn run(world: &Arc<World>, config: &Config, engine: Engine) -> Actual {
    let model = model(config);
    let mut trader = Trader::new(
        rules(config),
        world.tape.instruments.clone(),
        Upkeep::default(),
    );
    let mut history = History::new(world, &model, engine);
    let mut log = EventLog::keeping();
    drive(&mut trader, &mut history, &mut log).unwrap();
    let outcome = history.finish();
    let name = |id: SymbolId| world.tape.symbols.name(id).to_string();
    let mut actual = Actual {
        confluences: Vec::new(),
        ignored: Vec::new(),
        rejects: Vec::new(),
        fills: Vec::new(),
        ledger: ledger(&outcome, &name),
        trades: trades(&outcome, &name),
        equity: account_curve(&world.tape, &outcome, &model)
            .iter()
            .map(|point| json!([point.time.millis(), point.equity.to_string()]))
            .collect(),
        last: last(&outcome, &name),
        hash: log.hash(),
    };
    tell(&log, &mut actual, &name);
    actual
}

fn tell(log: &EventLog, actual: &mut Actual, name: &dyn Fn(SymbolId) -> String) {
    let mut sent: BTreeMap<u64, (SymbolId, Purpose, Option<Arc<str>>)> = BTreeMap::new();
    for (at, row) in log.rows() {
        let at = at.millis();
        match row {
            Row::Said(confluence::domain::event::Command::Submit(approved)) => {
                let request = approved.request();
                sent.insert(request.id.0, (request.symbol, request.purpose, request.reference.clone()));
            }
            Row::Noted(Note::Confluence(pair)) => actual.confluences.push(json!({
                "time": at, "symbol": name(pair.symbol), "alpha": &*pair.alpha, "fomo": &*pair.fomo,
                "gap_ms": pair.gap.millis(), "score": pair.score.total.to_string(),
            })),
            Row::Noted(Note::Ignored { id, reason }) => {
                actual.ignored.push(json!({"time": at, "id": &**id, "reason": reason.name()}));
            }
            Row::Noted(Note::LowScore { id, pair }) => actual.ignored.push(json!({
                "time": at, "id": &**id, "reason": "low_score", "score": pair.score.total.to_string(),
            })),
            Row::Noted(Note::Refused { symbol, reference, gate }) => actual.rejects.push(json!({
                "time": at, "symbol": name(*symbol), "ref": &**reference, "reason": gate.name(),
            })),
            Row::Heard(Event::Order { id, update: OrderUpdate::Rejected(reject) }) => {
                let (symbol, _, reference) = &sent[&id.0];
                actual.rejects.push(json!({
                    "time": at, "symbol": name(*symbol), "ref": reference.as_deref(), "reason": reject.name(),
                }));
            }
            Row::Heard(Event::Order { id, update: OrderUpdate::Filled { fill, .. } }) => {
                let (symbol, purpose, _) = &sent[&id.0];
                actual.fills.push(fill_row(&name(*symbol), fill, &purpose.to_string()));
            }
            Row::Heard(Event::Account(confluence::domain::event::AccountUpdate::Closed { symbol, cause, fill })) => {
                actual.fills.push(fill_row(&name(*symbol), fill, &cause.to_string()));
            }
            Row::Noted(Note::Surprise { .. } | Note::Unprotected { .. }) => panic!("{row:?}"),
            _ => {}
        }
    }
}

fn fill_row(symbol: &str, fill: &confluence::domain::fill::Fill, reason: &str) -> Value {
    json!({
        "time": fill.time.millis(), "symbol": symbol, "side": fill.side.name(), "qty": fill.qty.to_string(),
        "price": fill.price.to_string(), "fee": fill.fee.to_string(), "liquidity": fill.liquidity.name(),
        "reason": reason,
    })
}

fn ledger(outcome: &Outcome, name: &dyn Fn(SymbolId) -> String) -> Vec<Value> {
    let row = |entry: &confluence::domain::fill::LedgerEntry| {
        json!({
            "time": entry.time.millis(), "symbol": entry.symbol.map(name), "kind": entry.kind.name(),
            "amount": entry.amount.to_string(),
        })
    };
    outcome.ledger.iter().map(row).collect()
}

fn trades(outcome: &Outcome, name: &dyn Fn(SymbolId) -> String) -> Vec<Value> {
    let row = |trade: &confluence::domain::fill::Trade| {
        let exits: Vec<String> = trade.exits.iter().map(ToString::to_string).collect();
        json!({
            "symbol": name(trade.symbol), "side": trade.direction.name(), "entry_time": trade.entry_time.millis(),
            "exit_time": trade.exit_time.millis(), "qty": trade.qty.to_string(),
            "entry_cost": trade.entry_cost.to_string(), "exit_quote": trade.exit_quote.to_string(),
            "pnl": trade.realized.to_string(), "fees": trade.fees.to_string(), "funding": trade.funding.to_string(),
            "insurance": trade.insurance.to_string(), "net": trade.net().to_string(), "exits": exits,
            "mae_price": trade.mae_price.to_string(), "mfe_price": trade.mfe_price.to_string(),
            "ambiguous_bars": trade.ambiguous_bars,
        })
    };
    outcome.trades.iter().map(row).collect()
}

fn last(outcome: &Outcome, name: &dyn Fn(SymbolId) -> String) -> Value {
    let open: Vec<Value> = outcome
        .open
        .iter()
        .map(|(symbol, position)| {
            json!({
                "symbol": name(*symbol), "side": position.direction.name(), "qty": position.qty.to_string(),
                "cost": position.cost.to_string(), "isolated_wallet": position.isolated.to_string(),
            })
        })
        .collect();
    let counters = &outcome.counters;
    json!({
        "wallet": outcome.wallet.to_string(), "equity": outcome.equity.to_string(), "open_positions": open,
        "bars_in_position": counters.bars_in_position, "ambiguous_bars": counters.ambiguous_bars,
        "drilled_bars": counters.drilled_bars, "residual_ambiguous": counters.residual_ambiguous,
        "stale_fills": counters.stale_fills,
    })
}

/// Compares every expected key; numbers in text by value, everything else exactly. Unknown keys are differences.
fn differences(path: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) -> usize {
    let mut compared = 0;
    match (expected, actual) {
        (Value::Object(one), Value::Object(other)) => {
            for key in one
                .keys()
                .chain(other.keys().filter(|key| !one.contains_key(*key)))
            {
                let at = format!("{path}.{key}");
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => compared += differences(&at, one, other, found),
                    (one, other) => found.push(format!("{at}: expected {one:?}, found {other:?}")),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            if one.len() != other.len() {
                found.push(format!(
                    "{path}: {} rows expected, {} found",
                    one.len(),
                    other.len()
                ));
            }
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                compared += differences(&format!("{path}[{index}]"), one, other, found);
            }
        }
        (Value::String(one), Value::String(other)) => {
            compared += 1;
            let same = one == other
                || matches!((decimal(one), decimal(other)), (Some(one), Some(other)) if one == other);
            if !same {
                found.push(format!("{path}: expected {one}, found {other}"));
            }
        }
        (one, other) => {
            compared += 1;
            if one != other {
                found.push(format!("{path}: expected {one}, found {other}"));
            }
        }
    }
    compared
}

fn decimal(text: &str) -> Option<rust_decimal::Decimal> {
    text.parse::<rust_decimal::Decimal>()
        .ok()
        .map(|value| value.normalize())
}

fn load() -> Oracle {
    let path = std::env::var("SIM_ORACLE_SIMULATION").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracles/simulation.json").to_owned()
    });
    read(&path)
}

fn read(path: &str) -> Oracle {
    let text = std::fs::read_to_string(path).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
    let oracle: Oracle =
        serde_json::from_str(&text).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
    assert_eq!(oracle.schema_version, 1);
    oracle
}

#[test]
fn simulation_oracle_scenarios_hold_with_both_engines() {
    hold_with_both_engines(&load());
}

/// Cases of our own in the oracle's schema, one for each rule that was once broken.
#[test]
fn simulation_cases_beside_the_oracle_hold_with_both_engines() {
    hold_with_both_engines(&read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/simulation_cases.json"
    )));
}

fn hold_with_both_engines(oracle: &Oracle) {
    let mut found = Vec::new();
    let (mut cases, mut values) = (0, 0);
    for scenario in &oracle.scenarios {
        assert_eq!(scenario.kind, "replay", "{}", scenario.id);
        assert!(!scenario.rules.is_empty() && !scenario.title.is_empty());
        for case in &scenario.cases {
            let mut merged = oracle.defaults.clone();
            scenario
                .config
                .iter()
                .for_each(|over| merge(&mut merged, over));
            case.config.iter().for_each(|over| merge(&mut merged, over));
            let config: Config = serde_json::from_value(merged.clone())
                .unwrap_or_else(|wrong| panic!("{} {}: {wrong}", scenario.id, case.name));
            let world = Arc::new(world(oracle, scenario, &merged));
            let step = run(&world, &config, Engine::Step);
            let skip = run(&world, &config, Engine::Skip);
            for (engine, actual) in [("step", &step), ("skip", &skip)] {
                let place = format!("{} {} {engine}", scenario.id, case.name);
                let expected = &case.expected;
                let lists = [
                    ("confluences", &expected.confluences, &actual.confluences),
                    ("ignored", &expected.ignored, &actual.ignored),
                    ("rejects", &expected.rejects, &actual.rejects),
                    ("fills", &expected.fills, &actual.fills),
                    ("ledger", &expected.ledger, &actual.ledger),
                    ("trades", &expected.trades, &actual.trades),
                    ("equity", &expected.equity, &actual.equity),
                ];
                for (name, one, other) in lists {
                    let (one, other) = (Value::from(one.clone()), Value::from(other.clone()));
                    values += differences(&format!("{place} {name}"), &one, &other, &mut found);
                }
                values += differences(
                    &format!("{place} final"),
                    &expected.last,
                    &actual.last,
                    &mut found,
                );
            }
            if step.hash != skip.hash {
                found.push(format!(
                    "{} {}: the engines' event logs differ",
                    scenario.id, case.name
                ));
            }
            cases += 1;
        }
    }
    assert!(
        found.is_empty(),
        "{} differences:\n{}",
        found.len(),
        found[..found.len().min(60)].join("\n")
    );
    assert!(cases > 0 && values > 0);
    println!(
        "simulation: {} scenarios, {cases} cases, {} function rows; {values} values compared with two engines",
        oracle.scenarios.len(),
        oracle.functions.len()
    );
}

#[test]
fn simulation_oracle_function_rows_hold() {
    let oracle = load();
    let mut found = Vec::new();
    for (index, row) in oracle.functions.iter().enumerate() {
        let actual = match row.name.as_str() {
            "score" => fn_score(&row.args),
            "round_to_tick" => fn_round(&row.args),
            "liquidation_price" => fn_liquidation(&row.args),
            "staged_quantities" => fn_staged(&row.args),
            "trailing_ticks" => fn_trailing(&row.args),
            "normalize_symbol" => fn_normalize(&row.args),
            other => panic!("unknown function {other}"),
        };
        differences(
            &format!("functions[{index}] {}", row.name),
            &row.expect,
            &actual,
            &mut found,
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(!oracle.functions.is_empty());
    println!("simulation: {} function rows", oracle.functions.len());
}

/// Fails on arguments nobody reads.
fn keys(args: &Value, known: &[&str]) -> Map<String, Value> {
    let args = args.as_object().unwrap().clone();
    for key in args.keys() {
        assert!(known.contains(&key.as_str()), "unknown argument {key}");
    }
    args
}

fn fn_score(args: &Value) -> Value {
    let args = keys(
        args,
        &[
            "t_fomo",
            "t_alpha",
            "type",
            "now",
            "window_ms",
            "freshness_basis",
        ],
    );
    let get = |key: &str| args[key].as_i64().unwrap();
    let mut config: Value = load().defaults;
    config["confluence"]["window_ms"] = args["window_ms"].clone();
    config["confluence"]["freshness_basis"] = args["freshness_basis"].clone();
    let rules = rules(&serde_json::from_value(config).unwrap()).confluence;
    let (fomo, alpha, now) = (get("t_fomo"), get("t_alpha"), get("now"));
    let ages = PairAges {
        gap: Span::from_millis((fomo - alpha).abs()),
        newest: Span::from_millis(now - fomo.max(alpha)),
        oldest: Span::from_millis(now - fomo.min(alpha)),
    };
    let kind = SignalType(u16::try_from(get("type")).unwrap());
    json!(
        score(&rules, ages, rules.strength(kind).unwrap())
            .total
            .to_string()
    )
}

fn fn_round(args: &Value) -> Value {
    let args = keys(args, &["price", "tick"]);
    let price: Price = num(text(&args["price"]));
    let tick: Price = num(text(&args["tick"]));
    json!({
        "down": price.round_down_to_tick(tick).unwrap().to_string(), "up": price.round_up_to_tick(tick).to_string(),
    })
}

fn test_instrument(tick: &str, step: &str, min_qty: &str, rows: &Value) -> Instrument {
    let brackets: Vec<BracketText> = serde_json::from_value(rows.clone()).unwrap();
    let text = InstrumentText {
        tick: tick.to_owned(),
        step: step.to_owned(),
        min_qty: min_qty.to_owned(),
        max_qty: "1000000".to_owned(),
        min_notional: "0".to_owned(),
        liq_fee: "0".to_owned(),
        delist_time: None,
        brackets,
    };
    instrument("AAAUSDT", &text)
}

fn fn_liquidation(args: &Value) -> Value {
    let args = keys(
        args,
        &["side", "qty", "entry_cost", "margin", "tick", "brackets"],
    );
    let instrument = test_instrument(text(&args["tick"]), "0.001", "0.001", &args["brackets"]);
    let cost: Money = num(text(&args["entry_cost"]));
    let margin: Money = num(text(&args["margin"]));
    let position = Position {
        direction: if args["side"] == "long" {
            Direction::Long
        } else {
            Direction::Short
        },
        qty: num(text(&args["qty"])),
        cost: cost.exact(),
        isolated: margin,
    };
    json!(
        position
            .liquidation(margin.exact(), &instrument)
            .map(|price| price.to_string())
    )
}

fn fn_staged(args: &Value) -> Value {
    let args = keys(args, &["qty", "levels", "share_of", "step", "min_qty"]);
    let levels: Vec<(String, String)> = serde_json::from_value(args["levels"].clone()).unwrap();
    let levels: Vec<Target> = levels
        .iter()
        .map(|(at, share)| Target {
            distance: num(at),
            share: num(share),
        })
        .collect();
    let brackets = json!([{"floor": "0", "cap": "1", "mmr": "0.01", "cum": "0"}]);
    let instrument = test_instrument(
        "0.01",
        text(&args["step"]),
        text(&args["min_qty"]),
        &brackets,
    );
    let share_of = if args["share_of"] == "initial" {
        ShareOf::Initial
    } else {
        ShareOf::Remaining
    };
    let staged = bracket::stage(num(text(&args["qty"])), &levels, share_of, &instrument);
    json!(staged.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn fn_trailing(args: &Value) -> Value {
    let args = keys(
        args,
        &[
            "base",
            "side",
            "activation_pct",
            "callback_pct",
            "tick",
            "prices",
        ],
    );
    let base: Price = num(text(&args["base"]));
    let tick: Price = num(text(&args["tick"]));
    let long = args["side"] == "long";
    let direction = if long {
        Direction::Long
    } else {
        Direction::Short
    };
    let activation_pct: Rate = num(text(&args["activation_pct"]));
    let callback: Rate = num(text(&args["callback_pct"]));
    let one: Qty = num("1");
    let position = Position::open(direction, base, one, 1);
    let (distance, rounding) = if long {
        (activation_pct, Rounding::Up)
    } else {
        (-activation_pct, Rounding::Down)
    };
    let activation = position.level(distance, tick, rounding).unwrap();
    let side = direction.exit_side();
    let mut order = Resting {
        id: confluence::domain::order::OrderId(1),
        side,
        kind: OrderKind::Trail {
            activation,
            callback,
            watched: Watched::Contract,
        },
        amount: confluence::domain::order::Amount::All,
        filled: Qty::ZERO,
        reduce_only: true,
        purpose: Purpose::Trailing,
        peak: None,
        armed: false,
    };
    let mut rows = Vec::new();
    for price in args["prices"].as_array().unwrap() {
        let price: Price = num(text(price));
        order.follow(price);
        let level = order.level(tick);
        assert_eq!(
            level,
            order
                .armed
                .then(|| trailing_level(order.peak.unwrap(), callback, side, tick).unwrap())
        );
        let fired = level.is_some_and(|level| if long { price <= level } else { price >= level });
        rows.push(json!([
            price.to_string(),
            order.armed,
            level.map(|level| level.to_string()),
            fired
        ]));
        if fired {
            break;
        }
    }
    json!({"activation_price": activation.to_string(), "rows_price_armed_stop_fired": rows})
}

fn fn_normalize(args: &Value) -> Value {
    let args = keys(args, &["raw"]);
    json!(Symbol::normalize(text(&args["raw"])).map(|symbol| symbol.to_string()))
}
