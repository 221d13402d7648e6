//! The run as its journal says it was, or as it is at its beginning.
//!
//! Not here: making decisions again (`backtest::retrace`), the file (`journal`).
//! Invariant: a journal of another strategy is refused, not continued.

use std::path::Path;
use std::sync::Arc;

use anyhow::{anyhow, bail};

use crate::backtest::retrace::Retrace;
use crate::domain::fill::{LedgerEntry, Trade};
use crate::domain::instrument::Instrument;
use crate::domain::symbol::Symbols;
use crate::domain::time::Timestamp;
use crate::exchange::trades::{Trust, Venue};
use crate::journal::entry::{Boot, Entry, Environment, Listed};
use crate::journal::reader;
use crate::journal::store::{Options, Store};
use crate::live::books::Books;
use crate::live::paper::{Kept, Places};
use crate::live::record::Record;
use crate::settings::Settings;
use crate::settings::live::ClockKind;
use crate::trader::{Trader, Upkeep};

use super::first::{Waiting, waiting};

/// Everything as it was, or as it is at the beginning.
pub(super) struct Restored {
    pub(super) trader: Trader,
    pub(super) venue: Venue,
    pub(super) places: Places,
    pub(super) record: Record,
    pub(super) waiting: Vec<Waiting>,
    pub(super) epoch: u64,
    /// Whether the exchange begins now.
    pub(super) fresh: bool,
}

impl Restored {
    pub(super) fn of(
        settings: &Settings,
        (mut store, before): (Store, Before),
        boot: &Boot,
        symbols: &Arc<Symbols>,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let listed = boot.listing.iter();
        let instruments: Vec<Instrument> = listed.map(|listed| listed.instrument.clone()).collect();
        let market = &settings.live.market;
        let trust = Trust {
            mark_age_max: (market.clock == ClockKind::Wall).then_some(market.mark_age_max),
        };
        let kept = kept(&store)?;
        let fresh = kept.is_none();
        let rows = (before.ledger, before.trades);
        let (venue, places) = venue(settings, trust, &instruments, (kept, now), rows)?;
        let trader = match before.trader {
            Some(mut trader) => {
                trader.relist(instruments);
                trader
            }
            None => Trader::new(settings.rules.clone(), instruments, Upkeep::default()),
        };
        let epoch = store.begin(now.max(venue.now()), boot)?;
        let waiting = waiting(&store, symbols);
        Ok(Self {
            record: Record::new(store, trader.clone(), Arc::clone(symbols)),
            trader,
            venue,
            places,
            waiting,
            epoch,
            fresh,
        })
    }
}

/// The journal, and what it says of before: taken first, so that a second process is refused before it asks anybody
/// anything.
pub(super) fn reopen(settings: &Settings, options: Options) -> anyhow::Result<(Store, Before)> {
    let path = &settings.live.journal;
    let store = Store::open_with(path, Environment::Paper, options)?;
    let before = if store.is_new() {
        Before::nothing()
    } else {
        Before::of(path)?
    };
    same_strategy(path, before.config.as_deref(), &settings.to_toml())?;
    Ok((store, before))
}

/// The state of affairs before this start.
pub(super) struct Before {
    pub(super) listing: Vec<Listed>,
    config: Option<String>,
    trader: Option<Trader>,
    ledger: Vec<LedgerEntry>,
    trades: Vec<Trade>,
}

impl Before {
    fn nothing() -> Self {
        Self {
            listing: Vec::new(),
            config: None,
            trader: None,
            ledger: Vec::new(),
            trades: Vec::new(),
        }
    }

    /// What a journal says: every decision is made again and compared on the way.
    fn of(path: &Path) -> anyhow::Result<Self> {
        let mut before = Self::nothing();
        let mut retrace = Retrace::default();
        for recorded in reader::read(path)? {
            let recorded = recorded?;
            retrace.take(&recorded)?;
            match recorded.entry {
                Entry::Boot(boot) => {
                    before.listing = boot.listing;
                    before.config = Some(boot.config);
                }
                Entry::Ledger(entry) => before.ledger.push(entry),
                Entry::Trade(trade) => before.trades.push(trade),
                Entry::Stopped { .. }
                | Entry::Taken { .. }
                | Entry::Heard(_)
                | Entry::Noted(_)
                | Entry::Said(_)
                | Entry::Step { .. }
                | Entry::Rollover { .. }
                | Entry::Bar { .. }
                | Entry::Alarm { .. }
                | Entry::Operator { .. } => {}
            }
        }
        (before.trader, _) = retrace.finish();
        Ok(before)
    }
}

/// A journal goes on with the strategy it began with.
fn same_strategy(path: &Path, before: Option<&str>, now: &str) -> anyhow::Result<()> {
    let Some(before) = before.filter(|before| *before != now) else {
        return Ok(());
    };
    let differs: Vec<String> = before
        .lines()
        .zip(now.lines())
        .filter(|(was, is)| was != is)
        .take(5)
        .map(|(was, is)| format!("  {was}  is now  {is}"))
        .collect();
    bail!(
        "{}: the journal was begun with another configuration:\n{}\nhint: start with the configuration of its first start, or name another journal with live.journal.file",
        path.display(),
        differs.join("\n")
    )
}

fn kept(store: &Store) -> anyhow::Result<Option<Kept>> {
    let Some(bytes) = store.state() else {
        return Ok(None);
    };
    let kept = rmp_serde::from_slice(bytes);
    kept.map(Some)
        .map_err(|wrong| anyhow!("the journal's kept state cannot be read: {wrong}\nhint: it was written by another version; finish it with that one"))
}

/// What of the account has its rows already; the deposit of a new run has none yet.
pub(super) fn books(venue: &Venue, fresh: bool) -> Books {
    if fresh {
        return Books::default();
    }
    let booked = venue.account();
    Books::resumed(booked.ledger().len(), booked.trades().len())
}

fn venue(
    settings: &Settings,
    trust: Trust,
    instruments: &[Instrument],
    (kept, now): (Option<Kept>, Timestamp),
    rows: (Vec<LedgerEntry>, Vec<Trade>),
) -> anyhow::Result<(Venue, Places)> {
    let model = settings.model.clone();
    match kept {
        Some(kept) => {
            let venue = Venue::from_bytes(&kept.venue, (model, trust), instruments.to_vec(), rows)?;
            Ok((venue, kept.places))
        }
        None => Ok((
            Venue::new(model, trust, instruments.to_vec(), now),
            Places::default(),
        )),
    }
}
