//! Enters what was tried into the register: the trials of a validation, of a sweep's folder, of one run.
//!
//! Not here: the register's file (`register`).
//! Invariant: a configuration has one name, however it was reached: the hash of its resolved settings.

use std::path::Path;

use crate::settings::Settings;
use crate::stats::quantile;
use crate::stats::returns::YEAR_DAYS;
use crate::sweep::error::SweepError;
use crate::sweep::figures::{Figures, METRICS};
use crate::sweep::job::Setup;
use crate::sweep::journal::{self, in_order};
use crate::sweep::plan::hash;
use crate::sweep::record::End;
use crate::sweep::space::{Coordinate, Point};
use crate::validate::error::ValidateError;
use crate::validate::points::{Points, point};
use crate::validate::progress::Tell;
use crate::validate::register::{self, Census, Entry};
use crate::validate::trials::Ran;

/// Trials of a folder that are held in memory at a time.
const BATCH: usize = 1 << 18;

/// A point and the daily sharpe it had.
type Tried = (Point, Option<f64>);

/// Enters trials whose daily returns are known.
///
/// # Errors
/// When the register cannot be used, or the user stopped it.
pub fn enter_all(
    points: &Points<'_>,
    all: &[Ran],
    register: &Path,
    tell: &Tell<'_>,
) -> Result<Census, ValidateError> {
    let entry = |(): &mut (), index: usize| {
        let ran = &all[index];
        let known = ran.returns.as_slice();
        let deviation = quantile::deviation(known).filter(|deviation| *deviation > 0.0);
        let whole = ran.figures.is_some() && ran.is_whole();
        let sharpe = quantile::mean(known).zip(deviation).filter(|_| whole);
        let returns = ran.figures.is_some();
        Ok(Entry {
            configuration: configuration(points.setup, &points.point(ran.trial))?,
            returns: returns.then(|| register::returns_hash(&ran.daily())),
            sharpe_daily: sharpe.map(|(mean, deviation)| mean / deviation),
        })
    };
    let entries = tell.all("settings of the trials", all.len(), (|| (), entry))?;
    let entries: Result<Vec<Entry>, ValidateError> = entries.into_iter().collect();
    Ok(register::enter(
        register,
        &data_of(points.setup),
        &entries?,
    )?)
}

/// Enters the finished trials of a sweep's folder.
///
/// # Errors
/// When the folder or the register cannot be used, or the user stopped it.
pub fn enter_folder(
    setup: &Setup,
    folder: &Path,
    register: &Path,
    tell: &Tell<'_>,
) -> Result<(), ValidateError> {
    let path = folder.join(journal::FILE);
    let mut batch: Vec<Tried> = Vec::new();
    in_order::<ValidateError>(&path, (setup.shard, setup.trials), &mut |record, _| {
        match &record.end {
            End::Done { figures, .. } => batch.push((point(setup, &record), sharpe_daily(figures))),
            End::Beyond { .. } => batch.push((point(setup, &record), None)),
            End::Infeasible { .. } => {}
        }
        if batch.len() == BATCH {
            enter_batch(setup, &std::mem::take(&mut batch), register, tell)?;
        }
        Ok(())
    })?;
    enter_batch(setup, &batch, register, tell)
}

fn enter_batch(
    setup: &Setup,
    batch: &[Tried],
    register: &Path,
    tell: &Tell<'_>,
) -> Result<(), ValidateError> {
    let entry = |(): &mut (), index: usize| {
        let (point, sharpe_daily) = &batch[index];
        Ok(Entry {
            configuration: configuration(setup, point)?,
            returns: None,
            sharpe_daily: *sharpe_daily,
        })
    };
    let entries = tell.all("register of trials", batch.len(), (|| (), entry))?;
    let entries: Result<Vec<Entry>, ValidateError> = entries.into_iter().collect();
    register::enter(register, &data_of(setup), &entries?)?;
    Ok(())
}

/// Enters one run by its settings, the hashes of its data and its annual sharpe.
///
/// # Errors
/// When the register cannot be used.
pub fn enter_run(
    settings: &Settings,
    (data_hash, signals_hash): (&str, &str),
    sharpe: Option<f64>,
    register: &Path,
) -> Result<Census, ValidateError> {
    let entry = Entry {
        configuration: hash(&settings.to_toml()),
        returns: None,
        sharpe_daily: sharpe.map(|sharpe| sharpe / YEAR_DAYS.sqrt()),
    };
    let data = register::data_key(data_hash, signals_hash);
    Ok(register::enter(register, &data, &[entry])?)
}

fn data_of(setup: &Setup) -> String {
    register::data_key(&setup.worlds.data_hash, &setup.worlds.signals_hash)
}

fn sharpe_daily(figures: &Figures) -> Option<f64> {
    let place = METRICS.iter().position(|metric| metric.name == "sharpe")?;
    figures.0[place].map(|sharpe| sharpe / YEAR_DAYS.sqrt())
}

/// The name of a trial's configuration.
fn configuration(setup: &Setup, point: &[Coordinate]) -> Result<String, ValidateError> {
    let laid = setup.space.parameters.iter().zip(point);
    let laid = laid.map(|(each, at)| (&each.slot, each.value(*at)));
    let settings = setup.base.with(laid).map_err(SweepError::from)?;
    Ok(hash(&settings.to_toml()))
}
