//! One connection: made, subscribed, listened to, watched for silence, made again.
//!
//! Not here: which contracts it carries (`lane`), what their order is (`sequence`).
//! Invariants: a frame is handed on before the next one is read, so a pong says that everything before it was taken;
//! no more frames are sent than the exchange allows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tracing::debug;

use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::exchange::binance::wire::frame::{Book, Mark, Reason, Refusal};
use crate::exchange::binance::wire::rows::AggTrade;
use crate::exchange::binance::wire::shown;

use super::backoff::Backoff;
use super::pace::Pace;
use super::reading::{Names, Read, Reader};
use super::requests::Requests;
use super::stats::{Counters, one};
use super::{DownCause, LinkId, Route, StreamConfig};

const FRAME_MAX: usize = 1 << 20;
const MESSAGE_MAX: usize = 2 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What a link is told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Add(SymbolId),
    Remove(SymbolId),
    Close,
}

/// What a link says.
#[derive(Debug)]
pub(super) enum Said {
    Trade(SymbolId, AggTrade),
    Mark(SymbolId, Mark),
    Book(SymbolId, Book),
    /// A ping with a running time; answered when it was taken.
    Beat(Timestamp, oneshot::Sender<()>),
    /// The exchange took the subscription of these.
    Acked(Vec<SymbolId>),
    NotSubscribed(i64, String),
    Refused(Option<SymbolId>, Refusal),
    Down(DownCause),
    /// Nothing more will come.
    Ended,
}

/// What all links share.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) config: Arc<StreamConfig>,
    pub(super) names: Arc<Names>,
    pub(super) counters: Arc<Counters>,
    pub(super) connects: Arc<Mutex<Pace>>,
    pub(super) said: mpsc::Sender<(LinkId, Said)>,
}

/// The task of one link.
pub(super) struct Link {
    pub(super) id: LinkId,
    route: Route,
    shared: Shared,
    orders: mpsc::UnboundedReceiver<Order>,
    reader: Reader,
    carried: BTreeMap<SymbolId, ()>,
    backoff: Backoff,
}

/// Why serving a connection ended.
enum End {
    Close,
    Down(DownCause),
}

impl Link {
    pub(super) fn new(
        id: LinkId,
        route: Route,
        shared: Shared,
        backoff: Backoff,
        orders: mpsc::UnboundedReceiver<Order>,
    ) -> Self {
        Self {
            id,
            route,
            reader: Reader::new(Arc::clone(&shared.names), route),
            shared,
            orders,
            carried: BTreeMap::new(),
            backoff,
        }
    }

    /// Runs until it is told to close, or nobody listens.
    pub(super) async fn run(mut self) {
        let mut again = false;
        loop {
            let end = match self.connect(again).await {
                Ok(socket) => self.serve(socket).await,
                Err(end) => end,
            };
            again = true;
            let End::Down(why) = end else { break };
            if self.say(Said::Down(why)).await.is_err() {
                return;
            }
            let until = Instant::now() + self.backoff.next();
            if self.wait(until).await {
                break;
            }
        }
        let _ = self.say(Said::Ended).await;
    }

