//! Anthropic's answers and events, as views over their bytes (<https://docs.anthropic.com/en/api/messages>,
//! <https://docs.anthropic.com/en/docs/build-with-claude/streaming>). What the API adds later is ignored, except for
//! blocks, which are kept raw so that they can be handed on.

use serde::Deserialize;
use sluice_sdk::canonical::{FinishReason, Object, RawValue, Text};

use crate::usage::Counts;

/// A whole answer, and the `message` of `message_start`.
#[derive(Deserialize)]
pub struct Message<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub model: Text<'a>,
    #[serde(borrow, default)]
    pub content: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub stop_reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub stop_details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub container: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub context_management: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub usage: Option<Counts<'a>>,
}

/// Says of a document only whether it is an error.
#[derive(Deserialize)]
pub struct Refused<'a> {
    #[serde(borrow)]
    pub error: ErrorDetail<'a>,
}

#[derive(Deserialize)]
pub struct ErrorDetail<'a> {
    #[serde(borrow, default, rename = "type")]
    pub kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub message: Option<Text<'a>>,
}

/// One block of an answer's content.
#[derive(Deserialize)]
pub struct Block<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// Of `text`.
    #[serde(borrow, default)]
    pub text: Option<Text<'a>>,
    /// Of `text`.
    #[serde(borrow, default)]
    pub citations: Option<Vec<&'a RawValue>>,
    /// Of `thinking`.
    #[serde(borrow, default)]
    pub thinking: Option<Text<'a>>,
    /// Of `thinking`.
    #[serde(borrow, default)]
    pub signature: Option<Text<'a>>,
    /// Of `redacted_thinking`.
    #[serde(borrow, default)]
    pub data: Option<Text<'a>>,
    /// Of `tool_use`, as are the next two.
    #[serde(borrow, default)]
    pub id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub input: Option<&'a RawValue>,
}

/// One event of a stream.
#[derive(Deserialize)]
pub struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    pub kind: Option<Text<'a>>,
    /// Of `message_start`.
    #[serde(borrow, default)]
    pub message: Option<Message<'a>>,
    /// Of `content_block_start`.
    #[serde(borrow, default)]
    pub content_block: Option<&'a RawValue>,
    /// Of `content_block_delta` and `message_delta`.
    #[serde(borrow, default)]
    pub delta: Option<Delta<'a>>,
    /// Of `message_delta`.
    #[serde(borrow, default)]
    pub usage: Option<Counts<'a>>,
    /// Of `error`.
    #[serde(borrow, default)]
    pub error: Option<ErrorDetail<'a>>,
}

/// What an event adds. Its type is told by the field that is there.
#[derive(Deserialize)]
pub struct Delta<'a> {
    #[serde(borrow, default)]
    pub text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub partial_json: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub thinking: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub citation: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub stop_reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub stop_details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub container: Option<&'a RawValue>,
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

/// Why an answer ended, in OpenAI's words; those it has none for count as LiteLLM counts them.
pub fn finish_reason(stop_reason: &str) -> FinishReason<'static> {
    match stop_reason {
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::ContentFilter,
        "max_tokens" | "model_context_window_exceeded" | "pause_turn" | "compaction" => FinishReason::Length,
        _ => FinishReason::Stop,
    }
}

/// What Anthropic says of a refusal, for people: the `refusal` of a message.
pub fn write_refusal(message: &mut Object, stop_details: Option<&RawValue>) {
    #[derive(Deserialize)]
    struct Details<'a> {
        #[serde(borrow, default)]
        explanation: Option<Text<'a>>,
    }
    let details = stop_details.and_then(|raw| serde_json::from_str::<Details>(raw.get()).ok());
    if let Some(explanation) = details.and_then(|details| details.explanation) {
        message.text("refusal", &explanation);
    }
}
