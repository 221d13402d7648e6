//! The top of a sweep's page: what was tried, the best in a few figures, what to know before believing it.
//!
//! Not here: tables (`tables`).

use super::proof;
use crate::report::format;
use crate::report::html::{element, escape};
use crate::report::sweep::{Row, SweepReport, figure_text, plateau_words};
use crate::stats::figure::Why;
use crate::stats::quantile;
use crate::stats::stability::Plateau;

/// Title and identity.
#[must_use]
pub fn header(report: &SweepReport) -> String {
    let label = if report.synthetic {
        " <span class=\"tag\">synthetic data</span>"
    } else {
        ""
    };
    let best = match report.best() {
        Some(best) => format!("Best of {}", trials(report, best)),
        None => "No best trial".to_owned(),
    };
    format!(
        "<header>\n<p class=\"kicker\">confluence sweep{label}</p>\n<h1>{}</h1>\n<p class=\"note\">{} over {} · ranked by {} · sweep <code>{}</code> · version {}</p>\n</header>\n",
        escape::number(&best),
        escape::text(&report.method),
        escape::text(&format::counted(
            report.axes.len(),
            "parameter",
            "parameters"
        )),
        escape::text(&report.goal.words()),
        escape::text(&report.name),
        escape::text(&report.version),
    )
}

fn trials(report: &SweepReport, best: &Row) -> String {
    let all = usize::try_from(report.counts.trials).unwrap_or(usize::MAX);
    let value = best.objective.map_or(format::NONE.to_owned(), |value| {
        figure_text(&report.goal.name, value)
    });
    format!(
        "{}: {} {value}",
        format::counted(all, "trial", "trials"),
        report.goal.name
    )
}

/// The best in a few figures.
#[must_use]
pub fn strip(report: &SweepReport) -> String {
    let mut html = String::from("<div class=\"strip\">\n");
    let mut tile = |label: &str, value: &str, hint: &str, tone: &str| {
        html.push_str(&format!(
            "<div class=\"tile{tone}\"><span class=\"label\">{}</span><strong>{}</strong><span class=\"hint\">{}</span></div>\n",
            escape::text(label),
            escape::number(value),
            escape::number(hint)
        ));
    };
    let counts = report.counts;
    if let Some(best) = report.best() {
        let number = |name: &str| {
            let found = best.figures.iter().find(|(own, _)| *own == name);
            found.and_then(|(_, value)| *value).unwrap_or(0.0)
        };
        let trial = format!("of trial {}", format::whole(best.trial));
        let value = best.objective.map_or(format::NONE.to_owned(), |value| {
            figure_text(&report.goal.name, value)
        });
        tile(&report.goal.name, &value, &trial, "");
        let median = median(report);
        let typical = median.map_or(format::NONE.to_owned(), |value| {
            figure_text(&report.goal.name, value)
        });
        let middle = format!("median {} of all", report.goal.name);
        tile("Typical trial", &typical, &middle, "");
        let net = format!("{} USDT, after all costs", best.figure("net_usdt"));
        let tone = element::tone(number("net_usdt"));
        tile("Net result", &best.figure("total_return"), &net, tone);
        let tone = element::tone(number("max_drawdown"));
        tile(
            "Max drawdown",
            &best.figure("max_drawdown"),
            "at day ends",
            tone,
        );
        let won = format!("{} won", best.figure("win_rate"));
        tile("Finished trades", &best.figure("trades"), &won, "");
        let plateau = &best.plateau;
        let (score, hint) = match plateau.score.value() {
            Some(score) => (
                format::number(score, 2),
                format::counted(plateau.neighbours, "neighbour", "neighbours"),
            ),
            None => (format::NONE.to_owned(), no_score(plateau).to_owned()),
        };
        let tone = if plateau.is_peak() { " loss" } else { "" };
        tile("Plateau score", &score, &hint, tone);
    }
    let excluded = format!(
        "of {}, {} excluded",
        format::whole(counts.trials),
        format::whole(counts.infeasible)
    );
    tile(
        "Trials that ran",
        &format::whole(counts.done),
        &excluded,
        "",
    );
    html.push_str("</div>\n");
    html
}

/// Why a plateau has no score, in as few words as a tile holds.
fn no_score(plateau: &Plateau) -> &'static str {
    match plateau.score.why() {
        Some(Why::NoStep) => "parameters without steps",
        Some(Why::NotPositive) => "the objective is not above zero",
        _ => "no neighbour was tried",
    }
}

