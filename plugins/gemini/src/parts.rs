//! Sorts a candidate's parts by where they go in OpenAI's message, both for whole answers and for events.

use sluice_sdk::canonical::{Object, RawValue, Text, write_escaped};

use crate::annotations::{Annotation, write_annotations};
use crate::signature;
use crate::wire::{Blob, Candidate, FunctionCall, Part, ServerTool};

/// How long OpenAI's clients may refer to an audio answer, in seconds.
const AUDIO_KEPT_SECS: u64 = 24 * 60 * 60;

/// A call and the model's signature of it.
struct Call<'a> {
    function: FunctionCall<'a>,
    signature: Option<Text<'a>>,
}

/// A tool that Google ran, with its call and its response.
struct Ran<'a> {
    call: ServerTool<'a>,
    signature: Option<Text<'a>>,
    response: Option<&'a RawValue>,
}

/// The parts of a candidate, sorted by where they go.
#[derive(Default)]
pub struct Parts<'a> {
    text: Vec<Text<'a>>,
    thoughts: Vec<(Text<'a>, Option<Text<'a>>)>,
    calls: Vec<Call<'a>>,
    images: Vec<Blob<'a>>,
    audio: Vec<Blob<'a>>,
    signatures: Vec<Text<'a>>,
    ran: Vec<Ran<'a>>,
    /// Parts that only Gemini has, with their names.
    other: Vec<(&'static str, &'a RawValue)>,
}

/// The answer that the parts belong to, and the number of calls and images in earlier events.
pub struct Place<'p> {
    pub id: &'p str,
    pub created: u64,
    pub candidate: u64,
    pub calls: usize,
    pub images: usize,
}

impl<'a> Parts<'a> {
    pub fn sort(candidate: &mut Candidate<'a>) -> Self {
        let mut parts = Self::default();
        let content = candidate.content.take().and_then(|content| content.parts);
        content.into_iter().flatten().for_each(|part| parts.add(part));
        parts
    }

    fn add(&mut self, part: Part<'a>) {
        let is_thought = part.is_thought();
        let signature = part.signature.filter(|signature| !signature.is_empty());
        self.signatures.extend(signature.clone());
        if let Some(text) = part.text.filter(|text| !text.is_empty()) {
            if is_thought {
                self.thoughts.push((text, signature.clone()));
            } else {
                self.text.push(text);
            }
        }
        if let Some(function) = part.function_call.filter(|function| function.name.is_some()) {
            self.calls.push(Call {
                function,
                signature: signature.clone(),
            });
        }
        if let Some(blob) = part.inline_data {
            let is_audio = blob
                .media_type
                .as_ref()
                .is_some_and(|kind| kind.escaped().starts_with("audio/"));
            if is_audio { &mut self.audio } else { &mut self.images }.push(blob);
        }
        if let Some(call) = part.tool_call {
            self.ran.push(Ran {
                call,
                signature,
                response: None,
            });
        }
        if let Some(response) = part.tool_response {
            self.add_response(response);
        }
        for (name, raw) in [
            ("executableCode", part.executable_code),
            ("codeExecutionResult", part.code_result),
            ("fileData", part.file_data),
        ] {
            self.other.extend(raw.map(|raw| (name, raw)));
        }
    }

    /// Stores a response with its call; if the call came in an earlier event, the response is stored alone.
    fn add_response(&mut self, mut response: ServerTool<'a>) {
        let mut calls = self.ran.iter_mut().rev();
        let called = calls.find(|ran| ran.response.is_none() && ran.call.id == response.id);
        match called {
            Some(ran) => ran.response = response.response,
            None => self.ran.push(Ran {
                response: response.response.take(),
                call: response,
                signature: None,
            }),
        }
    }

    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    pub fn images(&self) -> usize {
        self.images.len()
    }

    pub fn is_empty(&self) -> bool {
        let Self {
            text,
            thoughts,
            calls,
            images,
            audio,
            signatures,
            ran,
            other,
        } = self;
        text.is_empty()
            && thoughts.is_empty()
            && calls.is_empty()
            && images.is_empty()
            && audio.is_empty()
            && signatures.is_empty()
            && ran.is_empty()
            && other.is_empty()
    }

    /// Writes the fields of a message.
    pub fn write_message(&self, to: &mut Object, place: &Place, annotations: &[Annotation]) {
        if self.text.is_empty() {
            to.json("content", "null");
        }
        self.write_text(to);
        if !self.thoughts.is_empty() {
            self.write_thinking_blocks(to);
        }
        self.write_calls(to, place, false);
        self.write_media(to, place);
        write_annotations(to, annotations);
        self.write_provider_fields(to);
    }

    /// Writes the fields of a delta.
    pub fn write_delta(&self, to: &mut Object, place: &Place, annotations: &[Annotation]) {
        self.write_text(to);
        self.write_calls(to, place, true);
        self.write_media(to, place);
        write_annotations(to, annotations);
        self.write_provider_fields(to);
    }

    /// Escaped texts can be concatenated without decoding them.
    fn write_text(&self, to: &mut Object) {
        if !self.text.is_empty() {
            write_joined(to.field("content"), self.text.iter());
        }
        if !self.thoughts.is_empty() {
            write_joined(
                to.field("reasoning_content"),
                self.thoughts.iter().map(|(text, _)| text),
            );
        }
    }

