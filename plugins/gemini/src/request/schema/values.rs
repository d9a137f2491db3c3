//! `enum`, `const` and `format`.

use sluice_sdk::canonical::{RawValue, Text};

use super::flat::{Flat, list};

/// Google's formats, by type.
const FORMATS: [(&str, &str); 6] = [
    ("string", "enum"),
    ("string", "date-time"),
    ("number", "float"),
    ("number", "double"),
    ("integer", "int32"),
    ("integer", "int64"),
];

/// The allowed values. Texts become an `enum`; other values are described in words.
#[derive(Default)]
pub struct Values {
    pub texts: Vec<String>,
    pub null: bool,
    /// The values that are not texts, in words.
    pub note: String,
    /// The type of those values.
    other: &'static str,
}

impl Values {
    pub fn of(flat: &Flat) -> Self {
        let mut values = Self::default();
        let listed = flat.get("enum").map(list).unwrap_or_default();
        for raw in listed.into_iter().chain(flat.get("const")) {
            match Text::of(raw) {
                Some(text) if !text.is_empty() => values.texts.push(text.decoded().into_owned()),
                // Google refuses an empty text in `enum`.
                Some(_) => {}
                None if raw.get() == "null" => values.null = true,
                None => values.add_other(raw.get()),
            }
        }
        values
    }

    fn add_other(&mut self, json: &str) {
        if self.note.is_empty() {
            self.note.push_str("one of ");
            self.other = match json.as_bytes().first() {
                Some(b't' | b'f') => "boolean",
                Some(b'{') => "object",
                Some(b'[') => "array",
                _ => "number",
            };
        } else {
            self.note.push_str(", ");
        }
        self.note.push_str(json);
    }

    /// The type of a schema that does not have one.
    pub fn kind_of(&self, flat: &Flat) -> &'static str {
        if !self.texts.is_empty() {
            "string"
        } else if !self.note.is_empty() {
            self.other
        } else if flat.get("items").is_some() {
            "array"
        } else {
            "object"
        }
    }
}

pub fn is_format(kind: &str, format: &RawValue) -> bool {
    Text::of(format).is_some_and(|format| FORMATS.contains(&(kind, format.escaped())))
}
