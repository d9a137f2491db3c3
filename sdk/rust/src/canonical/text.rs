//! JSON strings that are copied without being unescaped.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

use super::write::write_escaped;

/// A JSON string that is still escaped, without its quotes. Translating a prompt then copies it once, without
/// unescaping it and escaping it again.
#[derive(Clone, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    /// The escaped text, as it stands between the quotes of a JSON document.
    #[must_use]
    pub fn escaped(&self) -> &str {
        &self.0
    }

    /// The unescaped text. It is copied only if it has escapes.
    #[must_use]
    pub fn decoded(&self) -> Cow<'_, str> {
        if !self.0.contains('\\') {
            return Cow::Borrowed(&self.0);
        }
        // A lone surrogate passes the JSON parser's scan but is not valid text: it is left escaped.
        serde_json::from_str(&format!("\"{}\"", self.0)).map_or(Cow::Borrowed(&*self.0), Cow::Owned)
    }

    /// Escapes a plain text.
    #[must_use]
    pub fn from_decoded(text: &str) -> Self {
        let mut escaped = Vec::with_capacity(text.len() + 8);
        write_escaped(&mut escaped, text);
        Self(Cow::Owned(String::from_utf8(escaped).unwrap_or_default()))
    }

    /// A copy of the text that does not borrow from its document.
    #[must_use]
    pub fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }

    /// Whether the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the text is empty or consists of white space only.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self.0.as_bytes().first() {
            None => true,
            // The usual case, decided by the first byte.
            Some(byte) if byte.is_ascii_graphic() && *byte != b'\\' => false,
            Some(_) => self.decoded().trim().is_empty(),
        }
    }

    /// The text of a raw value; `None` if the value is not a string.
    #[must_use]
    pub fn of(raw: &'a RawValue) -> Option<Self> {
        let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
        Some(Self(Cow::Borrowed(inner)))
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        write!(to, "\"{}\"", self.0)
    }
}

/// Compares the unescaped text with a literal.
impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.decoded() == other
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'a RawValue>::deserialize(deserializer)?;
        Self::of(raw).ok_or_else(|| D::Error::custom(format_args!("expected a string, found {}", kind(raw))))
    }
}

/// The type of a value, for error messages. The value itself may be private, and long.
pub(super) fn kind(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// For visitors that also accept an object: `visit_borrowed_str` gets only text without escapes.
pub(super) fn from_visit<E>(text: &str) -> Result<Text<'static>, E> {
    Ok(Text::from_decoded(text))
}

impl<'a> Text<'a> {
    /// A text that is known to have no escapes.
    pub(super) fn unescaped(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}
