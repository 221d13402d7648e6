//! The file a space is declared in: text becomes parameters, predicates and what trials are judged by.
//!
//! Not here: what a space does (`space`, `method`), what judging means (`objective`).
//! Invariant: a space that is returned has parameters, each of at least one value that its key takes.

use std::path::Path;

use crate::domain::num::parse_steps;
use crate::settings::error::{Cause, Problem, SettingsError};
use crate::settings::names;
use crate::settings::overlay::Base;
use crate::settings::parse::{Field, Item, Value, document};
use crate::settings::source::Place;
use crate::sweep::predicate::{Constant, Operand, Predicate, Relation};
use crate::sweep::space::{Choice, Parameter, Range, Space};
use crate::sweep::tables::is_taken;

/// Keys of the file.
const KEYS: [&str; 6] = [
    "schema_version",
    "objective",
    "constraints",
    "trades_min",
    "where",
    "parameters",
];
/// Keys of a parameter.
const FIELDS: [&str; 8] = [
    "values", "choices", "from", "to", "step", "kind", "decimals", "name",
];
/// Kinds of a range without a step.
const KINDS: [&str; 3] = ["integer", "real", "log"];
/// Keys that are no part of a run.
const FIXED: [&str; 1] = ["schema_version"];

/// A whole file.
#[derive(Clone, Debug)]
pub struct Declared {
    /// What is varied.
    pub space: Space,
    /// `objective`, as it was typed.
    pub objective: Option<String>,
    /// `constraints`, as they were typed.
    pub constraints: Vec<String>,
    /// `trades_min`.
    pub trades_min: Option<u64>,
}

/// Collects problems while reading.
struct Declarer<'a> {
    base: &'a Base,
    problems: Vec<Problem>,
}

/// Reads the file of a space that varies `base`.
///
/// # Errors
/// Every problem found, each with its place.
pub fn declare(path: &Path, base: &Base) -> Result<Declared, SettingsError> {
    let fields = document(path)?;
    let mut declarer = Declarer {
        base,
        problems: Vec::new(),
    };
    let declared = declarer.file(path, &fields);
    if declarer.problems.is_empty() {
        Ok(declared)
    } else {
        Err(SettingsError::new(declarer.problems))
    }
}

/// A problem in words.
fn problem(place: Option<&Place>, text: String, hint: &str) -> Problem {
    Problem {
        place: place.cloned(),
        cause: Cause::Conflict { text },
        hint: (!hint.is_empty()).then(|| hint.to_owned()),
    }
}

