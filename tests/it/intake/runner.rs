//! A made-up runner: takes submissions, remembers ids for ever, answers as the real one does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use confluence::domain::signal::RawSignal;
use confluence::domain::time::Timestamp;
use confluence::live::intake::config::{IntakeConfig, IntakeError};
use confluence::live::intake::count::Count;
use confluence::live::intake::stats::Stats;
use confluence::live::intake::{self, Intake, SourceName, Submission, Verdict};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

/// Longest a test waits for anything.
pub(super) const SOON: Duration = Duration::from_secs(30);

/// How a runner behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Takes what is new, knows what is not, refuses the coin `NOPE`.
    Usual,
    /// Is busy with everything, until told otherwise.
    Busy,
    /// Takes submissions and never answers.
    Silent,
    /// Takes nothing out of the queue.
    Stuck,
    /// Is ending.
    Closing,
}

/// Sources at work and what came out of them.
pub(super) struct Bench {
    pub(super) intake: Intake,
    pub(super) stats: Arc<Stats>,
    pub(super) clock: Arc<AtomicI64>,
    taken: Arc<Mutex<Vec<(SourceName, RawSignal)>>>,
    count: watch::Receiver<usize>,
    manner: watch::Sender<Manner>,
}

impl Bench {
    pub(super) fn start(config: IntakeConfig) -> Self {
        Self::with(config, 1_024, Manner::Usual).unwrap()
    }

    pub(super) fn with(
        config: IntakeConfig,
        capacity: usize,
        manner: Manner,
    ) -> Result<Self, IntakeError> {
        let (out, submissions) = mpsc::channel(capacity);
        let (manner, told) = watch::channel(manner);
        let (counted, count) = watch::channel(0);
        let taken = Arc::new(Mutex::new(Vec::new()));
        let clock = Arc::new(AtomicI64::new(super::NOON));
        let time = Arc::clone(&clock);
        let stats = Arc::new(Stats::new());
        let read = Arc::new(move || Timestamp::from_millis(time.load(Ordering::Relaxed)));
        let intake = intake::start(config, out, read, Arc::clone(&stats))?;
        tokio::spawn(run(submissions, told, Arc::clone(&taken), counted));
        Ok(Self {
            intake,
            stats,
            clock,
            taken,
            count,
            manner,
        })
    }

    pub(super) fn bridge(&self) -> SocketAddr {
        self.intake.bridge_addr.unwrap()
    }

    pub(super) fn http(&self) -> SocketAddr {
        self.intake.http_addr.unwrap()
    }

    pub(super) fn behave(&self, manner: Manner) {
        self.manner.send_replace(manner);
    }

    pub(super) fn taken(&self) -> Vec<(SourceName, RawSignal)> {
        self.taken.lock().unwrap().clone()
    }

    pub(super) fn ids(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        taken.iter().map(|(_, raw)| raw.id.to_string()).collect()
    }

    /// Waits until so many messages were taken.
    pub(super) async fn until_taken(&self, wanted: usize) {
        let mut count = self.count.clone();
        let reached = tokio::time::timeout(SOON, count.wait_for(|count| *count >= wanted));
        let met = reached.await.is_ok();
        assert!(met, "{wanted} messages wanted, taken: {:?}", self.ids());
    }

    /// Waits until something was counted so often by a source.
    pub(super) async fn until(&self, source: SourceName, count: Count, wanted: u64) {
        let reached = async {
            while self.stats.get(source, count) < wanted {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let met = tokio::time::timeout(SOON, reached).await.is_ok();
        assert!(met, "{count:?} of {wanted}: {:?}", self.stats.snapshot());
    }

    /// The counters of all sources, those above zero.
    pub(super) fn counts(&self) -> BTreeMap<&'static str, u64> {
        Count::ALL
            .into_iter()
            .map(|count| (count.name(), self.stats.total(count)))
            .filter(|(_, times)| *times > 0)
            .collect()
    }
}

async fn run(
    mut submissions: mpsc::Receiver<Submission>,
    mut manner: watch::Receiver<Manner>,
    taken: Arc<Mutex<Vec<(SourceName, RawSignal)>>>,
    counted: watch::Sender<usize>,
) {
    let mut known: BTreeMap<String, RawSignal> = BTreeMap::new();
    let mut unanswered = Vec::new();
    loop {
        if manner
            .wait_for(|manner| *manner != Manner::Stuck)
            .await
            .is_err()
        {
            return;
        }
        let Some(mut submission) = submissions.recv().await else {
            return;
        };
        let message = &submission.message;
        let verdict = match *manner.borrow() {
            Manner::Silent | Manner::Stuck => None,
            Manner::Busy => Some(Verdict::Busy),
            Manner::Closing => Some(Verdict::Closing),
            Manner::Usual if message.name == "NOPE" => Some(Verdict::Refused {
                reason: "unknown_symbol".to_owned(),
            }),
            Manner::Usual => Some(match known.get(message.id.as_ref()) {
                Some(before) if before == message => Verdict::Duplicate,
                Some(_) => Verdict::Conflict,
                None => {
                    known.insert(message.id.to_string(), message.clone());
                    let mut taken = taken.lock().unwrap();
                    taken.push((submission.source, message.clone()));
                    counted.send_replace(taken.len());
                    Verdict::Accepted {
                        seq: taken.len() as u64,
                    }
                }
            }),
        };
        match verdict {
            Some(verdict) => {
                // Whoever no longer waits loses only the answer.
                let _gone = submission.reply.take().unwrap().send(verdict);
            }
            None => unanswered.push(submission),
        }
    }
}

/// Somebody who waits for answers.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(super) async fn connect(addr: SocketAddr) -> Self {
        Self {
            stream: BufReader::new(TcpStream::connect(addr).await.unwrap()),
        }
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).await.unwrap();
    }

    /// Sends a line and reads its answer.
    pub(super) async fn ask(&mut self, line: &[u8]) -> serde_json::Value {
        self.send(&[line, b"\n"].concat()).await;
        self.hear().await.expect("an answer")
    }

    /// The next answer; `None` when the other end closed.
    pub(super) async fn hear(&mut self) -> Option<serde_json::Value> {
        let mut answer = String::new();
        let read = tokio::time::timeout(SOON, self.stream.read_line(&mut answer));
        match read.await.expect("an answer or an end in time") {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(serde_json::from_str(&answer).unwrap()),
        }
    }

    /// Whether the other end closes without a word.
    pub(super) async fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(SOON, self.stream.read_to_end(&mut rest));
        let _broken = read.await.expect("an end in time");
        rest.is_empty()
    }
}
