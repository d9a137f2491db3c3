//! Records what a strategy reads for a decision, so that the decision can be replayed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::columns::{Columns, EXHAUSTED, Fact, Number, Values};

/// Entries of one record. A strategy reads some ten columns and fields.
const ENTRIES_MAX: usize = 1_000;

/// The recorded data by name, with the values that the strategy got. Numbers that change meanwhile are read once: a
/// second read returns the values of the first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reads {
    /// The columns that the strategy read, and after [`Self::complete`] also those that another strategy might read.
    #[serde(default)]
    pub columns: BTreeMap<String, Values>,
    /// Names of the columns that the strategy read.
    #[serde(default, rename = "read")]
    pub names: Vec<String>,
    /// Top-level fields of the request as JSON; `null` if the request did not have the field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Option<String>>,
    /// Attributes; `null` if the exchange did not have the attribute.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Option<String>>,
    /// The strategy read something that is not recorded, such as the whole request or its own stored state: the
    /// decision cannot be replayed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_partial: bool,
}

impl Reads {
    pub(super) fn numbers(&mut self, column: Number, now: Vec<f64>) -> Vec<f64> {
        match self.columns.get(column.name()) {
            Some(Values::Numbers(first)) => first.iter().map(|number| number.0).collect(),
            _ => {
                self.note(column.name(), Values::of_numbers(&now));
                now
            }
        }
    }

    /// Texts do not change during a decision, so they need not be returned from the record.
    pub(super) fn texts(&mut self, name: &str, texts: &[String]) {
        if !self.columns.contains_key(name) {
            self.note(name, Values::Texts(texts.to_vec()));
        }
    }

    pub(super) fn tags(&mut self, tags: &[Vec<String>]) {
        if !self.columns.contains_key("tags") {
            self.note("tags", Values::Lists(tags.to_vec()));
        }
    }

    pub(super) fn having(&mut self, fact: Fact, word: &str, having: &[bool]) {
        self.note(&format!("{fact:?} {word}").to_lowercase(), Values::of_answers(having));
    }

    pub(super) fn exhausted(&mut self, exhausted: &[bool]) {
        self.note(EXHAUSTED, Values::of_answers(exhausted));
    }

    pub(super) fn field(&mut self, name: String, json: Option<String>) {
        if self.has_room() {
            self.fields.insert(name, json);
        }
    }

    pub(super) fn attribute(&mut self, name: String, text: Option<String>) {
        if self.has_room() {
            self.attributes.insert(name, text);
        }
    }

    /// Whether one more entry may be recorded. A decision whose record is not complete cannot be replayed.
    fn has_room(&mut self) -> bool {
        let has_room = self.names.len() + self.fields.len() + self.attributes.len() < ENTRIES_MAX;
        self.is_partial |= !has_room;
        has_room
    }

    fn note(&mut self, name: &str, values: Values) {
        if !self.has_room() {
            return;
        }
        self.columns.insert(name.to_owned(), values);
        self.names.push(name.to_owned());
    }

    /// Adds the columns of numbers that the strategy did not read, for other strategies. Columns with only zeros are
    /// removed, since a column that is not recorded counts as zeros.
    pub fn complete(&mut self, columns: &dyn Columns) {
        for &column in Number::ALL {
            let values = || Values::of_numbers(&columns.numbers(column));
            self.columns.entry(column.name().to_owned()).or_insert_with(values);
        }
        // Kept even if all are zero: that no candidate was exhausted differs from a strategy that did not ask.
        self.columns
            .retain(|name, values| name == EXHAUSTED || !values.is_zero());
    }
}