impl Declarer<'_> {
    fn wrong(&mut self, place: &Place, text: impl Into<String>, hint: &str) {
        self.problems.push(problem(Some(place), text.into(), hint));
    }

    fn file(&mut self, path: &Path, fields: &[Field]) -> Declared {
        let mut declared = Declared {
            space: Space {
                parameters: Vec::new(),
                predicates: Vec::new(),
            },
            objective: None,
            constraints: Vec::new(),
            trades_min: None,
        };
        let mut predicates = None;
        for field in fields {
            let item = &field.item;
            match field.name.as_str() {
                "schema_version" => {
                    if !matches!(&item.value, Value::Number(text) if text == "1") {
                        self.wrong(&item.place, "'schema_version' is not 1", "");
                    }
                }
                "objective" => declared.objective = self.text(&field.name, item),
                "constraints" => declared.constraints = self.lines(&field.name, item),
                "where" => predicates = Some(item),
                "trades_min" => declared.trades_min = self.whole(&field.name, item),
                "parameters" => declared.space.parameters = self.parameters(item),
                _ => self.unknown(field, &KEYS),
            }
        }
        if let Some(item) = predicates {
            declared.space.predicates = self.predicates(item, &declared.space.parameters);
        }
        if declared.space.parameters.is_empty() && self.problems.is_empty() {
            let text = format!(
                "{}: declares no parameters, so there is nothing to try",
                path.display()
            );
            let hint = "for example, below a line [parameters]: \"exits.stop_pct\" = { from = 1, to = 5, step = 0.5 }";
            self.problems.push(problem(None, text, hint));
        }
        declared
    }

    fn unknown(&mut self, field: &Field, known: &[&str]) {
        let near = names::nearest(&field.name, known.iter().copied());
        let hint = match near {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("known here: {}", known.join(", ")),
        };
        self.problems.push(Problem {
            place: Some(field.place.clone()),
            cause: Cause::UnknownKey {
                key: field.name.clone(),
            },
            hint: Some(hint),
        });
    }

    fn wrong_kind(&mut self, name: &str, item: &Item, expected: &str) {
        self.problems.push(Problem {
            place: Some(item.place.clone()),
            cause: Cause::WrongKind {
                key: name.to_owned(),
                expected: expected.to_owned(),
                found: item.value.describe(),
            },
            hint: None,
        });
    }

    fn text(&mut self, name: &str, item: &Item) -> Option<String> {
        if let Value::Text(text) = &item.value {
            return Some(text.clone());
        }
        self.wrong_kind(name, item, "text in quotes");
        None
    }

    fn whole(&mut self, name: &str, item: &Item) -> Option<u64> {
        let found = match &item.value {
            Value::Number(text) => text.parse().ok(),
            Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Table(_) => None,
        };
        if found.is_none() {
            self.wrong_kind(name, item, "a whole number");
        }
        found
    }

    fn lines(&mut self, name: &str, item: &Item) -> Vec<String> {
        let Value::List(items) = &item.value else {
            self.wrong_kind(name, item, "a list of texts");
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|each| self.text(name, each))
            .collect()
    }

    /// The parameters in the order they stand in the file, whichever way their keys are grouped.
    fn parameters(&mut self, item: &Item) -> Vec<Parameter> {
        let Value::Table(fields) = &item.value else {
            self.wrong_kind("parameters", item, "a section of keys, as [parameters]");
            return Vec::new();
        };
        let mut found = Vec::new();
        flatten("", fields, &mut found);
        found.sort_by_key(|(_, field)| field.place.line_column());
        let mut parameters: Vec<Parameter> = Vec::new();
        for (path, field) in found {
            let Some(parameter) = self.parameter(&path, field) else {
                continue;
            };
            let clash = |earlier: &&Parameter| {
                earlier.slot.overlaps(&parameter.slot) || earlier.name == parameter.name
            };
            match parameters.iter().find(clash) {
                Some(earlier) => {
                    let text = format!(
                        "'{path}' and '{}' are the same, or parts of each other",
                        earlier.slot
                    );
                    self.wrong(&field.place, text, "vary each value once, under one name");
                }
                None => parameters.push(parameter),
            }
        }
        parameters
    }

    fn parameter(&mut self, path: &str, field: &Field) -> Option<Parameter> {
        let slot = match self.base.slot(path, &field.place) {
            Ok(slot) => slot,
            Err(problem) => {
                self.problems.push(*problem);
                return None;
            }
        };
        if FIXED.contains(&slot.key()) {
            let text = format!("'{path}' is the form of the file, not a setting of a run");
            self.wrong(&field.place, text, "take it out");
            return None;
        }
        let mut name = slot.to_string();
        let range = match &field.item.value {
            Value::List(items) => self.list(path, &field.item, items)?,
            Value::Table(fields) => {
                if let Some(given) = find(fields, "name") {
                    name = self.text("name", given)?;
                }
                self.range(path, field, fields, slot.decimals())?
            }
            Value::Bool(_) | Value::Number(_) | Value::Text(_) => {
                let expected =
                    "a list of values or a range such as { from = 1, to = 5, step = 0.5 }";
                self.wrong_kind(path, &field.item, expected);
                return None;
            }
        };
        if is_taken(&name) {
            let text = format!("'{path}': '{name}' is the name of a column of the results");
            self.wrong(&field.item.place, text, "give the parameter another name");
            return None;
        }
        let parameter = Parameter {
            name,
            slot,
            range,
            item: field.item.clone(),
        };
        self.takes(&parameter);
        Some(parameter)
    }

    fn list(&mut self, path: &str, item: &Item, items: &[Item]) -> Option<Range> {
        let choices: Vec<Choice> = items
            .iter()
            .map(|item| Choice {
                text: typed(&item.value),
                item: item.clone(),
            })
            .collect();
        if choices.is_empty() {
            self.wrong(
                &item.place,
                format!("'{path}' has no values"),
                "give at least one",
            );
            return None;
        }
        for (index, choice) in choices.iter().enumerate() {
            let read = Constant::read(&choice.text);
            if choices[..index]
                .iter()
                .any(|earlier| Constant::read(&earlier.text) == read)
            {
                let text = format!("'{path}' has the value {} twice", choice.text);
                self.wrong(&choice.item.place, text, "every value is tried once");
                return None;
            }
        }
        let numbers = items
            .iter()
            .all(|item| matches!(item.value, Value::Number(_)));
        Some(if numbers {
            Range::List(choices)
        } else {
            Range::Choices(choices)
        })
    }

    fn range(
        &mut self,
        path: &str,
        field: &Field,
        fields: &[Field],
        finest: usize,
    ) -> Option<Range> {
        for each in fields
            .iter()
            .filter(|each| !FIELDS.contains(&each.name.as_str()))
        {
            self.unknown(each, &FIELDS);
        }
        for name in ["values", "choices"] {
            if let Some(item) = find(fields, name) {
                let Value::List(items) = &item.value else {
                    self.wrong_kind(name, item, "a list");
                    return None;
                };
                let list = self.list(path, item, items)?;
                return Some(match (name, list) {
                    ("choices", Range::List(choices)) => Range::Choices(choices),
                    (_, list) => list,
                });
            }
        }
        let kind = match find(fields, "kind") {
            Some(item) => Some(self.text("kind", item)?),
            None => None,
        };
        if let Some(kind) = kind.as_deref().filter(|kind| !KINDS.contains(kind)) {
            let text = format!(
                "'kind' is '{kind}', and must be one of: {}",
                KINDS.join(", ")
            );
            self.wrong(&field.item.place, text, "with step = …, no kind is needed");
            return None;
        }
        let from = self.number(path, field, fields, "from")?;
        let to = self.number(path, field, fields, "to")?;
        if from > to {
            let text = format!("'{path}' goes from a larger number to a smaller one");
            self.wrong(&field.item.place, text, "exchange from and to");
            return None;
        }
        match (kind.as_deref(), find(fields, "step")) {
            (Some("integer"), None) => {
                let unit = crate::domain::num::UNIT;
                if from % unit != 0 || to % unit != 0 {
                    let text = format!("'{path}' is a range of whole numbers between others");
                    self.wrong(&field.item.place, text, "make from and to whole numbers");
                    return None;
                }
                Some(steps(from, to, unit))
            }
            (None, Some(_)) => {
                let step = self.number(path, field, fields, "step")?;
                if step <= 0 {
                    let text = format!("'{path}' has a step that does not go up");
                    self.wrong(&field.item.place, text, "make step larger than 0");
                    return None;
                }
                Some(steps(from, to, step))
            }
            (Some("real" | "log"), None) => {
                let log = kind.as_deref() == Some("log");
                self.real(path, field, (from, to, log), finest)
            }
            _ => {
                let text =
                    format!("'{path}' does not say which numbers between from and to are meant");
                let hint = "give either step = 0.5, or kind = \"integer\", \"real\" or \"log\"";
                self.wrong(&field.item.place, text, hint);
                None
            }
        }
    }

    fn real(
        &mut self,
        path: &str,
        field: &Field,
        (from, to, log): (i64, i64, bool),
        finest: usize,
    ) -> Option<Range> {
        let Value::Table(fields) = &field.item.value else {
            return None;
        };
        let decimals = match find(fields, "decimals") {
            Some(item) => usize::try_from(self.whole("decimals", item)?).ok()?,
            None => finest,
        };
        if decimals > finest {
            let text = format!("'{path}' takes no more than {finest} decimals");
            self.wrong(
                &field.item.place,
                text,
                "give fewer decimals, or leave the key out",
            );
            return None;
        }
        let grain = 10_i64.pow(u32::try_from(8 - decimals).ok()?);
        if from % grain != 0 || to % grain != 0 {
            let text = format!("'{path}': from and to have more than {decimals} decimals");
            self.wrong(&field.item.place, text, "round them");
            return None;
        }
        if log && from <= 0 {
            let text = format!("'{path}': a logarithmic range begins above 0");
            self.wrong(
                &field.item.place,
                text,
                "use kind = \"real\", or a larger from",
            );
            return None;
        }
        let float = |steps| crate::domain::num::Rate::from_steps(steps).to_f64();
        Some(Range::Real {
            from: float(from),
            to: float(to),
            log,
            decimals,
        })
    }

    fn number(&mut self, path: &str, field: &Field, fields: &[Field], name: &str) -> Option<i64> {
        let Some(item) = find(fields, name) else {
            let text = format!("'{path}' has no '{name}'");
            let hint = "a parameter is a list of values, or { from = 1, to = 5, step = 0.5 }";
            self.wrong(&field.item.place, text, hint);
            return None;
        };
        let Value::Number(text) = &item.value else {
            self.wrong_kind(name, item, "a number");
            return None;
        };
        match parse_steps(text) {
            Ok(steps) => Some(steps),
            Err(source) => {
                self.problems.push(Problem {
                    place: Some(item.place.clone()),
                    cause: Cause::Number {
                        key: format!("{path}: {name}"),
                        source,
                    },
                    hint: None,
                });
                None
            }
        }
    }

    /// Tries the values alone: what the key itself never takes is a mistake in the file, not an infeasible point.
    fn takes(&mut self, parameter: &Parameter) {
        for at in parameter.range.samples() {
            let item = parameter.value(at);
            let Err(error) = self.base.with([(&parameter.slot, item)]) else {
                continue;
            };
            let own = error
                .problems
                .into_iter()
                .find(|problem| !matches!(problem.cause, Cause::Conflict { .. }));
            if let Some(problem) = own {
                self.problems.push(problem);
                return;
            }
        }
    }

    fn predicates(&mut self, item: &Item, parameters: &[Parameter]) -> Vec<Predicate> {
        let Value::List(items) = &item.value else {
            self.wrong_kind(
                "where",
                item,
                "a list of texts such as \"exits.stop_pct < 6\"",
            );
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|each| {
                let text = self.text("where", each)?;
                self.predicate(&text, &each.place, parameters)
            })
            .collect()
    }

    fn predicate(
        &mut self,
        text: &str,
        place: &Place,
        parameters: &[Parameter],
    ) -> Option<Predicate> {
        let Some((left, relation, right)) = Relation::split(text) else {
            let hint = "one of < <= > >= == != between two names or values, for example tp1 < tp2";
            self.wrong(place, format!("'{text}' is no comparison"), hint);
            return None;
        };
        let predicate = Predicate {
            left: self.operand(left, place, parameters)?,
            relation,
            right: self.operand(right, place, parameters)?,
        };
        let words = [&predicate.left, &predicate.right]
            .into_iter()
            .any(|side| match side {
                Operand::Constant(Constant::Text(_)) => true,
                Operand::Constant(Constant::Number(_)) => false,
                Operand::Parameter(index, _) => {
                    matches!(parameters[*index].range, Range::Choices(_))
                }
            });
        if words && relation.is_order() {
            let text = format!("'{text}' asks for an order between words, which have none");
            self.wrong(place, text, "use == or !=, or give the values as numbers");
            return None;
        }
        let varied = |side: &Operand| matches!(side, Operand::Parameter(..));
        if !varied(&predicate.left) && !varied(&predicate.right) {
            let text = format!("'{text}' compares nothing that is varied");
            self.wrong(place, text, "name a parameter on one side");
            return None;
        }
        Some(predicate)
    }

    /// A parameter by its name or its key, a key that is not varied, a number or a quoted word.
    fn operand(&mut self, text: &str, place: &Place, parameters: &[Parameter]) -> Option<Operand> {
        let named = |each: &Parameter| each.name == text || each.slot.to_string() == text;
        if let Some(index) = parameters.iter().position(named) {
            return Some(Operand::Parameter(index, parameters[index].name.clone()));
        }
        if let Ok(steps) = parse_steps(text) {
            return Some(Operand::Constant(Constant::Number(steps)));
        }
        for quote in ['\'', '"'] {
            let inner = text
                .strip_prefix(quote)
                .and_then(|rest| rest.strip_suffix(quote));
            if let Some(inner) = inner {
                return Some(Operand::Constant(Constant::Text(inner.to_owned())));
            }
        }
        if matches!(text, "true" | "false") {
            return Some(Operand::Constant(Constant::Text(text.to_owned())));
        }
        if let Ok(slot) = self.base.slot(text, place)
            && let Some(item) = self.base.item(&slot)
        {
            return Some(Operand::Constant(Constant::read(&typed(&item.value))));
        }
        let names: Vec<&str> = parameters.iter().map(|each| each.name.as_str()).collect();
        let hint = match names::nearest(text, names.iter().copied()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!(
                "parameters here: {}; words stand in quotes",
                names.join(", ")
            ),
        };
        self.wrong(
            place,
            format!("'{text}' is no parameter, key or value"),
            &hint,
        );
        None
    }
}

