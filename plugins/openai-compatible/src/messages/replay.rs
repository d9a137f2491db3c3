//! The reasoning in earlier assistant messages.

use serde_json::value::RawValue;
use sluice_sdk::canonical::{Fields, Object, Text as Json};

use super::content;
use crate::entry::Replay;

/// What an earlier assistant message needs in place of its reasoning.
pub enum Replayed<'a> {
    /// A `reasoning_content`, if there was none.
    Filled(Json<'a>),
    /// Content as parts, with the reasoning first.
    Parts {
        reasoning: Json<'a>,
        content: Option<&'a RawValue>,
    },
}

impl<'a> Replayed<'a> {
    pub fn of(replay: Replay, message: &Fields<'a>) -> Option<Self> {
        let given = |field: &str| {
            let value = message.get(field)?;
            (!matches!(value.get(), "null" | "[]" | "\"\"")).then_some(value)
        };
        let reasoning = said(message, "reasoning_content");
        match replay {
            Replay::FillCalls if given("tool_calls").is_none() => None,
            Replay::FillCalls | Replay::FillAll => reasoning.is_none().then(|| Self::Filled(kept(message))),
            Replay::Parts => {
                let content = given("content");
                // The client already sends the thinking parts themselves.
                if content
                    .is_some_and(|content| content.get().starts_with('[') && content.get().contains("\"thinking\""))
                {
                    return None;
                }
                let reasoning = reasoning.or_else(|| of_blocks(message))?;
                Some(Self::Parts { reasoning, content })
            }
        }
    }

    /// Whether this field of the message is replaced.
    pub fn replaces(&self, field: &str) -> bool {
        field == "reasoning_content" || (matches!(self, Self::Parts { .. }) && field == "content")
    }

    /// Writes the replacement.
    pub fn write(&self, to: &mut Object) {
        match self {
            Self::Filled(reasoning) => {
                to.text("reasoning_content", reasoning);
            }
            Self::Parts { reasoning, content } => write_parts(reasoning, *content, to),
        }
    }
}

fn write_parts(reasoning: &Json, content: Option<&RawValue>, to: &mut Object) {
    let mut parts = to.list("content");
    let mut thinking = parts.object();
    thinking.string("type", "thinking");
    let mut texts = thinking.list("thinking");
    texts.object().string("type", "text").text("text", reasoning);
    drop(texts);
    thinking.json("closed", "true");
    drop(thinking);
    let Some(content) = content else { return };
    if let Some(text) = content::joined(content.get()) {
        parts.object().string("type", "text").json("text", &text);
        return;
    }
    match serde_json::from_str::<Vec<&RawValue>>(content.get()) {
        Ok(list) => {
            for part in list {
                parts.json(part.get());
            }
        }
        Err(_) => {
            parts.object().string("type", "text").raw("text", content);
        }
    }
}

/// The text of a field, unless it is blank.
fn said<'a>(fields: &Fields<'a>, name: &str) -> Option<Json<'a>> {
    fields.get(name).and_then(Json::of).filter(|text| !text.is_blank())
}

/// The reasoning in the field that clients of LiteLLM use if a message has no field of its own; or a space, the
/// shortest text that providers accept.
fn kept<'a>(message: &Fields<'a>) -> Json<'a> {
    let specific = message.get("provider_specific_fields");
    let fields: Option<Fields<'a>> = specific.and_then(|fields| serde_json::from_str(fields.get()).ok());
    let kept = fields.and_then(|fields| said(&fields, "reasoning_content"));
    kept.unwrap_or_else(|| Json::from_decoded(" "))
}

/// The texts of `thinking_blocks`.
fn of_blocks(message: &Fields) -> Option<Json<'static>> {
    let blocks: Vec<Fields> = serde_json::from_str(message.get("thinking_blocks")?.get()).ok()?;
    let texts = blocks.iter().filter_map(|block| said(block, "thinking"));
    let all: String = texts.map(|text| text.decoded().into_owned()).collect();
    (!all.is_empty()).then(|| Json::from_decoded(&all))
}
