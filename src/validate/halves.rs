//! Whether the order of the configurations holds (V8): the objective of each on the first and on the second half of the
//! data.
//!
//! Not here: the plateau around the best (`plateau`).

use serde_json::json;

use crate::backtest::run::Canceled;
use crate::domain::time::Timestamp;
use crate::market::window::Window;
use crate::stats::stability::rank_correlation;
use crate::validate::found::{Part, found};
use crate::validate::progress::Tell;
use crate::validate::subject::Subject;
use crate::validate::trials;

/// The rank correlation of the objective between both halves.
///
/// # Errors
/// When the user stopped it.
pub fn halves(subject: &Subject<'_>, tell: &Tell<'_>) -> Result<Part, Canceled> {
    let (start, end) = (subject.outcome.start, subject.outcome.end);
    let middle = Timestamp::from_millis(start.millis() + (end - start).millis() / 2).day_start();
    let setup = subject.setup;
    let count = usize::try_from(setup.trials).unwrap_or(usize::MAX);
    let objectives = |(from, to), stage: &str| {
        let worlds = setup.worlds.within(Window { from, to });
        let all = trials::run_all(&subject.points, &worlds, (tell, stage))?;
        let mut objectives = vec![None; count];
        for ran in &all {
            let place = usize::try_from(ran.trial).unwrap_or(usize::MAX);
            if let Some(objective) = objectives.get_mut(place) {
                *objective = setup.ranking.judge(ran.figures.as_ref()).objective;
            }
        }
        Ok::<Vec<Option<f64>>, Canceled>(objectives)
    };
    let first = objectives((start, middle), "first half")?;
    let second = objectives((middle, end), "second half")?;
    let both = first.iter().zip(&second);
    let both = both.filter(|(first, second)| first.is_some() && second.is_some());
    let correlation = rank_correlation(&first, &second);
    Ok(Part {
        figures: vec![("half_rank_correlation", found(correlation))],
        detail: json!({
            "middle": middle.to_text(),
            "configurations_with_both": both.count(),
        }),
        ..Part::default()
    })
}
