//! Patches the message of a choice, or the delta of a chunk.

use std::borrow::Cow;

use serde_json::value::RawValue;
use sluice_sdk::canonical::{Fields, Object, Text};

use super::Patches;
use super::citations::Citations;

/// The tags that models put around their reasoning.
const TAGS: [(&str, &str); 2] = [("<think>", "</think>"), ("<thinking>", "</thinking>")];

pub fn has_calls(message: &Fields) -> bool {
    message
        .get("tool_calls")
        .is_some_and(|calls| calls.get().starts_with('[') && calls.get() != "[]")
}

/// Writes the patched message.
pub fn write(message: &Fields, patches: Patches, is_delta: bool, citations: Option<&Citations>, out: &mut Vec<u8>) {
    let content = message.get("content");
    let parts = content.filter(|_| patches.thinking_parts).and_then(Parts::of);
    let has_reasoning = ["reasoning_content", "reasoning"].iter().any(|field| {
        message
            .get(field)
            .is_some_and(|value| !matches!(value.get(), "null" | "\"\""))
    });
    let tagged = content
        .filter(|_| patches.think_tags && !has_reasoning)
        .and_then(Tagged::of);
    let arguments = message
        .get("tool_calls")
        .filter(|_| patches.schema_tool)
        .and_then(arguments);
    let mut to = Object::begin(out);
    for (name, value) in &message.0 {
        match name.as_ref() {
            "content" if arguments.is_some() => {}
            "tool_calls" if arguments.is_some() => {
                to.json("content", arguments.as_deref().unwrap_or_default());
            }
            "content" if parts.is_some() => {
                if let Some(parts) = &parts {
                    parts.write(is_delta, &mut to);
                }
            }
            "content" if tagged.is_some() => {
                if let Some(tagged) = &tagged {
                    to.string("content", &tagged.text)
                        .string("reasoning_content", &tagged.reasoning);
                }
            }
            "reasoning_content" if parts.is_some() || tagged.is_some() => {}
            name => {
                to.raw(Text::from_decoded(name).escaped(), value);
            }
        }
    }
    if let (Some(citations), Some(content)) = (citations, content.and_then(Text::of)) {
        citations.annotate(&content.decoded(), message.get("annotations").is_some(), &mut to);
    }
}

/// The arguments of all calls, or of their pieces, as one JSON string.
fn arguments(calls: &RawValue) -> Option<String> {
    let calls: Vec<Fields> = serde_json::from_str(calls.get()).ok()?;
    let mut text = String::from("\"");
    for call in &calls {
        let function: Fields = call
            .get("function")
            .and_then(|json| serde_json::from_str(json.get()).ok())?;
        if let Some(arguments) = function.get("arguments").and_then(Text::of) {
            text.push_str(arguments.escaped());
        }
    }
    text.push('"');
    Some(text)
}

/// Content that is a list of texts, thoughts and references. <https://docs.mistral.ai/capabilities/reasoning/>,
/// <https://docs.mistral.ai/capabilities/citations/>,
/// <https://docs.databricks.com/aws/en/machine-learning/model-serving/query-reason-models>
#[derive(Default)]
struct Parts<'a> {
    /// Escaped; `None` if there is no text part.
    text: Option<String>,
    thinking: String,
    signature: Option<&'a RawValue>,
    others: Vec<&'a RawValue>,
}

impl<'a> Parts<'a> {
    fn of(content: &'a RawValue) -> Option<Self> {
        if !content.get().starts_with('[') {
            return None;
        }
        let list: Vec<&RawValue> = serde_json::from_str(content.get()).ok()?;
        let mut parts = Self::default();
        for raw in list {
            let part: Fields = serde_json::from_str(raw.get()).unwrap_or_default();
            match part.get("type").map(RawValue::get) {
                Some("\"text\"") => {
                    let text = part.get("text").and_then(Text::of);
                    let all = parts.text.get_or_insert_default();
                    all.push_str(text.as_ref().map(Text::escaped).unwrap_or_default());
                }
                Some("\"thinking\"") => parts.think(part.get("thinking")),
                Some("\"reasoning\"") => parts.think(part.get("summary")),
                _ => parts.others.push(raw),
            }
        }
        Some(parts)
    }

    /// Adds a thought, which is a text or a list of texts.
    fn think(&mut self, thinking: Option<&'a RawValue>) {
        let Some(thinking) = thinking else { return };
        if let Some(text) = Text::of(thinking) {
            self.thinking.push_str(text.escaped());
        }
        let list: Vec<Fields<'a>> = serde_json::from_str(thinking.get()).unwrap_or_default();
        for item in &list {
            if self.signature.is_none() {
                self.signature = item.get("signature").filter(|signature| signature.get() != "null");
            }
            if let Some(text) = item.get("text").and_then(Text::of) {
                self.thinking.push_str(text.escaped());
            }
        }
    }

    fn write(&self, is_delta: bool, to: &mut Object) {
        // A delta without a text part has no `content`.
        if self.text.is_some() || !is_delta {
            to.json("content", &quoted(self.text.as_deref().unwrap_or_default()));
        }
        if !self.thinking.is_empty() {
            let thinking = quoted(&self.thinking);
            to.json("reasoning_content", &thinking);
            // A block without a signature adds nothing, and cannot be sent back.
            if let Some(signature) = self.signature {
                to.list("thinking_blocks")
                    .object()
                    .string("type", "thinking")
                    .json("thinking", &thinking)
                    .raw("signature", signature);
            }
        }
        if !self.others.is_empty() {
            let mut fields = to.object("provider_specific_fields");
            let mut list = fields.list("references");
            for other in &self.others {
                list.json(other.get());
            }
        }
    }
}

fn quoted(escaped: &str) -> String {
    format!("\"{escaped}\"")
}

/// Text that begins with the reasoning.
struct Tagged {
    reasoning: String,
    text: String,
}

impl Tagged {
    fn of(content: &RawValue) -> Option<Self> {
        let text = Text::of(content)?;
        let text: Cow<str> = text.decoded();
        let rest = text.trim_start();
        TAGS.iter().find_map(|(open, close)| {
            let (reasoning, text) = rest.strip_prefix(open)?.split_once(close)?;
            Some(Self {
                reasoning: reasoning.to_owned(),
                text: text.to_owned(),
            })
        })
    }
}
