//! A followed file: its lines as they are added, over rotation, truncation and absence.
//!
//! Not here: where the added bytes are (`tail`).
//! Invariant: a line that the runner has no place for is kept and handed in again; the file is not read further until
//! then.

use std::sync::Arc;

use super::SourceName;
use super::config::FileConfig;
use super::count::Count;
use super::desk::{Desk, pause};
use super::limits::FOLLOW_BYTES;
use super::lines::Lines;
use super::stdin::hand_in;
use super::tail::{Look, Tail};

const WAY: SourceName = SourceName::File;

/// Follows the file until the end is asked for.
pub(super) async fn follow(config: FileConfig, desk: Arc<Desk>) {
    let mut tail = Tail::new(config.path, config.from_start);
    let mut lines = Lines::default();
    loop {
        // Disks can be slow; the threads of the runtime are for those that never wait.
        let looked = tokio::task::spawn_blocking(move || {
            let look = tail.look(FOLLOW_BYTES);
            (tail, look)
        });
        let look = match looked.await {
            Ok((kept, look)) => {
                tail = kept;
                look
            }
            // The runtime is going down.
            Err(_) => return,
        };
        let more = match look {
            Ok(look) => take(&desk, &mut lines, look).await,
            Err(error) => {
                desk.stats.add(WAY, Count::Failures);
                let found = error.to_string();
                desk.quiet.warn(WAY, "the file cannot be read", &found);
                false
            }
        };
        if !more && !pause(&desk, config.every).await {
            return;
        }
        if desk.is_stopping() {
            return;
        }
    }
}

/// Hands in what was added; whether there may be more at once.
async fn take(desk: &Desk, lines: &mut Lines, look: Look) -> bool {
    if look.rotated {
        desk.stats.add(WAY, Count::Rotations);
    }
    if look.cut {
        desk.stats.add(WAY, Count::Truncations);
    }
    if look.fresh {
        if lines.half() {
            desk.stats.add(WAY, Count::HalfLines);
        }
        *lines = Lines::default();
    }
    hand_in(desk, WAY, lines, &look.bytes).await;
    look.bytes.len() >= FOLLOW_BYTES
}
