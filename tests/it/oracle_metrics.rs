//! Compares `stats` with every value of `tests/oracles/metrics.json`, or of the file named by `SIM_ORACLE_METRICS`.
//! A key that is not understood fails; nothing of the file is hard-coded here.

#![allow(clippy::panic, reason = "helpers of a test")]

use std::collections::BTreeMap;

use confluence::domain::fill::{Fill, LedgerEntry, LedgerKind, Liquidity, TradeId};
use confluence::domain::num::{Money, Price, Qty};
use confluence::domain::order::Side;
use confluence::domain::time::{DAY, Span, Timestamp};
use confluence::stats::activity::{self, BarSeries};
use confluence::stats::breakdown;
use confluence::stats::equity::{self, DailySeries};
use confluence::stats::trade_row::TradeRow;
use confluence::stats::trades;
use confluence::stats::{benchmark, calendar, costs, quantile, returns};
use serde_json::{Map, Value};

/// What was compared, for the last line of output.
#[derive(Default)]
struct Compared {
    counts: BTreeMap<&'static str, usize>,
    tolerance: f64,
}

impl Compared {
    fn number(&mut self, what: &'static str, name: &str, expected: &Value, found: &Value) {
        *self.counts.entry(what).or_insert(0) += 1;
        match (expected.as_f64(), found.as_f64()) {
            (Some(expected), Some(found)) => {
                let size = expected.abs().max(found.abs()).max(1e-3);
                assert!(
                    (expected - found).abs() <= self.tolerance * size,
                    "{what} {name}: expected {expected}, found {found}"
                );
            }
            (None, None) => assert_eq!(expected, found, "{what} {name}"),
            _ => panic!("{what} {name}: expected {expected}, found {found}"),
        }
    }

    /// Every key of `expected` must be one of `found`.
    fn object(&mut self, what: &'static str, expected: &Value, found: &Map<String, Value>) {
        for (name, value) in object(expected) {
            let Some(own) = found.get(name) else {
                panic!("{what}: unknown key '{name}'");
            };
            self.number(what, name, value, own);
        }
    }

