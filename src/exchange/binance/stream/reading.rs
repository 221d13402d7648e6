//! What a link makes of its frames: whose they are, and whether they were asked for.
//!
//! Not here: the connection (`link`), what frames look like (`wire::frame`), their order (`sequence`).

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::symbol::{SymbolId, Symbols};
use crate::domain::time::{EARLIEST, LATEST, Timestamp};
use crate::exchange::binance::wire::frame::{self, Book, Frame, Mark, Reason, Refusal};
use crate::exchange::binance::wire::rows::AggTrade;

use super::Route;
use crate::exchange::binance::wire::shown;

/// Names of contracts as frames and as streams spell them.
#[derive(Debug)]
pub(super) struct Names {
    ids: HashMap<String, SymbolId>,
    lower: Vec<String>,
}

/// What a contract is to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Absent,
    Carried,
    /// Its last frames may still be on their way.
    Left,
}

/// The contracts of one link.
#[derive(Debug)]
pub(super) struct Reader {
    names: Arc<Names>,
    route: Route,
    places: Vec<Place>,
}

/// What a frame was.
#[derive(Debug)]
pub(super) enum Read {
    Trade(SymbolId, AggTrade),
    Mark(SymbolId, Mark),
    Book(SymbolId, Book),
    Done(u64),
    Failed(Option<u64>, i64, String),
    /// Of a contract that was given up a moment ago.
    Late,
    Refused(Option<SymbolId>, Refusal),
}

impl Names {
    pub(super) fn new(symbols: &Symbols) -> Self {
        Self {
            ids: symbols
                .iter()
                .map(|(id, name)| (name.as_str().to_owned(), id))
                .collect(),
            lower: symbols
                .iter()
                .map(|(_, name)| name.as_str().to_lowercase())
                .collect(),
        }
    }

    /// The names of a contract's streams on a route.
    pub(super) fn streams(&self, symbol: SymbolId, route: Route) -> Vec<String> {
        let name = &self.lower[symbol.index()];
        match route {
            Route::Public => vec![format!("{name}@bookTicker")],
            Route::Market => vec![format!("{name}@aggTrade"), format!("{name}@markPrice@1s")],
        }
    }

    fn len(&self) -> usize {
        self.lower.len()
    }
}

impl Reader {
    pub(super) fn new(names: Arc<Names>, route: Route) -> Self {
        Self {
            places: vec![Place::Absent; names.len()],
            names,
            route,
        }
    }

    pub(super) fn carry(&mut self, symbol: SymbolId) {
        self.places[symbol.index()] = Place::Carried;
    }

    pub(super) fn leave(&mut self, symbol: SymbolId) {
        self.places[symbol.index()] = Place::Left;
    }

    /// Reads one frame.
    pub(super) fn read(&self, text: &str) -> Read {
        let frame = match frame::parse(text) {
            Ok(frame) => frame,
            Err(refusal) => return Read::Refused(None, refusal),
        };
        let found = match frame {
            Frame::Trade { symbol, trade } => self
                .whose(&symbol, Route::Market, trade.at)
                .map(|id| id.map(|id| Read::Trade(id, trade))),
            Frame::Mark { symbol, mark } => self
                .whose(&symbol, Route::Market, mark.at)
                .map(|id| id.map(|id| Read::Mark(id, mark))),
            Frame::Book { symbol, book } => self
                .whose(&symbol, Route::Public, book.at)
                .map(|id| id.map(|id| Read::Book(id, book))),
            Frame::Done { id } => return Read::Done(id),
            Frame::Failed { id, code, msg } => return Read::Failed(id, code, msg),
        };
        match found {
            Ok(Some(read)) => read,
            Ok(None) => Read::Late,
            Err((symbol, refusal)) => Read::Refused(symbol, refusal),
        }
    }

    /// Whose a frame is; `None` of a contract that was left.
    fn whose(
        &self,
        name: &str,
        route: Route,
        at: Timestamp,
    ) -> Result<Option<SymbolId>, (Option<SymbolId>, Refusal)> {
        let refuse = |symbol, reason, why: String| Err((symbol, Refusal { reason, why }));
        let Some(&id) = self.names.ids.get(name) else {
            let why = format!("'{}' is no contract of this run", shown(name));
            return refuse(None, Reason::OtherSymbol, why);
        };
        if route != self.route {
            let why = format!("a frame of {name} on the wrong route");
            return refuse(Some(id), Reason::OtherStream, why);
        }
        match self.places[id.index()] {
            Place::Absent => {
                let why = format!("{name} was not subscribed on this link");
                refuse(Some(id), Reason::OtherSymbol, why)
            }
            Place::Left => Ok(None),
            Place::Carried if !(EARLIEST..LATEST).contains(&at) => {
                let why = format!("{name}: {} is no time of this market", at.millis());
                refuse(Some(id), Reason::Stamp, why)
            }
            Place::Carried => Ok(Some(id)),
        }
    }
}
