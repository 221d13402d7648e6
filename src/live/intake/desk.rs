//! Where all sources hand in what they have: reads it, asks the runner, remembers what was confirmed.
//!
//! Not here: sockets and files (the sources), the judgement for ever (the runner's journal).
//! Invariants: `Duplicate` and `Conflict` are answered here only for what the runner itself has confirmed; a line that
//! was seen to the byte costs a hash and a look, nothing else.

mod recent;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::count::Count;
use super::limits::{BUSY_WAIT, STOP_VERDICT, VERDICT_WAIT};
use super::message::{self, Bad, Good};
use super::quiet::Quiet;
use super::stats::Stats;
use super::wire::Answer;
use super::{Clock, SourceName, Submission, Verdict};
use crate::domain::time::Timestamp;
use recent::{Digest, Recent, digest};

/// Shared by all sources.
pub(super) struct Desk {
    out: mpsc::Sender<Submission>,
    clock: Clock,
    pub(super) stats: Arc<Stats>,
    pub(super) quiet: Quiet,
    stop: watch::Receiver<bool>,
    recent: Mutex<Recent>,
}

/// How long a source waits for a place and a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Someone waits at the other end: [`BUSY_WAIT`], then [`VERDICT_WAIT`].
    Brief,
    /// The source keeps what is not taken: as long as the run lasts.
    Endless,
}

/// What became of one piece of input.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(super) id: Option<Arc<str>>,
    /// Whether its sender waits for an answer.
    pub(super) ack: bool,
    /// Whether it was no message at all.
    pub(super) bad: bool,
    pub(super) answer: Answer,
}

/// One piece of input on its way.
pub(super) enum Slot {
    /// Nothing is waited for.
    Settled(Settled),
    /// The runner has it.
    Waiting(Box<Waiting>),
}

pub(super) struct Waiting {
    good: Good,
    source: SourceName,
    patience: Patience,
    line: Option<Digest>,
    verdict: oneshot::Receiver<Verdict>,
}

