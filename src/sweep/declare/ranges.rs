//! Parameters of a space: a list or a range of values for one key.
//!
//! Not here: the file as a whole (`declare`), predicates (`predicates`).

use super::{Declarer, FIELDS, IDLE, KINDS, find, typed};
use crate::domain::num::{Rate, UNIT, parse_steps};
use crate::settings::error::{Cause, Problem};
use crate::settings::parse::{Field, Item, Value};
use crate::sweep::predicate::Constant;
use crate::sweep::space::{Choice, Parameter, Range};
use crate::sweep::tables::is_taken;

impl Declarer<'_> {
    pub(super) fn parameter(&mut self, path: &str, field: &Field) -> Option<Parameter> {
        let slot = match self.base.slot(path, &field.place) {
            Ok(slot) => slot,
            Err(problem) => {
                self.problems.push(*problem);
                return None;
            }
        };
        // What ends in a dot is a whole section.
        let idle =
            |key: &str| slot.key() == key || key.ends_with('.') && slot.key().starts_with(key);
        if let Some((_, why, hint)) = IDLE.iter().find(|(key, ..)| idle(key)) {
            self.wrong(&field.place, format!("'{path}' {why}"), hint);
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
        // Quotes around a number are allowed, as in the configuration.
        let number = |choice: &Choice| matches!(Constant::read(&choice.text), Constant::Number(_));
        let numbers = choices.iter().all(number);
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
                if from % UNIT != 0 || to % UNIT != 0 {
                    let text = format!("'{path}' is a range of whole numbers between others");
                    self.wrong(&field.item.place, text, "make from and to whole numbers");
                    return None;
                }
                Some(steps(from, to, UNIT))
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
        let float = |steps| Rate::from_steps(steps).to_f64();
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
}

/// Values from `from` on that do not pass `to`.
fn steps(from: i64, to: i64, step: i64) -> Range {
    Range::Steps {
        from,
        step,
        count: ((to - from) / step).unsigned_abs() + 1,
    }
}
