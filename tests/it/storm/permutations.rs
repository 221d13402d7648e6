//! News of one order in any order, any of it twice, leads to one and the same end.
//!
//! Not here: news of several orders (the storm mixes those).

use confluence::domain::event::{OrderReport, OrderStatus, OrderUpdate};
use confluence::domain::fill::{Fill, Liquidity, TradeId};
use confluence::domain::num::{Money, Price, Qty};
use confluence::domain::order::{Amount, OrderId, OrderKind, OrderRequest, Purpose, Reject, Side};
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::{Span, Timestamp};
use confluence::trader::orders::{OrderState, Orders, Outcome};

fn qty(units: i64) -> Qty {
    Qty::from_steps(units * 100_000_000).expect("invariant: written here")
}

fn fill(trade: u64, units: i64) -> Fill {
    Fill {
        trade: TradeId(trade),
        time: Timestamp::from_millis(0),
        side: Side::Buy,
        qty: qty(units),
        price: Price::from_steps(100 * 100_000_000).expect("invariant: written here"),
        fee: Money::ZERO,
        liquidity: Liquidity::Taker,
        realized: Money::ZERO,
        insurance: Money::ZERO,
        slippage: Money::ZERO,
    }
}

fn filled(trade: u64, units: i64, total: i64, complete: bool) -> OrderUpdate {
    OrderUpdate::Filled {
        fill: fill(trade, units),
        total: qty(total),
        complete,
    }
}

/// All orders of the given indices.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        all = all
            .into_iter()
            .flat_map(|start: Vec<usize>| {
                (0..count)
                    .filter(|next| !start.contains(next))
                    .map(|next| [start.as_slice(), &[next]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    all
}

/// Hears the updates in that order, then the truth once if the order still asks for it.
fn end_of(updates: &[&OrderUpdate], truth: &OrderReport) -> (OrderState, Qty, usize) {
    let mut orders = Orders::new(Some(Span::from_millis(5_000)));
    let id = OrderId(1);
    let request = OrderRequest {
        id,
        symbol: SymbolId::at(0),
        side: Side::Buy,
        kind: OrderKind::Market,
        amount: Amount::Exact(qty(7)),
        reduce_only: false,
        purpose: Purpose::Entry,
        reference: None,
    };
    orders.add(request, Money::ZERO, Timestamp::from_millis(0));
    let order = orders.get_mut(id).expect("invariant: just added");
    let mut booked = 0;
    for (at, update) in (1..).zip(updates) {
        booked += order.hear(Timestamp::from_millis(at), update).fills.len();
    }
    if order.is_live() {
        let report = OrderUpdate::Report(truth.clone());
        let now = Timestamp::from_millis(10_000);
        booked += order.hear(now, &report).fills.len();
    }
    (order.state, order.filled, booked)
}

fn check_all(updates: &[OrderUpdate], truth: &OrderReport, outcome: Outcome) -> usize {
    let total: i64 = truth.fills.iter().map(|fill| fill.qty.steps()).sum();
    let wanted = (
        OrderState::Done(outcome),
        Qty::from_steps(total).expect("invariant: a sum of fills"),
        truth.fills.len(),
    );
    let mut met = 0;
    // Each update once, and each set with one of them heard twice.
    for twice in 0..=updates.len() {
        let mut set: Vec<&OrderUpdate> = updates.iter().collect();
        set.extend(updates.get(twice));
        for order in permutations(set.len()) {
            let heard: Vec<&OrderUpdate> = order.iter().map(|index| set[*index]).collect();
            assert_eq!(end_of(&heard, truth), wanted, "{heard:#?}");
            met += 1;
        }
    }
    met
}

#[test]
fn storm_any_order_of_one_orders_news_ends_the_same() {
    let fills = vec![fill(1, 2), fill(2, 4), fill(3, 1)];
    let report = |status, count: usize| OrderReport {
        status,
        fills: fills[..count].to_vec(),
    };
    let mut met = check_all(
        &[
            OrderUpdate::Accepted,
            filled(1, 2, 2, false),
            filled(2, 4, 6, false),
            filled(3, 1, 7, true),
            OrderUpdate::NoAnswer,
        ],
        &report(OrderStatus::Filled, 3),
        Outcome::Filled,
    );
    met += check_all(
        &[
            OrderUpdate::Accepted,
            filled(1, 2, 2, false),
            filled(2, 4, 6, false),
            OrderUpdate::Canceled { total: qty(6) },
            OrderUpdate::Report(report(OrderStatus::Working, 1)),
        ],
        &report(OrderStatus::Canceled, 2),
        Outcome::Canceled,
    );
    met += check_all(
        &[
            OrderUpdate::Rejected(Reject::Other(-1008)),
            OrderUpdate::NoAnswer,
            OrderUpdate::Report(report(OrderStatus::Unknown, 0)),
        ],
        &report(OrderStatus::Rejected(Reject::Other(-1008)), 0),
        Outcome::Rejected(Reject::Other(-1008)),
    );
    println!("{met} orders of one order's news end the same");
}
