//! One chunk of a streamed answer: its texts, each with the place where it grows from chunk to chunk, and whether the
//! chunk has any content.

use std::cmp::Ordering;
use std::sync::LazyLock;

use bytes::Bytes;
use memchr::memmem::Finder;

use super::parts::{ANSWER, CHOICE, Holds, MESSAGE, PART};
use super::texts::{Form, Step, Walk};
use crate::json::{self, Kind, Span, Value, elements, find, member, members};

/// Identifies one text of a stream. Chunks append to each text separately.
#[derive(Debug, Clone)]
pub struct Place {
    pub choice: u64,
    /// The JSON between the choice and the text. It is without the `type` of content parts, which some providers send
    /// only in the first chunk. Two places with the same choice, serial and path are equal.
    path: Box<str>,
    /// `before` and `after` are the JSON around the text in a choice that contains this text alone. `before` includes
    /// the `type` of content parts as it was first seen.
    before: Box<str>,
    after: Box<str>,
    /// 0 for a text that grows. A text that does not grow is a place of its own: this is its number in the stream, from
    /// 1.
    serial: u64,
    pub is_json: bool,
}

/// A text of a chunk.
#[derive(Debug, Clone)]
pub struct ChunkText {
    pub place: Place,
    /// Position of the JSON string, quotes included.
    pub span: Span,
}

/// One event of a stream, parsed into its texts.
pub struct Chunk {
    pub data: Bytes,
    /// In document order.
    pub texts: Vec<ChunkText>,
    /// Indexes of the choices that end with this chunk.
    pub ended: Vec<u64>,
    /// The chunk contains something other than growing text: a role, the name of a tool, a finish reason.
    pub says_more: bool,
    is_too_deep: bool,
}

impl Place {
    /// Whether the next chunk may append to this text.
    #[must_use]
    pub fn grows(&self) -> bool {
        self.serial == 0
    }

