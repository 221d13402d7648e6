//! Whether the best hangs on one exact setting (V8): the settings one step away, against it.
//!
//! Not here: which settings those are (`sweep::plateau`), whether the order holds in time (`halves`).

use crate::report::format;
use crate::report::sweep::{figure_text, plateau_words};
use crate::report::validation::Table;
use crate::sweep::plateau::Surroundings;
use crate::validate::found::{Part, found};
use crate::validate::subject::Subject;

use serde_json::json;

/// The plateau around the best of all trials.
#[must_use]
pub fn plateau(subject: &Subject<'_>) -> Part {
    let (setup, chosen) = (subject.setup, subject.chosen());
    let identity = setup.identity();
    let objective = |ran: &_| setup.ranking.judge(Option::as_ref(ran)).objective;
    let mut around = Surroundings::new(identity, &subject.best.values);
    for ran in &subject.all {
        let values = setup.space.texts(&subject.points.point(ran.trial));
        around.take(&values, objective(&ran.figures));
    }
    let own = objective(&chosen.figures);
    let plateau = around.plateau(identity, own);
    let name = setup.ranking.name();
    let shown = |value: Option<f64>| {
        value.map_or(format::NONE.to_owned(), |value| figure_text(name, value))
    };
    let rows = [
        (format!("{name} of the best"), shown(own)),
        (
            format!("median {name} of its neighbours"),
            shown(plateau.median.value()),
        ),
        (
            format!("neighbours with a {name}"),
            format::whole(plateau.neighbours as u64),
        ),
        (
            "neighbours without".to_owned(),
            format::whole(plateau.without as u64),
        ),
    ];
    let caution = format!("Plateau: {}.", plateau_words(name, own, &plateau));
    Part {
        figures: vec![("plateau", found(plateau.score))],
        tables: vec![Table {
            title: "One step away, in every direction and diagonally".to_owned(),
            head: vec![String::new(), "Value".to_owned()],
            rows: rows.map(|(name, value)| vec![name, value]).to_vec(),
        }],
        detail: json!({
            "median": plateau.median,
            "neighbours": plateau.neighbours,
            "neighbours_without_objective": plateau.without,
            "is_peak": plateau.is_peak(),
        }),
        cautions: plateau.is_peak().then_some(caution).into_iter().collect(),
    }
}
