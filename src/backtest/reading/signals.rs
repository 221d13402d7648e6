//! `signals.csv` of a run folder read back.
//!
//! Not here: writing it (`tables`), what a verdict means (`verdicts`).

/// One message of the input and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalRow {
    /// The feed's id.
    pub id: String,
    /// The feed's type.
    pub kind: String,
    /// The contract; empty when the message names none.
    pub symbol: String,
    /// When it was had, RFC 3339; empty when nobody knows.
    pub received_time: String,
    /// What became of it.
    pub verdict: String,
}

/// All rows.
///
/// # Errors
/// What is wrong with the table, with its line.
pub fn read(bytes: &[u8]) -> Result<Vec<SignalRow>, String> {
    let mut reader = csv::Reader::from_reader(bytes);
    let head = reader.headers().map_err(|wrong| wrong.to_string())?.clone();
    let mut places = [0; 5];
    let names = ["id", "type", "symbol", "received_time", "verdict"];
    for (place, name) in places.iter_mut().zip(names) {
        let found = head.iter().position(|column| column == name);
        *place = found.ok_or_else(|| format!("line 1: has no column '{name}'"))?;
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|wrong| wrong.to_string())?;
        let [id, kind, symbol, received_time, verdict] =
            places.map(|place| record.get(place).unwrap_or_default().to_owned());
        rows.push(SignalRow {
            id,
            kind,
            symbol,
            received_time,
            verdict,
        });
    }
    Ok(rows)
}
