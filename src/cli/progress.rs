//! Progress of long work on stderr: a bar where a person looks, a line now and then where none does.
//!
//! Not here: the work; it is handed [`Progress::report`] as a plain function and knows nothing of terminals.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal::Terminal;

/// Work shorter than this shows nothing.
const SILENT: Duration = Duration::from_secs(1);
/// Time between two lines where no person looks.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Shows how far some work is. Clears itself when dropped.
pub(super) struct Progress {
    terminal: Terminal,
    state: RefCell<State>,
}

struct State {
    bar: Option<ProgressBar>,
    stage: String,
    started: Instant,
    line: Instant,
}

#[allow(
    clippy::disallowed_methods,
    reason = "progress and key presses are about the user's time, and nothing else reads this clock"
)]
/// The user's clock.
pub(super) fn clock() -> Instant {
    Instant::now()
}

impl Progress {
    pub(super) fn new(terminal: Terminal) -> Self {
        let started = clock();
        Self {
            terminal,
            state: RefCell::new(State {
                bar: None,
                stage: String::new(),
                started,
                line: started,
            }),
        }
    }

    /// Says that a stage of unknown length goes on; at once to those who asked to hear more.
    pub(super) fn busy(&self, stage: &str) {
        let mut state = self.state.borrow_mut();
        if !self.terminal.watched {
            let verbose = self.terminal.verbose > 0;
            if verbose || clock().duration_since(state.started) >= SILENT {
                self.terminal.say(stage);
            }
            return;
        }
        let bar = state.bar.get_or_insert_with(ProgressBar::new_spinner);
        bar.set_message(stage.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
    }

    /// Says that a stage stands at `done` of `total`; cheap enough for every thousandth bar.
    pub(super) fn report(&self, stage: &str, done: u64, total: u64) {
        let mut state = self.state.borrow_mut();
        let now = clock();
        if now.duration_since(state.started) < SILENT {
            return;
        }
        if self.terminal.watched {
            let bar = state.bar.get_or_insert_with(new_bar);
            bar.set_length(total);
            bar.set_message(stage.to_owned());
            // What an earlier stage said of its rate.
            bar.set_prefix("");
            bar.set_position(done);
        } else if stage != state.stage || now.duration_since(state.line) >= BETWEEN_LINES {
            self.terminal.say(&format!("{stage}: {done} of {total}"));
            stage.clone_into(&mut state.stage);
            state.line = now;
        }
    }
}

impl Progress {
    /// As [`Progress::report`], with words that change without being news, such as the best so far. `here` of `done`
    /// were done in this session: they alone tell the rate.
    pub(super) fn detailed(
        &self,
        (stage, detail): (&str, &str),
        (here, done, total): (u64, u64, u64),
    ) {
        let mut state = self.state.borrow_mut();
        let now = clock();
        if now.duration_since(state.started) < SILENT {
            return;
        }
        if self.terminal.watched {
            let elapsed = now.duration_since(state.started);
            let (rate, left) = pace(elapsed, here, total - done);
            // The bar itself would count what earlier sessions did.
            let bar = state.bar.get_or_insert_with(|| {
                let bar = new_bar();
                bar.set_style(style(PACED));
                bar
            });
            bar.set_length(total);
            bar.set_prefix(format!("{rate:.0}/s, {left:.0} s left"));
            bar.set_message(format!("{stage}{detail}"));
            bar.set_position(done);
        } else if now.duration_since(state.line) >= BETWEEN_LINES {
            let (rate, left) = pace(now.duration_since(state.started), here, total - done);
            let text = format!("{stage}: {done} of {total}, {rate:.1}/s, {left:.0} s left{detail}");
            self.terminal.say(&text);
            state.line = now;
        }
    }

    /// Since this was made.
    pub(super) fn elapsed(&self) -> Duration {
        clock().duration_since(self.state.borrow().started)
    }
}

/// Pieces a second, and seconds for the rest.
#[allow(clippy::cast_precision_loss, reason = "for people")]
pub(super) fn pace(elapsed: Duration, done: u64, left: u64) -> (f64, f64) {
    let rate = done as f64 / elapsed.as_secs_f64().max(1e-9);
    (rate, left as f64 / rate.max(1e-9))
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.state.borrow().bar.as_ref() {
            bar.finish_and_clear();
        }
    }
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(style(PLAIN));
    bar
}

/// A bar that tells the rate by itself.
const PLAIN: &str = "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}";
/// A bar that is told the rate.
const PACED: &str = "{msg} {wide_bar} {human_pos}/{human_len} {prefix}";

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("invariant: the templates are fixed and a test draws them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_valid() {
        new_bar().finish_and_clear();
        let bar = new_bar();
        bar.set_style(style(PACED));
        bar.finish_and_clear();
    }
}
