//! Charts: as data (`spec`), as pictures (`picture`), for the reader's browser (`plotly`), on a page (`figure`); and heat
//! maps of a sweep (`heat`).
//!
//! Not here: which charts there are (`panels`). plotters and plotly appear below here only.

pub mod browser;
pub mod figure;
pub mod heat;
pub mod picture;
pub mod render;
pub mod ruler;
pub mod scale;
pub mod shade;
pub mod spec;
pub mod summary;
pub mod thin;

/// What a stroke means; output forms choose its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Titles.
    Text,
    /// Labels of axes.
    Muted,
    /// Lines of the grid.
    Grid,
    /// The line everything else is compared with.
    Base,
    /// The run.
    Run,
    /// What was lost.
    Loss,
    /// What was won.
    Gain,
    /// The first benchmark.
    FirstHold,
    /// The second benchmark.
    SecondHold,
}

impl Ink {
    /// All of them; the place in this list is their number.
    pub const ALL: [Self; 9] = [
        Self::Text,
        Self::Muted,
        Self::Grid,
        Self::Base,
        Self::Run,
        Self::Loss,
        Self::Gain,
        Self::FirstHold,
        Self::SecondHold,
    ];
}
