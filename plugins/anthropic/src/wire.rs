//! Anthropic's answers and events, as views over their bytes (<https://docs.anthropic.com/en/api/messages>,
//! <https://docs.anthropic.com/en/docs/build-with-claude/streaming>). Servers that imitate the API leave fields out or
//! send values of another type, so every field is optional. Unknown fields are ignored; blocks are kept raw, so that
//! unknown ones can be passed on.

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
        /// Of Bedrock, as is the next one: what a guardrail did, and why.
        "amazon-bedrock-guardrailAction" guardrail_action: Text<'a>,
        "amazon-bedrock-trace" guardrail_trace: &'a RawValue,
        /// Present instead of all other fields if the request failed.
        "error" error: &'a RawValue,
    }

    /// An error object; an error may also be a sentence alone.
    ErrorDetail {
        "type" kind: Text<'a>,
        "message" message: Text<'a>,
    }

    /// One block of an answer's content.
    Block {
        "type" kind: Text<'a>,
        /// For `text`.
        "text" text: Text<'a>,
        /// For `text`.
        "citations" citations: Vec<&'a RawValue>,
        /// For `thinking`.
        "thinking" thinking: Text<'a>,
        /// For `thinking`.
        "signature" signature: Text<'a>,
        /// For `redacted_thinking`.
        "data" data: Text<'a>,
        /// For `tool_use`, as are the next two fields.
        "id" id: Text<'a>,
        "name" name: Text<'a>,
        "input" input: &'a RawValue,
    }

    /// One event of a stream.
    Event {
        "type" kind: Text<'a>,
        /// For `message_start`.
        "message" message: Message<'a>,
        /// For `content_block_start`.
        "content_block" content_block: &'a RawValue,
        /// For `content_block_delta` and `message_delta`.
        "delta" delta: Delta<'a>,
        /// For `message_delta`.
        "usage" usage: Counts<'a>,
        /// Of Bedrock: what a guardrail did.
        "amazon-bedrock-guardrailAction" guardrail_action: Text<'a>,
        /// For `error`.
        "error" error: &'a RawValue,
    }

    /// What an event adds. The present field tells its type.
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

    /// Details of a refusal.
    StopDetails {
        "explanation" explanation: Text<'a>,
    }
}

/// The content of an answer: a list of blocks, or, from some servers, text alone.
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
    /// The type of the block. If it is missing or unknown, the type is derived from the fields that are present, so
    /// that text is not lost because of a wrong type. Empty if nothing tells it.
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

/// The field of `provider_specific_fields` in which clients of LiteLLM expect a block that only Anthropic has.
pub fn provider_field(kind: &str) -> Option<&'static str> {
    match kind {
        "server_tool_use" | "mcp_tool_use" => Some("server_tool_use"),
        "web_search_tool_result" | "web_fetch_tool_result" => Some("web_search_results"),
        "compaction" => Some("compaction_blocks"),
        _ if kind.ends_with("_tool_result") => Some("tool_results"),
        _ => None,
    }
}

/// OpenAI's finish reason for a stop reason. Reasons that OpenAI does not have are mapped as in LiteLLM. An answer that
/// was not cut off and has `calls` for the client ended with `tool_calls`, whatever the server says. The tool that
/// stands for `response_format` is not one of `calls`.
pub fn finish_reason(stop_reason: Option<&Text>, calls: bool) -> FinishReason<'static> {
    match stop_reason.map_or("", Text::escaped) {
        "refusal" | "content_filter" => FinishReason::ContentFilter,
        "max_tokens" | "model_context_window_exceeded" | "pause_turn" | "compaction" | "length" => FinishReason::Length,
        _ if calls => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    }
}

/// Whether a guardrail of Bedrock's put its own words in the place of the model's.
pub fn is_blocked(guardrail_action: Option<&Text>) -> bool {
    guardrail_action.is_some_and(|action| *action == *"INTERVENED")
}

/// Writes Anthropic's explanation of a refusal as the message's `refusal`.
pub fn write_refusal(message: &mut Object, stop_details: Option<&RawValue>) {
    let details = stop_details.and_then(|raw| wire::read::<StopDetails>(raw.get()).ok());
    if let Some(explanation) = details.and_then(|details| details.explanation) {
        message.text("refusal", &explanation);
    }
}
