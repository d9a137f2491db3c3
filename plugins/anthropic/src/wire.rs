//! Anthropic's answers and events, as views over their bytes (<https://docs.anthropic.com/en/api/messages>,
//! <https://docs.anthropic.com/en/docs/build-with-claude/streaming>). Servers that imitate the API leave fields out or
//! send another kind of value, so every field is optional. What the API adds later is ignored, except for blocks, which
//! are kept raw so that they can be handed on.

use sluice_sdk::canonical::{FinishReason, Object, RawValue, Text};
use sluice_sdk::wire::{self, Items, Kind, Lenient, Value};

use crate::usage::Counts;

sluice_sdk::wire! {
    /// A whole answer, and the `message` of `message_start`.
    Message {
        "id" id: Text<'a>,
        "model" model: Text<'a>,
        "content" content: Content<'a>,
        "stop_reason" stop_reason: Text<'a>,
        "stop_details" stop_details: &'a RawValue,
        "container" container: &'a RawValue,
        "context_management" context_management: &'a RawValue,
        "usage" usage: Counts<'a>,
        /// In place of all the others.
        "error" error: &'a RawValue,
    }

    /// What is said of an error; an error may also be a sentence alone.
    ErrorDetail {
        "type" kind: Text<'a>,
        "message" message: Text<'a>,
    }

    /// One block of an answer's content.
    Block {
        "type" kind: Text<'a>,
        /// Of `text`.
        "text" text: Text<'a>,
        /// Of `text`.
        "citations" citations: Vec<&'a RawValue>,
        /// Of `thinking`.
        "thinking" thinking: Text<'a>,
        /// Of `thinking`.
        "signature" signature: Text<'a>,
        /// Of `redacted_thinking`.
        "data" data: Text<'a>,
        /// Of `tool_use`, as are the next two.
        "id" id: Text<'a>,
        "name" name: Text<'a>,
        "input" input: &'a RawValue,
    }

    /// One event of a stream.
    Event {
        "type" kind: Text<'a>,
        /// Of `message_start`.
        "message" message: Message<'a>,
        /// Of `content_block_start`.
        "content_block" content_block: &'a RawValue,
        /// Of `content_block_delta` and `message_delta`.
        "delta" delta: Delta<'a>,
        /// Of `message_delta`.
        "usage" usage: Counts<'a>,
        /// Of `error`.
        "error" error: &'a RawValue,
    }

    /// What an event adds. Its type is told by the field that is there.
    Delta {
        "text" text: Text<'a>,
        "partial_json" partial_json: Text<'a>,
        "thinking" thinking: Text<'a>,
        "signature" signature: Text<'a>,
        "citation" citation: &'a RawValue,
        "stop_reason" stop_reason: Text<'a>,
        "stop_details" stop_details: &'a RawValue,
        "container" container: &'a RawValue,
    }

    /// What Anthropic says of a refusal.
    StopDetails {
        "explanation" explanation: Text<'a>,
    }
}

/// What an answer says: a list of blocks, or, from some servers, text alone.
#[derive(Default)]
pub struct Content<'a> {
    pub blocks: Vec<&'a RawValue>,
    pub text: Option<Text<'a>>,
}

impl<'a> Lenient<'a> for Content<'a> {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        value.of_kind(Self::default())
    }
}

impl<'a> Kind<'a> for Content<'a> {
    fn text(&mut self, text: &str) -> bool {
        self.text = Some(Text::from_decoded(text));
        true
    }

    fn list(&mut self) -> Option<&mut dyn Items<'a>> {
        Some(&mut self.blocks)
    }
}

impl Block<'_> {
    /// The block's type; where it does not say, or names one that nobody knows, what its fields are of: a text that was sent
    /// is not lost for what it is called. Empty where neither tells.
    pub fn kind(&self) -> &str {
        const KNOWN: [&str; 4] = ["text", "thinking", "redacted_thinking", "tool_use"];
        let said = self.kind.as_ref().map_or("", Text::escaped);
        match said {
            said if KNOWN.contains(&said) || provider_field(said).is_some() => said,
            _ if self.text.is_some() => "text",
            _ if self.thinking.is_some() => "thinking",
            _ if self.name.is_some() => "tool_use",
            _ if self.data.is_some() => "redacted_thinking",
            said => said,
        }
    }
}

/// Blocks that only Anthropic has, by the name under `provider_specific_fields` where clients of LiteLLM look for them.
pub fn provider_field(kind: &str) -> Option<&'static str> {
    match kind {
        "server_tool_use" | "mcp_tool_use" => Some("server_tool_use"),
        "web_search_tool_result" | "web_fetch_tool_result" => Some("web_search_results"),
        "compaction" => Some("compaction_blocks"),
        _ if kind.ends_with("_tool_result") => Some("tool_results"),
        _ => None,
    }
}

/// Why an answer ended, in OpenAI's words; those it has none for count as LiteLLM counts them. An answer that was not cut
/// off and holds `calls` that the client is to answer ended for their sake, whatever the server says: the tool that stands
/// for `response_format` is none of them.
pub fn finish_reason(stop_reason: Option<&Text>, calls: bool) -> FinishReason<'static> {
    match stop_reason.map_or("", Text::escaped) {
        "refusal" | "content_filter" => FinishReason::ContentFilter,
        "max_tokens" | "model_context_window_exceeded" | "pause_turn" | "compaction" | "length" => FinishReason::Length,
        _ if calls => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    }
}

/// What Anthropic says of a refusal, for people: the `refusal` of a message.
pub fn write_refusal(message: &mut Object, stop_details: Option<&RawValue>) {
    let details = stop_details.and_then(|raw| wire::read::<StopDetails>(raw.get()).ok());
    if let Some(explanation) = details.and_then(|details| details.explanation) {
        message.text("refusal", &explanation);
    }
}