fn median(report: &SweepReport) -> Option<f64> {
    let values: Vec<f64> = report
        .points
        .all()
        .filter_map(|point| point.value)
        .collect();
    quantile::median(&values)
}

fn banner(class: &str, title: &str, html: &str) -> String {
    format!(
        "<p class=\"banner {class}\" role=\"note\"><strong>{}:</strong> {html}</p>\n",
        escape::text(title)
    )
}

/// What to know first.
#[must_use]
pub fn banners(report: &SweepReport) -> String {
    let mut html = String::from("<div class=\"banners\">\n");
    let trials = format::whole(report.counts.done);
    html.push_str(&proof::banner(report.proof.as_ref(), &trials));
    match report.best() {
        Some(best) => {
            let words = plateau_words(&report.goal.name, best.objective, &best.plateau);
            let class = if best.plateau.is_peak() {
                "caution"
            } else {
                "plain"
            };
            html.push_str(&banner(class, "Plateau", &escape::number(&words)));
        }
        None => html.push_str(&banner(
            "caution",
            "No best trial",
            &escape::number(&why_none(report)),
        )),
    }
    if report.synthetic {
        let words = "prices or signals were generated, not recorded. Nothing here is a result.";
        html.push_str(&banner("caution", "Synthetic", words));
    }
    let sampled = report.sampled();
    if !sampled.is_empty() {
        let words = format!(
            "distribution, medians and lines come from {sampled}; the ranking, the best, its slices and its plateau from all of them."
        );
        html.push_str(&banner("plain", "Many trials", &escape::text(&words)));
    }
    html.push_str("</div>\n");
    html
}

/// Methods whose points `sim validate` draws anew; those of the others are read from what the sweep wrote.
const DRAWN: [&str; 3] = ["grid", "random", "sobol"];

/// The command that judges and fills the page's part for it. It names the folder: run inside it, it would leave its
/// register there.
#[must_use]
pub fn validate(report: &SweepReport) -> String {
    let is_drawn = DRAWN.contains(&report.method.as_str());
    let verb = if is_drawn { "validate" } else { "sweep" };
    let mut command = format!(
        "sim {verb} --signals SIGNALS --data DATA -c FOLDER/config.toml --space FOLDER/space.toml --out FOLDER"
    );
    if report.method != "grid" {
        command.push_str(&format!(
            " --method {} --trials {}",
            report.method, report.counts.trials
        ));
    }
    if !is_drawn {
        command.push_str(" --resume --validate");
    }
    command.push_str(&format!(
        " --objective {} --trades-min {}",
        report.objectives.join(","),
        report.trades_min
    ));
    for constraint in &report.constraints {
        command.push_str(&format!(" --constraint '{constraint}'"));
    }
    command
}

fn why_none(report: &SweepReport) -> String {
    let counts = report.counts;
    if counts.done == 0 {
        let reason = report.reasons.first();
        let reason = reason.map_or_else(
            || "every account left the range of exact amounts".to_owned(),
            |(reason, _)| format!("the most frequent reason is: {reason}"),
        );
        return format!("no trial could be run; {reason}");
    }
    if counts.null_objective == counts.done {
        return format!(
            "{} is undefined in all {} trials that ran; {} of them have fewer than {} trades",
            report.goal.name,
            format::whole(counts.done),
            format::whole(counts.few_trades),
            format::whole(report.trades_min)
        );
    }
    format!(
        "no trial has an objective and meets every constraint; {} of {} violate one",
        format::whole(counts.unmet),
        format::whole(counts.done)
    )
}

/// Links to the sections.
#[must_use]
pub fn contents() -> String {
    const LINKS: [(&str, &str); 9] = [
        ("verdict", "Verdict"),
        ("inout", "In and out of sample"),
        ("best", "Best"),
        ("ranked", "Ranking"),
        ("spread", "Luck and risk"),
        ("heat", "Pairs"),
        ("parallel", "All parameters"),
        ("effects", "One by one"),
        ("tried", "What was tried"),
    ];
    let mut html = String::from("<nav>");
    for (id, name) in LINKS {
        html.push_str(&format!("<a href=\"#{id}\">{name}</a>"));
    }
    html.push_str("</nav>\n");
    html
}
