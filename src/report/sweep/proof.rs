//! What a validation found of the best of a sweep, as the sweep's own page shows it.
//!
//! Not here: validating (`validate`), reading its file (`sweep::proof`), the page (`html::sweep::proof`).

/// The verdict and what it hangs on.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// Whether every question was answered with yes.
    pub survives: bool,
    /// The questions that decide.
    pub questions: Vec<Mark>,
    /// The gates that the configuration asks for.
    pub gates: Vec<Mark>,
    /// Tests on days behind those of the choice.
    pub windows: Vec<Window>,
    /// Return a year in the tests over that on the days of choice, rolling; a fraction.
    pub efficiency: Option<f64>,
    /// Halves of the days: the best of one on the other.
    pub halves: Halves,
}

/// A question or a gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// What is asked.
    pub asks: String,
    /// Whether it holds.
    pub holds: bool,
    /// The number behind it.
    pub found: String,
    /// What that number means.
    pub meaning: String,
}

/// A test of the walk-forward that had a choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Whether the choice saw all days before, or the latest alone.
    pub anchored: bool,
    /// First day of the test, `2025-03-01`.
    pub from: String,
    /// The day after its last.
    pub to: String,
    /// The trial that was chosen.
    pub trial: u64,
    /// Finished trades of the test.
    pub trades: u64,
    /// Mean return of a day of the choice, a fraction.
    pub inside: f64,
    /// Mean return of a day of the test.
    pub outside: f64,
}

/// The best of half of the days, on the other half (V4).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Halves {
    /// Ways to take half of the days.
    pub count: u64,
    /// Annual sharpe on the half of the choice and on the other, of some of them.
    pub dots: Vec<(f64, f64)>,
    /// What a point of sharpe in one half is worth in the other.
    pub slope: Option<f64>,
    /// The same line at zero, annual.
    pub intercept: Option<f64>,
    /// How often the best was below the middle of the field.
    pub overfit: Option<f64>,
    /// How often it lost.
    pub lost: Option<f64>,
    /// Why there is none of it.
    pub why: String,
}
