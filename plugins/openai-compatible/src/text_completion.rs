//! Chat for providers that have only text completions (`text-completion-openai/…`): the messages become the prompt, and
//! the completed text becomes the assistant's message.

use serde_json::value::RawValue;
use sluice_sdk::canonical::{Content, Message, Object, PartKind, Text};
use sluice_sdk::{Failure, Fault, Framing, Reading, exchange, wire};

use crate::entry::Entry;
use crate::patch::{self, Patch};

pub const OPERATION: &str = "completions";

/// Whether chats are sent as text completions.
pub fn stands_in(entry: &Entry, operation: &str) -> bool {
    let serves = |operation: &str| entry.operations.iter().any(|name| name == operation);
    operation == "chat-completions" && !serves(operation) && serves(OPERATION)
}

wire! {
    /// A whole answer, or a chunk of one.
    Completion {
        "id" id: Text<'a>,
        "created" created: u64,
        "model" model: Text<'a>,
        "choices" choices: Vec<Choice<'a>>,
        "usage" usage: &'a RawValue,
        "error" error: &'a RawValue,
    }

    Choice {
        "index" index: u64,
        "text" text: Text<'a>,
        "finish_reason" finish_reason: Text<'a>,
    }
}

/// Replaces the messages by a prompt: their texts, each in a line.
///
/// # Errors
/// There are no messages, or a message has content other than text.
pub fn write_prompt(patch: &mut Patch<'_>) -> Result<(), Failure> {
    let bad = |message: String| Failure::new(Fault::BadRequest, message).parameter("messages");
    let json = patch.value("messages").unwrap_or_default().into_owned();
    let messages: Vec<Message> =
        serde_json::from_str(&json).map_err(|error| bad(format!("`messages` cannot be read: {error}")))?;
    let mut lines = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        match &message.content {
            Some(Content::Text(text)) => lines.push(text.decoded().into_owned()),
            Some(Content::Parts(parts)) => {
                for part in parts {
                    let text = part.text.as_ref().filter(|_| part.kind == Some(PartKind::Text));
                    let not_text = || {
                        bad(format!(
                            "messages[{index}] holds something else than text, which this model does not read"
                        ))
                    };
                    lines.push(text.ok_or_else(not_text)?.decoded().into_owned());
                }
            }
            None => {}
        }
    }
    patch.remove("messages");
    patch.put("prompt", patch::text(&lines.join("\n")));
    Ok(())
}

pub fn reading() -> Reading {
    if exchange::is_streaming() {
        Reading::Events(Framing::ServerSentEvents)
    } else {
        Reading::Whole
    }
}

/// Translates the whole answer to a chat completion.
///
/// # Errors
/// The document is an error, or not an answer.
pub fn translate(body: &[u8]) -> Result<Vec<u8>, Failure> {
    let completion = read(body)?;
    let choices = completion
        .choices
        .as_ref()
        .ok_or_else(|| malformed("it has no `choices`"))?;
    let mut out = Vec::with_capacity(body.len() + 256);
    write(&mut out, &completion, "chat.completion", |choices_out| {
        for (place, choice) in (0..).zip(choices) {
            let mut to = choices_out.object();
            to.number("index", choice.index.unwrap_or(place));
            let text = choice.text.clone().unwrap_or_else(|| Text::from_decoded(""));
            to.object("message").string("role", "assistant").text("content", &text);
            let stop = Text::from_decoded("stop");
            to.text("finish_reason", choice.finish_reason.as_ref().unwrap_or(&stop));
        }
    });
    Ok(out)
}

/// The state of one streamed answer.
#[derive(Default)]
pub struct Stream {
    is_begun: bool,
    is_finished: bool,
}

impl Stream {
    /// Appends the chunk of a chat completion for one event.
    ///
    /// # Errors
    /// The event is an error, or not a chunk.
    pub fn event(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let completion = read(data)?;
        out.extend_from_slice(b"data: ");
        write(out, &completion, "chat.completion.chunk", |choices_out| {
            for (place, choice) in (0..).zip(completion.choices.iter().flatten()) {
                let mut to = choices_out.object();
                to.number("index", choice.index.unwrap_or(place));
                let mut delta = to.object("delta");
                if !std::mem::replace(&mut self.is_begun, true) {
                    delta.string("role", "assistant");
                }
                if let Some(text) = &choice.text {
                    delta.text("content", text);
                }
                drop(delta);
                match &choice.finish_reason {
                    Some(reason) => to.text("finish_reason", reason),
                    None => to.json("finish_reason", "null"),
                };
                self.is_finished |= choice.finish_reason.is_some();
            }
        });
        out.extend_from_slice(b"\n\n");
        Ok(())
    }

    /// Called when the upstream's stream has ended.
    ///
    /// # Errors
    /// The stream ended before the answer was complete.
    pub fn finish(&self) -> Result<Vec<u8>, Failure> {
        match self.is_finished {
            true => Ok(Vec::new()),
            false => Err(malformed("the stream broke off before it said why it ends")),
        }
    }
}

fn read(document: &[u8]) -> Result<Completion<'_>, Failure> {
    let text = std::str::from_utf8(document).map_err(malformed)?;
    let completion: Completion = wire::read(text).map_err(malformed)?;
    match completion.error {
        // An error with a 2xx status is the upstream's fault, whatever the error says.
        Some(_) => Err(Failure::from_openai(500, document)),
        None => Ok(completion),
    }
}

fn malformed(what: impl std::fmt::Display) -> Failure {
    let message = format!("the provider's answer cannot be read: {what}");
    Failure::new(Fault::MalformedAnswer, message)
}

/// Writes the fields of the answer's head. The gateway fills in what is missing.
fn write(
    out: &mut Vec<u8>,
    completion: &Completion,
    object: &str,
    choices: impl FnOnce(&mut sluice_sdk::canonical::List),
) {
    let mut to = Object::begin(out);
    if let Some(id) = &completion.id {
        to.text("id", id);
    }
    to.string("object", object);
    if let Some(created) = completion.created {
        to.number("created", created);
    }
    if let Some(model) = &completion.model {
        to.text("model", model);
    }
    choices(&mut to.list("choices"));
    to.maybe_raw("usage", completion.usage);
}
