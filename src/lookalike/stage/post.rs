//! Signals handed to the bridge when their time comes.
//!
//! Not here: the bridge itself (`bridge`).

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::PING_EVERY;
use crate::domain::signal::RawSignal;
use crate::domain::time::Timestamp;
use crate::lookalike::bridge::{Bridge, due};
use crate::lookalike::config::{SignalPlan, Speed};
use crate::lookalike::shared::Shared;
use crate::lookalike::summary::SignalCounts;
use crate::lookalike::wall;

/// How long letters under way are waited for at the end of the tape.
const LAST_LETTERS: Duration = Duration::from_secs(10);

/// Signals by the time they are due; those of one instant in the order of their file.
#[derive(Debug)]
pub(super) struct Post {
    signals: Vec<RawSignal>,
    /// How many were handed over.
    done: usize,
    outside: u64,
    postman: Postman,
}

/// Who takes signals to the bridge.
#[derive(Debug)]
enum Postman {
    /// There are none.
    Nobody,
    /// The tape waits for it.
    Waiting(Bridge),
    /// It goes beside the tape.
    Beside {
        letters: Sender<(u64, RawSignal)>,
        thread: JoinHandle<Bridge>,
    },
}

impl Post {
    pub(super) fn new(plan: Option<SignalPlan>, speed: Speed, shared: &Arc<Shared>) -> Self {
        let Some(SignalPlan {
            mut signals,
            bridge,
        }) = plan
        else {
            return Self {
                signals: Vec::new(),
                done: 0,
                outside: 0,
                postman: Postman::Nobody,
            };
        };
        let window = shared.world.window();
        signals.sort_by_key(due);
        let all = signals.len();
        signals.retain(|signal| (window.from..=window.to).contains(&due(signal)));
        let waiting = speed == Speed::Max;
        let bridge = Bridge::new(bridge, waiting);
        Self {
            done: 0,
            outside: (all - signals.len()) as u64,
            signals,
            postman: if waiting {
                Postman::Waiting(bridge)
            } else {
                beside(bridge, Arc::clone(shared))
            },
        }
    }

    /// When the next one is due.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.signals.get(self.done).map(due)
    }

    /// Hands over all that are due.
    pub(super) fn send(&mut self, now: Timestamp, shared: &Shared) {
        while self.due().is_some_and(|due| due <= now) && !shared.is_stopped() {
            let signal = &self.signals[self.done];
            self.done += 1;
            let number = self.done as u64;
            match &mut self.postman {
                Postman::Nobody => {}
                Postman::Waiting(bridge) => bridge.deliver(number, signal, shared),
                Postman::Beside { letters, .. } => {
                    // The thread lives as long as this end of the channel.
                    let _delivered = letters.send((number, signal.clone()));
                }
            }
        }
    }

    /// What became of all of them; waits for those under way, for a while.
    pub(super) fn finish(self, shared: &Shared) -> SignalCounts {
        let left = (self.signals.len() - self.done) as u64;
        let mut counts = match self.postman {
            Postman::Nobody => SignalCounts::default(),
            Postman::Waiting(bridge) => bridge.counts,
            Postman::Beside { letters, thread } => {
                drop(letters);
                let begun = wall::now();
                while !thread.is_finished() && !shared.is_stopped() {
                    shared.hub.wait(PING_EVERY);
                    if begun.elapsed() > LAST_LETTERS {
                        shared.ask_to_stop();
                    }
                }
                thread
                    .join()
                    .map_or_else(|_| SignalCounts::default(), |bridge| bridge.counts)
            }
        };
        counts.outside = self.outside;
        counts.failed += left;
        counts
    }
}

/// A thread that sends signals without the tape waiting. Asked to stop, it counts what is left as failed.
fn beside(mut bridge: Bridge, shared: Arc<Shared>) -> Postman {
    let (letters, inbox) = channel::<(u64, RawSignal)>();
    let thread = std::thread::spawn(move || {
        for (number, signal) in inbox {
            bridge.deliver(number, &signal, &shared);
        }
        bridge
    });
    Postman::Beside { letters, thread }
}
