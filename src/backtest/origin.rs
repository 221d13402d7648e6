//! Whether a run is the one of the best trial of the sweep that its configuration comes from, and if not, why.
//!
//! Not here: reading the sweep's folder (`sweep::origin`), what the report shows of it (`report::origin`).
//! Invariant: a run does not depend on it.

use crate::report::origin::{Difference, Origin};
use crate::settings::{SEED, Settings, validation};

/// A sweep whose best configuration a run was given.
#[derive(Clone, Debug)]
pub struct Source {
    /// What its folder says; rank and differences are not known yet.
    pub origin: Origin,
    /// Hashes of the event logs of the first of its ranking, best first.
    pub logs: Vec<Option<String>>,
    /// Its hash of the signals.
    pub signals: String,
    /// Its hash of the prices.
    pub prices: String,
    /// The version that ran it.
    pub version: String,
    /// Its best configuration: every key with its value.
    pub settings: Vec<(String, String)>,
}

/// What a run is, as far as it is compared.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    /// Its configuration.
    pub settings: &'a Settings,
    /// Hash of its signals.
    pub signals: &'a str,
    /// Hash of its prices.
    pub prices: &'a str,
    /// Hash of its event log.
    pub log: &'a str,
}

/// Every key that trades depend on, with its value.
#[must_use]
pub fn keys(settings: &Settings) -> Vec<(String, String)> {
    let pairs = settings.resolved().iter();
    pairs
        .filter(|entry| !entry.key.starts_with(validation::SECTION) && entry.key != SEED)
        .map(|entry| (entry.key.clone(), entry.value.clone()))
        .collect()
}

/// The sweep with what the run makes of it.
#[must_use]
pub fn told(source: &Source, own: Own<'_>) -> Origin {
    let mut origin = source.origin.clone();
    let place = source
        .logs
        .iter()
        .position(|log| log.as_deref() == Some(own.log));
    origin.ranked = source.logs.len() as u64;
    origin.rank = place.map(|place| place as u64 + 1);
    if place == Some(0) {
        // Event for event the same: whatever else differs changed nothing.
        return origin;
    }
    origin.differs = differences(source, own);
    if origin.differs.is_empty() {
        origin.differs.push(Difference::Events);
    }
    origin
}

fn differences(source: &Source, own: Own<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    let version = env!("CARGO_PKG_VERSION");
    if source.version != version {
        found.push(Difference::Version(
            source.version.clone(),
            version.to_owned(),
        ));
    }
    if source.signals != own.signals {
        found.push(Difference::Signals);
    }
    if source.prices != own.prices {
        found.push(Difference::Prices);
    }
    let here = keys(own.settings);
    let value = |list: &[(String, String)], key: &str| {
        let found = list.iter().find(|(own, _)| own == key);
        found.map_or_else(String::new, |(_, value)| value.clone())
    };
    for (key, best) in &source.settings {
        let own = value(&here, key);
        if own != *best {
            found.push(Difference::Setting(key.clone(), best.clone(), own));
        }
    }
    found
}
