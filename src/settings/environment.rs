//! The only place that reads the environment.
//!
//! Not here: what the variables mean (`layers`).

use super::Settings;

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

/// A variable that looks like a setting and is none, so that it would be passed over in silence; and the name that was
/// meant.
#[must_use]
pub fn mistaken() -> Option<(String, String)> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut suspects: Vec<String> = names.filter(|name| is_suspect(name)).collect();
    suspects.sort();
    if suspects.is_empty() {
        return None;
    }
    let defaults = Settings::defaults();
    let keys: Vec<&str> = defaults
        .resolved()
        .iter()
        .map(|each| each.key.as_str())
        .collect();
    suspects
        .iter()
        .find_map(|name| Some((name.clone(), meant(name, &keys)?)))
}

/// Whether a name begins as ours do, but for the case or the number of underscores.
fn is_suspect(name: &str) -> bool {
    let begins = name
        .get(..4)
        .is_some_and(|begin| begin.eq_ignore_ascii_case("SIM_"));
    begins && !name.starts_with(PREFIX)
}

/// The variable that a suspect name may have meant: of a key where it is one, whatever its underscores; of its own words
/// where it has two underscores somewhere. Others (`SIM_SHARDS`) are not ours to judge.
fn meant(name: &str, keys: &[&str]) -> Option<String> {
    let words = |text: &str| {
        text.split(['_', '.'])
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("_")
    };
    let own = name[4..].to_lowercase();
    let key = keys.iter().find(|key| words(key) == words(&own));
    let written = match key {
        Some(key) => key.replace('.', "__"),
        None => own
            .contains("__")
            .then(|| own.trim_start_matches('_').to_owned())?,
    };
    Some(format!("{PREFIX}{}", written.to_uppercase()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_from_the_variables_of_others() {
        let keys = ["exits.stop_pct", "exits.trailing.enabled", "run.seed"];
        let found = |name: &str| is_suspect(name).then(|| meant(name, &keys)).flatten();
        for (name, wanted) in [
            ("SIM_EXITS__STOP_PCT", Some("SIM__EXITS__STOP_PCT")),
            ("SIM_EXITS_STOP_PCT", Some("SIM__EXITS__STOP_PCT")),
            ("sim__exits__stop_pct", Some("SIM__EXITS__STOP_PCT")),
            ("SIM_RUN_SEED", Some("SIM__RUN__SEED")),
            (
                "SIM_EXITS_TRAILING__ENABLED",
                Some("SIM__EXITS__TRAILING__ENABLED"),
            ),
            ("SIM_EXITS__STOP", Some("SIM__EXITS__STOP")),
            ("SIM__EXITS__STOP", None),
            ("SIM_SHARDS", None),
            ("SIM_REQUIRE_SLURM", None),
            ("SIMULATOR__X", None),
            ("SIM", None),
        ] {
            assert_eq!(found(name).as_deref(), wanted, "{name}");
        }
    }
}
