//! Which warnings and assumptions a run has, with their values.
//!
//! Not here: the sentences themselves (`report::words::model`), notes about its prices (`notes`), figures.

use crate::backtest::prepare::Prepared;
use crate::backtest::replays::Replays;
use crate::domain::num::Rate;
use crate::domain::order::Watched;
use crate::domain::position::MarginMode;
use crate::domain::stamp::StampForm;
use crate::domain::time::Span;
use crate::exchange::model::{Drilldown, EndOfData, LimitFill, Model, PathMode};
use crate::report::input::Assumption;
use crate::report::words::common::{self, joined, plain};
use crate::report::words::{self, Part, Phrase, Word, model};
use crate::settings::Settings;

/// What must be read before the figures.
#[must_use]
pub(super) fn warnings(settings: &Settings, prepared: &Prepared, replays: &Replays) -> Vec<Phrase> {
    let mut warnings = settings.consequence().warnings;
    let one_clock = prepared
        .file
        .signals
        .iter()
        .filter(|signal| signal.received_time.is_none())
        .count();
    if one_clock > 0 {
        warnings.push(model::W_ONE_CLOCK.of([
            Part::from(one_clock.to_string()),
            prepared.file.signals.len().to_string().into(),
            span(settings.signal_delay).into(),
        ]));
    }
    if prepared.file.form == Some(StampForm::Zoneless) {
        warnings.push(model::W_ZONELESS.alone());
    }
    if !replays.beyond.is_empty() {
        warnings.push(model::W_BEYOND.of([replays.beyond.join(", ")]));
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

fn entry(label: Word, value: Phrase, meaning: Phrase) -> Assumption {
    Assumption {
        label: label.alone(),
        value,
        meaning,
    }
}

/// When and where orders fill.
fn execution(settings: &Settings) -> Vec<Assumption> {
    let exchange = &settings.model;
    let stops = match settings.rules.exits.stop_watched {
        Watched::Contract => model::M_STOPS_CONTRACT,
        Watched::Mark => model::M_STOPS_MARK,
    };
    let path = [
        path_words(exchange.path_mode),
        drill_words(exchange.drilldown),
    ];
    vec![
        entry(
            model::M_ENTRIES,
            model::M_ENTRIES_VALUE.alone(),
            model::M_ENTRIES_MEANING.alone(),
        ),
        entry(
            model::M_DELAY,
            model::M_DELAY_VALUE.of([span(exchange.latency), span(exchange.bracket_delay)]),
            model::M_DELAY_MEANING.alone(),
        ),
        entry(
            model::M_WARM_UP,
            model::M_WARM_UP_VALUE.alone(),
            model::M_WARM_UP_MEANING.alone(),
        ),
        entry(
            model::M_PATH,
            path_name(exchange.path_mode),
            joined(path.map(Word::alone), common::AND_ALSO),
        ),
        entry(
            model::M_STOPS,
            stops.alone(),
            model::M_STOPS_MEANING.alone(),
        ),
    ]
}

fn path_name(mode: PathMode) -> Phrase {
    words::costs::path(mode.name()).map_or_else(|| plain(mode.name()), |(name, _)| name.alone())
}

const fn path_words(mode: PathMode) -> Word {
    match mode {
        PathMode::Pessimistic => model::M_PATH_PESSIMISTIC,
        PathMode::Optimistic => model::M_PATH_OPTIMISTIC,
        PathMode::CloseDir => model::M_PATH_CLOSE_DIR,
        PathMode::Nearest => model::M_PATH_NEAREST,
        PathMode::Ohlc => model::M_PATH_OHLC,
        PathMode::Olhc => model::M_PATH_OLHC,
    }
}

const fn drill_words(drilldown: Drilldown) -> Word {
    match drilldown {
        Drilldown::Off => model::M_DRILL_OFF,
        Drilldown::Ambiguous => model::M_DRILL_AMBIGUOUS,
        Drilldown::Always => model::M_DRILL_ALWAYS,
    }
}

/// Hundredths of a percent.
fn bps(rate: Rate) -> Phrase {
    model::M_BPS.of([Rate::from_steps(rate.steps() * 100).percent()])
}

/// What trading takes.
fn costs(exchange: &Model) -> Vec<Assumption> {
    let (terms, costs) = (&exchange.terms, &exchange.costs);
    let margin = match terms.margin_mode {
        MarginMode::Isolated => model::M_MARGIN_ISOLATED,
        MarginMode::Cross => model::M_MARGIN_CROSS,
    };
    let slippage = [costs.slippage, costs.stop_slippage, costs.target_slippage];
    vec![
        entry(
            model::M_FEES,
            model::M_FEES_VALUE.of([bps(terms.taker), bps(terms.maker)]),
            model::M_FEES_MEANING.alone(),
        ),
        entry(
            model::M_SPREAD,
            model::M_SPREAD_VALUE.of([bps(costs.half_spread), bps(costs.impact)]),
            model::M_SPREAD_MEANING.alone(),
        ),
        entry(
            model::M_SLIPPAGE,
            model::M_SLIPPAGE_VALUE.of(slippage.map(bps)),
            model::M_SLIPPAGE_MEANING.alone(),
        ),
        entry(
            model::M_MARGIN,
            margin.of([terms.leverage.to_string()]),
            model::M_MARGIN_MEANING.alone(),
        ),
        entry(
            model::M_FUNDING,
            model::M_FUNDING_VALUE.alone(),
            model::M_FUNDING_MEANING.alone(),
        ),
    ]
}

/// What happens where data or patience end.
fn edges(exchange: &Model) -> Vec<Assumption> {
    let limits = match exchange.limit_fill {
        LimitFill::Through => model::M_LIMITS_THROUGH,
        LimitFill::Touch => model::M_LIMITS_TOUCH,
    };
    let end = match exchange.end_of_data {
        EndOfData::ForceClose => model::M_END_CLOSE,
        EndOfData::Mark => model::M_END_MARK,
    };
    vec![
        entry(
            model::M_LATE,
            model::M_LATE_VALUE.of([span(exchange.entry_ttl)]),
            model::M_LATE_MEANING.alone(),
        ),
        entry(
            model::M_LIMITS,
            limits.alone(),
            model::M_LIMITS_MEANING.alone(),
        ),
        entry(model::M_END, end.alone(), model::M_END_MEANING.alone()),
        entry(
            model::M_OUTSIDE,
            model::M_OUTSIDE_VALUE.alone(),
            model::M_OUTSIDE_MEANING.alone(),
        ),
    ]
}

/// A span in its largest whole unit.
pub(super) fn span(span: Span) -> Phrase {
    common::whole_span(span.millis())
}
