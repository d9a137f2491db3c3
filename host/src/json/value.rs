//! What the readers hand out: spans of bytes with the kind of value that stands there.

use std::borrow::Cow;
use std::ops::Range;

use super::text::unescape;

/// A byte range of one document, which whoever holds the span must hand in again to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Callers have checked that the document is shorter than 4 GiB; a longer one gives a span that reads as empty.
    pub(super) fn new(start: usize, end: usize) -> Self {
        let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            start: narrow(start),
            end: narrow(end),
        }
    }

    /// The same as a range of indices.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// In bytes.
    pub fn len(self) -> usize {
        self.range().len()
    }

    /// True for a span without bytes; no span of a JSON value is.
    pub fn is_empty(self) -> bool {
        self.range().is_empty()
    }

    /// The bytes of the document that the span came from. Of another, shorter document: nothing.
    pub fn of(self, document: &[u8]) -> &[u8] {
        document.get(self.range()).unwrap_or_default()
    }
}

/// The six kinds of JSON value (RFC 8259 §3, with `true` and `false` as one).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    String,
    Number,
    Bool,
    Null,
    Object,
    Array,
}

impl Kind {
    /// What a value beginning with this byte is, if any begins so.
    pub(super) fn begun_by(byte: u8) -> Option<Self> {
        Some(match byte {
            b'"' => Self::String,
            b'-' | b'0'..=b'9' => Self::Number,
            b't' | b'f' => Self::Bool,
            b'n' => Self::Null,
            b'{' => Self::Object,
            b'[' => Self::Array,
            _ => return None,
        })
    }

    /// With its article, for messages.
    pub fn described(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Number => "a number",
            Self::Bool => "a boolean",
            Self::Null => "null",
            Self::Object => "an object",
            Self::Array => "an array",
        }
    }
}

/// A value's place and kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    /// From its first byte to its last: quotes, brackets and braces belong to it, whitespace around it does not.
    pub span: Span,
    pub kind: Kind,
}

impl Value {
    /// The string that stands here.
    pub fn string(span: Span) -> Self {
        Self {
            span,
            kind: Kind::String,
        }
    }

    /// The value that these bytes are, without whitespace around it.
    pub(super) fn exactly(json: &[u8]) -> Option<Self> {
        let kind = Kind::begun_by(*json.first()?)?;
        Some(Self {
            span: Span::new(0, json.len()),
            kind,
        })
    }

    /// Its bytes as written.
    pub fn raw<'a>(&self, document: &'a [u8]) -> &'a [u8] {
        self.span.of(document)
    }

    /// A string's text with its escapes resolved, borrowed when there are none; `None` for other kinds. See
    /// [`unescape`] for what a lone surrogate becomes.
    pub fn text<'a>(&self, document: &'a [u8]) -> Option<Cow<'a, str>> {
        match self.kind {
            Kind::String => unescape(inside_quotes(self.raw(document))?),
            _ => None,
        }
    }

    /// `None` for anything but `true` and `false`.
    pub fn as_bool(&self, document: &[u8]) -> Option<bool> {
        match self.raw(document) {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        }
    }

    /// A number written with digits alone, that fits; `None` for `-1`, `1.0`, `1e3` and other kinds.
    pub fn as_u64(&self, document: &[u8]) -> Option<u64> {
        if self.kind != Kind::Number {
            return None;
        }
        std::str::from_utf8(self.raw(document)).ok()?.parse().ok()
    }
}

/// A member of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The key with its quotes.
    pub key: Span,
    pub value: Value,
    /// Whether the key contains a backslash: when it does not, it can be compared as it stands.
    pub(super) key_is_escaped: bool,
}

impl Field {
    /// The key's text, borrowed when it has no escapes.
    pub fn name<'a>(&self, document: &'a [u8]) -> Option<Cow<'a, str>> {
        let inside = inside_quotes(self.key.of(document))?;
        match self.key_is_escaped {
            true => unescape(inside),
            false => std::str::from_utf8(inside).ok().map(Cow::Borrowed),
        }
    }

    /// From the key's first byte to the value's last.
    pub fn span(&self) -> Span {
        Span {
            start: self.key.start,
            end: self.value.span.end,
        }
    }

    /// Whether the key means `name`, however it is written: `"mo\u0064el"` is named `model`.
    pub fn is_named(&self, document: &[u8], name: &str) -> bool {
        if self.key_is_escaped {
            return self.name(document).is_some_and(|key| key == name);
        }
        inside_quotes(self.key.of(document)) == Some(name.as_bytes())
    }

    /// The value's bytes as written.
    pub fn raw<'a>(&self, document: &'a [u8]) -> &'a [u8] {
        self.value.raw(document)
    }

    /// [`Value::text`] of the value.
    pub fn text<'a>(&self, document: &'a [u8]) -> Option<Cow<'a, str>> {
        self.value.text(document)
    }

    /// [`Value::as_bool`] of the value.
    pub fn as_bool(&self, document: &[u8]) -> Option<bool> {
        self.value.as_bool(document)
    }

    /// [`Value::as_u64`] of the value.
    pub fn as_u64(&self, document: &[u8]) -> Option<u64> {
        self.value.as_u64(document)
    }
}

fn inside_quotes(written: &[u8]) -> Option<&[u8]> {
    written.strip_prefix(b"\"")?.strip_suffix(b"\"")
}
