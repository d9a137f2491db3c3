//! Checks of the JSON readers, with serde_json as the oracle.

use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::json::edit::{Change, Pointer, edit};
use crate::json::{self, Error, Field, Kind, Limits, Span, Splice};
use crate::peek;

/// `scan` accepts exactly what serde_json accepts, and reads the same fields.
pub fn json_scan(document: &[u8]) {
    match json::scan(document, Limits::default()) {
        Ok(fields) => {
            assert!(is_object(document), "accepted what is no JSON object");
            let Ok(map) = serde_json::from_slice::<Map<String, Value>>(document) else {
                return;
            };
            assert_eq!(map.len(), fields.len());
            map.iter().for_each(|(name, value)| {
                let field = fields.get(document, name).expect("every field is found by its name");
                check_field(document, &field, value);
            });
        }
        Err(Error::DuplicateKey { position, .. }) => {
            assert!(is_object(document));
            assert_eq!(document[position.offset], b'"');
        }
        Err(error @ Error::Malformed { position, .. }) => {
            assert!(position.offset <= document.len());
            assert!(
                !is_object(document) || is_deep(document),
                "refused a JSON object: {error}"
            );
        }
        Err(error @ Error::TooLong { .. }) => panic!("{error}"),
    }
}

fn check_field(document: &[u8], field: &Field, value: &Value) {
    assert_eq!(
        &serde_json::from_slice::<Value>(field.raw(document)).expect("a value's span is JSON"),
        value
    );
    assert_eq!(field.text(document).as_deref(), value.as_str());
    assert_eq!(field.as_bool(document), value.as_bool());
    if field.as_u64(document).is_some() {
        assert_eq!(field.as_u64(document), value.as_u64());
    }
}

/// Skipping a value is how serde_json checks the bare grammar: without bounds on numbers and surrogates.
fn is_object(document: &[u8]) -> bool {
    std::str::from_utf8(document).is_ok()
        && document.trim_ascii_start().starts_with(b"{")
        && serde_json::from_slice::<&RawValue>(document).is_ok()
}

fn is_deep(document: &[u8]) -> bool {
    let opening = document.iter().filter(|byte| matches!(byte, b'{' | b'['));
    opening.count() > usize::from(Limits::default().depth_max)
}

/// `unescape` reads what serde_json reads, and what `quote` writes.
pub fn json_text(bytes: &[u8]) {
    let quoted = [b"\"", bytes, b"\""].concat();
    let text = json::text::unescape(bytes);
    if let Ok(expected) = serde_json::from_slice::<String>(&quoted) {
        assert_eq!(text.as_deref(), Some(expected.as_str()));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let written = json::text::quote(text);
        assert_eq!(
            serde_json::from_slice::<String>(&written).expect("a written string is JSON"),
            text
        );
        assert_eq!(
            json::text::unescape(&written[1..written.len() - 1]).as_deref(),
            Some(text)
        );
    }
}

/// Walking by span survives anything, stays inside its container, and on JSON finds what serde_json finds.
pub fn json_find(document: &[u8]) {
    let found = json::find::root(document);
    if let Some(value) = found {
        walk(document, value, 0);
    }
    if let (Ok(value), Some(root)) = (serde_json::from_slice::<Value>(document), found) {
        assert_eq!(tree(document, root), value);
        put_strings_back(document, root);
    }
    let _ = peek::may_hold_usage(document);
    let _ = peek::choices_is_empty(document);
    for span in [peek::usage(document), peek::model(document)].into_iter().flatten() {
        assert!(!span.is_empty() && span.range().end <= document.len());
    }
}

/// Deeper values are skipped by the readers without calls of their own, so only this walk needs a bound.
const WALK_DEPTH_MAX: usize = 200;

