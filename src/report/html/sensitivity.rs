//! The sweep behind a run in words and as a table: is this the best trial, how do its neighbours do.
//!
//! Not here: the chart (`panels::sensitivity`), where the section stands (`html`).

use super::element::{self, Cell};
use super::escape;
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::origin::{Difference, NoScore, Origin, Swept, Tried, figure};
use crate::report::sweep::figure_text;
use crate::report::words::{Lang, sensitivity as words};
use crate::stats::stability::PLATEAU_MIN;

/// Differences that are told one by one.
const TOLD: usize = 5;

/// The section; empty when the run comes from no sweep.
#[must_use]
pub fn sensitivity(run: &RunReport, lang: Lang) -> String {
    let Some(origin) = &run.record.origin else {
        return String::new();
    };
    let mut body = String::new();
    if !origin.differs.is_empty() {
        body.push_str(&format!(
            "<p class=\"banner caution\" role=\"note\"><strong>{}:</strong> {}. {}</p>\n",
            words::ORIGIN_DIFFERS.say(lang),
            escape::text(&differences(origin, lang)),
            words::ORIGIN_NEIGHBOURS.say(lang)
        ));
    }
    for sentence in verdict(run, origin, lang) {
        body.push_str(&element::paragraph(&sentence));
    }
    match &origin.parameters {
        Some(parameters) => body.push_str(&table(origin, parameters, lang)),
        None => body.push_str(&element::note(words::ORIGIN_OLD.say(lang))),
    }
    element::section("sensitivity", words::SENSITIVITY.say(lang), &body)
}

/// Where the run comes from, which trial it is, what its neighbours say, and what none of that says.
#[must_use]
pub fn verdict(run: &RunReport, origin: &Origin, lang: Lang) -> Vec<String> {
    let ran = format::whole(origin.ran);
    let trials = format::whole(origin.trials);
    let from = words::ORIGIN_FROM.with(
        lang,
        &[
            &origin.sweep,
            &format::whole(origin.trial),
            &origin.objective,
            &ran,
            &trials,
            &origin.method,
        ],
    );
    vec![
        from,
        place(run, origin, lang),
        plateau(origin, lang),
        words::ORIGIN_LUCK.with(lang, &[&ran]),
    ]
}

fn told(origin: &Origin, value: Option<f64>) -> String {
    value.map_or(format::NONE.to_owned(), |value| {
        figure_text(&origin.objective, value)
    })
}

/// The run's own figure against the best trial's.
fn place(run: &RunReport, origin: &Origin, lang: Lang) -> String {
    let own = told(origin, figure(run, &origin.objective));
    let best = told(origin, origin.value);
    let (name, ran) = (&origin.objective, format::whole(origin.ran));
    match origin.rank {
        Some(1) => words::ORIGIN_SAME.with(lang, &[name, &own, &ran]),
        Some(rank) => {
            words::ORIGIN_RANK.with(lang, &[name, &own, &format::whole(rank), &ran, &best])
        }
        None => {
            let looked = format::whole(origin.ranked);
            words::ORIGIN_OTHER.with(lang, &[&looked, name, &own, &best])
        }
    }
}

fn plateau(origin: &Origin, lang: Lang) -> String {
    let around = &origin.plateau;
    let name = origin.objective.as_str();
    let mut text = match (around.score, around.why) {
        (Some(score), _) => {
            let word = if score < PLATEAU_MIN {
                words::PLATEAU_PEAK
            } else {
                words::PLATEAU_FLAT
            };
            let (median, best) = (told(origin, around.median), told(origin, origin.value));
            let count = format::whole(around.neighbours);
            word.with(
                lang,
                &[&format::number(score, 2), name, &count, &median, &best],
            )
        }
        (None, Some(NoScore::NoStep)) => words::PLATEAU_NO_STEP.say(lang).to_owned(),
        (None, Some(NoScore::NotPositive)) => words::PLATEAU_NOT_POSITIVE.with(lang, &[name]),
        (None, Some(NoScore::NoNeighbours) | None) => {
            words::PLATEAU_NO_NEIGHBOURS.say(lang).to_owned()
        }
    };
    if around.without > 0 {
        text.push(' ');
        text.push_str(&words::PLATEAU_WITHOUT.with(lang, &[&format::whole(around.without)]));
    }
    text
}

