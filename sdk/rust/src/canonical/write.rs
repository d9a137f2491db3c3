//! Writing JSON directly into a buffer. Most of what a translation writes is copied, so a tree for serialization would
//! be wasted.

use std::io::Write;

use serde_json::value::RawValue;

use super::answer::FinishReason;
use super::text::Text;

/// Writes the fields of a JSON object; dropping it writes the closing brace.
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
    /// Writes the opening brace.
    pub fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    /// Writes the name of a field; the caller must write the value next. The name must not need escapes.
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

    /// Writes a field whose value is already JSON.
    pub fn json(&mut self, name: &str, json: &str) -> &mut Self {
        self.field(name).extend_from_slice(json.as_bytes());
        self
    }

    /// Writes a field with a value copied from a document.
    pub fn raw(&mut self, name: &str, value: &RawValue) -> &mut Self {
        self.json(name, value.get())
    }

    /// Writes a field with a value copied from a document, or nothing if the value is `None`.
    pub fn maybe_raw(&mut self, name: &str, value: Option<&RawValue>) -> &mut Self {
        if let Some(value) = value {
            self.raw(name, value);
        }
        self
    }

    /// Writes a string field from plain text, which is escaped.
    pub fn string(&mut self, name: &str, text: &str) -> &mut Self {
        write_string(self.field(name), text);
        self
    }

    /// Writes a string field from text that is already escaped.
    pub fn text(&mut self, name: &str, text: &Text) -> &mut Self {
        let out = self.field(name);
        out.push(b'"');
        out.extend_from_slice(text.escaped().as_bytes());
        out.push(b'"');
        self
    }

    /// Writes a field with a whole number.
    pub fn number(&mut self, name: &str, number: u64) -> &mut Self {
        write_number(self.field(name), number);
        self
    }

    /// Begins a field that is an object.
    pub fn object(&mut self, name: &str) -> Object<'_> {
        Object::begin(self.field(name))
    }

    /// Begins a field that is a list.
    pub fn list(&mut self, name: &str) -> List<'_> {
        List::begin(self.field(name))
    }

    /// Writes every field of a view's `rest`. Names are escaped again if necessary.
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

/// Writes the items of a JSON list; dropping it writes the closing bracket.
pub struct List<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> List<'o> {
    /// Writes the opening bracket.
    pub fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, empty: true }
    }

    /// Prepares the next item; the caller must write the item next.
    pub fn item(&mut self) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.out
    }

    /// Begins an item that is an object.
    pub fn object(&mut self) -> Object<'_> {
        Object::begin(self.item())
    }

    /// Writes an item that is already JSON.
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

/// Writes plain text as a quoted JSON string.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    write_escaped(out, text);
    out.push(b'"');
}

/// Writes plain text as the inside of a JSON string, without quotes (RFC 8259 §7).
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

/// Writes the chunks of one stream. The fields that all its chunks share are serialized once.
pub struct Chunks {
    /// `data: {"id":…,"object":…,"created":…,"model":…,"system_fingerprint":null,`
    head: Vec<u8>,
}

impl Chunks {
    /// For a chat completion: the stream's id, its creation time in Unix seconds, and the model.
    #[must_use]
    pub fn new(id: &Text, created: u64, model: &Text) -> Self {
        Self::of_object("chat.completion.chunk", id, created, model)
    }

    /// The same for a text completion, whose chunks are written with [`Chunks::text`].
    #[must_use]
    pub fn of_completion(id: &Text, created: u64, model: &Text) -> Self {
        Self::of_object("text_completion", id, created, model)
    }

    fn of_object(kind: &str, id: &Text, created: u64, model: &Text) -> Self {
        let mut head = b"data: ".to_vec();
        let mut object = Object::begin(&mut head);
        object.text("id", id).string("object", kind).number("created", created);
        object.text("model", model).json("system_fingerprint", "null");
        drop(object);
        // The object stays open for the fields that differ between chunks.
        *head.last_mut().expect("an object ends in a brace") = b',';
        Self { head }
    }

    /// Writes a chunk for choice 0; the closure writes the fields of `delta`.
    pub fn delta(&self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Object)) {
        self.choice(out, delta, None, |_| {});
    }

    /// Writes the chunk that has the finish reason; the closure writes the fields of `delta`, if any.
    pub fn finish(&self, out: &mut Vec<u8>, reason: &FinishReason, delta: impl FnOnce(&mut Object)) {
        self.choice(out, delta, Some(reason), |_| {});
    }

    /// Writes a chunk with several choices, or with fields of the provider's own; the closure writes all fields after
    /// the shared ones, `choices` included.
    pub fn chunk(&self, out: &mut Vec<u8>, fields: impl FnOnce(&mut Object)) {
        out.extend_from_slice(&self.head);
        // The shared fields end with a comma.
        fields(&mut Object { out, empty: true });
        out.extend_from_slice(b"\n\n");
    }

    /// Writes the chunk without choices that has the usage; the closure writes the fields of `usage`.
    pub fn usage(&self, out: &mut Vec<u8>, usage: impl FnOnce(&mut Object)) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(br#""choices":[],"usage":"#);
        usage(&mut Object::begin(out));
        out.extend_from_slice(b"}\n\n");
    }

    /// Writes the end of the client's stream. Nothing may follow it.
    pub fn done(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// Writes a chunk whose choice has further fields, such as `logprobs`: `delta` writes the fields of `delta`, and
    /// `beside` those of the choice.
    pub fn choice(
        &self,
        out: &mut Vec<u8>,
        delta: impl FnOnce(&mut Object),
        reason: Option<&FinishReason>,
        beside: impl FnOnce(&mut Object),
    ) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(br#""choices":[{"index":0,"delta":"#);
        delta(&mut Object::begin(out));
        end_choice(Object { out, empty: false }, reason, beside);
        out.extend_from_slice(b"]}\n\n");
    }

    /// Writes a chunk of a text completion; `beside` writes the choice's other fields, such as `logprobs`.
    pub fn text(
        &self,
        out: &mut Vec<u8>,
        text: &Text,
        reason: Option<&FinishReason>,
        beside: impl FnOnce(&mut Object),
    ) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(br#""choices":["#);
        let mut choice = Object::begin(out);
        choice.json("index", "0").text("text", text);
        end_choice(choice, reason, beside);
        out.extend_from_slice(b"]}\n\n");
    }
}

/// Writes the fields at the end of a choice.
fn end_choice(mut choice: Object, reason: Option<&FinishReason>, beside: impl FnOnce(&mut Object)) {
    beside(&mut choice);
    match reason {
        Some(reason) => choice.string("finish_reason", reason.as_str()),
        None => choice.json("finish_reason", "null"),
    };
}
