//! Requests that are forms (`multipart/form-data`, RFC 7578): their fields in canonical form are a JSON object, like the
//! fields of any request, and their files are [`Upload`]s beside it.
//!
//! A field that comes several times, or whose name ends in `[]`, is a list. Values are strings, except for those that
//! are no text for the model: `true` and `false` are booleans, and a field for the gateway itself holds JSON if it can be
//! read as such.

use std::borrow::Cow;

use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::Canonical;
use super::fields::Says;
use super::parts::Medium;
use crate::json::Kind;
use crate::spool::Spooled;

/// A file of a form.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The name of its field, such as `file`.
    pub field: Box<str>,
    pub file_name: Option<Box<str>>,
    /// As the client wrote it.
    pub content_type: Option<Box<str>>,
    pub content: Spooled,
}

impl Upload {
    /// What it is, by its content type; `usual` if that says nothing.
    #[must_use]
    pub fn medium(&self, usual: Medium) -> Medium {
        let of_type = self.content_type.as_deref().map(Medium::of_type);
        of_type.filter(|medium| *medium != Medium::File).unwrap_or(usual)
    }
}

/// The fields of a form as a JSON object.
#[must_use]
pub fn to_json(fields: Vec<(String, String)>) -> Vec<u8> {
    let mut object = Map::new();
    for (name, text) in fields {
        let value = value(&name, text);
        match object.entry(name) {
            Entry::Vacant(entry) if entry.key().ends_with("[]") => {
                entry.insert(vec![value].into());
            }
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(mut entry) => match entry.get_mut() {
                Value::Array(values) => values.push(value),
                first => *first = vec![first.take(), value].into(),
            },
        }
    }
    Value::Object(object).to_string().into_bytes()
}

fn value(name: &str, text: String) -> Value {
    let is_boolean = matches!(text.as_str(), "true" | "false");
    match Says::of(name) {
        Says::Text(..) | Says::Credential => text.into(),
        Says::Nothing if !is_boolean => text.into(),
        Says::Nothing | Says::Control => serde_json::from_str(&text).unwrap_or_else(|_| text.into()),
    }
}

/// The fields of a request as those of a form: names and texts.
#[must_use]
pub fn fields(canonical: &Canonical) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let body: &[u8] = &canonical.body;
    let mut fields = Vec::new();
    for field in &canonical.fields {
        let Some(name) = field.name(body) else { continue };
        if field.value.kind == Kind::Array {
            for element in crate::json::elements(body, field.value.span) {
                fields.push((name.clone(), text(body, element)));
            }
        } else if field.value.kind != Kind::Null {
            fields.push((name, text(body, field.value)));
        }
    }
    fields
}

fn text(body: &[u8], value: crate::json::Value) -> Cow<'_, str> {
    match value.text(body) {
        Some(text) => text,
        None => String::from_utf8_lossy(value.raw(body)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forms_fields_become_json_and_fields_again() {
        let given = [
            ("model", "whisper-1"),
            ("temperature", "0.2"),
            ("prompt", "true"),
            ("stream", "true"),
            ("tags", r#"["a"]"#),
            ("timestamp_granularities[]", "word"),
            ("include", "a"),
            ("include", "b"),
        ];
        let json = to_json(given.map(|(name, text)| (name.to_owned(), text.to_owned())).into());
        let expected = serde_json::json!({
            "model": "whisper-1", "temperature": "0.2", "prompt": "true", "stream": true, "tags": ["a"],
            "timestamp_granularities[]": ["word"], "include": ["a", "b"],
        });
        assert_eq!(serde_json::from_slice::<Value>(&json).unwrap(), expected);
        let canonical = Canonical::empty().with_body(json.into()).unwrap();
        let mut again = fields(&canonical);
        again.sort();
        let mut given = given.map(|(name, text)| (Cow::from(name), Cow::from(text.trim_matches(['[', ']', '"']))));
        given.sort();
        assert_eq!(again, given);
    }
}
