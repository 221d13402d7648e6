//! Lines of standard input, until its end.
//!
//! Not here: what a line says (`message`).
//! Invariant: the thread that reads may hang in the system for ever; nothing waits for it, and it holds one chunk.

use std::io::Read;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::SourceName;
use super::count::Count;
use super::desk::{Desk, Patience};
use super::lines::{Found, Lines};
use super::message::Bad;

const WAY: SourceName = SourceName::Stdin;
/// Bytes read at once.
const CHUNK: usize = 16 * 1024;

/// Hands in every line of `input`; its end is no error.
pub(super) async fn read(input: impl Read + Send + 'static, desk: Arc<Desk>) {
    let (chunks, mut heard) = mpsc::channel::<Vec<u8>>(1);
    // A thread of its own: reading standard input cannot be called off, and the runtime would wait for its own threads.
    let reader = std::thread::Builder::new().name("stdin".to_owned());
    let spawned = reader.spawn(move || read_all(input, &chunks));
    if let Err(error) = spawned {
        desk.stats.add(WAY, Count::Failures);
        tracing::error!(%error, "standard input cannot be read");
        return;
    }
    let mut lines = Lines::default();
    loop {
        let chunk = tokio::select! {
            chunk = heard.recv() => chunk,
            () = desk.stopped() => return,
        };
        let Some(chunk) = chunk else { break };
        hand_in(&desk, WAY, &mut lines, &chunk).await;
    }
    if lines.half() {
        desk.stats.add(WAY, Count::HalfLines);
        tracing::warn!("standard input ended in the middle of a line");
    }
    tracing::info!("standard input has ended");
}

/// Hands in every line of some bytes and waits for all verdicts: for sources that keep their place.
pub(super) async fn hand_in(desk: &Desk, way: SourceName, lines: &mut Lines, bytes: &[u8]) {
    let mut rest = bytes;
    let mut slots = Vec::new();
    while let Some(found) = lines.next(&mut rest) {
        let line = lines.line();
        match found {
            Found::TooLong => drop(desk.refuse(way, &Bad::too_long(line))),
            Found::Line if line.trim_ascii().is_empty() => {}
            Found::Line => slots.push(desk.line(way, line, Patience::Endless).await),
        }
        if slots.len() >= super::limits::IN_FLIGHT {
            settle(desk, &mut slots).await;
        }
    }
    settle(desk, &mut slots).await;
}

async fn settle(desk: &Desk, slots: &mut Vec<super::desk::Slot>) {
    for slot in slots.drain(..) {
        desk.settle_patiently(slot).await;
    }
}

fn read_all(mut input: impl Read, chunks: &mpsc::Sender<Vec<u8>>) {
    let mut chunk = vec![0; CHUNK];
    loop {
        match input.read(&mut chunk) {
            Ok(0) => return,
            Ok(count) => {
                if chunks.blocking_send(chunk[..count].to_vec()).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::error!(%error, "standard input cannot be read further");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::live::intake::Verdict;
    use crate::live::intake::stats::Stats;

    #[tokio::test]
    async fn lines_are_taken_until_the_end() {
        let (out, mut submissions) = mpsc::channel(4);
        let (_stopping, stop) = tokio::sync::watch::channel(false);
        let stats = Arc::new(Stats::new());
        let clock = Arc::new(|| Timestamp::from_millis(0));
        let desk = Arc::new(Desk::new(out, clock, Arc::clone(&stats), stop));
        let mut text = String::new();
        for id in 0..300 {
            text.push_str(&format!(
                "{{\"id\":\"{id}\",\"type\":113,\"symbol\":\"A\",\"event_time\":1767254120000}}\n"
            ));
        }
        text.push_str("rubbish\n\n{\"half");
        let reading = tokio::spawn(read(std::io::Cursor::new(text), desk));
        let mut ids = Vec::new();
        while let Some(mut submission) = submissions.recv().await {
            assert_eq!(submission.source, WAY);
            ids.push(submission.message.id.to_string());
            let seq = u64::try_from(ids.len()).unwrap();
            let reply = submission.reply.take().unwrap();
            reply.send(Verdict::Accepted { seq }).unwrap();
        }
        reading.await.unwrap();
        let expected: Vec<String> = (0..300).map(|id| id.to_string()).collect();
        assert_eq!(ids, expected);
        let counted =
            [Count::Accepted, Count::NotJson, Count::HalfLines].map(|count| stats.get(WAY, count));
        assert_eq!(counted, [300, 1, 1]);
        println!("stdin: {counted:?} accepted, not JSON, half");
    }
}
