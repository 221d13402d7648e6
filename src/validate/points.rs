//! Which point each trial of a sweep had: drawn again by its index, or read back from what the sweep wrote down, since a
//! method may choose a point by the results before it.
//!
//! Not here: how points are chosen (`sweep::method`).

use std::path::Path;

use crate::sweep::job::Setup;
use crate::sweep::journal::{self, JournalError, in_order};
use crate::sweep::plan::Shard;
use crate::sweep::record::Record;
use crate::sweep::space::Point;

/// The points of all trials.
#[derive(Debug)]
pub struct Points<'a> {
    /// The sweep.
    pub setup: &'a Setup,
    /// Where they were written down, one for each trial.
    listed: Option<Vec<Point>>,
}

impl<'a> Points<'a> {
    /// Points that hang on their index alone.
    #[must_use]
    pub const fn drawn(setup: &'a Setup) -> Self {
        Self {
            setup,
            listed: None,
        }
    }

    /// Those of a finished sweep.
    ///
    /// # Errors
    /// When its journal cannot be read.
    pub fn of_folder(setup: &'a Setup, folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(journal::FILE);
        let mut listed = Vec::new();
        let whole = (Shard::WHOLE, setup.trials);
        in_order::<JournalError>(&path, whole, &mut |record, _| {
            listed.push(point(setup, &record));
            Ok(())
        })?;
        Ok(Self {
            setup,
            listed: Some(listed),
        })
    }

    /// The point of a trial.
    #[must_use]
    pub fn point(&self, trial: u64) -> Point {
        let listed = self.listed.as_ref();
        let place = usize::try_from(trial).ok();
        let known = listed
            .zip(place)
            .and_then(|(listed, place)| listed.get(place));
        let drawn = || self.setup.sampler.point(&self.setup.space, trial);
        known.cloned().unwrap_or_else(drawn)
    }
}

/// The point of a trial that was written down: the one its index draws, where that has the same values.
#[must_use]
pub fn point(setup: &Setup, record: &Record) -> Point {
    let drawn = setup.sampler.point(&setup.space, record.trial);
    if setup.space.texts(&drawn) == record.values {
        return drawn;
    }
    setup.space.read(&record.values).unwrap_or(drawn)
}
