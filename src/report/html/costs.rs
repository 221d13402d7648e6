//! How far the result hangs on paths inside bars and on costs, and what was paid.
//!
//! Not here: the replays behind it (`backtest`).

use super::element::{self, Cell};
use crate::domain::num::Money;
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::costs as words;
use crate::report::words::units::{self, span};
use crate::report::words::why::break_even;
use crate::report::words::{Lang, Word};
use crate::stats::costs::CostLine;
use crate::stats::figure::millis;

fn signed(amount: Money) -> Cell {
    let value = amount.to_f64();
    Cell::Signed(format::signed(value, 2), value)
}

fn of_initial(run: &RunReport, amount: Money) -> Cell {
    let share = amount.to_f64() / run.metrics.initial;
    Cell::Signed(format::signed_percent(share), share)
}

/// The path-assumption envelope.
#[must_use]
pub fn envelope(run: &RunReport, lang: Lang) -> String {
    let paths = &run.paths;
    let mut html = element::paragraph(words::ENVELOPE_INTRO.say(lang));
    let replays = match &run.metrics.envelope {
        Some(envelope) => {
            let rows: Vec<Vec<Cell>> = envelope
                .rows
                .iter()
                .map(|row| {
                    let told = words::path(&row.mode);
                    let (name, meaning) = told
                        .map_or((row.mode.as_str(), ""), |(name, meaning)| {
                            (name.say(lang), meaning.say(lang))
                        });
                    vec![
                        Cell::Text(name.to_owned()),
                        Cell::Text(meaning.to_owned()),
                        signed(row.net),
                        of_initial(run, row.net),
                    ]
                })
                .collect();
            let range = [envelope.min, envelope.max].map(|net| format::signed_usdt(net.to_f64()));
            let range = words::ENVELOPE_RANGE.with(lang, &[&range[0], &range[1]]);
            let head = [
                words::PATH,
                units::HEAD_MEANING,
                units::HEAD_NET,
                units::HEAD_OF_START,
            ];
            element::table(&head.map(|word| word.say(lang)), &rows) + &element::paragraph(&range)
        }
        None => element::note(words::ENVELOPE_NONE.say(lang)),
    };
    let rows = [
        (
            words::BARS_IN_POSITION,
            paths.bars_in_position,
            words::BARS_IN_POSITION_HINT,
        ),
        (
            words::BARS_AMBIGUOUS,
            paths.ambiguous,
            words::BARS_AMBIGUOUS_HINT,
        ),
        (words::BARS_DRILLED, paths.drilled, words::BARS_DRILLED_HINT),
        (
            words::BARS_RESIDUAL,
            paths.residual,
            words::BARS_RESIDUAL_HINT,
        ),
        (words::TOUCHED, paths.trades_touched, words::TOUCHED_HINT),
    ]
    .map(|(name, number, meaning)| {
        vec![
            Cell::Text(name.say(lang).to_owned()),
            Cell::Number(format::whole(number)),
            Cell::Text(meaning.say(lang).to_owned()),
        ]
    });
    let counts = element::table(
        &[words::INSIDE_BARS.say(lang), words::HOW_MANY.say(lang), ""],
        &rows,
    );
    html.push_str(&element::side_by_side(&[replays, counts]));
    element::section("envelope", words::ENVELOPE.say(lang), &html)
}

/// Net result as costs grow.
#[must_use]
pub fn cost_table(run: &RunReport, lang: Lang) -> String {
    let html = match &run.metrics.cost_table {
        Some(table) => {
            let rows: Vec<Vec<Cell>> = table
                .rows
                .iter()
                .map(|row| {
                    vec![
                        Cell::Text(format!("{}×", format::number(row.multiple.to_f64(), 0))),
                        signed(row.net),
                        of_initial(run, row.net),
                    ]
                })
                .collect();
            let even = break_even(table.break_even_multiple).say(lang);
            let head = [words::COST_MULTIPLE, units::HEAD_NET, units::HEAD_OF_START];
            element::table(&head.map(|word| word.say(lang)), &rows)
                + &element::paragraph(&words::COST_SCALED.with(lang, &[&even]))
                + &delayed(run, lang)
        }
        None => element::note(words::COST_NONE.say(lang)),
    };
    element::section("costs", words::COSTS.say(lang), &html)
}

/// The replay with one bar of delay (T9.4).
fn delayed(run: &RunReport, lang: Lang) -> String {
    let Some(probe) = &run.metrics.delay_probe else {
        return String::new();
    };
    let told = words::DELAYED.with(
        lang,
        &[
            &span(millis(probe.added_ms), lang),
            &format::signed_usdt(probe.net.to_f64()),
            &format::signed_usdt(probe.base.to_f64()),
        ],
    );
    if probe.edge_vanishes() {
        element::paragraph(&format!("{told} {}", words::DELAYED_GONE.say(lang)))
    } else {
        element::paragraph(&told)
    }
}

/// From gross to net.
#[must_use]
pub fn spent(run: &RunReport, lang: Lang) -> String {
    let costs = &run.metrics.costs;
    let zero = CostLine {
        usdt: 0.0,
        of_initial: crate::stats::figure::Figure::Known(0.0),
        of_gross_profit: crate::stats::figure::Figure::Known(0.0),
    };
    let amount = |name: Word, value: f64, line: Option<CostLine>| {
        let line = line.unwrap_or(zero);
        let shares = line.usdt.abs() > 0.0;
        let share = |figure| {
            if shares {
                element::figure_cell(figure, format::percent)
            } else {
                Cell::Number(String::new())
            }
        };
        vec![
            Cell::Text(name.say(lang).to_owned()),
            Cell::Signed(format::signed(value, 2), value),
            share(line.of_initial),
            share(line.of_gross_profit),
        ]
    };
    let rows = vec![
        amount(words::PAID_REALISED, costs.realized, None),
        amount(
            words::PAID_TAKER,
            -costs.fees_taker.usdt,
            Some(costs.fees_taker),
        ),
        amount(
            words::PAID_MAKER,
            -costs.fees_maker.usdt,
            Some(costs.fees_maker),
        ),
        amount(
            words::PAID_LIQUIDATION,
            -costs.fees_liquidation.usdt,
            Some(costs.fees_liquidation),
        ),
        amount(
            words::PAID_FUNDING,
            -costs.funding_paid.usdt,
            Some(costs.funding_paid),
        ),
        amount(
            words::RECEIVED_FUNDING,
            costs.funding_received.usdt,
            Some(costs.funding_received),
        ),
        amount(words::INSURANCE_FUND, costs.insurance, None),
        amount(words::NET_LEDGER, costs.net, None),
        amount(
            words::MEMO_SLIPPAGE,
            -costs.slippage.usdt,
            Some(costs.slippage),
        ),
    ];
    let gross = format::usdt(costs.gross_profit_before_costs);
    let head = [
        words::PAID_HEAD.say(lang),
        "USDT",
        units::HEAD_OF_START.say(lang),
        words::PAID_OF_GROSS.say(lang),
    ];
    let html =
        element::table(&head, &rows) + &element::note(&words::PAID_NOTE.with(lang, &[&gross]));
    element::section("spent", words::PAID.say(lang), &html)
}
