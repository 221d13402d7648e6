//! Holes at the desk: opened, asked about, closed; beats that wait behind them.
//!
//! Not here: which trades are missing (`sequence`), how they are fetched (`repair`).
//! Invariant: a beat of a link is handed on when nothing of what the link carries is missing or under suspicion.

use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::warn;

use crate::domain::random::Random;
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;

use super::backoff::Backoff;
use super::desk::{Desk, Gone};
use super::repair::{After, Ask, Filled, Word, Worker};
use super::stats::{more, one};
use super::{DownCause, FromMarket, LinkId, Repair, Route, Trouble};

/// Names the random draws of repairs.
const REPAIRS: u64 = 2;

/// A beat that waits for a hole to close.
#[derive(Debug)]
pub(super) struct HeldBeat {
    link: LinkId,
    at: Timestamp,
    /// Dropped when the beat was handed on: the link then listens again.
    _done: oneshot::Sender<()>,
}

impl Desk {
    /// A trade showed that others before it are missing.
    pub(super) async fn gap(
        &mut self,
        link: LinkId,
        symbol: SymbolId,
        (from, missing): (u64, u64),
    ) -> Result<(), Gone> {
        self.open_holes.insert(symbol);
        one(&self.shared.counters.gaps);
        warn!(link = link.0, symbol = %self.symbols.name(symbol), from, missing, "trades are missing");
        let what = Trouble::Gap {
            from,
            missing: Some(missing),
        };
        self.trouble(link, Some(symbol), what).await
    }

    /// The exchange took subscriptions: what may have been missed before is looked for.
    pub(super) fn acked(&mut self, link: LinkId, symbols: &[SymbolId]) {
        let now = self.now();
        let due = now + self.config().catch_up_after;
        let Some(lane) = self.lanes.get_mut(&link) else {
            return;
        };
        let route = lane.route;
        // A link that is taken over without a break misses nothing; one that was dead has missed all along.
        let covered = lane
            .replaces
            .as_ref()
            .filter(|(_, why)| *why == DownCause::Rotated)
            .map(|(old, _)| *old);
        for symbol in symbols {
            if lane.carried.contains(symbol) {
                lane.acked.insert(*symbol);
            }
        }
        let covered = covered
            .and_then(|old| self.lanes.get(&old))
            .is_some_and(|old| old.up && old.closing.is_none());
        for symbol in symbols {
            let Some(contract) = self.contracts.get_mut(symbol) else {
                continue;
            };
            match route {
                Route::Public => {
                    if !covered {
                        contract.sequence.forget_book();
                    }
                }
                Route::Market => {
                    contract.marked = Some(now);
                    if !covered && contract.sequence.has_begun() {
                        contract.sequence.suspect(link, Some(due));
                        self.open_holes.insert(*symbol);
                    }
                }
            }
        }
        self.settle(link);
        self.ask_due();
    }

    /// The first instant at which the exchange must be asked about a hole.
    pub(super) fn due(&self) -> Option<Instant> {
        let holes = self.open_holes.iter();
        holes
            .filter_map(|symbol| self.contracts.get(symbol)?.sequence.hole.as_ref())
            .filter(|hole| hole.asked.is_none())
            .filter_map(|hole| Some(hole.due? + self.blocked))
            .min()
    }

    /// Asks about every hole that is due.
    pub(super) fn ask_due(&mut self) {
        let now = self.now();
        let open: Vec<SymbolId> = self.open_holes.iter().copied().collect();
        for symbol in open {
            let ask = self.question(symbol, now);
            if let Some(ask) = ask {
                let config = self.config();
                let random = Random::stream(config.seed, &[REPAIRS, ask.number]);
                let worker = Worker {
                    rest: self.rest.clone(),
                    ask,
                    backoff: Backoff::new(random, config.backoff_min, config.backoff_max),
                    words: self.words.clone(),
                };
                self.tasks.spawn(worker.run());
            }
        }
    }

    fn question(&mut self, symbol: SymbolId, now: Instant) -> Option<Ask> {
        let trades_max = self.config().repair_trades_max;
        let sequence = &mut self.contracts.get_mut(&symbol)?.sequence;
        let (until, first_at) = (sequence.first_held(), sequence.first_held_at());
        let last = sequence.last;
        let last_mark = sequence.last_mark_passed();
        let after = match (last, last_mark) {
            (Some(seen), _) => After::Trade(seen),
            (None, Some(mark)) => After::Time(mark),
            (None, None) => return None,
        };
        let hole = sequence.hole.as_mut()?;
        if hole.asked.is_some() || hole.due.is_none_or(|due| due > now) {
            return None;
        }
        self.asked += 1;
        hole.asked = Some(self.asked);
        hole.again = false;
        Some(Ask {
            symbol,
            name: self.symbols.name(symbol).clone(),
            number: self.asked,
            after,
            until,
            marks: (last_mark, first_at),
            trades_max,
        })
    }

