//! Errors that upstreams report in place of an answer, in the body of a successful response.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::json::{Kind, Value, elements, find, member};

/// An error as an upstream reports it.
#[derive(Debug, PartialEq, Eq)]
pub struct Reported {
    pub message: Option<String>,
    pub code: Option<String>,
    pub kind: Option<String>,
}

/// The error in a whole answer or in a chunk: `{"error": …}`, `{"object": "error", …}`, or the `error` of a choice.
#[must_use]
pub fn reported(data: &[u8]) -> Option<Reported> {
    static WORD: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"error\""));
    WORD.find(data)?;
    let root = find::root(data)?;
    let of = |object: Value| member(data, object.span, "error").filter(|error| says_something(data, *error));
    let choices = || {
        let choices = member(data, root.span, "choices")?;
        elements(data, choices.span).find_map(of)
    };
    let is_error = || member(data, root.span, "object").is_some_and(|object| object.raw(data) == b"\"error\"");
    let error = of(root).or_else(choices).or_else(|| is_error().then_some(root))?;
    Some(read(data, error))
}

/// Whether `error` has a value. Some servers send it without an error: `null`, `false`, `0`, an empty text, list or
/// object.
fn says_something(data: &[u8], error: Value) -> bool {
    let raw = error.raw(data).iter().filter(|byte| !byte.is_ascii_whitespace());
    let raw: Vec<u8> = raw.take(6).copied().collect();
    !matches!(raw.as_slice(), b"null" | b"false" | b"0" | b"\"\"" | b"[]" | b"{}")
}

fn read(data: &[u8], error: Value) -> Reported {
    let text = |value: Value| value.text(data).map(|text| text.into_owned());
    let word = |name: &str| {
        let value = member(data, error.span, name)?;
        match value.kind {
            Kind::Number => String::from_utf8(value.raw(data).to_vec()).ok(),
            _ => text(value),
        }
    };
    let message = member(data, error.span, "message").and_then(text);
    Reported {
        message: message.or_else(|| text(error)),
        code: word("code"),
        kind: word("type"),
    }
}
