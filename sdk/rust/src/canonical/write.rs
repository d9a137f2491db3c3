//! Writing JSON straight into a buffer: what is translated is mostly copied, and a tree to serialise would be thrown
//! away at once.

use std::io::Write;

use serde_json::value::RawValue;

use super::answer::FinishReason;
use super::text::Text;

/// Writes an object's fields; its brace closes when it is dropped.
///
/// ```
/// let mut out = Vec::new();
/// let mut object = sluice_sdk::canonical::Object::begin(&mut out);
/// object.string("a", "\"").number("b", 2);
/// object.list("c").item().push(b'3');
/// drop(object);
/// assert_eq!(out, br#"{"a":"\"","b":2,"c":[3]}"#);
/// ```
pub struct Object<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> Object<'o> {
    /// Opens the brace.
    pub fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    /// Writes a field's name; the value must be written next. The name must need no escapes.
    pub fn field(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// A field whose value is JSON already.
    pub fn json(&mut self, name: &str, json: &str) -> &mut Self {
        self.field(name).extend_from_slice(json.as_bytes());
        self
    }

    /// A field of a document, handed on.
    pub fn raw(&mut self, name: &str, value: &RawValue) -> &mut Self {
        self.json(name, value.get())
    }

    /// A field of a document, handed on where it is there.
    pub fn maybe_raw(&mut self, name: &str, value: Option<&RawValue>) -> &mut Self {
        if let Some(value) = value {
            self.raw(name, value);
        }
        self
    }

    /// A string that is not escaped yet.
    pub fn string(&mut self, name: &str, text: &str) -> &mut Self {
        write_string(self.field(name), text);
        self
    }

    /// A string of a document, handed on.
    pub fn text(&mut self, name: &str, text: &Text) -> &mut Self {
        let out = self.field(name);
        out.push(b'"');
        out.extend_from_slice(text.escaped().as_bytes());
        out.push(b'"');
        self
    }

    /// A whole number.
    pub fn number(&mut self, name: &str, number: u64) -> &mut Self {
        write_number(self.field(name), number);
        self
    }

    /// A field that is an object.
    pub fn object(&mut self, name: &str) -> Object<'_> {
        Object::begin(self.field(name))
    }

    /// A field that is a list.
    pub fn list(&mut self, name: &str) -> List<'_> {
        List::begin(self.field(name))
    }

    /// Every field of a view's `rest`. Names are escaped again where they need it.
    pub fn rest(&mut self, rest: &[(std::borrow::Cow<'_, str>, &RawValue)]) -> &mut Self {
        for (name, value) in rest {
            self.raw(Text::from_decoded(name).escaped(), value);
        }
        self
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        self.out.push(b'}');
    }
}

/// Writes a list's items; its bracket closes when it is dropped.
pub struct List<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> List<'o> {
    /// Opens the bracket.
    pub fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, empty: true }
    }

    /// Makes room for the next item, which must be written next.
    pub fn item(&mut self) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.out
    }

    /// An item that is an object.
    pub fn object(&mut self) -> Object<'_> {
        Object::begin(self.item())
    }

    /// An item that is JSON already.
    pub fn json(&mut self, json: &str) -> &mut Self {
        self.item().extend_from_slice(json.as_bytes());
        self
    }
}

impl Drop for List<'_> {
    fn drop(&mut self) {
        self.out.push(b']');
    }
}

/// Writes a quoted JSON string.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    write_escaped(out, text);
    out.push(b'"');
}

/// Writes text as it stands between the quotes of a JSON string (RFC 8259 §7).
pub fn write_escaped(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[copied..at]);
        copied = at + 1;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(br"\n"),
            b'\r' => out.extend_from_slice(br"\r"),
            b'\t' => out.extend_from_slice(br"\t"),
            _ => out.extend_from_slice(&[
                b'\\',
                b'u',
                b'0',
                b'0',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]),
        }
    }
    out.extend_from_slice(&bytes[copied..]);
}

fn write_number(out: &mut Vec<u8>, number: u64) {
    write!(out, "{number}").expect("a buffer takes whatever is written to it");
}

/// Writes the chunks of one stream: what they all have in common is made once.
pub struct Chunks {
    /// `data: {"id":…,"object":…,"created":…,"model":…,"system_fingerprint":null,`
    head: Vec<u8>,
}

impl Chunks {
    /// A stream's id, when it began in Unix seconds, and who answers.
    #[must_use]
    pub fn new(id: &Text, created: u64, model: &Text) -> Self {
        let mut head = b"data: ".to_vec();
        let mut object = Object::begin(&mut head);
        object
            .text("id", id)
            .string("object", "chat.completion.chunk")
            .number("created", created);
        object.text("model", model).json("system_fingerprint", "null");
        drop(object);
        // The brace stays open for what differs.
        *head.last_mut().expect("an object ends in a brace") = b',';
        Self { head }
    }

    /// A chunk with something new; the closure writes the fields of `delta`.
    pub fn delta(&self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Object)) {
        self.choice(out, delta, None);
    }

    /// The chunk that says why the answer ended; the closure writes the fields of `delta`, if any.
    pub fn finish(&self, out: &mut Vec<u8>, reason: &FinishReason, delta: impl FnOnce(&mut Object)) {
        self.choice(out, delta, Some(reason));
    }

    /// A chunk with more than one choice's delta; the closure writes what stands beside the head: `choices`, and whatever
    /// the provider has of its own.
    pub fn chunk(&self, out: &mut Vec<u8>, fields: impl FnOnce(&mut Object)) {
        out.extend_from_slice(&self.head);
        // The head ends in a comma.
        fields(&mut Object { out, empty: true });
        out.extend_from_slice(b"\n\n");
    }

    /// The chunk without choices that says the usage; the closure writes the fields of `usage`.
    pub fn usage(&self, out: &mut Vec<u8>, usage: impl FnOnce(&mut Object)) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(br#""choices":[],"usage":"#);
        usage(&mut Object::begin(out));
        out.extend_from_slice(b"}\n\n");
    }

    /// Ends the client's stream: nothing comes after it.
    pub fn done(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn choice(&self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Object), reason: Option<&FinishReason>) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(br#""choices":[{"index":0,"delta":"#);
        delta(&mut Object::begin(out));
        out.extend_from_slice(br#","finish_reason":"#);
        match reason {
            Some(reason) => write_string(out, reason.as_str()),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b"}]}\n\n");
    }
}
