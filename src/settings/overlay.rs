//! Settings with some values put over a fixed base, again and again: what one trial of a sweep is.
//!
//! Not here: which values (`sweep`). The layers of the base are read once; every result has passed the same checks as
//! a configuration typed by hand.
//! Elements of lists are named as error messages name them, counted from 1: `exits.targets[1].distance_pct`.

use std::fmt;

use super::Settings;
use super::error::{Cause, Problem, SettingsError};
use super::layers::{self, Layers, Raw, unknown};
use super::names;
use super::parse::{Item, Value};
use super::source::Place;
use crate::exchange::model::Model;
use crate::market::instruments::Fallback;
use crate::trader::rules::Rules;

/// Layers laid once.
#[derive(Clone, Debug)]
pub struct Base {
    raw: Raw,
    fallback: Fallback,
}

/// The place of one value: a key, or a field of an element of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    key: String,
    /// Position from 0 and field.
    element: Option<(usize, Option<String>)>,
}

impl fmt::Display for Slot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.key)?;
        if let Some((index, field)) = &self.element {
            write!(out, "[{}]", index + 1)?;
            if let Some(field) = field {
                write!(out, ".{field}")?;
            }
        }
        Ok(())
    }
}

impl Slot {
    /// Reads `section.key`, `section.list[1]` or `section.list[1].field`; `None` when it is none of these.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let Some((key, rest)) = path.split_once('[') else {
            return (!path.is_empty()).then(|| Self {
                key: path.to_owned(),
                element: None,
            });
        };
        let (number, rest) = rest.split_once(']')?;
        let index = number.trim().parse::<usize>().ok()?.checked_sub(1)?;
        let field = match rest.strip_prefix('.') {
            Some(field) if !field.is_empty() => Some(field.to_owned()),
            Some(_) => return None,
            None if rest.is_empty() => None,
            None => return None,
        };
        Some(Self {
            key: key.to_owned(),
            element: Some((index, field)),
        })
    }

    /// The key, without the element.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether two slots hold parts of one value.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        if self.key != other.key {
            return false;
        }
        match (&self.element, &other.element) {
            (Some((one, one_field)), Some((two, two_field))) => {
                one == two && (one_field.is_none() || two_field.is_none() || one_field == two_field)
            }
            (None, _) | (_, None) => true,
        }
    }

    /// The finest decimals a number of this key may have: names end in their unit.
    #[must_use]
    pub fn decimals(&self) -> usize {
        let name = match &self.element {
            Some((_, Some(field))) => field,
            Some((_, None)) | None => &self.key,
        };
        [("_pct", 6), ("_bps", 4), ("_ms", 0), ("_s", 3)]
            .iter()
            .find(|(unit, _)| name.ends_with(unit))
            .map_or(8, |(_, decimals)| *decimals)
    }
}

impl Base {
    /// Lays the layers.
    ///
    /// # Errors
    /// Every problem of the base itself.
    pub fn new(layers: &Layers) -> Result<(Self, Settings), SettingsError> {
        let mut problems = Vec::new();
        let raw = layers::gather(layers, &mut problems);
        let settings = Settings::check(&raw, problems)?;
        let fallback = settings.fallback.clone();
        Ok((Self { raw, fallback }, settings))
    }

