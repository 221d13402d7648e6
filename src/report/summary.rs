//! The picture for a chat message: the figures that decide, and the account.
//!
//! Not here: its strokes (`chart::summary`), the page's own strip (`html::overview`).

use super::chart::render::ChartError;
use super::chart::spec::Chart;
use super::chart::summary::{Tile, Tone, summary};
use super::format;
use super::input::RunReport;
use super::words::{Lang, Word, panel};
use crate::stats::figure::Figure;

/// The PNG.
///
/// # Errors
/// When it cannot be drawn; nothing of a run can cause it.
pub fn picture(
    run: &RunReport,
    charts: &[Chart],
    lang: Lang,
    footer: &str,
) -> Result<Vec<u8>, ChartError> {
    let empty;
    let chart = match charts.first() {
        Some(chart) => chart,
        None => {
            empty = super::panels::drawdown(run, lang);
            &empty
        }
    };
    summary(&run.title, &tiles(run, lang), chart, footer)
}

fn tiles(run: &RunReport, lang: Lang) -> Vec<Tile> {
    let (daily, trades) = (&run.metrics.daily, &run.metrics.trades);
    let deepest = match daily.max_drawdown_intraday {
        Figure::Known(_) => daily.max_drawdown_intraday,
        Figure::Undefined(_) => daily.max_drawdown,
    };
    let tile = |label: Word, value: String, tone| Tile {
        label: label.say(lang).to_owned(),
        value,
        tone,
    };
    let ratio = |value| format::number(value, 2);
    vec![
        tile(
            panel::TILE_NET,
            format::figure(daily.total_return, format::signed_percent),
            tone(daily.total_return),
        ),
        tile(
            panel::TILE_DRAWDOWN,
            format::figure(deepest, format::percent),
            tone(deepest),
        ),
        tile(panel::TILE_TRADES, format::whole(trades.n), Tone::Neutral),
        tile(
            panel::TILE_WON,
            format::figure(trades.win_rate, format::percent),
            Tone::Neutral,
        ),
        tile(
            panel::TILE_R,
            format::figure(trades.expectancy_r, |r| {
                format!("{} R", format::signed(r, 2))
            }),
            tone(trades.expectancy_r),
        ),
        tile(
            panel::TILE_FACTOR,
            format::figure(trades.profit_factor, ratio),
            Tone::Neutral,
        ),
        tile(
            panel::TILE_SHARPE,
            format::figure(daily.sharpe, ratio),
            Tone::Neutral,
        ),
        tile(
            panel::TILE_AMBIGUOUS,
            format::whole(run.paths.ambiguous),
            Tone::Neutral,
        ),
    ]
}

fn tone(figure: Figure) -> Tone {
    match figure.value() {
        Some(value) if value > 0.0 => Tone::Gain,
        Some(value) if value < 0.0 => Tone::Loss,
        _ => Tone::Neutral,
    }
}
