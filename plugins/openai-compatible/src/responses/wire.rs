//! Answers and events of the Responses API, as views over their bytes
//! (<https://platform.openai.com/docs/api-reference/responses/object>,
//! <https://platform.openai.com/docs/api-reference/responses-streaming>). Every field is optional, since servers that
//! imitate the API leave some out.

use sluice_sdk::canonical::{FinishReason, RawValue, Text};
use sluice_sdk::wire;

use super::usage::Counts;

sluice_sdk::wire! {
    /// A whole answer, and what some events hold.
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
        /// Of `message`: parts, or, from some servers, text alone. Of `reasoning`: parts too.
        "content" content: &'a RawValue,
        /// Of `message`: whether it leads to the answer (`commentary`) or is the answer (`final_answer`).
        "phase" phase: Text<'a>,
        /// Of `reasoning`, as is the next one.
        "summary" summary: Vec<Part<'a>>,
        "encrypted_content" encrypted_content: &'a RawValue,
        /// Of `function_call` and `custom_tool_call`, as are the next two.
        "call_id" call_id: Text<'a>,
        "name" name: Text<'a>,
        "namespace" namespace: Text<'a>,
        /// Of `function_call`.
        "arguments" arguments: &'a RawValue,
        /// Of `custom_tool_call`.
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
        /// Of `response.output_item.added` and `.done`.
        "item" item: &'a RawValue,
        "output_index" output_index: u64,
        "content_index" content_index: u64,
        /// What is new.
        "delta" delta: Text<'a>,
        "logprobs" logprobs: Vec<&'a RawValue>,
        /// Of `response.output_text.annotation.added`.
        "annotation" annotation: &'a RawValue,
        /// Of `error`, where it is not the event itself.
        "error" error: &'a RawValue,
    }
}

/// What an item is, as far as chat completions have a place for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    Message,
    Reasoning,
    Call,
    /// A tool that the provider ran, and whatever else it shows.
    Other,
    /// It says neither what it is nor anything else.
    Nothing,
}

impl<'a> Item<'a> {
    /// # Errors
    /// It is no JSON.
    pub fn read(raw: &'a RawValue) -> Result<Self, sluice_sdk::Failure> {
        wire::read(raw.get()).map_err(sluice_sdk::Failure::malformed)
    }

    pub fn kind(&self) -> ItemKind {
        match self.kind.as_ref().map_or("", Text::escaped) {
            "message" => ItemKind::Message,
            "reasoning" => ItemKind::Reasoning,
            "function_call" | "custom_tool_call" => ItemKind::Call,
            // Not said: by what it holds.
            "" if self.content.is_some() => ItemKind::Message,
            "" if self.name.is_some() => ItemKind::Call,
            "" => ItemKind::Nothing,
            _ => ItemKind::Other,
        }
    }

    /// What the content says; text alone is one part.
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

    /// Arguments of a call as text. Some servers write the object itself.
    pub fn arguments(&self) -> Option<Text<'a>> {
        let raw = self.arguments.or(self.input)?;
        Some(Text::of(raw).unwrap_or_else(|| Text::from_decoded(raw.get())))
    }

    /// What the result of a call refers to. Servers that count calls anew in each answer (`call_0`) give the item an id
    /// that is unique; without either it is made of the answer's.
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

/// Why an answer ended. One that was cut off says so, whatever it holds.
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
