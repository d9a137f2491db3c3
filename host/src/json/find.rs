//! Looking inside a value by span: members of an object, elements of an array, nothing copied and nothing built.
//!
//! These readers expect JSON that is valid, because [`super::scan()`] said so or because an upstream is trusted to send
//! it, and skip what they are not asked for without checking it. On anything else they end early; they never panic and
//! never read a byte twice. A key may stand in an object more than once, and parsers differ on which one counts:
//! who must not be fooled walks [`members`] and looks at all of them.

use super::text::plain_run;
use super::value::{Field, Kind, Span, Value};

/// The value that `document` holds, from its first byte that is not whitespace. `None` when there is none, or when the
/// document is longer than a span can say.
pub fn root(document: &[u8]) -> Option<Value> {
    u32::try_from(document.len()).ok()?;
    read_value(document, skip_whitespace(document, 0))
}

/// From the first byte that is not whitespace to the end: a span for [`members`] and [`elements`] of a document's value
/// that saves looking for where the value ends.
pub(crate) fn rest(document: &[u8]) -> Option<Span> {
    u32::try_from(document.len()).ok()?;
    Some(Span::new(skip_whitespace(document, 0), document.len()))
}

/// The members of an object, in order; none when `object` is not one.
pub fn members(document: &[u8], object: Span) -> Members<'_> {
    Members(Walk::new(document, object, b'{'))
}

/// The elements of an array, in order; none when `array` is not one.
pub fn elements(document: &[u8], array: Span) -> Elements<'_> {
    Elements(Walk::new(document, array, b'['))
}

/// The value of an object's first member of this name.
pub fn member(document: &[u8], object: Span, name: &str) -> Option<Value> {
    members(document, object)
        .find(|field| field.is_named(document, name))
        .map(|field| field.value)
}

/// See [`members`].
#[derive(Debug, Clone)]
pub struct Members<'a>(Walk<'a>);

impl Iterator for Members<'_> {
    type Item = Field;

    fn next(&mut self) -> Option<Field> {
        self.0.item(|document, start| {
            let (end, key_is_escaped) = string_end(document, start)?;
            let colon = skip_whitespace(document, end);
            if document.get(colon) != Some(&b':') {
                return None;
            }
            let value = read_value(document, skip_whitespace(document, colon + 1))?;
            Some((
                Field {
                    key: Span::new(start, end),
                    value,
                    key_is_escaped,
                },
                value.span,
            ))
        })
    }
}

/// See [`elements`].
#[derive(Debug, Clone)]
pub struct Elements<'a>(Walk<'a>);

impl Iterator for Elements<'_> {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        self.0
            .item(|document, start| read_value(document, start).map(|value| (value, value.span)))
    }
}

/// A walk over what commas separate.
#[derive(Debug, Clone)]
struct Walk<'a> {
    /// Cut off where the container ends.
    document: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn new(document: &'a [u8], container: Span, opening: u8) -> Self {
        let document = document.get(..container.end as usize).unwrap_or_default();
        let start = container.start as usize;
        let at = if document.get(start) == Some(&opening) {
            start + 1
        } else {
            document.len()
        };
        Self { document, at }
    }

    /// The next item; `read` also says what its last value spans. Whatever is not an item ends the walk.
    fn item<T>(&mut self, read: impl FnOnce(&'a [u8], usize) -> Option<(T, Span)>) -> Option<T> {
        let mut start = skip_whitespace(self.document, self.at);
        if self.document.get(start) == Some(&b',') {
            start = skip_whitespace(self.document, start + 1);
        }
        let item = read(self.document, start);
        self.at = item.as_ref().map_or(self.document.len(), |(_, span)| span.end as usize);
        item.map(|(item, _)| item)
    }
}

fn skip_whitespace(document: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = document.get(at) {
        at += 1;
    }
    at
}

/// The value that begins at `start`.
fn read_value(document: &[u8], start: usize) -> Option<Value> {
    let kind = Kind::begun_by(*document.get(start)?)?;
    let end = match kind {
        Kind::String => string_end(document, start)?.0,
        Kind::Object | Kind::Array => container_end(document, start)?,
        Kind::Number | Kind::Bool | Kind::Null => scalar_end(document, start),
    };
    Some(Value {
        span: Span::new(start, end),
        kind,
    })
}