fn walk(document: &[u8], value: json::Value, depth: usize) {
    assert!(!value.span.is_empty() && value.span.range().end <= document.len());
    let mut inside = value.span.start + 1;
    let mut visit = |key: Option<Span>, child: json::Value| {
        let start = key.unwrap_or(child.span).start;
        assert!(inside <= start && start < child.span.end && child.span.end <= value.span.end);
        inside = child.span.end;
        if depth < WALK_DEPTH_MAX {
            walk(document, child, depth + 1);
        }
    };
    json::members(document, value.span).for_each(|field| visit(Some(field.key), field.value));
    json::elements(document, value.span).for_each(|element| visit(None, element));
    let _ = value.text(document);
}

fn tree(document: &[u8], value: json::Value) -> Value {
    let name = |field: &Field| field.name(document).expect("a key of valid JSON is text").into_owned();
    match value.kind {
        Kind::Object => json::members(document, value.span)
            .map(|field| (name(&field), tree(document, field.value)))
            .collect(),
        Kind::Array => json::elements(document, value.span)
            .map(|element| tree(document, element))
            .collect(),
        Kind::String => value.text(document).expect("a string of valid JSON is text").into(),
        Kind::Number | Kind::Bool | Kind::Null => {
            serde_json::from_slice(value.raw(document)).expect("a scalar's span is JSON")
        }
    }
}

/// Every element of an array replaced by itself gives the document.
fn put_strings_back(document: &[u8], array: json::Value) {
    let document = Bytes::copy_from_slice(document);
    let same: Vec<(Span, &[u8])> = json::elements(&document, array.span)
        .map(|element| (element.span, element.raw(&document)))
        .collect();
    assert_eq!(
        json::replace(&document, &same)
            .expect("elements are in order")
            .into_bytes(),
        document
    );
}

/// A document and the merge patches for it, separated by zero bytes: the splice gives what RFC 7396 says.
pub fn json_splice(input: &[u8]) {
    let mut inputs = input.split(|&byte| byte == 0);
    let document = Bytes::copy_from_slice(inputs.next().unwrap_or_default());
    let Ok(fields) = json::scan(&document, Limits::default()) else {
        return;
    };
    let mut splice = Splice::default();
    let mut expected = serde_json::from_slice::<Value>(&document).ok();
    for patch in inputs {
        if splice.merge(patch, Limits::default()).is_ok() {
            let patch = serde_json::from_slice::<Value>(patch).ok();
            expected = expected.zip(patch).map(|(target, patch)| merge(target, patch));
        }
    }
    let parts = splice.finish(&document, &fields);
    let (length, result) = (parts.total_len(), parts.into_bytes());
    assert_eq!(length, result.len());
    if let Some(expected) = expected {
        json::scan(&result, Limits::default()).expect("the result is an object again");
        assert_eq!(
            serde_json::from_slice::<Value>(&result).expect("the result is JSON"),
            expected
        );
    }
}

/// A document, a place and a value, separated by zero bytes: an edit gives an object again, with the value at the place.
pub fn json_edit(input: &[u8]) {
    let mut inputs = input.split(|&byte| byte == 0);
    let [document, place, value] = [(); 3].map(|()| inputs.next().unwrap_or_default());
    let texts = std::str::from_utf8(place).ok().zip(std::str::from_utf8(value).ok());
    let Some((place, value)) = texts else { return };
    let Some(pointer) = Pointer::parse(place) else { return };
    if json::scan(document, Limits::default()).is_err() {
        return;
    }
    for change in [Change::Set(value), Change::Insert(value), Change::Remove] {
        let Ok(edited) = edit(document, &pointer, change) else {
            continue;
        };
        json::scan(&edited, Limits::ceiling()).expect("the result is an object again");
        let read = serde_json::from_slice::<Value>(&edited).ok();
        if let (Change::Set(value), Some(read)) = (change, read) {
            let expected = serde_json::from_str::<Value>(value).expect("only JSON is put in");
            assert_eq!(read.pointer(place), Some(&expected));
        }
    }
}

/// RFC 7396 §2 on trees.
fn merge(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut target = if let Value::Object(map) = target {
        map
    } else {
        Map::new()
    };
    for (name, change) in patch {
        let old = target.remove(&name).unwrap_or(Value::Null);
        if !change.is_null() {
            target.insert(name, merge(old, change));
        }
    }
    Value::Object(target)
}