    fn write_thinking_blocks(&self, to: &mut Object) {
        let mut list = to.list("thinking_blocks");
        for (text, signature) in &self.thoughts {
            let mut block = list.object();
            block.string("type", "thinking").text("thinking", text);
            if let Some(signature) = signature {
                block.text("signature", signature);
            }
        }
    }

    fn write_calls(&self, to: &mut Object, place: &Place, has_index: bool) {
        if self.calls.is_empty() {
            return;
        }
        let mut list = to.list("tool_calls");
        for (offset, call) in self.calls.iter().enumerate() {
            let number = place.calls + offset;
            let mut object = list.object();
            if has_index {
                object.number("index", number as u64);
            }
            write_id(object.field("id"), call, place, number);
            object.string("type", "function");
            let mut function = object.object("function");
            if let Some(name) = &call.function.name {
                function.text("name", name);
            }
            write_arguments(function.field("arguments"), call.function.args);
            drop(function);
            if let Some(signature) = &call.signature {
                object
                    .object("provider_specific_fields")
                    .text("thought_signature", signature);
            }
        }
    }

    fn write_media(&self, to: &mut Object, place: &Place) {
        if !self.images.is_empty() {
            let mut list = to.list("images");
            for (offset, blob) in self.images.iter().enumerate() {
                let mut image = list.object();
                image
                    .string("type", "image_url")
                    .number("index", (place.images + offset) as u64);
                let mut url = image.object("image_url");
                write_data_uri(url.field("url"), blob);
                url.string("detail", "auto");
            }
        }
        if !self.audio.is_empty() {
            let mut audio = to.object("audio");
            audio.string("id", &format!("audio_{}", place.id));
            write_joined(
                audio.field("data"),
                self.audio.iter().filter_map(|blob| blob.data.as_ref()),
            );
            audio.number("expires_at", place.created.saturating_add(AUDIO_KEPT_SECS));
            audio.string("transcript", "");
        }
    }

    fn write_provider_fields(&self, to: &mut Object) {
        if self.signatures.is_empty() && self.ran.is_empty() && self.other.is_empty() {
            return;
        }
        let mut fields = to.object("provider_specific_fields");
        if !self.signatures.is_empty() {
            let mut list = fields.list("thought_signatures");
            for signature in &self.signatures {
                write_joined(list.item(), std::iter::once(signature));
            }
        }
        if !self.ran.is_empty() {
            let mut list = fields.list("server_side_tool_invocations");
            self.ran.iter().for_each(|ran| ran.write(&mut list.object()));
        }
        if !self.other.is_empty() {
            let mut list = fields.list("parts");
            for (name, raw) in &self.other {
                list.object().raw(name, raw);
            }
        }
    }
}

impl Ran<'_> {
    fn write(&self, to: &mut Object) {
        for (name, text) in [("tool_type", &self.call.tool_type), ("id", &self.call.id)] {
            if let Some(text) = text {
                to.text(name, text);
            }
        }
        to.maybe_raw("args", self.call.args);
        if let Some(signature) = &self.signature {
            to.text("thought_signature", signature);
        }
        to.maybe_raw("response", self.response);
    }
}

fn write_joined<'t>(out: &mut Vec<u8>, texts: impl Iterator<Item = &'t Text<'t>>) {
    out.push(b'"');
    for text in texts {
        out.extend_from_slice(text.escaped().as_bytes());
    }
    out.push(b'"');
}

/// Writes the call's own id, or else one made from the answer's id, which is unique in the conversation. The signature,
/// if any, follows the id.
fn write_id(out: &mut Vec<u8>, call: &Call, place: &Place, number: usize) {
    out.push(b'"');
    match call.function.id.as_ref().filter(|id| !id.is_empty()) {
        Some(id) => out.extend_from_slice(id.escaped().as_bytes()),
        None => {
            let candidate = if place.candidate > 0 {
                format!("{}_", place.candidate)
            } else {
                String::new()
            };
            write_escaped(out, &format!("call_{candidate}{number}_{}", place.id));
        }
    }
    if let Some(signature) = &call.signature {
        out.extend_from_slice(signature::IN_ID.as_bytes());
        out.extend_from_slice(signature.escaped().as_bytes());
    }
    out.push(b'"');
}

/// Writes an object as text, without white space between its tokens.
fn write_arguments(out: &mut Vec<u8>, args: Option<&RawValue>) {
    let json = args
        .filter(|args| args.get().starts_with('{'))
        .map_or("{}", RawValue::get);
    let mut compact = String::with_capacity(json.len());
    let (mut in_text, mut after_backslash) = (false, false);
    for letter in json.chars() {
        if !in_text && letter.is_ascii_whitespace() {
            continue;
        }
        match letter {
            '"' if !after_backslash => in_text = !in_text,
            _ => {}
        }
        after_backslash = letter == '\\' && !after_backslash;
        compact.push(letter);
    }
    out.push(b'"');
    write_escaped(out, &compact);
    out.push(b'"');
}

fn write_data_uri(out: &mut Vec<u8>, blob: &Blob) {
    let text = |text: &Option<Text>| text.as_ref().map_or(String::new(), |text| text.escaped().to_owned());
    out.extend_from_slice(b"\"data:");
    out.extend_from_slice(text(&blob.media_type).as_bytes());
    out.extend_from_slice(b";base64,");
    if let Some(data) = &blob.data {
        out.extend_from_slice(data.escaped().as_bytes());
    }
    out.push(b'"');
}
