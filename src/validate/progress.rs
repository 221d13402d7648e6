//! How far a validation is: threads, the wish to stop, and who hears of it.
//!
//! Not here: how it is shown (`cli`).

use std::fmt;

use crate::backtest::run::Canceled;
use crate::backtest::threads::Crew;

/// Hears a stage, how much of it is done, and how much there is.
pub type Hear<'a> = dyn Fn(&str, usize, usize) + 'a;

/// Threads and who is told.
pub struct Tell<'a> {
    /// Does the work.
    pub crew: Crew<'a>,
    /// Hears of it.
    pub hear: &'a Hear<'a>,
}

impl fmt::Debug for Tell<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Tell")
            .field("crew", &self.crew)
            .finish_non_exhaustive()
    }
}

impl Tell<'_> {
    /// As [`Crew::all`], under the name of a stage.
    ///
    /// # Errors
    /// When the user stopped it.
    pub fn all<S, T: Send>(
        &self,
        stage: &str,
        count: usize,
        work: (impl Fn() -> S + Sync, impl Fn(&mut S, usize) -> T + Sync),
    ) -> Result<Vec<T>, Canceled> {
        let mut tell = |done| (self.hear)(stage, done, count);
        self.crew.all(count, work, &mut tell)
    }
}
