//! Thought signatures (<https://ai.google.dev/gemini-api/docs/thought-signatures>): the model wants back what it
//! signed. OpenAI's messages have no field for signatures, so they are stored as in LiteLLM: in
//! `provider_specific_fields` of a call or a message, and, for clients that keep no such fields, at the end of the id
//! of a call. Google's own OpenAI-compatible form (`extra_content`) is read too.

use std::borrow::Cow;

use sluice_sdk::canonical::{Message, RawValue, Text, ToolCall};
use sluice_sdk::wire;

/// Separates the id and the signature in the id of a call.
pub const IN_ID: &str = "__thought__";

/// Replaces the signature of a call that another model made, since Gemini 3 refuses calls without one: Google's
/// `skip_thought_signature_validator` in Base64.
pub const NONE: &str = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

sluice_sdk::wire! {
    /// `provider_specific_fields` of a message or a call.
    ProviderFields {
        "thought_signature" thought_signature: Text<'a>,
        "thought_signatures" thought_signatures: Vec<Text<'a>>,
        "server_side_tool_invocations" server_tools: Vec<ServerTool<'a>>,
    }

    /// A tool that Google ran.
    ServerTool {
        "tool_type" tool_type: Text<'a>,
        "id" id: Text<'a>,
        "args" args: &'a RawValue,
        "response" response: &'a RawValue,
        "thought_signature" thought_signature: Text<'a>,
    }

    ExtraContent {
        "google" google: ProviderFields<'a>,
    }

    ThinkingBlock {
        "type" kind: Text<'a>,
        "thinking" thinking: Text<'a>,
        "signature" signature: Text<'a>,
    }
}

/// An id without the signature at its end.
pub fn without(id: &str) -> &str {
    id.split_once(IN_ID).map_or(id, |(id, _)| id)
}

/// `provider_specific_fields`, from the unknown fields of a view.
pub fn provider_fields<'a>(rest: &[(Cow<'a, str>, &'a RawValue)]) -> ProviderFields<'a> {
    field(rest, "provider_specific_fields").unwrap_or_default()
}

fn field<'a, T: wire::Lenient<'a> + Default>(rest: &[(Cow<'a, str>, &'a RawValue)], name: &str) -> Option<T> {
    let (_, raw) = rest.iter().rev().find(|(key, _)| key == name)?;
    wire::read(raw.get()).ok()
}

/// The signature of a call, still escaped.
pub fn of_call<'a>(call: &'a ToolCall<'a>) -> Option<Text<'a>> {
    let in_fields = || provider_fields(&call.rest).thought_signature;
    let in_function = || provider_fields(&call.function.as_ref()?.rest).thought_signature;
    let in_extra = || {
        field::<ExtraContent>(&call.rest, "extra_content")?
            .google?
            .thought_signature
    };
    let in_id = || {
        let id = call.id.as_ref()?.decoded();
        let (_, signature) = id.split_once(IN_ID)?;
        Some(Text::from_decoded(signature))
    };
    in_fields()
        .or_else(in_function)
        .or_else(in_extra)
        .or_else(in_id)
        .filter(|signature| !signature.is_empty())
}

/// The signatures of a message that do not belong to its thoughts, its calls or tools that Google ran: those of its
/// text and its images, in order.
pub fn of_content<'a>(message: &'a Message<'a>, fields: &ProviderFields<'a>) -> Vec<Text<'a>> {
    let Some(all) = &fields.thought_signatures else {
        return Vec::new();
    };
    let mut elsewhere: Vec<Text> = message.tool_calls.iter().flatten().filter_map(of_call).collect();
    elsewhere.extend(
        fields
            .server_tools
            .iter()
            .flatten()
            .filter_map(|tool| tool.thought_signature.clone()),
    );
    let blocks = message.thinking_blocks.iter().flatten();
    elsewhere.extend(blocks.filter_map(|raw| wire::read::<ThinkingBlock>(raw.get()).ok()?.signature));
    all.iter()
        .filter(|signature| !elsewhere.contains(signature))
        .cloned()
        .collect()
}