    /// Hears from a repair; what nobody waits for any more is passed over.
    pub(super) async fn word(&mut self, word: Word) -> Result<(), Gone> {
        let (Word::Delayed(symbol, number, _) | Word::Done(symbol, number, _)) = &word;
        let (symbol, number) = (*symbol, *number);
        let waiting = self
            .contracts
            .get(&symbol)
            .and_then(|contract| contract.sequence.hole.as_ref())
            .filter(|hole| hole.asked == Some(number))
            .map(|hole| hole.link);
        let Some(link) = waiting else { return Ok(()) };
        match word {
            Word::Delayed(_, _, why) => {
                warn!(symbol = %self.symbols.name(symbol), why, "a gap is not yet closed");
                let what = Trouble::RepairDelayed { why };
                self.trouble(link, Some(symbol), what).await
            }
            Word::Done(_, _, filled) => self.filled(link, symbol, *filled).await,
        }
    }

    async fn filled(&mut self, link: LinkId, symbol: SymbolId, filled: Filled) -> Result<(), Gone> {
        let Filled {
            events,
            reached,
            marks,
            bars,
            lost,
        } = filled;
        let due = self.now() + self.config().repair_after;
        let told = self.with_sequence(symbol, |sequence, ready| {
            let told = sequence.hole.as_ref().is_some_and(|hole| hole.told);
            let new = sequence.fill(events, reached, ready);
            let next = sequence.release(due, ready);
            (told, new, next, sequence.hole.is_some())
        });
        let Some((told, new, next, still)) = told else {
            return Ok(());
        };
        self.emit(link).await?;
        self.count(told, new, bars);
        if let Some((trades, why)) = lost {
            one(&self.shared.counters.lost);
            warn!(symbol = %self.symbols.name(symbol), trades, why, "trades are lost");
            let what = Trouble::Lost { trades, why };
            self.trouble(link, Some(symbol), what).await?;
        }
        if told || new > 0 || marks > 0 {
            let how = if bars > 0 {
                Repair::ByBars { bars }
            } else {
                Repair::ById
            };
            let what = Trouble::Repaired {
                trades: new,
                marks,
                how,
            };
            self.trouble(link, Some(symbol), what).await?;
        }
        if let Some(gap) = next {
            self.gap(link, symbol, gap).await?;
        }
        if still {
            return self.release_beats().await;
        }
        self.whole(symbol).await
    }

    /// Nothing of a contract is missing any more.
    pub(super) async fn whole(&mut self, symbol: SymbolId) -> Result<(), Gone> {
        self.open_holes.remove(&symbol);
        self.send(FromMarket::Whole { symbol }).await?;
        self.release_beats().await
    }

    fn count(&self, told: bool, new: u64, bars: u64) {
        let counters = &self.shared.counters;
        more(&counters.trades_fetched, new);
        if bars > 0 {
            one(&counters.repaired_by_bars);
        } else if told || new > 0 {
            one(&counters.repaired_by_id);
        }
    }

    /// Takes a beat: handed on at once, behind a hole, or passed over while not everything is subscribed.
    pub(super) async fn beat(
        &mut self,
        link: LinkId,
        at: Timestamp,
        done: oneshot::Sender<()>,
    ) -> Result<(), Gone> {
        if !self
            .lanes
            .get(&link)
            .is_some_and(super::lane::Lane::is_whole)
        {
            return Ok(());
        }
        self.up(link).await?;
        if self.is_free(link) && !self.beats.iter().any(|beat| beat.link == link) {
            one(&self.shared.counters.beats);
            return self.send(FromMarket::Beat { link, at }).await;
        }
        self.beats.push(HeldBeat {
            link,
            at,
            _done: done,
        });
        Ok(())
    }

    fn is_free(&self, link: LinkId) -> bool {
        if self.open_holes.is_empty() {
            return true;
        }
        self.lanes.get(&link).is_none_or(|lane| {
            lane.route == Route::Public || lane.carried.is_disjoint(&self.open_holes)
        })
    }

    /// Hands on the beats that wait for nothing any more.
    pub(super) async fn release_beats(&mut self) -> Result<(), Gone> {
        let mut index = 0;
        while let Some(beat) = self.beats.get(index) {
            if self.is_free(beat.link) {
                let HeldBeat { link, at, _done } = self.beats.remove(index);
                one(&self.shared.counters.beats);
                self.send(FromMarket::Beat { link, at }).await?;
            } else {
                index += 1;
            }
        }
        Ok(())
    }

    /// A link is down: what it wanted to say of its time is void.
    pub(super) fn drop_beats(&mut self, link: LinkId) {
        self.beats.retain(|beat| beat.link != link);
    }
}
