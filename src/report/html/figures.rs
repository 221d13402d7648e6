//! Curves and key figures.
//!
//! Not here: calendar returns (`months`), groups of trades (`trades`), costs (`costs`).

use super::element::{self, Cell, Entry};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::figures as words;
use crate::report::words::units::{self, counted, span};
use crate::report::words::{Lang, Word};
use crate::stats::figure::Figure;

/// What holding made instead; the curves come from the board.
#[must_use]
pub fn curves(run: &RunReport, lang: Lang) -> String {
    element::section("equity", words::CURVES.say(lang), &holding(run, lang))
}

fn holding(run: &RunReport, lang: Lang) -> String {
    if run.metrics.benchmarks.is_empty() {
        return element::note(words::NO_BENCHMARK.say(lang));
    }
    let signed = |figure: Figure| {
        Cell::Signed(
            format::figure(figure, format::signed_percent),
            figure.value().unwrap_or(0.0),
        )
    };
    let mut rows = vec![vec![
        Cell::Text(units::OWN_RUN.say(lang).to_owned()),
        signed(run.metrics.daily.total_return),
        Cell::Number(String::new()),
        Cell::Number(String::new()),
        Cell::Number(String::new()),
    ]];
    for (name, held) in &run.metrics.benchmarks {
        rows.push(vec![
            Cell::Text(units::held(name, lang)),
            signed(held.benchmark_total_return),
            signed(held.excess_total_return),
            element::figure_cell(held.beta, |value| format::number(value, 2)),
            element::figure_cell(held.correlation, |value| format::number(value, 2)),
        ]);
    }
    let head = [
        words::INSTEAD,
        words::INSTEAD_RETURN,
        words::INSTEAD_EXCESS,
        words::INSTEAD_BETA,
        words::INSTEAD_CORRELATION,
    ];
    element::table(&head.map(|word| word.say(lang)), &rows)
        + &element::note(words::INSTEAD_NOTE.say(lang))
}

/// Ratios, trade figures, activity.
#[must_use]
pub fn key_figures(run: &RunReport, lang: Lang) -> String {
    let html = format!(
        "<div class=\"cards\">\n{}{}{}{}</div>\n",
        element::entries(words::RETURN_AND_RISK.say(lang), &returns(run, lang)),
        element::entries(words::TAILS.say(lang), &tails(run, lang)),
        element::entries(words::TRADE_FIGURES.say(lang), &trade_entries(run, lang)),
        element::entries(words::ACTIVITY.say(lang), &activity(run, lang))
    );
    element::section("figures", words::KEY_FIGURES.say(lang), &html)
}

fn ratio(value: f64) -> String {
    format::number(value, 2)
}

/// How a figure is written.
type Form = fn(f64) -> String;

/// Makes entries of one language.
fn maker(lang: Lang) -> impl Fn(Word, Word, Figure, Form) -> Entry {
    move |label, hint, figure, form| Entry::new((label, hint), figure, form, lang)
}

fn returns(run: &RunReport, lang: Lang) -> Vec<Entry> {
    let daily = &run.metrics.daily;
    let yearly = if daily.annualised_from_short_run {
        words::CAGR_SHORT
    } else {
        words::CAGR_HINT
    };
    let figure = maker(lang);
    let longest = counted(daily.max_underwater_days, units::ONE_DAY, units::MANY_DAYS);
    vec![
        figure(words::CAGR, yearly, daily.cagr, format::signed_percent),
        figure(
            words::VOLATILITY,
            words::VOLATILITY_HINT,
            daily.annual_volatility,
            format::percent,
        ),
        figure(words::SHARPE, words::SHARPE_HINT, daily.sharpe, ratio),
        figure(words::SORTINO, words::SORTINO_HINT, daily.sortino, ratio),
        figure(words::CALMAR, words::CALMAR_HINT, daily.calmar, ratio),
        figure(
            words::ULCER,
            words::ULCER_HINT,
            daily.ulcer_index,
            format::percent,
        ),
        Entry::plain(
            (words::UNDER_WATER, Some(words::UNDER_WATER_HINT)),
            longest.say(lang),
            lang,
        ),
    ]
}

