//! The same work for each of several contracts, on all cores.
//!
//! Not here: what the work is.
//! Invariant: results stand in the order of the contracts, whichever thread made them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does the work for 0..count and hands back the results by index; threads take the next index when they are free.
pub(crate) fn each<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<T>>> = Mutex::new((0..count).map(|_| None).collect());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers.min(count) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        break;
                    }
                    let result = work(index);
                    done.lock().expect("invariant: no worker panics")[index] = Some(result);
                }
            });
        }
    });
    done.into_inner()
        .expect("invariant: no worker panics")
        .into_iter()
        .map(|result| result.expect("invariant: every index was taken"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_by_index() {
        let squares = each(1_000, |index| index * index);
        assert!((0..1_000).all(|index| squares[index] == index * index));
        assert_eq!(each(0, |index| index), Vec::<usize>::new());
    }
}
