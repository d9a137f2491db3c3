//! Answers whose content is a list of chunks, as Mistral's models give it when they reason
//! (<https://docs.mistral.ai/capabilities/reasoning>): thoughts, text, and references to what tools found. They become
//! `reasoning_content`, text, and `provider_specific_fields.references`; all else is copied.

use serde_json::value::RawValue;
use sluice_sdk::canonical::{Fields, Object, Text};
use sluice_sdk::{Event, Failure, exchange, wire};

use crate::entry::Entry;

/// Fields of a request that make a model reason.
const REASONS: [&str; 2] = ["reasoning_effort", "prompt_mode"];

/// Whether the answer may hold chunks. Other answers are relayed.
pub fn are_expected(entry: &Entry, model: &str) -> bool {
    let asks = |field: &&str| exchange::field(field).is_some_and(|json| json != "null");
    entry.content_chunks && (model.contains("magistral") || REASONS.iter().any(asks))
}

/// The whole answer with text for content.
///
/// # Errors
/// It is an error, or no answer.
pub fn translate(body: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::with_capacity(body.len() + 64);
    write(&mut out, body, "message")?;
    Ok(out)
}

/// What is known of a stream.
#[derive(Default)]
pub struct Stream {
    is_finished: bool,
}

impl Stream {
    /// The same chunks with text for content.
    ///
    /// # Errors
    /// One is an error, or no chunk.
    pub fn translate(&mut self, batch: &[Event]) -> Result<Vec<u8>, Failure> {
        let mut out = Vec::new();
        for event in batch {
            out.extend_from_slice(b"data: ");
            self.is_finished |= write(&mut out, &event.data, "delta")?;
            out.extend_from_slice(b"\n\n");
        }
        Ok(out)
    }

    /// # Errors
    /// The stream broke off.
    pub fn finish(&self) -> Result<Vec<u8>, Failure> {
        match self.is_finished {
            true => Ok(Vec::new()),
            false => Err(Failure::malformed("the stream broke off before it said why it ends")),
        }
    }
}

wire! {
    Chunk {
        "type" kind: Text<'a>,
        "text" text: Text<'a>,
        /// Of `thinking`.
        "thinking" thinking: Vec<Chunk<'a>>,
    }
}

/// Writes the document anew; says whether a choice ended. `part` is what a choice holds: `message` or `delta`.
fn write(out: &mut Vec<u8>, document: &[u8], part: &str) -> Result<bool, Failure> {
    let text = std::str::from_utf8(document).map_err(Failure::malformed)?;
    let fields: Fields = serde_json::from_str(text).map_err(Failure::malformed)?;
    if fields.get("error").is_some_and(|error| error.get() != "null") {
        return Err(Failure::from_openai(500, document));
    }
    let mut is_finished = false;
    let mut to = Object::begin(out);
    for field in &fields.0 {
        let choices = (field.0 == "choices").then(|| serde_json::from_str::<Vec<Fields>>(field.1.get()));
        let Some(Ok(choices)) = choices else {
            to.rest(std::slice::from_ref(field));
            continue;
        };
        let mut list = to.list("choices");
        for choice in &choices {
            is_finished |= choice.get("finish_reason").is_some_and(|reason| reason.get() != "null");
            write_choice(&mut list.object(), choice, part);
        }
    }
    Ok(is_finished)
}

fn write_choice(to: &mut Object, choice: &Fields, part: &str) {
    for field in &choice.0 {
        let said = (field.0 == part).then(|| serde_json::from_str::<Fields>(field.1.get()));
        let Some(Ok(said)) = said else {
            to.rest(std::slice::from_ref(field));
            continue;
        };
        let mut to = to.object(part);
        for field in &said.0 {
            let chunks = (field.0 == "content").then(|| serde_json::from_str::<Vec<&RawValue>>(field.1.get()));
            match chunks {
                Some(Ok(chunks)) => write_content(&mut to, &chunks, part == "message"),
                _ => {
                    to.rest(std::slice::from_ref(field));
                }
            }
        }
    }
}

/// A message has content even where it is empty.
fn write_content(to: &mut Object, chunks: &[&RawValue], is_message: bool) {
    let (mut texts, mut thoughts, mut references) = (Vec::new(), Vec::new(), Vec::new());
    for raw in chunks {
        let chunk: Chunk = wire::read(raw.get()).unwrap_or_default();
        match chunk.kind.as_ref().map_or("", Text::escaped) {
            "thinking" => thoughts.extend(chunk.thinking.into_iter().flatten().filter_map(|chunk| chunk.text)),
            "text" => texts.extend(chunk.text),
            _ => references.push(*raw),
        }
    }
    if is_message || !texts.is_empty() {
        write_joined(to.field("content"), &texts);
    }
    if !thoughts.is_empty() {
        write_joined(to.field("reasoning_content"), &thoughts);
    }
    if !references.is_empty() {
        let mut fields = to.object("provider_specific_fields");
        let mut list = fields.list("references");
        for reference in references {
            list.json(reference.get());
        }
    }
}

fn write_joined(out: &mut Vec<u8>, texts: &[Text]) {
    out.push(b'"');
    for text in texts {
        out.extend_from_slice(text.escaped().as_bytes());
    }
    out.push(b'"');
}
