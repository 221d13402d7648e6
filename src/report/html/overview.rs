//! The top of the page: what was run, the verdict in seven figures, what to know before believing it.
//!
//! Not here: the headlines' conditions (`report::headline`).

use super::element;
use super::escape;
use crate::report::format;
use crate::report::headline::{self, Tone};
use crate::report::input::RunReport;
use crate::report::words::headline as words;
use crate::report::words::units::{self, counted, span};
use crate::report::words::{Lang, Word, panel};
use crate::stats::figure::{Figure, millis};

/// Title, period, identity.
#[must_use]
pub fn header(run: &RunReport, lang: Lang) -> String {
    let days = span(millis((run.daily.end - run.daily.start).millis()), lang);
    let label = if run.synthetic {
        format!(
            " <span class=\"tag\">{}</span>",
            words::SYNTHETIC_TAG.say(lang)
        )
    } else {
        String::new()
    };
    let id: String = run.run_id.chars().take(16).collect();
    // The line's own text holds no letter that would have to be escaped.
    let line = words::TOP_LINE.with(
        lang,
        &[
            &format::minute(run.daily.start),
            &format::minute(run.daily.end),
            &days,
            &format::usdt(run.metrics.initial),
            &format!("<code>{}</code>", escape::text(&id)),
            &escape::text(&run.version),
        ],
    );
    format!(
        "<header>\n<p class=\"kicker\">{}{label}</p>\n<h1>{}</h1>\n<p class=\"note\">{line}</p>\n</header>\n",
        run.mode.title().say(lang),
        escape::text(&run.title),
    )
}

/// One figure of the verdict strip.
struct Tile {
    label: Word,
    value: String,
    hint: String,
    tone: &'static str,
}

/// The verdict strip.
#[must_use]
pub fn verdict(run: &RunReport, lang: Lang) -> String {
    let tiles = [
        net(run, lang),
        drawdown(run, lang),
        trades(run, lang),
        win_rate(run, lang),
        expectancy(run, lang),
        ambiguity(run, lang),
        coverage(run, lang),
    ];
    let mut html = String::from("<div class=\"strip\">\n");
    for tile in tiles {
        html.push_str(&format!(
            "<div class=\"tile{}\"><span class=\"label\">{}</span><strong>{}</strong><span class=\"hint\">{}</span></div>\n",
            tile.tone,
            escape::text(tile.label.say(lang)),
            escape::number(&tile.value),
            escape::number(&tile.hint)
        ));
    }
    html.push_str("</div>\n");
    html
}

fn net(run: &RunReport, lang: Lang) -> Tile {
    let total = run.metrics.daily.total_return;
    let change = run.metrics.final_equity - run.metrics.initial;
    Tile {
        label: words::STRIP_NET,
        value: format::figure(total, format::signed_percent),
        hint: words::STRIP_NET_HINT.with(lang, &[&format::signed_usdt(change)]),
        tone: element::tone(change),
    }
}

fn drawdown(run: &RunReport, lang: Lang) -> Tile {
    let daily = &run.metrics.daily;
    let at_days = format::figure(daily.max_drawdown, format::percent);
    let (deepest, hint) = match daily.max_drawdown_intraday {
        Figure::Known(worst) => (
            Figure::Known(worst),
            words::STRIP_DRAWDOWN_BARS.with(lang, &[&at_days]),
        ),
        Figure::Undefined(_) => (
            daily.max_drawdown,
            words::STRIP_DRAWDOWN_DAYS.say(lang).to_owned(),
        ),
    };
    Tile {
        label: words::STRIP_DRAWDOWN,
        value: format::figure(deepest, format::percent),
        hint,
        tone: element::tone(deepest.value().unwrap_or(0.0)),
    }
}

fn trades(run: &RunReport, lang: Lang) -> Tile {
    let fills = counted(run.fills, units::ONE_FILL, units::MANY_FILLS).say(lang);
    let hint = if run.open_positions > 0 {
        words::STRIP_TRADES_OPEN.with(lang, &[&fills, &format::whole(run.open_positions)])
    } else {
        fills
    };
    Tile {
        label: words::STRIP_TRADES,
        value: format::whole(run.trades.len()),
        hint,
        tone: "",
    }
}