/// Ranges below their whole paths: `exits.stop_pct = …` is `exits` holding `stop_pct` to TOML.
fn flatten<'a>(prefix: &str, fields: &'a [Field], found: &mut Vec<(String, &'a Field)>) {
    for field in fields {
        let path = if prefix.is_empty() {
            field.name.clone()
        } else {
            format!("{prefix}.{}", field.name)
        };
        if let Value::Table(inner) = &field.item.value
            && !inner
                .iter()
                .any(|each| FIELDS.contains(&each.name.as_str()))
        {
            flatten(&path, inner, found);
        } else {
            found.push((path, field));
        }
    }
}

fn find<'a>(fields: &'a [Field], name: &str) -> Option<&'a Item> {
    fields
        .iter()
        .find(|each| each.name == name)
        .map(|each| &each.item)
}

/// Values from `from` on that do not pass `to`.
fn steps(from: i64, to: i64, step: i64) -> Range {
    Range::Steps {
        from,
        step,
        count: ((to - from) / step).unsigned_abs() + 1,
    }
}

/// A value as TOML writes it, words without quotes.
fn typed(value: &Value) -> String {
    match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Number(text) | Value::Text(text) => text.clone(),
        Value::List(items) => {
            let parts: Vec<String> = items.iter().map(|item| typed(&item.value)).collect();
            format!("[{}]", parts.join(", "))
        }
        Value::Table(fields) => {
            let parts: Vec<String> = fields
                .iter()
                .map(|field| format!("{} = {}", field.name, typed(&field.item.value)))
                .collect();
            format!("{{ {} }}", parts.join(", "))
        }
    }
}
