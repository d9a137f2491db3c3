//! Edits at places inside a document, by JSON Pointer (RFC 6901): how request hooks change requests.

use serde_json::value::RawValue;
use thiserror::Error;

use super::find::{elements, members, root};
use super::text::write_string;
use super::value::{Field, Kind, Value};

/// A place inside a document: the names and indexes that lead to it, from the outermost. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

/// What an edit does at its place. Values are JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// Gives the member or the element this value; adds the member if its object does not have it.
    Set(&'a str),
    /// Puts the value into an array before the element at the place, or at its end.
    Insert(&'a str),
    /// Removes the member or the element, if it is there.
    Remove,
}

/// Why an edit cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EditError {
    #[error("the value is not JSON")]
    NotJson,
    #[error("what it should stand in is not there")]
    NoParent,
    #[error("it stands in {}, and only an object or an array has places", .0.described())]
    NotInside(Kind),
    #[error("an array has no such element")]
    NoElement,
    #[error("elements can be inserted into arrays only, and it stands in an object")]
    NotAnArray,
    #[error("its object has the key twice")]
    Twice,
}

impl Pointer {
    /// Reads `/messages/0/content`. `None` if the text is not a pointer, or is the whole document.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let steps = text.strip_prefix('/')?.split('/');
        let plain = |step: &str| step.replace("~1", "/").replace("~0", "~");
        Some(Self(steps.map(plain).collect()))
    }

    /// The top-level field that it is, or is in.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.0[0]
    }
}

/// The document, which is JSON, with one change at a place.
///
/// # Errors
/// The place or the value does not fit.
pub fn edit(document: &[u8], place: &Pointer, change: Change<'_>) -> Result<Vec<u8>, EditError> {
    if let Change::Set(json) | Change::Insert(json) = change {
        // The document is put together from texts: a value that goes on behind its end would bring members of its own.
        serde_json::from_str::<&RawValue>(json).map_err(|_| EditError::NotJson)?;
    }
    let (last, before) = place.0.split_last().ok_or(EditError::NoParent)?;
    let mut parent = root(document).ok_or(EditError::NoParent)?;
    for step in before {
        parent = inside(document, parent, step)?.ok_or(EditError::NoParent)?;
    }
    let splice = match parent.kind {
        Kind::Object => in_object(document, parent, last, change)?,
        Kind::Array => in_array(document, parent, last, change)?,
        kind => return Err(EditError::NotInside(kind)),
    };
    let Splice { from, to, text } = splice;
    Ok([&document[..from], text.as_slice(), &document[to..]].concat())
}

/// The bytes from `from` to `to` become `text`.
struct Splice {
    from: usize,
    to: usize,
    text: Vec<u8>,
}

/// The member or the element of this name.
fn inside(document: &[u8], parent: Value, step: &str) -> Result<Option<Value>, EditError> {
    match parent.kind {
        Kind::Object => Ok(member(document, parent, step)?.map(|(_, field)| field.value)),
        Kind::Array => Ok(index(step).and_then(|index| elements(document, parent.span).nth(index))),
        kind => Err(EditError::NotInside(kind)),
    }
}

/// A member and its position. A key may stand in an object twice, and readers differ on which one counts: then no edit
/// of it does what its author means.
fn member(document: &[u8], object: Value, name: &str) -> Result<Option<(usize, Field)>, EditError> {
    let mut named = members(document, object.span)
        .enumerate()
        .filter(|(_, field)| field.is_named(document, name));
    let first = named.next();
    match named.next() {
        Some(_) => Err(EditError::Twice),
        None => Ok(first),
    }
}

/// An index as RFC 6901 §4 has it: digits, without a zero before others.
fn index(step: &str) -> Option<usize> {
    let is_number = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    let is_padded = step.len() > 1 && step.starts_with('0');
    (is_number && !is_padded).then(|| step.parse().ok())?
}

fn in_object(document: &[u8], object: Value, name: &str, change: Change<'_>) -> Result<Splice, EditError> {
    let found = member(document, object, name)?;
    match (change, found) {
        (Change::Insert(_), _) => Err(EditError::NotAnArray),
        (Change::Set(json), Some((_, field))) => Ok(replaced(field.value, json)),
        (Change::Set(json), None) => {
            let mut text = Vec::with_capacity(name.len() + json.len() + 4);
            write_string(&mut text, name);
            text.push(b':');
            text.extend_from_slice(json.as_bytes());
            let spans: Vec<_> = members(document, object.span).map(|field| extent(&field)).collect();
            Ok(appended(object, &spans, &text))
        }
        (Change::Remove, Some((position, _))) => {
            let spans: Vec<_> = members(document, object.span).map(|field| extent(&field)).collect();
            Ok(removed(&spans, position))
        }
        (Change::Remove, None) => Ok(nothing(object)),
    }
}

fn in_array(document: &[u8], array: Value, step: &str, change: Change<'_>) -> Result<Splice, EditError> {
    let spans: Vec<_> = elements(document, array.span).map(extent_of).collect();
    let is_end = step == "-" && matches!(change, Change::Insert(_));
    let index = if is_end {
        spans.len()
    } else {
        index(step).ok_or(EditError::NoElement)?
    };
    match (change, spans.get(index)) {
        (Change::Set(json), Some(&(from, to))) => Ok(Splice {
            from,
            to,
            text: json.into(),
        }),
        (Change::Insert(json), Some(&(from, _))) => Ok(Splice {
            from,
            to: from,
            text: [json.as_bytes(), b","].concat(),
        }),
        (Change::Insert(json), None) if index == spans.len() => Ok(appended(array, &spans, json.as_bytes())),
        (Change::Remove, Some(_)) => Ok(removed(&spans, index)),
        (Change::Remove, None) => Ok(nothing(array)),
        (Change::Set(_) | Change::Insert(_), None) => Err(EditError::NoElement),
    }
}