impl Desk {
    pub(super) fn new(
        out: mpsc::Sender<Submission>,
        clock: Clock,
        stats: Arc<Stats>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            out,
            clock,
            stats,
            quiet: Quiet::default(),
            stop,
            recent: Mutex::new(Recent::new()),
        }
    }

    /// What time it is for the run.
    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Whether the end was asked for.
    pub(super) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Resolves once the end was asked for.
    pub(super) async fn stopped(&self) {
        let mut stop = self.stop.clone();
        // An intake that was dropped wants the end as well.
        let _gone = stop.wait_for(|stop| *stop).await;
    }

    /// Takes a line that is not blank.
    pub(super) async fn line(&self, way: SourceName, line: &[u8], patience: Patience) -> Slot {
        let digest = digest(line);
        let known = self.recent().line(&digest);
        if let Some(known) = known {
            let settled = Settled {
                answer: known.answer(),
                id: Some(known.id),
                ack: known.ack,
                bad: false,
            };
            self.stats.add(known.source, Count::Lines);
            self.stats.add(known.source, Count::KnownAgain);
            self.tell(known.source, &settled);
            return Slot::Settled(settled);
        }
        let read = message::read_line(line);
        self.hand_in(way, read, Some(digest), patience).await
    }

    /// Takes one message of a document.
    pub(super) async fn value(&self, way: SourceName, value: &Value, patience: Patience) -> Slot {
        self.hand_in(way, message::read_value(value), None, patience)
            .await
    }

    /// Counts, logs and answers input that is no message.
    pub(super) fn refuse(&self, way: SourceName, bad: &Bad) -> Settled {
        self.stats.add(way, Count::Lines);
        self.stats.add(way, bad.count);
        self.quiet.warn(way, bad.count.name(), &bad.found);
        Settled {
            id: bad.id.clone(),
            ack: bad.ack,
            bad: true,
            answer: Answer::Refused {
                reason: bad.reason(),
            },
        }
    }

    async fn hand_in(
        &self,
        way: SourceName,
        read: Result<Good, Bad>,
        line: Option<Digest>,
        patience: Patience,
    ) -> Slot {
        let good = match read {
            Ok(good) => good,
            Err(bad) => return Slot::Settled(self.refuse(way, &bad)),
        };
        let source = good.source(way);
        self.stats.add(source, Count::Lines);
        if self.recent().has(&good.message) {
            self.stats.add(source, Count::KnownAgain);
            let settled = settled(&good, Answer::Duplicate);
            self.tell(source, &settled);
            return Slot::Settled(settled);
        }
        let (reply, verdict) = oneshot::channel();
        let submission = Submission {
            source,
            message: good.message.clone(),
            reply: Some(reply),
        };
        if let Some(answer) = self.submit(submission, patience).await {
            let settled = settled(&good, answer);
            self.tell(source, &settled);
            return Slot::Settled(settled);
        }
        Slot::Waiting(Box::new(Waiting {
            good,
            source,
            patience,
            line,
            verdict,
        }))
    }

    /// Puts a message into the queue; what is answered when that cannot be done.
    async fn submit(&self, submission: Submission, patience: Patience) -> Option<Answer> {
        let place = async {
            tokio::select! {
                biased;
                place = self.out.reserve() => place.map_err(|_| Answer::Closing),
                () = self.stopped() => Err(Answer::Closing),
            }
        };
        let place = match patience {
            Patience::Brief => timeout(BUSY_WAIT, place).await.unwrap_or(Err(Answer::Busy)),
            Patience::Endless => place.await,
        };
        match place {
            Ok(place) => {
                place.send(submission);
                None
            }
            Err(answer) => Some(answer),
        }
    }

    /// Waits for the verdict, remembers and counts it.
    pub(super) async fn settle(&self, slot: Slot) -> Settled {
        let mut waiting = match slot {
            Slot::Settled(settled) => return settled,
            Slot::Waiting(waiting) => waiting,
        };
        let answer = self.verdict(&mut waiting).await;
        self.recent().keep(&waiting, &answer);
        let settled = settled(&waiting.good, answer);
        self.tell(waiting.source, &settled);
        settled
    }

    async fn verdict(&self, waiting: &mut Waiting) -> Answer {
        let patience = waiting.patience;
        let longest = async {
            match patience {
                Patience::Brief => tokio::time::sleep(VERDICT_WAIT).await,
                Patience::Endless => std::future::pending().await,
            }
        };
        let heard = tokio::select! {
            biased;
            heard = &mut waiting.verdict => heard,
            () = longest => return Answer::Unanswered,
            () = self.stopped() => {
                match timeout(STOP_VERDICT, &mut waiting.verdict).await {
                    Ok(heard) => heard,
                    Err(_) => return Answer::Unanswered,
                }
            }
        };
        match heard {
            Ok(Verdict::Accepted { seq }) => Answer::Accepted { seq },
            Ok(Verdict::Duplicate) => Answer::Duplicate,
            Ok(Verdict::Conflict) => Answer::Conflict,
            Ok(Verdict::Refused { reason }) => Answer::Refused { reason },
            Ok(Verdict::Busy) => Answer::Busy,
            Ok(Verdict::Closing) | Err(_) => Answer::Closing,
        }
    }

    /// Takes a line or value again and again until it is no longer `busy`: for sources that keep what is not taken.
    pub(super) async fn settle_patiently(&self, slot: Slot) -> Settled {
        let message = match &slot {
            Slot::Settled(_) => None,
            Slot::Waiting(waiting) => Some((waiting.good.clone(), waiting.source, waiting.line)),
        };
        let mut settled = self.settle(slot).await;
        let Some((good, source, line)) = message else {
            return settled;
        };
        while settled.answer == Answer::Busy && !self.is_stopping() {
            tokio::select! {
                () = tokio::time::sleep(BUSY_WAIT) => {}
                () = self.stopped() => break,
            }
            let again = self.hand_in(source, Ok(good.clone()), line, Patience::Endless);
            let slot = again.await;
            settled = self.settle(slot).await;
        }
        settled
    }

    /// Counts an answer; what someone should look at is logged.
    fn tell(&self, source: SourceName, settled: &Settled) {
        let id = settled.id.as_deref().unwrap_or("?");
        let count = match &settled.answer {
            Answer::Accepted { .. } => Count::Accepted,
            Answer::Duplicate => Count::Duplicates,
            Answer::Conflict => {
                self.quiet.warn(source, "same id with another content", id);
                Count::Conflicts
            }
            Answer::Refused { reason } => return self.stats.refuse(source, reason),
            Answer::Busy => {
                self.quiet.warn(source, "not taken: the queue is full", id);
                Count::Busy
            }
            Answer::Closing => Count::Closing,
            Answer::Unanswered => {
                self.quiet.warn(source, "no verdict in time", id);
                Count::Unanswered
            }
        };
        self.stats.add(source, count);
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        // A panic while it was held leaves at most one entry too few: it is asked for again.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits, unless the end comes first; whether it did not.
pub(super) async fn pause(desk: &Desk, span: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(span) => true,
        () = desk.stopped() => false,
    }
}

fn settled(good: &Good, answer: Answer) -> Settled {
    Settled {
        id: Some(Arc::clone(&good.message.id)),
        ack: good.ack,
        bad: false,
        answer,
    }
}
