//! Finds the texts of requests and answers by the table of [`parts`](super::parts), and replaces them in the document.

use std::borrow::Cow;

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;

use super::fields::Says;
use super::parts::{ANSWER, ENCODED, Holds, Medium, PART};
use super::{Canonical, parts};
use crate::json::text::{plain_escapes, quote};
use crate::json::{self, DEPTH_CEILING, Kind, ReplaceError, Span, Value, elements, find, member, members};

/// What a guardrail is shown of a document.
#[derive(Debug, Default)]
pub struct Shown {
    /// In the order of the document.
    pub found: Vec<Found>,
    /// Media beside the document: files of a form, or an answer of bytes.
    pub encoded: Vec<Encoded>,
    /// Media that the guardrail does not look at, each once.
    pub unseen: Vec<Medium>,
}

/// A medium that is not in a document, in the form that guardrails get.
#[derive(Debug)]
pub struct Encoded {
    pub medium: Medium,
    /// Which of a form's files it is; 0 for an answer of bytes.
    pub position: usize,
    /// Base64.
    pub text: String,
}

impl Encoded {
    #[must_use]
    pub fn new(medium: Medium, position: usize, bytes: &[u8]) -> Self {
        Self {
            medium,
            position,
            text: BASE64_STANDARD.encode(bytes),
        }
    }
}

/// The bytes that a guardrail gives in place of a medium's; `None` if they are the same.
///
/// # Errors
/// They are not base64.
pub fn decoded(shown: &Encoded, text: &str) -> Result<Option<Bytes>, base64::DecodeError> {
    match shown.text == text {
        true => Ok(None),
        false => BASE64_STANDARD.decode(text).map(|bytes| Some(bytes.into())),
    }
}

/// A text and its position in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Position of the JSON value; of a string, quotes included.
    pub span: Span,
    /// `system`, `developer`, `user`, `assistant`, …; `input` for the input of embeddings and completions; the word of a
    /// medium.
    pub role: String,
    /// Without JSON escapes. A text that is itself JSON keeps the escapes that JSON requires, and no others.
    pub text: String,
}

/// How a text is written in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// The string contains JSON.
    pub is_json: bool,
    /// In a stream, the next chunk may append to it.
    pub grows: bool,
    /// `None` for text.
    pub medium: Option<Medium>,
}

/// Members of a medium that only describe it.
const FACTS: [&str; 8] = [
    "type",
    "detail",
    "format",
    "index",
    "id",
    "media_type",
    "mime_type",
    "cache_control",
];

/// A step from an object or a list to a value in it.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// The key, with its quotes.
    Key(Span),
    /// An element of a list: its member `index`, or its position if it has none.
    Element(u64),
    /// A content part, with the position of its `type`. Parts of the same type are one text.
    Part(Option<Span>),
}

/// Calls `visit` for each text of a value, in document order. The table of parts defines which values are text.
pub struct Walk<'d, F> {
    document: &'d [u8],
    trail: Vec<Step>,
    visit: F,
    /// Media are visited too.
    with_media: bool,
    /// A value is nested deeper than any document may be, and was not visited.
    pub is_too_deep: bool,
}

impl<'d, F: FnMut(&[Step], Value, Form)> Walk<'d, F> {
    pub fn new(document: &'d [u8], visit: F) -> Self {
        Self {
            document,
            trail: Vec::new(),
            visit,
            with_media: false,
            is_too_deep: false,
        }
    }

    /// Visits media too.
    pub fn with_media(mut self) -> Self {
        self.with_media = true;
        self
    }

    /// Walks one value. Empty strings are not visited.
    pub fn value(&mut self, value: Value, holds: Holds) {
        let plain = Form {
            is_json: false,
            grows: true,
            medium: None,
        };
        if self.trail.len() > usize::from(DEPTH_CEILING) {
            self.is_too_deep = true;
            return;
        }
        match holds {
            Holds::Nothing => {}
            Holds::Text | Holds::TextOfType => self.strings(value, plain),
            Holds::Media(medium) => self.medium(value, medium),
            Holds::MediumOfType => self.medium(value, Medium::File),
            Holds::Input if self.is_tokens(value) => self.medium(value, Medium::Tokens),
            Holds::Input if elements(self.document, value.span).any(|element| self.is_tokens(element)) => {
                for element in elements(self.document, value.span) {
                    self.step(Step::Part(None), element, Holds::Input);
                }
            }
            Holds::Input => self.value(value, Holds::Content),
            Holds::Complete => self.strings(value, Form { grows: false, ..plain }),
            Holds::Json => self.strings(value, Form { is_json: true, ..plain }),
            Holds::Content if value.kind == Kind::Array => {
                for element in elements(self.document, value.span) {
                    let kind = member(self.document, element.span, "type").map(|kind| kind.span);
                    self.step(Step::Part(kind), element, Holds::Content);
                }
            }
            Holds::Content => self.object(value, PART),
            Holds::Object(parts) => self.object(value, parts),
            Holds::List(holds) if value.kind == Kind::Array => {
                for (place, element) in elements(self.document, value.span).enumerate() {
                    let index = member(self.document, element.span, "index");
                    let index = index.and_then(|index| index.as_u64(self.document));
                    self.step(Step::Element(index.unwrap_or(place as u64)), element, *holds);
                }
            }
            // A single element in the place of a list.
            Holds::List(holds) => self.value(value, *holds),
        }
    }

