//! A run's warnings and assumptions in plain words.
//!
//! Not here: notes about its prices (`notes`), figures. Every sentence says what was done, and where it matters, what that means for the result.

use crate::backtest::inputs::ZONELESS;
use crate::backtest::prepare::Prepared;
use crate::backtest::replays::Replays;
use crate::domain::num::Rate;
use crate::domain::order::Watched;
use crate::domain::position::MarginMode;
use crate::domain::signal::SignalType;
use crate::domain::stamp::StampForm;
use crate::domain::time::Span;
use crate::exchange::model::{Drilldown, EndOfData, LimitFill, Model, PathMode};
use crate::report::input::Assumption;
use crate::settings::Settings;

/// A message type with its name.
#[must_use]
pub(super) fn kind(kind: SignalType) -> String {
    let name = match kind.0 {
        100 => "downside risk",
        108 => "fund movement",
        109 => "listing",
        110 => "alpha",
        111 => "capital flight",
        112 => "fomo intensified",
        113 => "fomo",
        114 => "abnormal funds",
        _ => "unknown",
    };
    format!("{} {name}", kind.0)
}

/// What must be read before the figures.
#[must_use]
pub(super) fn warnings(settings: &Settings, prepared: &Prepared, replays: &Replays) -> Vec<String> {
    let mut warnings = settings.consequence().warnings;
    let one_clock = prepared
        .file
        .signals
        .iter()
        .filter(|signal| signal.received_time.is_none())
        .count();
    if one_clock > 0 {
        let delay = span(settings.signal_delay);
        warnings.push(format!(
            "{one_clock} of {} messages know only when they were published: taken as received {delay} later (signals.delay_ms)",
            prepared.file.signals.len()
        ));
    }
    if prepared.file.form == Some(StampForm::Zoneless) {
        warnings.push(ZONELESS.to_owned());
    }
    if !replays.beyond.is_empty() {
        warnings.push(format!(
            "these replays grew beyond what is simulated and have no row: {}",
            replays.beyond.join(", ")
        ));
    }
    warnings
}

/// The model in plain words.
#[must_use]
pub(super) fn assumptions(settings: &Settings) -> Vec<Assumption> {
    let mut list = execution(settings);
    list.extend(costs(&settings.model));
    list.extend(edges(&settings.model));
    list
}

fn entry(label: &str, value: String, meaning: &str) -> Assumption {
    Assumption {
        label: label.to_owned(),
        value,
        meaning: meaning.to_owned(),
    }
}

/// When and where orders fill.
fn execution(settings: &Settings) -> Vec<Assumption> {
    let model = &settings.model;
    let watched = match settings.rules.exits.stop_watched {
        Watched::Contract => "contract price",
        Watched::Mark => "mark price",
    };
    let path = format!(
        "{}; {}",
        path_words(model.path_mode),
        drill_words(model.drilldown)
    );
    vec![
        entry(
            "Entries",
            "next open".to_owned(),
            "an order fills at the open of the first bar after it arrived, worse by the costs below",
        ),
        entry(
            "Delay",
            format!(
                "{} to the exchange, {} for the bracket",
                span(model.latency),
                span(model.bracket_delay)
            ),
            "with bars, the real delay is longer: up to one bar",
        ),
        entry(
            "Warm-up",
            "one bar".to_owned(),
            "sizing looks at the last mark before a signal, nothing looks further back; messages received before the start are not heard",
        ),
        entry(
            "Path inside a bar",
            model.path_mode.name().to_owned(),
            &path,
        ),
        entry(
            "Stops",
            format!("at their level, {watched} watched"),
            "a price that opens beyond the level fills at the open",
        ),
    ]
}

const fn path_words(mode: PathMode) -> &'static str {
    match mode {
        PathMode::Pessimistic => "the bad extreme of a bar comes first",
        PathMode::Optimistic => "the good extreme of a bar comes first",
        PathMode::CloseDir => "a bar that closes up went down first, and the reverse",
        PathMode::Nearest => "the extreme nearer to the open comes first",
        PathMode::Ohlc => "every bar goes up first",
        PathMode::Olhc => "every bar goes down first",
    }
}

const fn drill_words(drilldown: Drilldown) -> &'static str {
    match drilldown {
        Drilldown::Off => "finer bars are not consulted",
        Drilldown::Ambiguous => {
            "bars whose result hangs on it are replayed on finer ones where there are any"
        }
        Drilldown::Always => "every bar in position is replayed on finer ones where there are any",
    }
}

/// What trading takes.
fn costs(model: &Model) -> Vec<Assumption> {
    let bps = |rate: Rate| format!("{} bp", Rate::from_steps(rate.steps() * 100).percent());
    let (terms, costs) = (&model.terms, &model.costs);
    let mode = match terms.margin_mode {
        MarginMode::Isolated => "isolated",
        MarginMode::Cross => "cross",
    };
    let slippage = format!(
        "entries {}, stops {}, targets {}",
        bps(costs.slippage),
        bps(costs.stop_slippage),
        bps(costs.target_slippage)
    );
    vec![
        entry(
            "Fees",
            format!("taker {}, maker {}", bps(terms.taker), bps(terms.maker)),
            "on every fill, of its value",
        ),
        entry(
            "Half spread and impact",
            format!("{} + {}", bps(costs.half_spread), bps(costs.impact)),
            "on every market fill",
        ),
        entry(
            "Slippage",
            slippage,
            "added to the above, always against us",
        ),
        entry(
            "Margin",
            format!("{mode}, {}×", terms.leverage),
            "liquidation by the exchange's bracket table on the mark price, as one fill",
        ),
        entry(
            "Funding",
            "as recorded".to_owned(),
            "a missing record is no payment",
        ),
    ]
}

/// What happens where data or patience end.
fn edges(model: &Model) -> Vec<Assumption> {
    let limits = match model.limit_fill {
        LimitFill::Through => "fill when the price goes through",
        LimitFill::Touch => "fill when touched",
    };
    let end = match model.end_of_data {
        EndOfData::ForceClose => "open positions are closed",
        EndOfData::Mark => "open positions stay, marked",
    };
    vec![
        entry(
            "Late entries",
            format!("dropped after {}", span(model.entry_ttl)),
            "when no price is there in time",
        ),
        entry(
            "Limit orders",
            limits.to_owned(),
            "the queue is not modelled",
        ),
        entry(
            "End of data",
            end.to_owned(),
            "at the last price, with costs, when closed",
        ),
        entry(
            "Not modelled",
            "order book, partial liquidation, auto-deleveraging, outages".to_owned(),
            "fees are those above, whatever discounts you have",
        ),
    ]
}

/// A span in its largest whole unit.
pub(super) fn span(span: Span) -> String {
    let millis = span.millis();
    match millis {
        0 => "0 s".to_owned(),
        _ if millis % 3_600_000 == 0 => format!("{} h", millis / 3_600_000),
        _ if millis % 60_000 == 0 => format!("{} min", millis / 60_000),
        _ if millis % 1_000 == 0 => format!("{} s", millis / 1_000),
        _ => format!("{millis} ms"),
    }
}
