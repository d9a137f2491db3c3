//! JSON strings that are handed on as they stand.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

use super::write::write_escaped;

/// A JSON string, still escaped: what stands between the quotes. Translating a prompt then copies it once, without
/// unescaping and escaping it again.
#[derive(Clone, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    /// What stands between the quotes of the document.
    #[must_use]
    pub fn escaped(&self) -> &str {
        &self.0
    }

    /// The text itself; copied only where it has escapes.
    #[must_use]
    pub fn decoded(&self) -> Cow<'_, str> {
        if !self.0.contains('\\') {
            return Cow::Borrowed(&self.0);
        }
        // A lone surrogate is the one thing that passes the reader's scan and cannot be text: it then stays as written.
        serde_json::from_str(&format!("\"{}\"", self.0)).map_or(Cow::Borrowed(&*self.0), Cow::Owned)
    }

    /// The text of a string that was decoded already.
    #[must_use]
    pub fn from_decoded(text: &str) -> Self {
        let mut escaped = Vec::with_capacity(text.len() + 8);
        write_escaped(&mut escaped, text);
        Self(Cow::Owned(String::from_utf8(escaped).unwrap_or_default()))
    }

    /// The same text, kept after its document is gone.
    #[must_use]
    pub fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }

    /// Whether it is the empty string.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it has nothing but white space.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self.0.as_bytes().first() {
            None => true,
            // The usual case, without looking at the rest.
            Some(byte) if byte.is_ascii_graphic() && *byte != b'\\' => false,
            Some(_) => self.decoded().trim().is_empty(),
        }
    }

    /// A raw value that is a string.
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

/// Compares the text itself with an unescaped literal.
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

/// What a value is, for errors: the value itself may be private, and long.
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

/// Reads text where an object might stand as well: `visit_borrowed_str` sees only text without escapes.
pub(super) fn from_visit<E>(text: &str) -> Result<Text<'static>, E> {
    Ok(Text::from_decoded(text))
}

impl<'a> Text<'a> {
    /// Text that has no escapes in its document.
    pub(super) fn unescaped(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}