/// Where a member begins and ends, key included.
fn extent(field: &Field) -> (usize, usize) {
    (field.key.start as usize, field.value.span.end as usize)
}

fn extent_of(value: Value) -> (usize, usize) {
    (value.span.start as usize, value.span.end as usize)
}

fn replaced(value: Value, json: &str) -> Splice {
    let (from, to) = extent_of(value);
    Splice {
        from,
        to,
        text: json.into(),
    }
}

/// `text` as the last item of a container.
fn appended(container: Value, items: &[(usize, usize)], text: &[u8]) -> Splice {
    let (at, comma): (usize, &[u8]) = match items.last() {
        Some((_, end)) => (*end, b","),
        None => (container.span.start as usize + 1, b""),
    };
    Splice {
        from: at,
        to: at,
        text: [comma, text].concat(),
    }
}

/// An item goes with the comma after it, or, if it is the last one, with the one before it.
fn removed(items: &[(usize, usize)], position: usize) -> Splice {
    let (start, end) = items[position];
    let (from, to) = match (items.get(position + 1), position.checked_sub(1)) {
        (Some((next, _)), _) => (start, *next),
        (None, Some(before)) => (items[before].1, end),
        (None, None) => (start, end),
    };
    Splice {
        from,
        to,
        text: Vec::new(),
    }
}

fn nothing(container: Value) -> Splice {
    let at = container.span.start as usize;
    Splice {
        from: at,
        to: at,
        text: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn edited(document: &str, place: &str, change: Change<'_>) -> Result<Value, EditError> {
        let place = Pointer::parse(place).expect("a place");
        let edited = edit(document.as_bytes(), &place, change)?;
        Ok(serde_json::from_slice(&edited).expect("JSON becomes JSON"))
    }

    #[test]
    fn members_and_elements_are_set_added_and_removed() {
        use Change::{Insert, Remove, Set};
        let document = r#" { "a" : [ 1 , {"b":"x\"}"} , 3 ] , "c/d~e": null , "f" : {} , "g": [] } "#;
        let original: Value = serde_json::from_str(document).unwrap();
        let rows = [
            ("/a/0", Set("\"one\""), "/a", json!(["one", {"b": "x\"}"}, 3])),
            ("/a/1/b", Set("2"), "/a/1", json!({"b": 2})),
            ("/a/1/new", Set("true"), "/a/1", json!({"b": "x\"}", "new": true})),
            ("/c~1d~0e", Set("[]"), "/c~1d~0e", json!([])),
            ("/f/x", Set("1"), "/f", json!({"x": 1})),
            ("/g/-", Insert("1"), "/g", json!([1])),
            ("/g/0", Insert("1"), "/g", json!([1])),
            ("/a/-", Insert("4"), "/a", json!([1, {"b": "x\"}"}, 3, 4])),
            ("/a/3", Insert("4"), "/a", json!([1, {"b": "x\"}"}, 3, 4])),
            ("/a/0", Insert("{}"), "/a", json!([{}, 1, {"b": "x\"}"}, 3])),
            ("/a/0", Remove, "/a", json!([{"b": "x\"}"}, 3])),
            ("/a/2", Remove, "/a", json!([1, {"b": "x\"}"}])),
            ("/a/1/b", Remove, "/a/1", json!({})),
            ("/a/7", Remove, "/a", original["a"].clone()),
            ("/nowhere", Remove, "/f", json!({})),
        ];
        for (place, change, at, expected) in rows {
            let edited = edited(document, place, change).unwrap();
            assert_eq!(edited.pointer(at), Some(&expected), "{place}: {change:?}");
            let field = Pointer::parse(place).unwrap().field().to_owned();
            for (name, value) in original.as_object().unwrap().iter().filter(|(name, _)| **name != field) {
                assert_eq!(&edited[name], value, "{place}: {change:?} changed {name}");
            }
        }
        assert_eq!(edited(r#"{"a":1}"#, "/a", Remove), Ok(json!({})));
        assert_eq!(edited(r#"{"a":1,"b":2}"#, "/b", Remove), Ok(json!({"a": 1})));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        use Change::{Insert, Remove, Set};
        let document = r#"{"a":[1],"o":{},"t":"x","twice":{"k":1,"k":2}}"#;
        for (place, change, expected) in [
            ("/a/1", Set("1"), EditError::NoElement),
            ("/a/-", Set("1"), EditError::NoElement),
            ("/a/2", Insert("1"), EditError::NoElement),
            ("/a/00", Insert("1"), EditError::NoElement),
            ("/a/x", Remove, EditError::NoElement),
            ("/o/x", Insert("1"), EditError::NotAnArray),
            ("/o/x/y", Set("1"), EditError::NoParent),
            ("/a/1/x", Set("1"), EditError::NoParent),
            ("/t/x", Set("1"), EditError::NotInside(Kind::String)),
            ("/t/x/y", Set("1"), EditError::NotInside(Kind::String)),
            ("/twice/k", Set("1"), EditError::Twice),
            ("/twice/k", Remove, EditError::Twice),
            ("/x", Set("1,\"model\":\"other\""), EditError::NotJson),
            ("/x", Set(""), EditError::NotJson),
            ("/a/0", Insert("1],\"b\":[2"), EditError::NotJson),
        ] {
            assert_eq!(edited(document, place, change), Err(expected), "{place}: {change:?}");
        }
        for text in ["", "a", "a/b"] {
            assert_eq!(Pointer::parse(text), None, "{text}");
        }
    }
}