/// Past the closing quote of a string that begins at `start`, and whether it has escapes.
fn string_end(document: &[u8], start: usize) -> Option<(usize, bool)> {
    if document.get(start) != Some(&b'"') {
        return None;
    }
    let mut at = start + 1;
    let mut is_escaped = false;
    loop {
        at += plain_run(document.get(at..)?);
        match document.get(at)? {
            b'"' => return Some((at + 1, is_escaped)),
            b'\\' => {
                is_escaped = true;
                at += 2;
            }
            _control => at += 1,
        }
    }
}

/// Past the bracket or brace that closes the one at `start`. Which of the two kinds closes is not looked at: in valid
/// JSON they match.
fn container_end(document: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = start;
    loop {
        match document.get(at)? {
            b'"' => {
                at = string_end(document, at)?.0;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

fn scalar_end(document: &[u8], start: usize) -> usize {
    let rest = &document[start..];
    let length = rest
        .iter()
        .position(|byte| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t'));
    start + length.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_and_values(json: &str) -> Vec<(String, &str)> {
        let document = json.as_bytes();
        let object = root(document).unwrap().span;
        let read = |field: Field| {
            let value = std::str::from_utf8(field.raw(document)).unwrap();
            (field.name(document).unwrap().into_owned(), value)
        };
        members(document, object).map(read).collect()
    }

    fn values(json: &str) -> Vec<&str> {
        let document = json.as_bytes();
        let array = root(document).unwrap().span;
        elements(document, array)
            .map(|value| std::str::from_utf8(value.raw(document)).unwrap())
            .collect()
    }

    #[test]
    fn members_come_in_order_with_their_values_whole() {
        let read = names_and_values(r#" { "a" : [1, {"b": "]}"}] , "\u0062":"x\"}",  "c":-1.5e3,"d":null,"d":{ } } "#);
        let expected = [
            ("a", r#"[1, {"b": "]}"}]"#),
            ("b", r#""x\"}""#),
            ("c", "-1.5e3"),
            ("d", "null"),
            ("d", "{ }"),
        ];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value)));
    }

    #[test]
    fn elements_come_in_order() {
        assert_eq!(
            values(r#"[ "a,b" , [[],[1]], {"c": [2]} ,true]"#),
            [r#""a,b""#, "[[],[1]]", r#"{"c": [2]}"#, "true"]
        );
    }

    #[test]
    fn empty_containers_and_other_kinds_have_nothing_inside() {
        for json in ["{}", "[ ]", "1", "\"[1]\"", "null"] {
            assert!(names_and_values(json).is_empty(), "{json}");
            assert!(values(json).is_empty(), "{json}");
        }
        assert!(values(r#"{"a":1}"#).is_empty());
    }

    #[test]
    fn a_path_is_followed_by_looking_up_member_after_member() {
        let document = br#"{"choices":[{"index":0,"delta":{"content":"h\u00e9"}}]}"#;
        let choices = member(document, root(document).unwrap().span, "choices").unwrap();
        let first = elements(document, choices.span).next().unwrap();
        let delta = member(document, first.span, "delta").unwrap();
        let content = member(document, delta.span, "content").unwrap();
        assert_eq!(content.text(document).unwrap(), "hé");
    }

    #[test]
    fn broken_json_ends_the_walk() {
        for (json, complete) in [
            (r#"{"a":1,"b"}"#, 1),
            (r#"{"a":1,b:2}"#, 1),
            (r#"{"a":1,"b":"}"#, 1),
            (r#"{"a":[1"#, 0),
            (r#"{"a""#, 0),
            ("{", 0),
        ] {
            let document = json.as_bytes();
            let whole = Span::new(0, document.len());
            assert_eq!(members(document, whole).count(), complete, "{json}");
        }
        assert_eq!(root(b""), None);
        assert_eq!(root(b"  "), None);
        assert_eq!(root(b"x"), None);
    }
}
