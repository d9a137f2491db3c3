//! Answers and events of the Responses API, as views over their bytes
//! (<https://platform.openai.com/docs/api-reference/responses/object>,
//! <https://platform.openai.com/docs/api-reference/responses-streaming>). Every field is optional, since servers that
//! imitate the API leave some out.

use sluice_sdk::canonical::{FinishReason, RawValue, Text};
use sluice_sdk::wire;

use super::usage::Counts;

sluice_sdk::wire! {
    /// A whole answer, which some events contain too.
    Response {
        "id" id: Text<'a>,
        "created_at" created_at: u64,
        "model" model: Text<'a>,
        "status" status: Text<'a>,
        "error" error: &'a RawValue,
        "incomplete_details" incomplete_details: Incomplete<'a>,
        "output" output: Vec<&'a RawValue>,
        "usage" usage: Counts<'a>,
        "service_tier" service_tier: Text<'a>,
    }

    Incomplete {
        "reason" reason: Text<'a>,
    }

    /// One item of an answer's output.
    Item {
        "type" kind: Text<'a>,
        "id" id: Text<'a>,
        /// For `message`: parts, or, from some servers, text alone. For `reasoning`: parts.
        "content" content: &'a RawValue,
        /// For `message`: whether the text precedes the answer (`commentary`) or is the answer (`final_answer`).
        "phase" phase: Text<'a>,
        /// For `reasoning`, as is the next field.
        "summary" summary: Vec<Part<'a>>,
        "encrypted_content" encrypted_content: &'a RawValue,
        /// For `function_call` and `custom_tool_call`, as are the next two fields.
        "call_id" call_id: Text<'a>,
        "name" name: Text<'a>,
        "namespace" namespace: Text<'a>,
        /// For `function_call`.
        "arguments" arguments: &'a RawValue,
        /// For `custom_tool_call`.
        "input" input: &'a RawValue,
    }

    /// A part of a message's content, or of a summary.
    Part {
        "text" text: Text<'a>,
        "refusal" refusal: Text<'a>,
        "annotations" annotations: Vec<&'a RawValue>,
        "logprobs" logprobs: Vec<&'a RawValue>,
    }

    /// One event of a stream.
    Event {
        "type" kind: Text<'a>,
        "response" response: Response<'a>,
        /// For `response.output_item.added` and `.done`.
        "item" item: &'a RawValue,
        "output_index" output_index: u64,
        "content_index" content_index: u64,
        /// The next piece of a text or of arguments.
        "delta" delta: Text<'a>,
        "logprobs" logprobs: Vec<&'a RawValue>,
        /// For `response.output_text.annotation.added`.
        "annotation" annotation: &'a RawValue,
        /// For `error`, if the event is not the error itself.
        "error" error: &'a RawValue,
    }
}

/// The kind of an item, as far as chat completions have a field for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    Message,
    Reasoning,
    Call,
    /// A tool that the provider ran, or any other item.
    Other,
    /// The item has no type and no known field.
    Nothing,
}

impl<'a> Item<'a> {
    /// Parses an item.
    ///
    /// # Errors
    /// The value is not JSON.
    pub fn read(raw: &'a RawValue) -> Result<Self, sluice_sdk::Failure> {
        wire::read(raw.get()).map_err(sluice_sdk::Failure::malformed)
    }

    pub fn kind(&self) -> ItemKind {
        match self.kind.as_ref().map_or("", Text::escaped) {
            "message" => ItemKind::Message,
            "reasoning" => ItemKind::Reasoning,
            "function_call" | "custom_tool_call" => ItemKind::Call,
            // Without a type, the fields tell the kind.
            "" if self.content.is_some() => ItemKind::Message,
            "" if self.name.is_some() => ItemKind::Call,
            "" => ItemKind::Nothing,
            _ => ItemKind::Other,
        }
    }

    /// The parts of the content; text alone is one part.
    pub fn parts(&self) -> Vec<Part<'a>> {
        let Some(raw) = self.content else { return Vec::new() };
        match Text::of(raw) {
            Some(text) => vec![Part {
                text: Some(text),
                ..Part::default()
            }],
            None => wire::read(raw.get()).unwrap_or_default(),
        }
    }

    /// The arguments of a call as text. Some servers send the object itself.
    pub fn arguments(&self) -> Option<Text<'a>> {
        let raw = self.arguments.or(self.input)?;
        Some(Text::of(raw).unwrap_or_else(|| Text::from_decoded(raw.get())))
    }

    /// The id that the result of a call refers to. Servers that number calls in each answer (`call_0`) give the item a
    /// unique id, which is used instead; without either id, one is made from the answer's.
    pub fn call_id(&self, answer: &str, index: usize) -> Text<'a> {
        let given = |id: &Option<Text<'a>>| id.clone().filter(|id| !id.is_empty());
        let call_id = given(&self.call_id);
        let unique = call_id.clone().filter(|id| !is_counted(id.escaped()));
        unique
            .or_else(|| given(&self.id))
            .or(call_id)
            .unwrap_or_else(|| Text::from_decoded(&format!("call_{index}_{answer}")))
    }
}

fn is_counted(call_id: &str) -> bool {
    call_id
        .strip_prefix("call_")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// OpenAI's finish reason. An answer that was cut off has the reason for that, even if it has calls.
pub fn finish_reason(response: &Response, has_calls: bool) -> FinishReason<'static> {
    let status = response.status.as_ref().map_or("", Text::escaped);
    let reason = response
        .incomplete_details
        .as_ref()
        .and_then(|details| details.reason.as_ref());
    match reason.map(Text::escaped) {
        Some("content_filter") => FinishReason::ContentFilter,
        Some(_) => FinishReason::Length,
        None if status == "incomplete" => FinishReason::Length,
        None if has_calls => FinishReason::ToolCalls,
        None => FinishReason::Stop,
    }
}
