//! Enters what was tried into the register: the trials of a validation, of a sweep's folder, of one run.
//!
//! Not here: the register's file (`register`).
//! Invariant: a configuration has one name, however it was reached and with whatever seed: the hash of the settings that
//! its trades hang on.

use std::path::Path;

use crate::settings::Settings;
use crate::stats::quantile;
use crate::stats::returns::YEAR_DAYS;
use crate::sweep::error::SweepError;
use crate::sweep::figures::{Figures, METRICS};
use crate::sweep::finish::Identity;
use crate::sweep::journal::{self, in_order};
use crate::sweep::plan::{Shard, SweepId, hash};
use crate::sweep::record::End;
use crate::validate::error::ValidateError;
use crate::validate::points::Points;
use crate::validate::progress::Tell;
use crate::validate::register::{self, Census, Entry};
use crate::validate::trials::Ran;

/// Trials of a folder whose settings are worked out at a time, and whose names are then held in memory until the register
/// takes them: it is read once for each such lot.
const LOT: usize = 1 << 12;
const NAMES: usize = 1 << 17;

/// The values of a trial and the daily sharpe it had.
type Tried = (Vec<String>, Option<f64>);

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
    let identity = points.setup.identity();
    let entry = |(): &mut (), index: usize| {
        let ran = &all[index];
        let point = points.point(ran.trial);
        let known = ran.returns.as_slice();
        let deviation = quantile::deviation(known).filter(|deviation| *deviation > 0.0);
        let whole = ran.figures.is_some() && ran.is_whole();
        let sharpe = quantile::mean(known).zip(deviation).filter(|_| whole);
        let returns = ran.figures.is_some();
        Ok(Entry {
            configuration: configuration(identity, &identity.space.texts(&point))?,
            returns: returns.then(|| register::returns_hash(&ran.daily())),
            sharpe_daily: sharpe.map(|(mean, deviation)| mean / deviation),
        })
    };
    let entries = tell.all("settings of the trials", all.len(), (|| (), entry))?;
    let entries: Result<Vec<Entry>, ValidateError> = entries.into_iter().collect();
    let data = data_of(&points.setup.id);
    register::enter(register, &data, &entries?)?;
    Ok(register::census(register, &data)?)
}

/// Enters the finished trials in a sweep's folder, of all of it or of a shard. Room is bounded, whatever their number.
///
/// # Errors
/// When the folder or the register cannot be used, or the user stopped it.
pub fn enter_folder(
    identity: Identity<'_>,
    (folder, shard): (&Path, Shard),
    register: &Path,
    tell: &Tell<'_>,
) -> Result<(), ValidateError> {
    let path = folder.join(journal::FILE);
    let data = data_of(identity.id);
    let total = usize::try_from(shard.size(identity.trials)).unwrap_or(usize::MAX);
    let mut before = 0;
    let mut lot: Vec<Tried> = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    in_order::<ValidateError>(&path, (shard, identity.trials), &mut |record, _| {
        let sharpe = match &record.end {
            End::Done { figures, .. } => sharpe_daily(figures),
            End::Beyond { .. } => None,
            End::Infeasible { .. } => return Ok(()),
        };
        lot.push((record.values, sharpe));
        if lot.len() == LOT {
            entries.extend(named(identity, &lot, (tell, before, total))?);
            before += lot.len();
            lot.clear();
        }
        if entries.len() >= NAMES {
            register::enter(register, &data, &std::mem::take(&mut entries))?;
        }
        Ok(())
    })?;
    entries.extend(named(identity, &lot, (tell, before, total))?);
    register::enter(register, &data, &entries)?;
    Ok(())
}

fn named(
    identity: Identity<'_>,
    lot: &[Tried],
    (tell, before, total): (&Tell<'_>, usize, usize),
) -> Result<Vec<Entry>, ValidateError> {
    let entry = |(): &mut (), index: usize| {
        let (values, sharpe_daily) = &lot[index];
        Ok(Entry {
            configuration: configuration(identity, values)?,
            returns: None,
            sharpe_daily: *sharpe_daily,
        })
    };
    let mut hear = |done| (tell.hear)("register of trials", before + done, total);
    let entries = tell.crew.all(lot.len(), (|| (), entry), &mut hear)?;
    entries.into_iter().collect()
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
) -> Result<(), ValidateError> {
    let entry = Entry {
        configuration: hash(&settings.of_trades()),
        returns: None,
        sharpe_daily: sharpe.map(|sharpe| sharpe / YEAR_DAYS.sqrt()),
    };
    let data = register::data_key(data_hash, signals_hash);
    register::enter(register, &data, &[entry])?;
    Ok(())
}

/// The data that a sweep was of, as the register knows it.
fn data_of(id: &SweepId) -> String {
    let hash = |name| id.get(name).unwrap_or_default();
    register::data_key(hash("data"), hash("signals"))
}

fn sharpe_daily(figures: &Figures) -> Option<f64> {
    let place = METRICS.iter().position(|metric| metric.name == "sharpe")?;
    figures.0[place].map(|sharpe| sharpe / YEAR_DAYS.sqrt())
}

/// The name of a trial's configuration.
fn configuration(identity: Identity<'_>, values: &[String]) -> Result<String, ValidateError> {
    let settings = identity.settings(values).map_err(SweepError::from)?;
    Ok(hash(&settings.of_trades()))
}