    /// Every key, in the order of the defaults.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.raw.order
    }

    /// The place a path names.
    ///
    /// # Errors
    /// When there is no such key or element; `place` is where the path was typed.
    pub fn slot(&self, path: &str, place: &Place) -> Result<Slot, Box<Problem>> {
        let slot = Slot::parse(path).filter(|slot| self.raw.items.contains_key(&slot.key));
        let Some(slot) = slot else {
            return Err(Box::new(self.no_slot(path, place)));
        };
        let found = self.item(&slot);
        found.map(|_| slot.clone()).ok_or_else(|| {
            let item = &self.raw.items[&slot.key];
            let (text, hint) = self.no_element(path, item, &slot);
            Box::new(Problem {
                place: Some(place.clone()),
                cause: Cause::Conflict { text },
                hint: Some(hint),
            })
        })
    }

    fn no_slot(&self, path: &str, place: &Place) -> Problem {
        let key = path.split('[').next().unwrap_or(path);
        if self.raw.items.contains_key(key) {
            return Problem {
                place: Some(place.clone()),
                cause: Cause::Conflict {
                    text: format!("'{path}' names no element of '{key}'"),
                },
                hint: Some(format!(
                    "elements are counted from 1, for example {key}[1].distance_pct"
                )),
            };
        }
        unknown(path, place.clone(), &self.raw.order)
    }

    fn no_element(&self, path: &str, item: &Item, slot: &Slot) -> (String, String) {
        let key = &slot.key;
        let Value::List(items) = &item.value else {
            let text = format!("'{path}': '{key}' is no list, so it has no elements");
            return (text, format!("name the key alone: '{key}'"));
        };
        let index = slot.element.as_ref().map_or(0, |(index, _)| *index);
        let Some(Value::Table(fields)) = items.get(index).map(|item| &item.value) else {
            let text = format!("'{path}': '{key}' has {} elements", items.len());
            let hint = "elements are counted from 1; give the base configuration as many as the space names";
            return (text, hint.to_owned());
        };
        let known: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let field = path.rsplit('.').next().unwrap_or(path);
        let hint = match names::nearest(field, known.iter().copied()) {
            Some(near) => format!("did you mean '{key}[{}].{near}'?", index + 1),
            None => format!("its elements have: {}", known.join(", ")),
        };
        (format!("'{path}': no such field"), hint)
    }

    /// What the base holds at a slot.
    #[must_use]
    pub fn item(&self, slot: &Slot) -> Option<&Item> {
        let item = self.raw.items.get(&slot.key)?;
        let Some((index, field)) = &slot.element else {
            return Some(item);
        };
        let Value::List(items) = &item.value else {
            return None;
        };
        let element = items.get(*index)?;
        match (field, &element.value) {
            (None, _) => Some(element),
            (Some(field), Value::Table(fields)) => fields
                .iter()
                .find(|each| each.name == *field)
                .map(|each| &each.item),
            (Some(_), _) => None,
        }
    }

    /// The settings with some values in place of the base's.
    ///
    /// # Errors
    /// Whatever the checks find, as for a configuration typed by hand.
    ///
    /// # Panics
    /// When a slot is none of this base.
    pub fn with<'a>(
        &self,
        values: impl IntoIterator<Item = (&'a Slot, Item)>,
    ) -> Result<Settings, SettingsError> {
        let mut raw = self.raw.clone();
        for (key, item) in self.laid(values) {
            raw.items.insert(key, item);
        }
        Settings::check(&raw, Vec::new())
    }

    /// Strategy and simulation of [`Base::with`] alone, which a trial needs, at a fraction of its time.
    ///
    /// # Errors
    /// As [`Base::with`].
    ///
    /// # Panics
    /// When a slot is none of this base.
    pub fn rules_with<'a>(
        &self,
        values: impl IntoIterator<Item = (&'a Slot, Item)>,
    ) -> Result<(Rules, Model), SettingsError> {
        let laid = self.laid(values);
        if let Some(found) = Settings::rules_of(&self.raw, &laid, &self.fallback) {
            return Ok(found);
        }
        let mut raw = self.raw.clone();
        raw.items.extend(laid);
        // What is wrong is found again, this time in words.
        Settings::check(&raw, Vec::new()).map(|settings| (settings.rules, settings.model))
    }

    /// The values of whole keys that some slots come to.
    fn laid<'a>(&self, values: impl IntoIterator<Item = (&'a Slot, Item)>) -> Vec<(String, Item)> {
        let mut laid: Vec<(String, Item)> = Vec::new();
        for (slot, value) in values {
            if slot.element.is_none() {
                laid.push((slot.key.clone(), value));
                continue;
            }
            let place = laid.iter().position(|(key, _)| *key == slot.key);
            let place = place.unwrap_or_else(|| {
                laid.push((slot.key.clone(), self.raw.items[&slot.key].clone()));
                laid.len() - 1
            });
            let spot = slot.spot(&mut laid[place].1);
            *spot.expect("invariant: `slot` found it in this base") = value;
        }
        laid
    }
}

impl Slot {
    /// The part of its key's value that it names.
    fn spot<'v>(&self, item: &'v mut Item) -> Option<&'v mut Item> {
        let Some((index, field)) = &self.element else {
            return Some(item);
        };
        let Value::List(items) = &mut item.value else {
            return None;
        };
        let element = items.get_mut(*index)?;
        let Some(field) = field else {
            return Some(element);
        };
        let Value::Table(fields) = &mut element.value else {
            return None;
        };
        let found = fields.iter_mut().find(|each| each.name == *field)?;
        Some(&mut found.item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_read_and_written() {
        for path in [
            "exits.stop_pct",
            "exits.targets[1].distance_pct",
            "exits.targets[2]",
        ] {
            assert_eq!(Slot::parse(path).unwrap().to_string(), path);
        }
        for wrong in ["", "a[0].b", "a[x].b", "a[1]b", "a[1].", "a[1"] {
            assert_eq!(Slot::parse(wrong), None, "{wrong}");
        }
        let slot = |path| Slot::parse(path).unwrap();
        assert!(slot("a").overlaps(&slot("a[1].b")));
        assert!(!slot("a[1].b").overlaps(&slot("a[1].c")));
        assert!(slot("a[1]").overlaps(&slot("a[1].c")));
    }

    #[test]
    fn a_value_laid_over_the_base_is_the_value_typed() {
        let (base, settings) = Base::new(&Layers::default()).unwrap();
        let same = base.with([]).unwrap();
        assert_eq!(same.to_toml(), settings.to_toml());
        let slot = Slot::parse("exits.targets[1].distance_pct").unwrap();
        let place = base.item(&slot).unwrap().place.clone();
        let item = |number: i32| Item {
            value: Value::Number(number.to_string()),
            place: place.clone(),
        };
        let changed = base.with([(&slot, item(4))]).unwrap();
        let (rules, _) = base.rules_with([(&slot, item(4))]).unwrap();
        assert_eq!(rules.exits.targets[0].distance, "0.04".parse().unwrap());
        // What is wrong is said in the same words.
        let wrong = [
            base.with([(&slot, item(40))]).map(|_| ()),
            base.rules_with([(&slot, item(40))]).map(|_| ()),
        ];
        let [one, other] = wrong.map(|wrong| wrong.unwrap_err().to_string());
        assert!(
            one.contains("is not nearer") && one == other,
            "{one} {other}"
        );
        assert!(
            changed
                .to_toml()
                .contains("{ distance_pct = 4, share_pct = 50 }")
        );
    }
}
