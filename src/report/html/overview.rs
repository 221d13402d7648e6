//! The top of the page: what was run, the verdict in seven figures, what to know before believing it.
//!
//! Not here: the headlines' conditions (`report::headline`).

use super::element;
use super::escape;
use crate::report::format;
use crate::report::headline::{self, Tone};
use crate::report::input::RunReport;
use crate::stats::figure::{Figure, millis};

/// Title, period, identity.
#[must_use]
pub fn header(run: &RunReport) -> String {
    let days = format::span(millis((run.daily.end - run.daily.start).millis()));
    let label = if run.synthetic {
        " <span class=\"tag\">synthetic data</span>"
    } else {
        ""
    };
    format!(
        "<header>\n<p class=\"kicker\">confluence backtest{label}</p>\n<h1>{}</h1>\n<p class=\"note\">{} to {} UTC ({days}) · start {} · run <code>{}</code> · version {}</p>\n</header>\n",
        escape::text(&run.title),
        format::minute(run.daily.start),
        format::minute(run.daily.end),
        format::usdt(run.metrics.initial),
        escape::text(&run.run_id.chars().take(16).collect::<String>()),
        escape::text(&run.version),
    )
}

/// One figure of the verdict strip.
struct Tile {
    label: &'static str,
    value: String,
    hint: String,
    tone: &'static str,
}

/// The verdict strip.
#[must_use]
pub fn verdict(run: &RunReport) -> String {
    let tiles = [
        net(run),
        drawdown(run),
        trades(run),
        win_rate(run),
        expectancy(run),
        ambiguity(run),
        coverage(run),
    ];
    let mut html = String::from("<div class=\"strip\">\n");
    for tile in tiles {
        html.push_str(&format!(
            "<div class=\"tile{}\"><span class=\"label\">{}</span><strong>{}</strong><span class=\"hint\">{}</span></div>\n",
            tile.tone,
            escape::text(tile.label),
            escape::number(&tile.value),
            escape::number(&tile.hint)
        ));
    }
    html.push_str("</div>\n");
    html
}

fn net(run: &RunReport) -> Tile {
    let total = run.metrics.daily.total_return;
    let change = run.metrics.final_equity - run.metrics.initial;
    Tile {
        label: "Net result",
        value: format::figure(total, format::signed_percent),
        hint: format!("{}, after all costs", format::signed_usdt(change)),
        tone: element::tone(change),
    }
}

fn drawdown(run: &RunReport) -> Tile {
    let daily = &run.metrics.daily;
    let at_days = format::figure(daily.max_drawdown, format::percent);
    let (deepest, hint) = match daily.max_drawdown_intraday {
        Figure::Known(worst) => (
            Figure::Known(worst),
            format!("at bar ends; {} at day ends", at_days),
        ),
        Figure::Undefined(_) => (daily.max_drawdown, "at day ends".to_owned()),
    };
    Tile {
        label: "Max drawdown",
        value: format::figure(deepest, format::percent),
        hint,
        tone: element::tone(deepest.value().unwrap_or(0.0)),
    }
}

fn trades(run: &RunReport) -> Tile {
    let hint = if run.open_positions > 0 {
        format!(
            "{}, {} still open",
            format::counted(run.fills, "fill", "fills"),
            format::whole(run.open_positions)
        )
    } else {
        format::counted(run.fills, "fill", "fills")
    };
    Tile {
        label: "Finished trades",
        value: format::whole(run.trades.len()),
        hint,
        tone: "",
    }
}

fn win_rate(run: &RunReport) -> Tile {
    let trades = &run.metrics.trades;
    Tile {
        label: "Win rate",
        value: format::figure(trades.win_rate, |rate| {
            format!("{} %", format::number(rate * 100.0, 1))
        }),
        hint: format!(
            "{} won, {} lost, {} flat",
            format::whole(trades.wins),
            format::whole(trades.losses),
            format::whole(trades.flats)
        ),
        tone: "",
    }
}

fn expectancy(run: &RunReport) -> Tile {
    let trades = &run.metrics.trades;
    let r = |value: f64| format!("{} R", format::signed(value, 2));
    let interval = &run.metrics.expectancy_r_interval;
    let hint = match (interval.low, interval.high) {
        (Figure::Known(low), Figure::Known(high)) => {
            format!("95 % interval {} to {}", r(low), r(high))
        }
        _ => "mean result in initial risks".to_owned(),
    };
    Tile {
        label: "Expectancy",
        value: format::figure(trades.expectancy_r, r),
        hint,
        tone: element::tone(trades.expectancy_r.value().unwrap_or(0.0)),
    }
}

fn ambiguity(run: &RunReport) -> Tile {
    let paths = &run.paths;
    Tile {
        label: "Ambiguous bars",
        value: format::whole(paths.ambiguous),
        hint: format!(
            "of {} in position; {} touched",
            format::whole(paths.bars_in_position),
            format::counted(
                usize::try_from(paths.trades_touched).unwrap_or(usize::MAX),
                "trade",
                "trades"
            )
        ),
        tone: "",
    }
}

fn coverage(run: &RunReport) -> Tile {
    let (priced, needed) = (run.signals.with_price, run.signals.price_needed);
    Tile {
        label: "Signals with prices",
        value: if needed == 0 {
            format::NONE.to_owned()
        } else {
            format!("{} of {}", format::whole(priced), format::whole(needed))
        },
        hint: if needed == 0 {
            "no signal needed one".to_owned()
        } else {
            "price within the entry time-to-live".to_owned()
        },
        tone: "",
    }
}

/// The headlines.
#[must_use]
pub fn banners(run: &RunReport) -> String {
    let mut html = String::from("<div class=\"banners\">\n");
    for line in headline::headlines(run) {
        let (class, role) = match line.tone {
            Tone::Alarm => ("alarm", "alert"),
            Tone::Caution => ("caution", "note"),
            Tone::Note => ("plain", "note"),
        };
        html.push_str(&format!(
            "<p class=\"banner {class}\" role=\"{role}\"><strong>{}:</strong> {}</p>\n",
            escape::text(&line.title),
            escape::text(&line.text)
        ));
    }
    html.push_str("</div>\n");
    html
}

/// Links to the sections.
#[must_use]
pub fn contents() -> String {
    const LINKS: [(&str, &str); 10] = [
        ("equity", "Equity"),
        ("figures", "Figures"),
        ("exits", "Exits"),
        ("funnel", "Signals"),
        ("envelope", "Paths"),
        ("costs", "Costs"),
        ("groups", "Groups"),
        ("trades", "Trades"),
        ("data", "Data"),
        ("assumptions", "Assumptions"),
    ];
    let mut html = String::from("<nav>");
    for (id, name) in LINKS {
        html.push_str(&format!("<a href=\"#{id}\">{name}</a>"));
    }
    html.push_str("</nav>\n");
    html
}
