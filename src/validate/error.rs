//! Why a validation has no verdict, in words.
//!
//! Not here: figures that cannot be computed: those are part of a verdict (`found`).

use std::path::PathBuf;

use crate::backtest::run::Canceled;
use crate::sweep::error::SweepError;
use crate::sweep::job::Setup;
use crate::sweep::journal::JournalError;
use crate::validate::register::RegisterError;
use crate::validate::trials::Ran;

/// Why a validation has no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// The space, the settings or the inputs.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// The register.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The user stopped it.
    #[error(transparent)]
    Canceled(Canceled),
    /// There is nothing to judge.
    #[error("{0}")]
    NoBest(String),
    /// The folder of the verdict.
    #[error("{}: cannot be written: {source}\nhint: check the space left and the rights, or name another folder with --out", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The place holds something else.
    #[error("{}: is there already and holds no verdict\nhint: name another folder with --out, or move this one away", path.display())]
    NotOurs {
        /// The place.
        path: PathBuf,
    },
    /// The folder holds a sweep that this is no verdict on.
    #[error("{}: {what}\nhint: validate a sweep with the signals, prices, -c config.toml, --space space.toml, method and objective it was made with, or name another folder with --out", path.display())]
    OtherSweep {
        /// The folder.
        path: PathBuf,
        /// How it differs.
        what: String,
    },
}

impl ValidateError {
    /// Why none of the trials can be judged.
    #[must_use]
    pub fn none(setup: &Setup, all: &[Ran]) -> Self {
        let ranking = &setup.ranking;
        let judged = || all.iter().filter_map(|ran| ran.figures.as_ref());
        let few = judged().filter(|figures| ranking.has_few_trades(figures));
        let null = judged().filter(|figures| ranking.judge(Some(figures)).objective.is_none());
        let unmet = judged().filter(|figures| !ranking.judge(Some(figures)).meets);
        Self::NoBest(format!(
            "there is nothing to validate: of {} trials {} ran, {} have no '{}' ({} of them fewer than {} trades), {} violate a constraint\nhint: use a longer recording, another --objective, a smaller trades_min or looser constraints",
            setup.trials,
            judged().count(),
            null.count(),
            ranking.objective(),
            few.count(),
            ranking.trades_min,
            unmet.count(),
        ))
    }
}

impl From<JournalError> for ValidateError {
    fn from(error: JournalError) -> Self {
        Self::Sweep(error.into())
    }
}
