//! Cohere's answers and events, as views over their bytes (<https://docs.cohere.com/reference/chat>,
//! <https://docs.cohere.com/reference/chat-stream>). Servers that imitate the API leave fields out or send values of
//! another type, so every field is optional. Unknown fields are ignored.

use sluice_sdk::canonical::{FinishReason, RawValue, Text};
use sluice_sdk::wire::{Fields, Items, Kind, Lenient, Value};
use sluice_sdk::{Failure, Fault};

use crate::usage::Usage;

sluice_sdk::wire! {
    /// A whole answer.
    Answer {
        "id" id: Text<'a>,
        "finish_reason" finish_reason: Text<'a>,
        /// The message object, or, if the request failed, the error message.
        "message" message: &'a RawValue,
        "usage" usage: Usage<'a>,
        "logprobs" logprobs: Vec<&'a RawValue>,
    }

    /// The `message` of a whole answer.
    Message {
        "content" content: Content<'a>,
        "tool_calls" tool_calls: Vec<Call<'a>>,
        /// What the model plans to do with the tools, as text.
        "tool_plan" tool_plan: Text<'a>,
        "citations" citations: Vec<&'a RawValue>,
    }

    /// A content block, or what an event adds to one.
    Block {
        "text" text: Text<'a>,
        "thinking" thinking: Text<'a>,
    }

    /// A tool call, or what an event adds to one.
    Call {
        "id" id: Text<'a>,
        "function" function: Function<'a>,
    }

    /// The function to call, and its arguments.
    Function {
        "name" name: Text<'a>,
        /// JSON as text. Some servers send the object itself.
        "arguments" arguments: &'a RawValue,
    }

    /// One event of a stream.
    Event {
        "type" kind: Text<'a>,
        /// For `message-start`.
        "id" id: Text<'a>,
        /// The index of the block or the call.
        "index" index: u64,
        "delta" delta: Delta<'a>,
        /// For `content-delta`.
        "logprobs" logprobs: &'a RawValue,
        /// Present instead of an event if the request failed: the error message.
        "message" message: Text<'a>,
    }

    /// What an event adds.
    Delta {
        "message" message: DeltaMessage<'a>,
        /// For `message-end`, as are the next two fields.
        "finish_reason" finish_reason: Text<'a>,
        "usage" usage: Usage<'a>,
        "error" error: Text<'a>,
    }

    /// What an event adds to the message.
    DeltaMessage {
        "content" content: Piece<'a>,
        "tool_calls" tool_calls: Call<'a>,
        "tool_plan" tool_plan: Text<'a>,
        /// A single citation and not a list.
        "citations" citation: &'a RawValue,
    }
}

/// The content of an answer: a list of blocks, or, from some servers, text alone.
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

    /// The call's arguments as text; `None` if there are none yet.
    pub fn arguments(&self) -> Option<Text<'a>> {
        let raw = self.function.as_ref()?.arguments?;
        let text = Text::of(raw).unwrap_or_else(|| Text::from_decoded(raw.get()));
        Some(text).filter(|text| !text.is_empty())
    }

    /// The id of the call, or else one made from the answer's id, since clients refer to a call by its id.
    pub fn id(&self, answer: &Text, index: u64) -> Text<'a> {
        let made = || Text::from_decoded(&format!("call_{index}_{}", answer.decoded()));
        self.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(made)
    }
}

/// OpenAI's finish reason. An answer that was not cut off and has `calls` ended with `tool_calls`.
///
/// # Errors
/// The answer was aborted, so it is incomplete.
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
