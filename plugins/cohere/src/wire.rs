//! Cohere's answers and events, as views over their bytes (<https://docs.cohere.com/reference/chat>,
//! <https://docs.cohere.com/reference/chat-stream>). Servers that imitate the API leave fields out or send another kind of
//! value, so every field is optional; what the API adds later is ignored.

use sluice_sdk::canonical::{FinishReason, RawValue, Text};
use sluice_sdk::wire::{Fields, Items, Kind, Lenient, Value};
use sluice_sdk::{Failure, Fault};

use crate::usage::Usage;

sluice_sdk::wire! {
    /// A whole answer.
    Answer {
        "id" id: Text<'a>,
        "finish_reason" finish_reason: Text<'a>,
        /// What was said, or, in place of an answer, a sentence about what went wrong.
        "message" message: &'a RawValue,
        "usage" usage: Usage<'a>,
        "logprobs" logprobs: Vec<&'a RawValue>,
    }

    /// The `message` of a whole answer.
    Message {
        "content" content: Content<'a>,
        "tool_calls" tool_calls: Vec<Call<'a>>,
        /// What the model means to do with the tools, in words.
        "tool_plan" tool_plan: Text<'a>,
        "citations" citations: Vec<&'a RawValue>,
    }

    /// One block of content, or what an event adds to it.
    Block {
        "text" text: Text<'a>,
        "thinking" thinking: Text<'a>,
    }

    /// A call, or what an event adds to it.
    Call {
        "id" id: Text<'a>,
        "function" function: Function<'a>,
    }

    /// What to call with what.
    Function {
        "name" name: Text<'a>,
        /// JSON as text; some servers write the object itself.
        "arguments" arguments: &'a RawValue,
    }

    /// One event of a stream.
    Event {
        "type" kind: Text<'a>,
        /// Of `message-start`.
        "id" id: Text<'a>,
        /// Of the block or the call.
        "index" index: u64,
        "delta" delta: Delta<'a>,
        /// Of `content-delta`.
        "logprobs" logprobs: &'a RawValue,
        /// In place of an event: what went wrong.
        "message" message: Text<'a>,
    }

    /// What an event adds.
    Delta {
        "message" message: DeltaMessage<'a>,
        /// Of `message-end`, as are the next two.
        "finish_reason" finish_reason: Text<'a>,
        "usage" usage: Usage<'a>,
        "error" error: Text<'a>,
    }

    /// What an event adds to the message.
    DeltaMessage {
        "content" content: Piece<'a>,
        "tool_calls" tool_calls: Call<'a>,
        "tool_plan" tool_plan: Text<'a>,
        /// One, not a list.
        "citations" citation: &'a RawValue,
    }
}

/// What an answer says: a list of blocks, or, from some servers, text alone.
#[derive(Default)]
pub struct Content<'a> {
    pub blocks: Vec<Block<'a>>,
}

impl<'a> Lenient<'a> for Content<'a> {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        value.of_kind(Self::default())
    }
}

impl<'a> Kind<'a> for Content<'a> {
    fn text(&mut self, text: &str) -> bool {
        self.blocks.push(Block {
            text: Some(Text::from_decoded(text)),
            ..Block::default()
        });
        true
    }

    fn list(&mut self) -> Option<&mut dyn Items<'a>> {
        Some(&mut self.blocks)
    }
}

/// What an event adds to a block: an object, or, from some servers, text alone.
#[derive(Default)]
pub struct Piece<'a>(pub Block<'a>);

impl<'a> Lenient<'a> for Piece<'a> {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        value.of_kind(Self::default())
    }
}

impl<'a> Kind<'a> for Piece<'a> {
    fn text(&mut self, text: &str) -> bool {
        self.0.text = Some(Text::from_decoded(text));
        true
    }

    fn object(&mut self) -> Option<&mut dyn Fields<'a>> {
        Some(&mut self.0)
    }
}

impl<'a> Call<'a> {
    pub fn name(&self) -> Option<&Text<'a>> {
        self.function.as_ref()?.name.as_ref()
    }

    /// What to call it with, as the text of `arguments`; none where there is nothing yet.
    pub fn arguments(&self) -> Option<Text<'a>> {
        let raw = self.function.as_ref()?.arguments?;
        let text = Text::of(raw).unwrap_or_else(|| Text::from_decoded(raw.get()));
        Some(text).filter(|text| !text.is_empty())
    }

    /// A call's own id, or one of the answer's: clients answer a call by its id.
    pub fn id(&self, answer: &Text, index: u64) -> Text<'a> {
        let made = || Text::from_decoded(&format!("call_{index}_{}", answer.decoded()));
        self.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(made)
    }
}

/// Why an answer ended, in OpenAI's words. One that was not cut off and holds `calls` ended for their sake.
///
/// # Errors
/// It was given up: what there is of it is no answer.
pub fn finish_reason(
    reason: Option<&Text>,
    error: Option<&Text>,
    calls: bool,
) -> Result<FinishReason<'static>, Failure> {
    let failed = |fault: Fault, otherwise: &str| {
        let said = error.filter(|error| !error.is_empty());
        let message = said.map_or_else(|| otherwise.to_owned(), |error| error.decoded().into_owned());
        Err(Failure::new(fault, message).code(reason.map_or("", Text::escaped)))
    };
    match reason.map_or("", Text::escaped) {
        "ERROR" => failed(Fault::UpstreamError, "the model failed amid its answer"),
        "TIMEOUT" => failed(Fault::Timeout, "the model took too long to answer"),
        "MAX_TOKENS" | "ERROR_LIMIT" => Ok(FinishReason::Length),
        "ERROR_TOXIC" => Ok(FinishReason::ContentFilter),
        _ if calls => Ok(FinishReason::ToolCalls),
        "TOOL_CALL" => Ok(FinishReason::ToolCalls),
        _ => Ok(FinishReason::Stop),
    }
}
