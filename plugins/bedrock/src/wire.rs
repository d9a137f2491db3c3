//! Converse's answers and events, as views over their bytes
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>). A block is a union: the
//! member that is there says what it is. Every field is optional, and what the API adds later is passed over.

use sluice_sdk::canonical::{FinishReason, RawValue, Text};

use crate::usage::Counts;

sluice_sdk::wire! {
    /// A whole answer.
    Answer {
        "output" output: Output<'a>,
        "stopReason" stop_reason: Text<'a>,
        "usage" usage: Counts<'a>,
        /// What a guardrail or a prompt router did.
        "trace" trace: &'a RawValue,
        "additionalModelResponseFields" additional: &'a RawValue,
        "serviceTier" service_tier: ServiceTier<'a>,
    }

    Output {
        "message" message: Message<'a>,
    }

    Message {
        "content" content: Vec<Block<'a>>,
    }

    /// One block of an answer.
    Block {
        "text" text: Text<'a>,
        "reasoningContent" reasoning: &'a RawValue,
        "toolUse" tool_use: &'a RawValue,
        /// Of a tool that the model's side ran.
        "toolResult" tool_result: &'a RawValue,
        "citationsContent" citations: &'a RawValue,
        "image" image: Image<'a>,
    }

    /// A block's reasoning, whole.
    Reasoning {
        "reasoningText" text: ReasoningText<'a>,
        "redactedContent" redacted: Text<'a>,
    }

    ReasoningText {
        "text" text: Text<'a>,
        "signature" signature: Text<'a>,
    }

    /// A call, whole or as it begins.
    ToolUse {
        "toolUseId" id: Text<'a>,
        "name" name: Text<'a>,
        "input" input: &'a RawValue,
        /// `server_tool_use` where the client is not to answer it.
        "type" kind: Text<'a>,
    }

    /// Text that cites, whole.
    CitationsContent {
        "content" content: Vec<CitedText<'a>>,
    }

    CitedText {
        "text" text: Text<'a>,
    }

    Image {
        "format" format: Text<'a>,
        "source" source: ImageSource<'a>,
    }

    ImageSource {
        "bytes" bytes: Text<'a>,
    }

    ServiceTier {
        "type" kind: Text<'a>,
    }

    /// One event of a stream, of whichever type.
    Event {
        /// Of `contentBlockStart`.
        "start" start: Start<'a>,
        /// Of `contentBlockDelta`.
        "delta" delta: Delta<'a>,
        /// Of `messageStop`, as is the next.
        "stopReason" stop_reason: Text<'a>,
        "additionalModelResponseFields" additional: &'a RawValue,
        /// Of `metadata`, as are the next two.
        "usage" usage: Counts<'a>,
        "trace" trace: &'a RawValue,
        "serviceTier" service_tier: ServiceTier<'a>,
    }

    /// How a block begins. Blocks of text and of reasoning begin without.
    Start {
        "toolUse" tool_use: &'a RawValue,
        "toolResult" tool_result: &'a RawValue,
        "image" image: Image<'a>,
    }

    /// What an event adds to the block that is open.
    Delta {
        "text" text: Text<'a>,
        "toolUse" tool_use: InputDelta<'a>,
        "reasoningContent" reasoning: ReasoningDelta<'a>,
        "citation" citation: &'a RawValue,
        "toolResult" tool_result: &'a RawValue,
        "image" image: Image<'a>,
    }

    InputDelta {
        "input" input: Text<'a>,
    }

    ReasoningDelta {
        "text" text: Text<'a>,
        "signature" signature: Text<'a>,
        "redactedContent" redacted: Text<'a>,
    }
}

impl ToolUse<'_> {
    /// Whether the model's side runs the tool: no client could answer the call.
    pub fn is_servers(&self) -> bool {
        self.kind
            .as_ref()
            .is_some_and(|kind| kind.escaped() == "server_tool_use")
    }
}

/// Why an answer ended, in OpenAI's words. An answer that was not cut off and holds calls that the client is to answer
/// ended for their sake, whatever the reason says: the tool that stands for `response_format` is none of them.
pub fn finish_reason(stop_reason: Option<&Text>, calls: bool) -> FinishReason<'static> {
    match stop_reason.map_or("", Text::escaped) {
        "guardrail_intervened" | "content_filtered" => FinishReason::ContentFilter,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        _ if calls => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    }
}