    async fn connect(&mut self, again: bool) -> Result<Socket, End> {
        let now = Instant::now();
        let free = {
            let mut pace = self
                .shared
                .connects
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let free = pace.free_at(now);
            pace.take(free.max(now));
            free
        };
        if free > now && self.wait(free).await {
            return Err(End::Close);
        }
        let path = match self.route {
            Route::Public => "/public/ws",
            Route::Market => "/market/ws",
        };
        let address = self.shared.config.base.join(path);
        let limits = WebSocketConfig::default()
            .max_frame_size(Some(FRAME_MAX))
            .max_message_size(Some(MESSAGE_MAX));
        let connecting = connect_async_with_config(address, Some(limits), true);
        let unreachable = |why: String| End::Down(DownCause::Unreachable(why));
        match timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok((socket, _))) => {
                one(&self.shared.counters.connects);
                if again {
                    one(&self.shared.counters.reconnects);
                }
                debug!(link = self.id.0, ?self.route, "connected");
                Ok(socket)
            }
            Ok(Err(wrong)) => Err(unreachable(shown(&wrong.to_string()))),
            Err(_) => Err(unreachable("no answer in time".to_owned())),
        }
    }

    async fn serve(&mut self, mut socket: Socket) -> End {
        let mut requests = Requests::new(self.carried.keys().copied().collect());
        let silent = self.shared.config.silent_after;
        let mut heard = Instant::now();
        loop {
            let deadline = requests
                .answer_due()
                .map_or(heard + silent, |due| due.min(heard + silent));
            let send_at = requests.send_at();
            let ended = tokio::select! {
                biased;
                order = self.orders.recv() => match order {
                    None | Some(Order::Close) => {
                        let _ = timeout(Duration::from_secs(1), socket.close(None)).await;
                        Some(End::Close)
                    }
                    Some(order) => {
                        self.take(order, Some(&mut requests));
                        None
                    }
                },
                () = sleep_until(send_at.unwrap_or(deadline)), if send_at.is_some() => {
                    self.request(&mut socket, &mut requests).await.err()
                }
                frame = timeout_at(deadline, socket.next()) => match frame {
                    Err(_) => Some(End::Down(DownCause::Silent)),
                    Ok(frame) => {
                        let ended = self.frame(frame, &mut requests).await.err();
                        // While nobody took the frame, nothing was listened to: that is no silence.
                        heard = Instant::now();
                        ended
                    }
                },
            };
            if let Some(end) = ended {
                return end;
            }
        }
    }

    /// Waits; true when told to close meanwhile.
    async fn wait(&mut self, until: Instant) -> bool {
        loop {
            tokio::select! {
                biased;
                order = self.orders.recv() => match order {
                    None | Some(Order::Close) => return true,
                    Some(order) => self.take(order, None),
                },
                () = sleep_until(until) => return false,
            }
        }
    }

    fn take(&mut self, order: Order, requests: Option<&mut Requests>) {
        match order {
            Order::Add(symbol) => {
                self.reader.carry(symbol);
                let new = self.carried.insert(symbol, ()).is_none();
                if let Some(requests) = requests.filter(|_| new) {
                    requests.leaving.retain(|other| *other != symbol);
                    requests.adding.push(symbol);
                }
            }
            Order::Remove(symbol) => {
                self.reader.leave(symbol);
                let known = self.carried.remove(&symbol).is_some();
                if let Some(requests) = requests.filter(|_| known) {
                    requests.adding.retain(|other| *other != symbol);
                    requests.leaving.push(symbol);
                }
            }
            Order::Close => {}
        }
    }

    /// Sends the next request.
    async fn request(&mut self, socket: &mut Socket, requests: &mut Requests) -> Result<(), End> {
        let (method, symbols) = requests.next_batch();
        let params: Vec<String> = symbols
            .iter()
            .flat_map(|symbol| self.shared.names.streams(*symbol, self.route))
            .collect();
        let id = requests.next;
        requests.next += 1;
        let now = Instant::now();
        requests.pace.take(now);
        if method == "SUBSCRIBE" {
            let due = now + self.shared.config.silent_after;
            requests.open.insert(id, (symbols, due));
        }
        let text = json!({"method": method, "params": params, "id": id}).to_string();
        let sending = socket.send(Message::text(text));
        match timeout(self.shared.config.silent_after, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(wrong)) => Err(End::Down(broken(&wrong))),
            Err(_) => Err(End::Down(DownCause::Silent)),
        }
    }

    async fn frame(
        &mut self,
        frame: Option<Result<Message, Error>>,
        requests: &mut Requests,
    ) -> Result<(), End> {
        let message = match frame {
            None => return Err(End::Down(DownCause::Broken("its end".to_owned()))),
            Some(Err(wrong)) => return Err(End::Down(broken(&wrong))),
            Some(Ok(message)) => message,
        };
        match message {
            Message::Text(text) => {
                one(&self.shared.counters.frames);
                self.text(text.as_str(), requests).await
            }
            Message::Ping(payload) => {
                one(&self.shared.counters.pings);
                if self.shared.config.beats {
                    return self.beat(&payload, requests).await;
                }
                requests.pace.take(Instant::now());
                Ok(())
            }
            Message::Binary(bytes) => {
                one(&self.shared.counters.frames);
                self.shared.counters.refuse(Reason::Malformed);
                let refusal = Refusal {
                    reason: Reason::Malformed,
                    why: format!("{} bytes that are no text", bytes.len()),
                };
                self.say(Said::Refused(None, refusal)).await
            }
            Message::Close(frame) => {
                let why = frame.map_or_else(String::new, |frame| {
                    format!(" ({}: {})", frame.code, shown(frame.reason.as_str()))
                });
                Err(End::Down(DownCause::Broken(format!("it was closed{why}"))))
            }
            Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    async fn text(&mut self, text: &str, requests: &mut Requests) -> Result<(), End> {
        let said = match self.reader.read(text) {
            Read::Trade(symbol, trade) => Said::Trade(symbol, trade),
            Read::Mark(symbol, mark) => Said::Mark(symbol, mark),
            Read::Book(symbol, book) => Said::Book(symbol, book),
            Read::Done(id) => match requests.open.remove(&id) {
                Some((symbols, _)) => return self.say(Said::Acked(symbols)).await,
                None => return Ok(()),
            },
            Read::Failed(id, code, msg) => {
                if let Some(id) = id {
                    requests.open.remove(&id);
                }
                return self.say(Said::NotSubscribed(code, msg)).await;
            }
            Read::Late => return Ok(()),
            Read::Refused(symbol, refusal) => {
                self.shared.counters.refuse(refusal.reason);
                return self.say(Said::Refused(symbol, refusal)).await;
            }
        };
        self.backoff.reset();
        self.say(said).await
    }

    /// Hands a beat on and waits until it was taken: only then the next read sends the pong.
    async fn beat(&mut self, payload: &[u8], requests: &mut Requests) -> Result<(), End> {
        let millis = std::str::from_utf8(payload)
            .ok()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse::<i64>().ok());
        let Some(millis) = millis else { return Ok(()) };
        let (done, mut taken) = oneshot::channel();
        self.say(Said::Beat(Timestamp::from_millis(millis), done))
            .await?;
        loop {
            tokio::select! {
                biased;
                _ = &mut taken => return Ok(()),
                order = self.orders.recv() => match order {
                    None | Some(Order::Close) => return Err(End::Close),
                    Some(order) => self.take(order, Some(requests)),
                },
            }
        }
    }

    async fn say(&self, said: Said) -> Result<(), End> {
        let sent = self.shared.said.send((self.id, said)).await;
        sent.map_err(|_| End::Close)
    }
}

fn broken(wrong: &Error) -> DownCause {
    if let Error::Capacity(CapacityError::MessageTooLong { .. }) = wrong {
        return DownCause::TooLarge;
    }
    DownCause::Broken(shown(&wrong.to_string()))
}
