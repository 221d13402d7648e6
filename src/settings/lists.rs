//! Lists of tables: take-profit levels and margin tiers, row by row.
//!
//! Not here: single values (`reader`), what a row means (`check`, `sections`).

use super::layers::unknown;
use super::parse::{Field, Item, Value};
use super::reader::{Name, Reader, Rule, percent};
use crate::domain::num::{Money, Rate};

/// One row of a list, by the index of its fields.
pub(super) type Row<'a> = Vec<&'a Item>;

impl<'a> Reader<'a> {
    /// The rows of a list of tables that all have exactly these fields.
    pub(super) fn rows(&mut self, key: &str, fields: &[&str]) -> Vec<Row<'a>> {
        let item = self.item(key);
        let Value::List(items) = &item.value else {
            self.wrong_kind(key, item, &format!("a list of {}", shape(fields)));
            return Vec::new();
        };
        items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| self.row((key, index), item, fields))
            .collect()
    }

    fn row(
        &mut self,
        (key, index): (&str, usize),
        item: &'a Item,
        fields: &[&str],
    ) -> Option<Row<'a>> {
        let name = Name::Row(key, index);
        let Value::Table(found) = &item.value else {
            self.wrong_kind(name, item, &shape(fields));
            return None;
        };
        self.unknown_fields(name, found, fields);
        let row: Row<'a> = fields
            .iter()
            .filter_map(|field| {
                found
                    .iter()
                    .find(|each| each.name == *field)
                    .map(|each| &each.item)
            })
            .collect();
        if row.len() == fields.len() {
            return Some(row);
        }
        self.wrong_kind(name, item, &format!("all of {}", shape(fields)));
        None
    }

    fn unknown_fields(&mut self, name: Name<'_>, found: &[Field], fields: &[&str]) {
        let unknown_ones = found
            .iter()
            .filter(|field| !fields.contains(&field.name.as_str()));
        for field in unknown_ones {
            let known = fields.iter().map(|field| format!("{name}.{field}"));
            let known: Vec<String> = known.collect();
            let path = format!("{name}.{}", field.name);
            self.mark(name.key());
            self.problems
                .push(unknown(&path, field.place.clone(), &known));
        }
    }

    /// Percent in a row.
    pub(super) fn percent_in(&mut self, name: Name<'_>, item: &Item, rule: &Rule<Rate>) -> Rate {
        self.number(name, item, &|text| percent(text), rule)
            .unwrap_or_default()
    }

    /// USDT in a row.
    pub(super) fn money_in(&mut self, name: Name<'_>, item: &Item, rule: &Rule<Money>) -> Money {
        self.number(name, item, &|text| Ok(text.parse()?), rule)
            .unwrap_or_default()
    }

    /// How a list is written when it is resolved.
    pub(super) fn write_list(&mut self, key: &str, rows: impl Iterator<Item = String>) {
        self.note(key, || {
            let lines: String = rows.map(|row| format!("  {{ {row} }},\n")).collect();
            if lines.is_empty() {
                "[]".to_owned()
            } else {
                format!("[\n{lines}]")
            }
        });
    }
}

fn shape(fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| format!("{field} = …")).collect();
    format!("{{ {} }}", fields.join(", "))
}