    fn step(&mut self, step: Step, value: Value, holds: Holds) {
        self.trail.push(step);
        self.value(value, holds);
        self.trail.pop();
    }

    /// All members with the same name are visited, not only the first: parsers differ on which one counts.
    fn object(&mut self, value: Value, parts: &'static [parts::Part]) {
        if value.kind != Kind::Object {
            return self.value(value, Holds::Text);
        }
        for field in members(self.document, value.span) {
            let name = field.name(self.document).unwrap_or_default();
            let holds = match Holds::member(parts, &name) {
                Holds::TextOfType if self.is_of_type_text(value) => Holds::Text,
                Holds::TextOfType | Holds::MediumOfType => Holds::Media(self.medium_of(value)),
                holds => holds,
            };
            self.step(Step::Key(field.key), field.value, holds);
        }
    }

    fn is_of_type_text(&self, object: Value) -> bool {
        let mut kinds = members(self.document, object.span).filter(|field| field.is_named(self.document, "type"));
        kinds.any(|kind| kind.value.text(self.document).as_deref() == Some("text"))
    }

    /// The medium of a source: as the content part says that it is in, else as its own media type says.
    fn medium_of(&self, source: Value) -> Medium {
        let part = self.trail.iter().rev().find_map(|step| match step {
            Step::Part(Some(kind)) => Value::string(*kind).text(self.document),
            _ => None,
        });
        let own = || member(self.document, source.span, "media_type")?.text(self.document);
        let of_part = part
            .map(|name| Medium::of_type(&name))
            .filter(|medium| *medium != Medium::File);
        of_part.unwrap_or_else(|| own().map_or(Medium::File, |name| Medium::of_type(&name)))
    }

    /// Numbers and nothing else: a text among them is looked at as text.
    fn is_tokens(&self, value: Value) -> bool {
        let mut kinds = elements(self.document, value.span).map(|element| element.kind);
        kinds.next() == Some(Kind::Number) && kinds.all(|kind| kind == Kind::Number)
    }

    /// Visits what is the medium itself: a string or tokens, or the strings of an object that do not only describe it.
    fn medium(&mut self, value: Value, medium: Medium) {
        if !self.with_media {
            return;
        }
        let form = Form {
            is_json: false,
            grows: false,
            medium: Some(medium),
        };
        match value.kind {
            Kind::String if value.span.len() > 2 => (self.visit)(&self.trail, value, form),
            Kind::Array if medium == Medium::Tokens => (self.visit)(&self.trail, value, form),
            Kind::Array | Kind::Object if self.trail.len() > usize::from(DEPTH_CEILING) => self.is_too_deep = true,
            Kind::Array => {
                for element in elements(self.document, value.span) {
                    self.step(Step::Part(None), element, Holds::Media(medium));
                }
            }
            Kind::Object => {
                for field in members(self.document, value.span) {
                    let is_fact = |name: Cow<'_, str>| FACTS.contains(&name.as_ref());
                    if !field.name(self.document).is_some_and(is_fact) {
                        self.step(Step::Key(field.key), field.value, Holds::Media(medium));
                    }
                }
            }
            _ => {}
        }
    }

    /// Visits all strings in the value, except encoded ones.
    fn strings(&mut self, value: Value, form: Form) {
        match value.kind {
            Kind::String if value.span.len() > 2 => (self.visit)(&self.trail, value, form),
            Kind::Array | Kind::Object if self.trail.len() > usize::from(DEPTH_CEILING) => self.is_too_deep = true,
            Kind::Array => {
                for element in elements(self.document, value.span) {
                    self.trail.push(Step::Part(None));
                    self.strings(element, form);
                    self.trail.pop();
                }
            }
            Kind::Object => {
                for field in members(self.document, value.span) {
                    let is_encoded = field
                        .name(self.document)
                        .is_some_and(|name| ENCODED.contains(&name.as_ref()));
                    if !is_encoded {
                        self.trail.push(Step::Key(field.key));
                        self.strings(field.value, form);
                        self.trail.pop();
                    }
                }
            }
            _ => {}
        }
    }
}