fn win_rate(run: &RunReport, lang: Lang) -> Tile {
    let trades = &run.metrics.trades;
    Tile {
        label: words::STRIP_WIN_RATE,
        value: format::figure(trades.win_rate, |rate| {
            format!("{} %", format::number(rate * 100.0, 1))
        }),
        hint: words::STRIP_WIN_RATE_HINT.with(
            lang,
            &[
                &format::whole(trades.wins),
                &format::whole(trades.losses),
                &format::whole(trades.flats),
            ],
        ),
        tone: "",
    }
}

fn expectancy(run: &RunReport, lang: Lang) -> Tile {
    let trades = &run.metrics.trades;
    let r = |value: f64| format!("{} R", format::signed(value, 2));
    let interval = &run.metrics.expectancy_r_interval;
    let hint = match (interval.low, interval.high) {
        (Figure::Known(low), Figure::Known(high)) => {
            words::STRIP_EXPECTANCY_INTERVAL.with(lang, &[&r(low), &r(high)])
        }
        _ => words::STRIP_EXPECTANCY_HINT.say(lang).to_owned(),
    };
    Tile {
        label: words::STRIP_EXPECTANCY,
        value: format::figure(trades.expectancy_r, r),
        hint,
        tone: element::tone(trades.expectancy_r.value().unwrap_or(0.0)),
    }
}

fn ambiguity(run: &RunReport, lang: Lang) -> Tile {
    let paths = &run.paths;
    let touched = usize::try_from(paths.trades_touched).unwrap_or(usize::MAX);
    let touched = counted(touched, units::ONE_TRADE, units::MANY_TRADES);
    Tile {
        label: words::STRIP_AMBIGUOUS,
        value: format::whole(paths.ambiguous),
        hint: words::STRIP_AMBIGUOUS_HINT.with(
            lang,
            &[&format::whole(paths.bars_in_position), &touched.say(lang)],
        ),
        tone: "",
    }
}

fn coverage(run: &RunReport, lang: Lang) -> Tile {
    let (priced, needed) = (run.signals.with_price, run.signals.price_needed);
    Tile {
        label: words::STRIP_PRICED,
        value: if needed == 0 {
            format::NONE.to_owned()
        } else {
            words::STRIP_PRICED_OF.with(lang, &[&format::whole(priced), &format::whole(needed)])
        },
        hint: if needed == 0 {
            words::STRIP_PRICED_NONE.say(lang).to_owned()
        } else {
            words::STRIP_PRICED_HINT.say(lang).to_owned()
        },
        tone: "",
    }
}

/// The headlines.
#[must_use]
pub fn banners(run: &RunReport, lang: Lang) -> String {
    let mut html = String::from("<div class=\"banners\">\n");
    for line in headline::headlines(run, lang) {
        let (class, role) = match line.tone {
            Tone::Alarm => ("alarm", "alert"),
            Tone::Caution => ("caution", "note"),
            Tone::Note => ("plain", "note"),
        };
        html.push_str(&format!(
            "<p class=\"banner {class}\" role=\"{role}\"><strong>{}</strong> {}</p>\n",
            units::HEADED.with(lang, &[&escape::text(line.title)]),
            escape::number(&line.text)
        ));
    }
    html.push_str("</div>\n");
    html
}

/// Links to the sections.
#[must_use]
pub fn contents(page: &str, lang: Lang) -> String {
    const LINKS: [(&str, Word); 14] = [
        ("equity", words::LINK_EQUITY),
        ("figures", words::LINK_FIGURES),
        ("funnel", words::LINK_FUNNEL),
        ("edge", panel::LINK_EDGE),
        ("exits", words::LINK_EXITS),
        ("groups", words::LINK_GROUPS),
        ("costs", words::LINK_COSTS),
        ("calendar", panel::LINK_CALENDAR),
        ("gates", panel::LINK_GATES),
        ("envelope", words::LINK_ENVELOPE),
        ("sensitivity", panel::LINK_SENSITIVITY),
        ("trades", words::LINK_TRADES),
        ("data", words::LINK_DATA),
        ("assumptions", words::LINK_ASSUMPTIONS),
    ];
    let mut html = String::from("<nav>");
    for (id, name) in LINKS {
        if !page.contains(&format!("<section id=\"{id}\"")) {
            continue;
        }
        html.push_str(&format!("<a href=\"#{id}\">{}</a>", name.say(lang)));
    }
    html.push_str("</nav>\n");
    html
}
