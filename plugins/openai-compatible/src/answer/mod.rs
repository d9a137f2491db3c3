//! Patches chat answers that differ from OpenAI's. Answers of providers that do not differ are relayed, and this module
//! is not used for them.
//!
//! In a whole answer, and in each chunk, only the differing fields are written anew. A stream keeps only whether it is
//! finished, so its memory does not grow with its length.

mod citations;
mod message;
mod usage;

use serde_json::value::RawValue;
use sluice_sdk::canonical::{Fields, List, Object, Text};
use sluice_sdk::{Failure, Framing, Reading, exchange};

use crate::entry::{AnswerPatch, Entry, SchemaBy};
use crate::schema;
use citations::Citations;

/// Parts of the names of models that put their reasoning into the content, in `<think>`, if the server does not remove
/// it.
const THINKING_MODELS: [&str; 14] = [
    "deepseek-r1",
    "-r1-",
    "qwq",
    "qwen3",
    "qwen-3",
    "thinking",
    "reasoning",
    "magistral",
    "minimax-m",
    "glm-4",
    "glm-z1",
    "nemotron",
    "exaone-deep",
    "hunyuan",
];

/// Fields of a request that make a model reason.
const REASONS: [&str; 3] = ["reasoning_effort", "thinking", "prompt_mode"];

/// The patches to apply to an answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Patches {
    thinking_parts: bool,
    think_tags: bool,
    reasoning_outside: bool,
    citations: bool,
    schema_tool: bool,
}

impl Patches {
    /// The patches for this provider and model.
    pub fn of(entry: &Entry, model: &str, is_streaming: bool) -> Self {
        let has = |patch| entry.answer.contains(&patch);
        Self {
            thinking_parts: has(AnswerPatch::ThinkingParts) && may_list(model),
            reasoning_outside: has(AnswerPatch::ReasoningOutside),
            think_tags: !is_streaming && may_think(model),
            citations: !is_streaming && has(AnswerPatch::Citations),
            schema_tool: schema::wanted(entry, model) == Some(SchemaBy::Tool),
        }
    }

    pub fn reading(self) -> Reading {
        let Self {
            thinking_parts,
            think_tags,
            reasoning_outside,
            citations,
            schema_tool,
        } = self;
        let in_streams = thinking_parts || reasoning_outside || schema_tool;
        match exchange::is_streaming() {
            true if in_streams => Reading::Events(Framing::ServerSentEvents),
            false if in_streams || think_tags || citations => Reading::Whole,
            _ => Reading::Relay,
        }
    }
}

/// Whether the content may be a list, which it is if the model reasons: always, or because the request asks for it.
fn may_list(model: &str) -> bool {
    let asks = |field: &&str| exchange::field(field).is_some_and(|json| json != "null");
    model.contains("magistral") || REASONS.iter().any(asks)
}

fn may_think(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    THINKING_MODELS.iter().any(|part| model.contains(part))
}

/// Patches a whole answer.
///
/// # Errors
/// The document is an error, or not an answer.
pub fn whole(body: &[u8], patches: Patches) -> Result<Vec<u8>, Failure> {
    let answer = read(body)?;
    if answer
        .get("choices")
        .is_none_or(|choices| !choices.get().starts_with('['))
    {
        return Err(Failure::malformed("it has no `choices`"));
    }
    let mut out = Vec::with_capacity(body.len() + 256);
    write(&answer, patches, "message", &mut out)?;
    Ok(out)
}

/// The state of one streamed answer.
#[derive(Default)]
pub struct Stream {
    is_finished: bool,
}

impl Stream {
    /// Appends the chunk for one event.
    ///
    /// # Errors
    /// The event is an error, or not a chunk; then nothing is appended.
    pub fn event(&mut self, data: &[u8], patches: Patches, out: &mut Vec<u8>) -> Result<(), Failure> {
        let chunk = read(data)?;
        let before = out.len();
        out.extend_from_slice(b"data: ");
        let written = write(&chunk, patches, "delta", out);
        if written.is_err() {
            out.truncate(before);
        }
        self.is_finished |= written?;
        out.extend_from_slice(b"\n\n");
        Ok(())
    }

    /// Called when the upstream's stream has ended.
    ///
    /// # Errors
    /// The stream ended before the answer was complete.
    pub fn finish(&self) -> Result<Vec<u8>, Failure> {
        if self.is_finished {
            Ok(Vec::new())
        } else {
            Err(Failure::malformed("the stream broke off before it said why it ends"))
        }
    }
}

/// Parses an answer or a chunk.
fn read(document: &[u8]) -> Result<Fields<'_>, Failure> {
    let text = std::str::from_utf8(document).map_err(Failure::malformed)?;
    let fields: Fields = serde_json::from_str(text).map_err(Failure::malformed)?;
    match fields.get("error").filter(|error| error.get() != "null") {
        // An error with a 2xx status is the upstream's fault, whatever the error says.
        Some(_) => Err(Failure::from_openai(500, document)),
        None => Ok(fields),
    }
}

/// Writes the patched document; returns whether a choice has a finish reason.
fn write(document: &Fields, patches: Patches, message: &str, out: &mut Vec<u8>) -> Result<bool, Failure> {
    let citations = patches.citations.then(|| Citations::of(document));
    let mut is_finished = false;
    let mut to = Object::begin(out);
    for (name, value) in &document.0 {
        match name.as_ref() {
            "choices" if value.get().starts_with('[') => {
                let choices: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(Failure::malformed)?;
                let mut list = to.list("choices");
                for choice in choices {
                    let Ok(choice) = serde_json::from_str(choice.get()) else {
                        continue;
                    };
                    is_finished |= write_choice(&choice, patches, message, citations.as_ref(), &mut list);
                }
            }
            "usage" if value.get().starts_with('{') => {
                usage::write(value, patches.reasoning_outside, citations.as_ref(), to.field("usage"))
            }
            name => {
                to.raw(Text::from_decoded(name).escaped(), value);
            }
        }
    }
    Ok(is_finished)
}

fn write_choice(
    choice: &Fields,
    patches: Patches,
    message: &str,
    citations: Option<&Citations>,
    list: &mut List,
) -> bool {
    let inner: Option<Fields> = choice
        .get(message)
        .and_then(|json| serde_json::from_str(json.get()).ok());
    let mut is_finished = false;
    let mut to = list.object();
    for (name, value) in &choice.0 {
        match (name.as_ref(), &inner) {
            (name, Some(inner)) if name == message => {
                message::write(inner, patches, message == "delta", citations, to.field(message));
            }
            // xAI sends an empty finish reason if tools are called.
            ("finish_reason", inner) if value.get() == "\"\"" => {
                is_finished = true;
                let has_calls = inner.as_ref().is_some_and(message::has_calls);
                to.string("finish_reason", if has_calls { "tool_calls" } else { "stop" });
            }
            ("finish_reason", _) if patches.schema_tool && value.get() == "\"tool_calls\"" => {
                is_finished = true;
                to.string("finish_reason", "stop");
            }
            (name, _) => {
                is_finished |= name == "finish_reason" && value.get() != "null";
                to.raw(Text::from_decoded(name).escaped(), value);
            }
        }
    }
    is_finished
}
