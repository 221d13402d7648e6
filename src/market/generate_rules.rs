//! The made-up rules of made-up contracts: filters and margin tiers, as they are in memory and as the exchange would
//! write them.
//!
//! Not here: prices and signals (`generate`, `random_walk`), reading such files (`instruments`).
//! Invariant: the files say what [`instrument`] says.

use serde_json::{Value, json};

use crate::domain::instrument::{Bracket, Instrument};
use crate::domain::num::{Money, Qty, Rate, UNIT};

use super::generate::{ContractRecipe, Recipe};

/// The far date that the exchange writes for perpetual contracts, which is no end of trading.
const DELIVERY: i64 = 4_133_404_800_000;
/// Floor and cap in USDT, maintenance in 1e-8, deduction in USDT, and the largest leverage.
const TIERS: [(i64, i64, i64, i64, u8); 4] = [
    (0, 50_000, 1_000_000, 0, 50),
    (50_000, 500_000, 2_500_000, 750, 20),
    (500_000, 5_000_000, 5_000_000, 13_250, 10),
    (5_000_000, 50_000_000, 10_000_000, 263_250, 1),
];

/// Filters and margin tiers of a made-up contract.
#[must_use]
pub fn instrument(contract: &ContractRecipe) -> Instrument {
    const POSITIVE: &str = "invariant: made-up quantities are positive";
    let whole = |amount: i64| Money::from_steps(amount * UNIT);
    let qty = |steps: i64| Qty::from_steps(steps).expect(POSITIVE);
    Instrument {
        symbol: contract.symbol.clone(),
        tick: contract.tick,
        step: qty(UNIT / 1_000),
        qty_min: qty(UNIT / 1_000),
        market_qty_max: qty(5_000_000 * UNIT),
        notional_min: whole(5),
        liquidation_fee: Rate::from_steps(1_500_000),
        brackets: TIERS
            .iter()
            .map(|(floor, cap, maintenance, deduction, _)| Bracket {
                floor: whole(*floor),
                cap: whole(*cap),
                maintenance: Rate::from_steps(*maintenance),
                deduction: whole(*deduction),
            })
            .collect(),
        delisted: None,
    }
}

/// The filters as an `exchangeInfo` answer.
pub(crate) fn exchange_info(recipe: &Recipe) -> Value {
    let contract = |contract: &ContractRecipe| {
        let rules = instrument(contract);
        let (step, qty_min) = (rules.step.to_string(), rules.qty_min.to_string());
        json!({
            "symbol": contract.symbol.as_str(),
            "contractType": "PERPETUAL",
            "status": "TRADING",
            "onboardDate": recipe.from.millis(),
            "deliveryDate": DELIVERY,
            "liquidationFee": rules.liquidation_fee.to_string(),
            "filters": [
                {"filterType": "PRICE_FILTER", "tickSize": rules.tick.to_string()},
                {"filterType": "LOT_SIZE", "stepSize": step, "minQty": qty_min, "maxQty": "10000000"},
                {"filterType": "MARKET_LOT_SIZE", "stepSize": step, "minQty": qty_min, "maxQty": rules.market_qty_max.to_string()},
                {"filterType": "MIN_NOTIONAL", "notional": rules.notional_min.to_string()},
            ],
        })
    };
    json!({
        "synthetic": true,
        "serverTime": recipe.from.millis(),
        "symbols": recipe.contracts.iter().map(contract).collect::<Vec<_>>(),
    })
}

/// The margin tiers as a `leverageBracket` answer.
pub(crate) fn brackets(recipe: &Recipe) -> Value {
    let tier = |(index, tier): (usize, &(i64, i64, i64, i64, u8))| {
        let (floor, cap, maintenance, deduction, leverage) = *tier;
        json!({
            "bracket": index + 1,
            "initialLeverage": leverage,
            "notionalFloor": floor,
            "notionalCap": cap,
            "maintMarginRatio": Rate::from_steps(maintenance).to_f64(),
            "cum": deduction,
        })
    };
    let tiers: Vec<Value> = TIERS.iter().enumerate().map(tier).collect();
    let listed = |contract: &ContractRecipe| json!({"symbol": contract.symbol.as_str(), "brackets": tiers, "synthetic": true});
    Value::Array(recipe.contracts.iter().map(listed).collect())
}
