//! Predicates of a space: names are resolved, comparisons that make no sense are refused.
//!
//! Not here: what a predicate is and when it holds (`sweep::predicate`).

use super::{Declarer, typed};
use crate::domain::num::parse_steps;
use crate::settings::names;
use crate::settings::parse::{Item, Value};
use crate::settings::relation::Relation;
use crate::settings::source::Place;
use crate::sweep::predicate::{Constant, Operand, Predicate};
use crate::sweep::space::{Parameter, Range};

impl Declarer<'_> {
    pub(super) fn predicates(&mut self, item: &Item, parameters: &[Parameter]) -> Vec<Predicate> {
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