fn tails(run: &RunReport, lang: Lang) -> Vec<Entry> {
    let daily = &run.metrics.daily;
    let figure = maker(lang);
    let gained = [daily.positive_days, daily.days].map(format::whole);
    vec![
        figure(
            words::BEST_DAY,
            words::UTC_DAYS,
            daily.best_day,
            format::signed_percent,
        ),
        figure(
            words::WORST_DAY,
            words::UTC_DAYS,
            daily.worst_day,
            format::signed_percent,
        ),
        Entry::plain(
            (words::GAINING_DAYS, Some(words::GAINING_DAYS_HINT)),
            words::GAINING_DAYS_OF.with(lang, &[&gained[0], &gained[1]]),
            lang,
        ),
        figure(
            words::VALUE_AT_RISK,
            words::VALUE_AT_RISK_HINT,
            daily.var_95,
            format::percent,
        ),
        figure(
            words::SHORTFALL,
            words::SHORTFALL_HINT,
            daily.cvar_95,
            format::percent,
        ),
        figure(words::SKEW, words::SKEW_HINT, daily.skew, ratio),
        figure(words::KURTOSIS, words::KURTOSIS_HINT, daily.kurtosis, ratio),
    ]
}

fn trade_entries(run: &RunReport, lang: Lang) -> Vec<Entry> {
    let trades = &run.metrics.trades;
    let streaks = [trades.max_win_streak, trades.max_loss_streak].map(|streak| streak.to_string());
    let mut entries = per_trade(run, lang);
    entries.push(Entry::plain(
        (words::STREAKS, Some(words::STREAKS_HINT)),
        words::STREAKS_OF.with(lang, &[&streaks[0], &streaks[1]]),
        lang,
    ));
    entries.push(Entry::new(
        (words::MEDIAN_HOLD, words::MEDIAN_HOLD_HINT),
        trades.median_hold_ms,
        |ms| span(ms, lang),
        lang,
    ));
    let figure = maker(lang);
    entries.extend([
        figure(
            words::MEAN_MAE,
            words::MEAN_MAE_HINT,
            trades.avg_mae,
            format::percent,
        ),
        figure(
            words::MEAN_MFE,
            words::MEAN_MFE_HINT,
            trades.avg_mfe,
            format::percent,
        ),
        figure(
            words::EDGE_RATIO,
            words::EDGE_RATIO_HINT,
            trades.edge_ratio,
            ratio,
        ),
    ]);
    entries
}

/// What trades came to, one by one.
fn per_trade(run: &RunReport, lang: Lang) -> Vec<Entry> {
    let trades = &run.metrics.trades;
    let figure = maker(lang);
    vec![
        figure(
            words::PROFIT_FACTOR,
            words::PROFIT_FACTOR_HINT,
            trades.profit_factor,
            ratio,
        ),
        figure(
            words::EXPECTANCY,
            words::EXPECTANCY_HINT,
            trades.expectancy,
            format::signed_usdt,
        ),
        figure(
            words::AVERAGE_WIN,
            words::NET_HINT,
            trades.avg_win,
            format::usdt,
        ),
        figure(
            words::AVERAGE_LOSS,
            words::NET_HINT,
            trades.avg_loss,
            format::usdt,
        ),
        figure(words::SQN, words::SQN_HINT, trades.sqn, ratio),
        figure(
            words::KELLY,
            words::KELLY_HINT,
            trades.kelly,
            format::percent,
        ),
    ]
}

fn activity(run: &RunReport, lang: Lang) -> Vec<Entry> {
    let activity = &run.metrics.activity;
    let figure = maker(lang);
    let delay = run
        .entry_delay_ms_mean
        .map_or(format::NONE.to_owned(), |ms| span(ms, lang));
    vec![
        figure(
            words::EXPOSURE_TIME,
            words::EXPOSURE_TIME_HINT,
            activity.exposure_time,
            format::percent,
        ),
        figure(
            words::GROSS_EXPOSURE,
            words::GROSS_EXPOSURE_HINT,
            activity.gross_exposure,
            format::percent,
        ),
        figure(
            words::TURNOVER,
            words::TURNOVER_HINT,
            activity.turnover_annual,
            |turns| format!("{} ×", format::number(turns, 1)),
        ),
        figure(
            words::TRADES_A_DAY,
            words::TRADES_A_DAY_HINT,
            activity.trades_per_day,
            ratio,
        ),
        Entry::plain(
            (words::MOST_POSITIONS, None),
            format::whole(activity.peak_concurrent_positions),
            lang,
        ),
        figure(
            words::MARGIN_USE,
            words::MARGIN_USE_HINT,
            activity.peak_margin_use,
            format::percent,
        ),
        Entry::plain(
            (words::ENTRY_DELAY, Some(words::ENTRY_DELAY_HINT)),
            delay,
            lang,
        ),
        Entry::plain(
            (words::STALE_FILLS, Some(words::STALE_FILLS_HINT)),
            format::whole(run.paths.stale_fills),
            lang,
        ),
    ]
}