/// What makes the run another one.
fn differences(origin: &Origin, lang: Lang) -> String {
    let word = |difference: &Difference| match difference {
        Difference::Setting(key, best, here) => {
            words::DIFFERS_SETTING.with(lang, &[key, best, here])
        }
        Difference::Signals => words::DIFFERS_SIGNALS.say(lang).to_owned(),
        Difference::Prices => words::DIFFERS_PRICES.say(lang).to_owned(),
        Difference::Version(best, here) => words::DIFFERS_VERSION.with(lang, &[best, here]),
        Difference::Events => words::DIFFERS_EVENTS.say(lang).to_owned(),
    };
    let mut found: Vec<String> = origin.differs.iter().take(TOLD).map(word).collect();
    let more = origin.differs.len().saturating_sub(TOLD);
    if more > 0 {
        found.push(words::DIFFERS_MORE.with(lang, &[&format::whole(more)]));
    }
    found.join("; ")
}

fn table(origin: &Origin, parameters: &[Swept], lang: Lang) -> String {
    let head = [
        words::SETTING,
        words::ONE_BEFORE,
        words::OF_BEST,
        words::ONE_AFTER,
        words::KEPT,
    ]
    .map(|word| word.say(lang));
    let rows: Vec<Vec<Cell>> = parameters
        .iter()
        .map(|swept| {
            let mut cells = vec![Cell::Text(swept.title())];
            let around = swept.around();
            cells.extend(around.map(|tried| cell(origin, swept, tried, lang)));
            cells.push(kept(origin, swept));
            cells
        })
        .collect();
    let mut note = words::TABLE_NOTE.with(lang, &[&origin.objective]);
    if parameters.iter().any(|swept| swept.medians) {
        note.push(' ');
        note.push_str(words::SENSITIVITY_MEDIANS.say(lang));
    }
    element::stacked(&head, &rows) + &element::note(&note)
}

fn cell(origin: &Origin, swept: &Swept, tried: Option<&Tried>, lang: Lang) -> Cell {
    let Some(tried) = tried else {
        return Cell::Number("–".to_owned());
    };
    let value = match (tried.value, tried.excluded) {
        (Some(value), _) => figure_text(&origin.objective, value),
        (None, true) => words::SWEPT_EXCLUDED.say(lang).to_owned(),
        (None, false) => words::SWEPT_UNDEFINED.say(lang).to_owned(),
    };
    let value = if swept.medians {
        words::SWEPT_N.with(lang, &[&value, &format::whole(tried.trials)])
    } else {
        value
    };
    Cell::Number(format!("{}: {value}", tried.label))
}

/// The worse neighbour as a share of the best; as with the plateau, where less is better the other way round.
fn kept(origin: &Origin, swept: &Swept) -> Cell {
    let [before, best, after] = swept.around();
    let value = |tried: Option<&Tried>| tried.and_then(|tried| tried.value);
    let sides = [value(before), value(after)];
    let shares = value(best).into_iter().flat_map(|best| {
        let sides = sides.into_iter().flatten();
        sides.filter_map(move |side| {
            let (top, whole) = if origin.less {
                (best, side)
            } else {
                (side, best)
            };
            (whole > 0.0).then(|| top / whole)
        })
    });
    let Some(share) = shares.reduce(f64::min) else {
        return Cell::Number("–".to_owned());
    };
    let tone = if share < PLATEAU_MIN { -1.0 } else { 0.0 };
    Cell::Signed(format!("{} %", format::number(share * 100.0, 0)), tone)
}
