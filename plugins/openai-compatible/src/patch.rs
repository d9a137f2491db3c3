//! The changes of the canonical request: top-level fields, as a JSON merge patch (RFC 7396).

use std::borrow::Cow;

use sluice_sdk::{RequestBody, exchange};

/// The changes so far. A later change of a field replaces an earlier one.
///
/// A list, since a request rarely has more than a few changes, and most have one.
#[derive(Default)]
pub struct Patch<'a> {
    changes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

const REMOVED: &str = "null";

impl<'a> Patch<'a> {
    /// Sets the field to `json`, which is JSON text.
    pub fn put(&mut self, field: impl Into<Cow<'a, str>>, json: impl Into<Cow<'a, str>>) {
        let (field, json) = (field.into(), json.into());
        match self.changes.iter_mut().find(|(name, _)| *name == field) {
            Some(change) => change.1 = json,
            None => self.changes.push((field, json)),
        }
    }

    /// Removes the field; this has no effect if the request does not have the field.
    pub fn remove(&mut self, field: impl Into<Cow<'a, str>>) {
        self.put(field, REMOVED);
    }

    /// The JSON text of the field as it will be sent; `None` if it is absent or null.
    pub fn value(&self, field: &str) -> Option<Cow<'_, str>> {
        let value = match self.changes.iter().find(|(name, _)| name == field) {
            Some((_, json)) => Cow::Borrowed(json.as_ref()),
            None => Cow::Owned(exchange::field(field)?),
        };
        (value != REMOVED).then_some(value)
    }

    /// Appends a message, as JSON text; returns false if there is no list of messages.
    pub fn push_message(&mut self, message: &str) -> bool {
        let messages = self.value("messages").unwrap_or_default();
        let Some(before) = messages.trim_end().strip_suffix(']').map(str::trim_end) else {
            return false;
        };
        let comma = if before.ends_with('[') { "" } else { "," };
        let messages = format!("{before}{comma}{message}]");
        self.put("messages", messages);
        true
    }

    /// The body to send: the client's own bytes if nothing has changed.
    pub fn into_body(self) -> RequestBody {
        if self.changes.is_empty() {
            return RequestBody::Unchanged;
        }
        let bytes = self
            .changes
            .iter()
            .map(|(field, json)| field.len() + json.len() + 4)
            .sum::<usize>();
        let mut patch = String::with_capacity(bytes + 2);
        let mut before = '{';
        for (field, json) in &self.changes {
            patch.push(before);
            push_name(&mut patch, field);
            patch.push(':');
            patch.push_str(json);
            before = ',';
        }
        patch.push('}');
        RequestBody::MergePatch(patch.into_bytes())
    }
}

fn push_name(patch: &mut String, name: &str) {
    match quoted(name) {
        Cow::Borrowed(plain) => {
            patch.push('"');
            patch.push_str(plain);
            patch.push('"');
        }
        Cow::Owned(json) => patch.push_str(&json),
    }
}

/// Owned: the name as JSON with its quotes. Borrowed: the name needs no escapes, and the caller adds quotes.
fn quoted(name: &str) -> Cow<'_, str> {
    let plain = name.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    if plain {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(serde_json::Value::from(name).to_string())
    }
}

/// A string as JSON text.
pub fn text(value: &str) -> String {
    let mut json = String::with_capacity(value.len() + 2);
    push_name(&mut json, value);
    json
}

#[cfg(test)]
mod tests {
    use sluice_sdk::testing::Host;

    use super::*;

    #[track_caller]
    fn check(patch: Patch<'_>, expected: &str) {
        match patch.into_body() {
            RequestBody::MergePatch(bytes) => assert_eq!(String::from_utf8(bytes).unwrap(), expected),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_changed_leaves_the_body_alone() {
        assert!(matches!(Patch::default().into_body(), RequestBody::Unchanged));
    }

    #[test]
    fn the_last_word_on_a_field_stands() {
        let mut patch = Patch::default();
        patch.put("model", text("gpt-4o"));
        patch.remove("store");
        patch.put("store", "false");
        check(patch, r#"{"model":"gpt-4o","store":false}"#);
    }

    #[test]
    fn names_and_texts_are_escaped() {
        let mut patch = Patch::default();
        patch.put("a\"b", text("c\\d\n"));
        check(patch, r#"{"a\"b":"c\\d\n"}"#);
    }

    #[test]
    fn a_value_is_read_as_it_will_be_sent() {
        Host {
            body: br#"{"a":1,"b":2,"c":null}"#.to_vec(),
            ..Host::default()
        }
        .install();
        let mut patch = Patch::default();
        patch.put("a", "3");
        patch.remove("b");
        let values = ["a", "b", "c", "d"].map(|field| patch.value(field).map(Cow::into_owned));
        assert_eq!(values, [Some("3".to_owned()), None, None, None]);
    }
}