    fn list(&mut self, what: &'static str, expected: &Value, found: &[Value]) {
        let expected = array(expected);
        assert!(
            expected.len() <= found.len(),
            "{what}: {} expected, {} found",
            expected.len(),
            found.len()
        );
        for (index, (value, own)) in expected.iter().zip(found).enumerate() {
            self.number(what, &index.to_string(), value, own);
        }
    }
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn fields(value: impl serde::Serialize) -> Map<String, Value> {
    let value = serde_json::to_value(value).expect("it serialises");
    object(&value).clone()
}

fn money(value: &Value) -> Money {
    value
        .as_str()
        .expect("decimal text")
        .parse()
        .expect("an amount")
}

fn only_keys(value: &Value, known: &[&str]) {
    for key in object(value).keys() {
        assert!(known.contains(&key.as_str()), "unknown key '{key}'");
    }
}

/// A series of whole days from decimal texts, the first of them e₀.
fn series(start: Timestamp, points: &[Money]) -> DailySeries {
    let days = i64::try_from(points.len() - 1).expect("few days");
    DailySeries {
        start,
        end: start + Span::from_millis(DAY.millis() * days),
        initial: points[0].to_f64(),
        closes: points[1..].iter().map(|point| point.to_f64()).collect(),
    }
}

fn trade_row(trade: &Value) -> TradeRow {
    const KNOWN: [&str; 10] = [
        "symbol",
        "net",
        "risk",
        "entry_ms",
        "exit_ms",
        "exit",
        "entry_notional",
        "exit_notional",
        "fees",
        "funding",
    ];
    only_keys(trade, &KNOWN);
    let amount = |key: &str| money(&trade[key]).to_f64();
    let time = |key: &str| Timestamp::from_millis(trade[key].as_i64().expect("ms"));
    TradeRow {
        symbol: trade["symbol"].as_str().expect("a name").to_owned(),
        entry_time: time("entry_ms"),
        exit_time: time("exit_ms"),
        entry_notional: amount("entry_notional"),
        exit_notional: amount("exit_notional"),
        realized: amount("net") + amount("fees") - amount("funding"),
        fees: amount("fees"),
        funding: amount("funding"),
        risk: Some(amount("risk")),
        exits: vec![(trade["exit"].as_str().expect("a reason").to_owned(), 0.0)],
        ..bare(amount("net"))
    }
}

/// A trade of which only the net is known.
fn bare(net: f64) -> TradeRow {
    TradeRow {
        symbol: "TESTUSDT".to_owned(),
        direction: None,
        entry_time: Timestamp::from_millis(0),
        exit_time: Timestamp::from_millis(0),
        qty: None,
        entry_notional: 0.0,
        exit_notional: 0.0,
        realized: net,
        net,
        fees: 0.0,
        funding: 0.0,
        slippage: 0.0,
        risk: None,
        exits: Vec::new(),
        mae: None,
        mfe: None,
        time_to_mfe: None,
        score: None,
        gap: None,
        ambiguous_bars: 0,
    }
}

/// Ledger entries and fills of a trade, one of each kind.
fn books(trade: &Value) -> (Vec<LedgerEntry>, Fill) {
    let (net, fees, funding) = (
        money(&trade["net"]),
        money(&trade["fees"]),
        money(&trade["funding"]),
    );
    let entry = |kind, amount| LedgerEntry {
        time: Timestamp::from_millis(0),
        symbol: None,
        kind,
        amount,
    };
    let ledger = vec![
        entry(LedgerKind::RealizedPnl, net + fees - funding),
        entry(LedgerKind::Fee, -fees),
        entry(LedgerKind::Funding, funding),
    ];
    let fill = Fill {
        trade: TradeId(0),
        time: Timestamp::from_millis(0),
        side: Side::Sell,
        qty: Qty::ZERO,
        price: "1".parse::<Price>().expect("a price"),
        fee: fees,
        liquidity: Liquidity::Taker,
        realized: Money::ZERO,
        insurance: Money::ZERO,
        slippage: Money::ZERO,
    };
    (ledger, fill)
}

/// M4, M5 and the totals of M6 under the names of the file.
fn trade_figures(series: &DailySeries, listed: &[Value]) -> Map<String, Value> {
    let rows: Vec<TradeRow> = listed.iter().map(trade_row).collect();
    let notional = rows
        .iter()
        .map(|row| row.entry_notional + row.exit_notional)
        .sum();
    let mut found = fields(trades::trade_metrics(&rows));
    found.append(&mut fields(activity::activity_metrics(
        series,
        &rows,
        notional,
        &BarSeries::default(),
    )));
    let (ledger, fills): (Vec<Vec<LedgerEntry>>, Vec<Fill>) = listed.iter().map(books).unzip();
    let sums = costs::totals(&ledger.concat(), &fills).expect("the books agree");
    let spent = costs::cost_metrics(&sums, Money::from_steps(1), &rows);
    found.insert("total_fees".to_owned(), spent.total_fees.usdt.into());
    found.insert("total_funding".to_owned(), spent.total_funding.into());
    found
}

/// The value by another library's definition.
fn by_their_definition(name: &str, series: &DailySeries) -> f64 {
    let returns = series.known_returns();
    let n = f64::from(u32::try_from(returns.len()).expect("few"));
    let moment = |power| quantile::central_moment(&returns, power).expect("returns");
    let deviation = quantile::deviation(&returns).expect("returns");
    match name {
        "quantstats.ulcer_index" => {
            let depths = equity::drawdowns(&series.points());
            let squares: f64 = depths.iter().skip(1).map(|depth| depth * depth).sum();
            (squares / (n - 1.0)).sqrt()
        }
        // The 5 % quantile of the normal law.
        "quantstats.value_at_risk (parametric)" => {
            quantile::mean(&returns).expect("returns") - 1.644_853_626_951_472_7 * deviation
        }
        "quantstats.skew (adjusted)" => {
            moment(3) / moment(2).powf(1.5) * (n * (n - 1.0)).sqrt() / (n - 2.0)
        }
        "quantstats.kurtosis (adjusted, excess)" => {
            let excess = moment(4) / moment(2).powi(2) - 3.0;
            (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * excess + 6.0)
        }
        other => panic!("library_differs_by_definition: unknown key '{other}'"),
    }
}

fn group_figures(key: &str, rows: &[TradeRow]) -> Map<String, Value> {
    let tables = breakdown::breakdowns(rows);
    let (table, name) = key.split_once('=').expect("table=name");
    let found = tables.tables();
    let (_, groups) = found
        .iter()
        .find(|(known, _)| *known == table)
        .unwrap_or_else(|| panic!("group_expected: unknown table '{table}'"));
    let row = groups.iter().find(|row| row.key == name);
    fields(row.unwrap_or_else(|| panic!("group_expected: no group '{key}'")))
}

fn edge_case(case: &Value, start: Timestamp, compared: &mut Compared) {
    only_keys(case, &["name", "equity", "trades_net", "expected"]);
    let name = case["name"].as_str().expect("a name");
    let mut found = Map::new();
    let mut returns = Vec::new();
    if let Some(equity) = case.get("equity") {
        let points: Vec<Money> = array(equity).iter().map(money).collect();
        let series = series(start, &points);
        found.append(&mut fields(equity::daily_metrics(&series, &[])));
        returns = series.returns();
    }
    let nets = case.get("trades_net").map_or(&[][..], array);
    let rows: Vec<TradeRow> = nets.iter().map(|net| bare(money(net).to_f64())).collect();
    found.append(&mut fields(trades::trade_metrics(&rows)));
    for (key, value) in object(&case["expected"]) {
        let label = format!("{name}.{key}");
        if key == "daily_returns" {
            assert_eq!(array(value).len(), returns.len(), "{label}");
            for (expected, own) in array(value).iter().zip(&returns) {
                compared.number("edge figures", &label, expected, &Value::from(*own));
            }
            continue;
        }
        let own = found
            .get(key)
            .unwrap_or_else(|| panic!("{label}: unknown key"));
        compared.number("edge figures", &label, value, own);
    }
    *compared.counts.entry("edge cases").or_insert(0) += 1;
}

/// Sections that need the daily series.
fn daily_sections(file: &Value, series: &DailySeries, compared: &mut Compared) {
    let daily = fields(equity::daily_metrics(series, &[]));
    compared.object("daily figures", &file["expected"], &daily);
    let levels: Vec<f64> = array(&file["equity"]["benchmark"])
        .iter()
        .map(|level| money(level).to_f64())
        .collect();
    let held = fields(benchmark::against(series, &levels));
    compared.object("benchmark figures", &file["benchmark_expected"], &held);
    let daily_returns = series.known_returns();
    let months = calendar::compounded(series.start, &daily_returns, calendar::month);
    assert_eq!(months.len(), object(&file["monthly_returns"]).len());
    compared.object("months", &file["monthly_returns"], &fields(months));
    let rolling: Vec<Value> = array(&fields_list(returns::rolling_sharpe(&daily_returns))).to_vec();
    assert_eq!(rolling.len(), array(&file["rolling_sharpe_30"]).len());
    compared.list("rolling sharpes", &file["rolling_sharpe_30"], &rolling);
    let depths = fields_list(&equity::drawdowns(&series.points())[1..]);
    compared.list(
        "drawdowns",
        &file["drawdown_series_first_40"],
        array(&depths),
    );
    for (figure, libraries) in object(&file["library_agreement"]) {
        let own = daily
            .get(figure)
            .unwrap_or_else(|| panic!("library_agreement: unknown key '{figure}'"));
        for (library, value) in object(libraries) {
            compared.number("library values", library, value, own);
        }
    }
    for (name, value) in object(&file["library_differs_by_definition"]) {
        let theirs = Value::from(by_their_definition(name, series));
        compared.number("library values by their definition", name, value, &theirs);
    }
}

fn fields_list(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("it serialises")
}

#[test]
fn oracle_metrics_agree_with_every_value_of_the_file() {
    let path = std::env::var("SIM_ORACLE_METRICS").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracles/metrics.json").to_owned()
    });
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let file: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    const SECTIONS: [&str; 13] = [
        "schema_version",
        "tolerance_rel",
        "equity",
        "expected",
        "benchmark_expected",
        "monthly_returns",
        "rolling_sharpe_30",
        "drawdown_series_first_40",
        "library_agreement",
        "library_differs_by_definition",
        "trades",
        "trade_expected",
        "group_expected",
    ];
    let mut known = SECTIONS.to_vec();
    known.push("edge_cases");
    only_keys(&file, &known);
    only_keys(
        &file["equity"],
        &["start_time_ms", "initial", "daily_close", "benchmark"],
    );
    assert_eq!(file["schema_version"], 1);
    let mut compared = Compared {
        tolerance: file["tolerance_rel"].as_f64().expect("a tolerance"),
        ..Compared::default()
    };
    let start = Timestamp::from_millis(file["equity"]["start_time_ms"].as_i64().expect("ms"));
    let mut points = vec![money(&file["equity"]["initial"])];
    points.extend(array(&file["equity"]["daily_close"]).iter().map(money));
    let series = series(start, &points);
    daily_sections(&file, &series, &mut compared);

    let listed = array(&file["trades"]);
    let found = trade_figures(&series, listed);
    compared.object("trade figures", &file["trade_expected"], &found);
    let rows: Vec<TradeRow> = listed.iter().map(trade_row).collect();
    for (key, expected) in object(&file["group_expected"]) {
        compared.object("group figures", expected, &group_figures(key, &rows));
        *compared.counts.entry("groups").or_insert(0) += 1;
    }
    for case in array(&file["edge_cases"]) {
        edge_case(case, start, &mut compared);
    }
    let met: Vec<String> = compared
        .counts
        .iter()
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    println!("metrics: {}, {} trades", met.join(", "), listed.len());
    assert_eq!(
        compared.counts.len(),
        12,
        "a section of {path} held nothing"
    );
}
