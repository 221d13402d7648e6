//! The only place that reads the environment.
//!
//! Not here: what the variables mean (`layers`).

/// First part of the name of every variable that is a setting: `SIM__EXITS__STOP_PCT`.
pub const PREFIX: &str = "SIM__";

/// A variable and its value; `None` where the value is no UTF-8 text.
pub type Variable = (String, Option<String>);

/// The variables that are settings, by name.
#[must_use]
pub fn variables() -> Vec<Variable> {
    let mut found: Vec<Variable> = std::env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            name.starts_with(PREFIX)
                .then(|| (name, value.into_string().ok()))
        })
        .collect();
    found.sort();
    found
}

/// A variable that a scheduler sets, by its name; `None` when it is not set or no text.
#[must_use]
pub fn scheduler(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whether the user wants no colour anywhere (`NO_COLOR` set to anything but nothing).
#[must_use]
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
