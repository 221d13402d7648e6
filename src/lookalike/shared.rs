//! What the tape's side and the answering side share: the world, the hub, the running time, the marks that stand.
//!
//! Not here: who moves the running time (`stage`).

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::domain::market::{News, NextFunding};
use crate::domain::num::Price;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};

use super::hub::SharedHub;
use super::world::World;

const SECOND: Span = Span::from_millis(1_000);
const MILLI: Span = Span::from_millis(1);

/// All of it.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) world: World,
    pub(super) hub: SharedHub,
    /// The running time in ms.
    now: AtomicI64,
    /// The last mark of each symbol.
    marks: Mutex<Vec<Option<Mark>>>,
    stop: AtomicBool,
}

/// A mark as it was said last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) price: Price,
    pub(super) funding: Option<NextFunding>,
}

impl Shared {
    pub(super) fn new(world: World, hub: SharedHub) -> Self {
        let from = world.window().from;
        let marks = first_marks(&world);
        Self {
            world,
            hub,
            // Nothing is said yet, not even what is stamped at the first instant.
            now: AtomicI64::new((from - MILLI).millis()),
            marks: Mutex::new(marks),
            stop: AtomicBool::new(false),
        }
    }

    /// The running time: everything stamped at or before it was said.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::Acquire))
    }

    /// Moves the running time; everything stamped at or before it has been put on its connections.
    pub(super) fn move_to(&self, now: Timestamp) {
        self.now.store(now.millis(), Ordering::Release);
    }

    /// The last mark of a symbol; before the tape begins the one it begins with.
    pub(super) fn mark(&self, symbol: SymbolId) -> Option<Mark> {
        let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        marks.get(symbol.index()).copied().flatten()
    }

    pub(super) fn set_mark(&self, symbol: SymbolId, mark: Mark) {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        marks[symbol.index()] = Some(mark);
    }

    pub(super) fn ask_to_stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.hub.wake();
    }

    /// Whether it was asked to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// The marks that stand when the tape begins.
fn first_marks(world: &World) -> Vec<Option<Mark>> {
    let mut marks = vec![None; world.tape().symbols.len()];
    let until = world.window().from + SECOND;
    for event in world.ticks().iter().take_while(|event| event.at < until) {
        if let News::Mark { price, funding } = event.news {
            let place = &mut marks[event.symbol.index()];
            place.get_or_insert(Mark { price, funding });
        }
    }
    marks
}
