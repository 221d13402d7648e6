//! Independent pieces of work on threads, their results in order.
//!
//! Not here: the work (`replays`, `validate`), trials that are written down as they finish (`sweep::run`).
//! Invariant: a result is a function of its index; threads and their timing leave no trace.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use crate::backtest::run::Canceled;

/// Time between two reports: nobody reads faster.
const BETWEEN: Duration = Duration::from_millis(100);

/// How work is done.
#[derive(Clone, Copy, Debug)]
pub struct Crew<'a> {
    /// Threads, at least one.
    pub threads: usize,
    /// Ends the work between two pieces.
    pub cancel: &'a AtomicBool,
}

impl Crew<'_> {
    /// Results of the pieces 0 to `count` in order. `begin` makes what one worker keeps from piece to piece; `tell` hears
    /// now and then, and at the end, how many are done.
    ///
    /// # Errors
    /// When `cancel` was set before all were done.
    ///
    /// # Panics
    /// When a piece does.
    pub fn all<S, T: Send>(
        &self,
        count: usize,
        (begin, run): (impl Fn() -> S + Sync, impl Fn(&mut S, usize) -> T + Sync),
        tell: &mut dyn FnMut(usize),
    ) -> Result<Vec<T>, Canceled> {
        let next = AtomicUsize::new(0);
        let done = AtomicUsize::new(0);
        let mut empty = Vec::new();
        empty.resize_with(count, || None);
        let results: Mutex<Vec<Option<T>>> = Mutex::new(empty);
        let worker = || {
            let mut kept = begin();
            while !self.cancel.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    return;
                }
                let result = run(&mut kept, index);
                locked(&results)[index] = Some(result);
                done.fetch_add(1, Ordering::Relaxed);
            }
        };
        std::thread::scope(|scope| {
            // Nothing is ever sent: the channel closes when the last worker ends.
            let (sender, ended) = mpsc::channel::<()>();
            for _ in 0..self.threads.clamp(1, count.max(1)) {
                let sender = sender.clone();
                let worker = &worker;
                scope.spawn(move || {
                    let _until_the_end = sender;
                    worker();
                });
            }
            drop(sender);
            while ended.recv_timeout(BETWEEN) == Err(RecvTimeoutError::Timeout) {
                tell(done.load(Ordering::Relaxed));
            }
        });
        tell(done.load(Ordering::Relaxed));
        let results = results
            .into_inner()
            .expect("invariant: no piece panics while holding the lock");
        results.into_iter().collect::<Option<_>>().ok_or(Canceled)
    }
}

fn locked<T>(results: &Mutex<T>) -> MutexGuard<'_, T> {
    results
        .lock()
        .expect("invariant: no piece panics while holding the lock")
}
