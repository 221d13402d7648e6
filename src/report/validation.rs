//! What the verdict page and the terminal show of a validation: everything in words and ready to be laid out.
//!
//! Not here: computing any of it (`validate`), the page (`html::validation`).

/// A validation as it is shown.
#[derive(Clone, Debug)]
pub struct VerdictReport {
    /// What was validated.
    pub title: String,
    /// Version of the program.
    pub version: String,
    /// Whether inputs were made up.
    pub synthetic: bool,
    /// Whether every question was answered with yes.
    pub survives: bool,
    /// The chosen configuration in one line.
    pub chosen: String,
    /// The questions that decide.
    pub questions: Vec<Question>,
    /// What the configuration asks for.
    pub gates: Vec<GateRow>,
    /// What a reader must know first.
    pub cautions: Vec<String>,
    /// Everything else, part by part.
    pub sections: Vec<Section>,
    /// What the result hangs on: name and value.
    pub inputs: Vec<(String, String)>,
}

/// A question with its answer.
#[derive(Clone, Debug)]
pub struct Question {
    /// In plain words.
    pub asks: String,
    /// The answer.
    pub yes: bool,
    /// The number behind it.
    pub because: String,
    /// As gates call that number.
    pub figure: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// A declared gate.
#[derive(Clone, Debug)]
pub struct GateRow {
    /// As it was typed.
    pub gate: String,
    /// The figure, or why there is none.
    pub value: String,
    /// Whether it holds.
    pub passes: bool,
    /// As gates call the figure.
    pub figure: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// A group of figures.
#[derive(Clone, Debug)]
pub struct Section {
    /// Name of its place on the page.
    pub id: &'static str,
    /// Heading.
    pub title: &'static str,
    /// What it asks, in plain words.
    pub intro: &'static str,
    /// Its figures.
    pub figures: Vec<FigureRow>,
    /// Its tables.
    pub tables: Vec<Table>,
}

/// A figure with what it means.
#[derive(Clone, Debug)]
pub struct FigureRow {
    /// As gates call it.
    pub name: &'static str,
    /// With its unit, or `n/a`.
    pub value: String,
    /// What it means, or why there is none.
    pub meaning: String,
}

/// A plain table; numbers are text already.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Names of the columns.
    pub head: Vec<String>,
    /// The first column is words, the others numbers.
    pub rows: Vec<Vec<String>>,
}