/// The texts of a client's request, and those of its media that are looked at.
#[must_use]
pub fn of_request(canonical: &Canonical, looks_at: &[Medium]) -> Shown {
    let body = canonical.body.as_ref();
    let mut shown = Shown::default();
    let mut said = |value, holds, role| said(body, value, holds, role, looks_at, &mut shown);
    for field in &canonical.fields {
        let Says::Text(holds, role) = Says::of(&field.name(body).unwrap_or_default()) else {
            continue;
        };
        match holds {
            // Each message has its own role.
            Holds::List(message) => match field.value.kind {
                Kind::Array => elements(body, field.value.span).for_each(|one| said(one, *message, role)),
                _ => said(field.value, *message, role),
            },
            _ => said(field.value, holds, role),
        }
    }
    shown
}

/// The media of a client's request, each once.
#[must_use]
pub fn media_of_request(canonical: &Canonical) -> Vec<Medium> {
    let body = canonical.body.as_ref();
    let mut found: Vec<Medium> = canonical.media().map(|(medium, _)| medium).collect();
    let mut walk = Walk::new(body, |_, _, form| found.extend(form.medium)).with_media();
    for field in &canonical.fields {
        if let Says::Text(holds, _) = Says::of(&field.name(body).unwrap_or_default()) {
            walk.value(field.value, holds);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The same of a whole answer or of a chunk.
#[must_use]
pub fn of_answer(body: &[u8], looks_at: &[Medium]) -> Shown {
    let mut shown = Shown::default();
    if let Some(root) = find::root(body) {
        said(body, root, Holds::Object(ANSWER), "assistant", looks_at, &mut shown);
    }
    shown
}

/// A medium of a whole answer or of a chunk, if there is one.
#[must_use]
pub fn medium_of_answer(body: &[u8]) -> Option<Medium> {
    let root = find::root(body)?;
    let mut found = None;
    Walk::new(body, |_, _, form| found = found.or(form.medium))
        .with_media()
        .value(root, Holds::Object(ANSWER));
    found
}

fn said(body: &[u8], value: Value, holds: Holds, role: &str, looks_at: &[Medium], shown: &mut Shown) {
    let own = member(body, value.span, "role").and_then(|role| role.text(body));
    let role = own.as_deref().unwrap_or(role);
    Walk::new(body, |_, value, form| match form.medium {
        Some(medium) if !looks_at.contains(&medium) => {
            if !shown.unseen.contains(&medium) {
                shown.unseen.push(medium);
            }
        }
        medium => {
            if let Some(text) = read(body, value, form) {
                shown.found.push(Found {
                    span: value.span,
                    role: medium.map_or(role, |medium| medium.word()).to_owned(),
                    text,
                });
            }
        }
    })
    .with_media()
    .value(value, holds);
}

fn read(document: &[u8], value: Value, form: Form) -> Option<String> {
    if form.medium == Some(Medium::Tokens) {
        return std::str::from_utf8(value.raw(document)).ok().map(str::to_owned);
    }
    let text = value.text(document)?;
    Some(match form.is_json {
        true => {
            let (plain, rest) = plain_escapes(&text);
            plain + rest
        }
        false => text.into_owned(),
    })
}

/// The document with the found texts replaced by `texts`, which are in the same order; `None` if no text differs.
///
/// # Errors
/// The texts were found in another document.
pub fn replaced(document: &Bytes, found: &[Found], texts: &[String]) -> Result<Option<Bytes>, ReplaceError> {
    let changed = found.iter().zip(texts).filter(|(found, text)| found.text != **text);
    let replacements: Vec<_> = changed.map(|(found, text)| (found.span, quote(text))).collect();
    if replacements.is_empty() {
        return Ok(None);
    }
    Ok(Some(json::replace(document, &replacements)?.into_bytes()))
}

/// The answer with `null` in place of its [`echoes`]. A guardrail changed its texts, and the echoes would reveal the
/// original.
#[must_use]
pub fn without_echoes(answer: Bytes) -> Bytes {
    let nulls: Vec<_> = echoes(&answer).into_iter().map(|span| (span, "null")).collect();
    json::replace(&answer, &nulls).map_or(answer, json::Parts::into_bytes)
}

/// Positions of the members of an answer that repeat its text in pieces ([`parts::ECHOES`]) and are not null.
#[must_use]
pub fn echoes(answer: &[u8]) -> Vec<Span> {
    let Some(root) = find::root(answer) else {
        return Vec::new();
    };
    let among = |object: Value, names: &'static [&str]| {
        members(answer, object.span)
            .filter(|field| field.value.kind != Kind::Null)
            .filter(move |field| field.name(answer).is_some_and(|name| names.contains(&name.as_ref())))
            .map(|field| field.value.span)
    };
    let choices = member(answer, root.span, "choices");
    let choices = choices.into_iter().flat_map(|choices| elements(answer, choices.span));
    let of_choices = choices.flat_map(|choice| among(choice, parts::ECHOES));
    let mut found: Vec<Span> = of_choices.chain(among(root, parts::ECHOES_OF_ANSWER)).collect();
    found.sort_by_key(|span| span.start);
    found
}