    /// A choice object of a chunk that contains only this text. `text` is a JSON string.
    #[must_use]
    pub fn alone(&self, text: &str) -> String {
        let Self {
            choice, before, after, ..
        } = self;
        match choice {
            _ if self.serial != 0 => String::new(),
            choice => format!(r#"{{"index":{choice},{before}{text}{after},"finish_reason":null}}"#),
        }
    }

    fn key(&self) -> (u64, u64, &str) {
        (self.choice, self.serial, &self.path)
    }

    fn of(document: &[u8], choice: u64, trail: &[Step], form: Form, serial: u64) -> Self {
        let (path, _) = written(document, trail, false);
        let (before, after) = written(document, trail, true);
        Self {
            choice,
            path: path.into(),
            before: before.into(),
            after: after.into(),
            serial,
            is_json: form.is_json,
        }
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Place {}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// The JSON before and after a text that is alone in its choice. `trail` has the steps from the choice to the text.
fn written(document: &[u8], trail: &[Step], with_type: bool) -> (String, String) {
    let (mut before, mut after) = (String::new(), String::new());
    for (depth, step) in trail.iter().enumerate() {
        let leads_to_object = matches!(trail.get(depth + 1), Some(Step::Key(_)));
        match step {
            Step::Key(key) => {
                before.push_str(&String::from_utf8_lossy(key.of(document)));
                before.push(':');
                if leads_to_object {
                    before.push('{');
                    after.insert(0, '}');
                }
            }
            Step::Element(_) | Step::Part(_) => {
                before.push('[');
                after.insert(0, ']');
                if leads_to_object {
                    before.push('{');
                    after.insert(0, '}');
                }
                match step {
                    Step::Element(index) => before.push_str(&format!("\"index\":{index},")),
                    Step::Part(Some(kind)) if with_type => {
                        before.push_str("\"type\":");
                        before.push_str(&String::from_utf8_lossy(kind.of(document)));
                        before.push(',');
                    }
                    _ => {}
                }
            }
        }
    }
    (before, after)
}

impl Chunk {
    /// Parses a chunk. `serial` counts the stream's texts that do not grow. `None` if the data is not a JSON object, or
    /// is nested deeper than any document may be.
    pub fn read(data: Bytes, serial: &mut u64) -> Option<Self> {
        let mut chunk = Self {
            data: data.clone(),
            texts: Vec::new(),
            ended: Vec::new(),
            says_more: false,
            is_too_deep: false,
        };
        let root = find::root(&data).filter(|root| root.kind == Kind::Object)?;
        let mut choices = 0;
        for field in members(&data, root.span) {
            match field.name(&data).as_deref() {
                Some("choices") => {
                    for (place, choice) in elements(&data, field.value.span).enumerate() {
                        choices += 1;
                        chunk.read_choice(&data, place as u64, choice, serial);
                    }
                }
                name => chunk.read_beside(&data, name.unwrap_or_default(), field.value, serial),
            }
        }
        chunk.says_more |= choices == 0;
        (!chunk.is_too_deep).then_some(chunk)
    }

    fn read_choice(&mut self, data: &[u8], place: u64, choice: Value, serial: &mut u64) {
        let index = member(data, choice.span, "index").and_then(|index| index.as_u64(data));
        let index = index.unwrap_or(place);
        for field in members(data, choice.span) {
            let name = field.name(data).unwrap_or_default();
            let grows = matches!(name.as_ref(), "delta" | "text");
            self.walk(
                data,
                index,
                field.key,
                field.value,
                Holds::member(CHOICE, &name),
                grows,
                serial,
            );
            match name.as_ref() {
                "delta" => self.says_more |= delta_says_more(data, field.value),
                "finish_reason" if is_reason(data, field.value) => {
                    self.ended.push(index);
                    self.says_more = true;
                }
                _ => {}
            }
        }
    }

    /// Reads a member beside `choices`, such as citations. Its texts are complete in each chunk.
    fn read_beside(&mut self, data: &[u8], name: &str, value: Value, serial: &mut u64) {
        let before = self.texts.len();
        let key = Span { start: 0, end: 0 };
        self.walk(data, 0, key, value, Holds::member(ANSWER, name), false, serial);
        self.says_more |= self.texts.len() > before;
    }

    #[allow(clippy::too_many_arguments, reason = "one walk, told where it is")]
    fn walk(&mut self, data: &[u8], choice: u64, key: Span, value: Value, holds: Holds, grows: bool, serial: &mut u64) {
        let mut found = Vec::new();
        let mut walk = Walk::new(data, |trail: &[Step], value: Value, form: Form| {
            let form = Form {
                grows: form.grows && grows,
                ..form
            };
            if !form.grows {
                *serial += 1;
            }
            let mut steps = Vec::with_capacity(trail.len() + 1);
            steps.push(Step::Key(key));
            steps.extend_from_slice(trail);
            let own = if form.grows { 0 } else { *serial };
            let place = Place::of(data, choice, &steps, form, own);
            found.push(ChunkText {
                place,
                span: value.span,
            });
        });
        walk.value(value, holds);
        self.is_too_deep |= walk.is_too_deep;
        self.says_more |= found.iter().any(|text| !text.place.grows());
        self.texts.append(&mut found);
    }

    /// The text at this position of the chunk, without escapes.
    #[must_use]
    pub fn text(&self, span: Span) -> String {
        let quoted = span.of(&self.data);
        let inside = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        json::text::unescape(inside).map_or_else(String::new, |text| text.into_owned())
    }
}

/// Parts that are nested deeper count as more than text. No provider nests them so deeply.
const PARTS_DEPTH_MAX: usize = 8;

/// Whether a delta contains something other than text: a role, the name or id of a tool, a signature.
fn delta_says_more(data: &[u8], delta: Value) -> bool {
    holds_more(data, delta, MESSAGE, PARTS_DEPTH_MAX)
}

fn holds_more(data: &[u8], value: Value, holds: Holds, depth_max: usize) -> bool {
    let Some(depth_max) = depth_max.checked_sub(1) else {
        return true;
    };
    let parts = match holds {
        Holds::Nothing | Holds::Media(_) | Holds::MediumOfType => return !is_empty(data, value),
        Holds::List(holds) => {
            return elements(data, value.span).any(|element| holds_more(data, element, *holds, depth_max));
        }
        Holds::Content if value.kind == Kind::Array => {
            return elements(data, value.span).any(|element| holds_more(data, element, holds, depth_max));
        }
        Holds::Object(parts) => parts,
        Holds::Content => PART,
        _ => return value.kind != Kind::String && !is_empty(data, value),
    };
    members(data, value.span).any(|field| {
        let name = field.name(data).unwrap_or_default();
        // The index and the type of an element are no content by themselves.
        !matches!(name.as_ref(), "index" | "type")
            && holds_more(data, field.value, Holds::member(parts, &name), depth_max)
    })
}

/// Whether a chunk has content: a text, or a member of a delta other than `role` that is not empty.
#[must_use]
pub fn says_something(data: &[u8]) -> bool {
    let choices = find::root(data).and_then(|root| member(data, root.span, "choices"));
    let mut choices = choices.into_iter().flat_map(|choices| elements(data, choices.span));
    choices.any(|choice| {
        members(data, choice.span).any(|field| match field.name(data).as_deref() {
            Some("text") => !is_empty(data, field.value),
            Some("delta") => members(data, field.value.span).any(|part| {
                let is_role = part.is_named(data, "role");
                !is_role && !is_empty(data, part.value)
            }),
            _ => false,
        })
    })
}

/// Whether a choice ends with this chunk, that is, has a finish reason. Until then upstreams send `null`, an empty
/// string or no `finish_reason`.
#[must_use]
pub fn ends(data: &[u8]) -> bool {
    static KEY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"finish_reason\""));
    KEY.find_iter(data).any(|at| {
        let rest = data[at + KEY.needle().len()..].trim_ascii_start();
        let value = rest.strip_prefix(b":").unwrap_or_default().trim_ascii_start();
        value.starts_with(b"\"") && !value.starts_with(b"\"\"")
    })
}

/// The text of a chunk whose only content is the plain text of one choice: the inside of the JSON string, with its
/// escapes. `None` if the chunk has no text.
///
/// # Errors
/// The chunk has another part, or another choice.
pub fn plain_text(data: &[u8]) -> Result<Option<&[u8]>, SaysMore> {
    let Some(choices) = find::root(data).and_then(|root| member(data, root.span, "choices")) else {
        return Ok(None);
    };
    let mut choices = elements(data, choices.span);
    let Some(choice) = choices.next() else { return Ok(None) };
    if choices.next().is_some() {
        return Err(SaysMore);
    }
    let Some(delta) = member(data, choice.span, "delta") else {
        return Ok(None);
    };
    let mut text = None;
    for part in members(data, delta.span) {
        match part.name(data).as_deref() {
            Some("role") => {}
            Some("content") if part.value.kind == Kind::String && text.is_none() => {
                text = part
                    .raw(data)
                    .strip_prefix(b"\"")
                    .and_then(|text| text.strip_suffix(b"\""));
            }
            _ if is_empty(data, part.value) => {}
            _ => return Err(SaysMore),
        }
    }
    Ok(text)
}

/// The error of [`plain_text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaysMore;

/// Whether the value is a finish reason. Some servers send an empty string until there is a reason.
fn is_reason(data: &[u8], value: Value) -> bool {
    value.kind == Kind::String && !is_empty(data, value)
}

/// Whether the value is null, an empty string, an empty array or an empty object.
fn is_empty(data: &[u8], value: Value) -> bool {
    match value.kind {
        Kind::Null => true,
        Kind::String => value.span.len() <= 2,
        Kind::Array | Kind::Object => {
            let inside = value.raw(data);
            let inside = inside.get(1..inside.len().saturating_sub(1)).unwrap_or_default();
            inside.trim_ascii().is_empty()
        }
        Kind::Bool | Kind::Number => false,
    }
}
