//! The text of requests and answers, and where it stands: what guardrails see and may change.

use crate::canonical::Canonical;
use crate::json::{Kind, Span, Value, elements, find, member, members};
use crate::plugin::guardrail::Passage;

/// A passage and its place in the document, quotes included.
pub struct Found {
    pub span: Span,
    pub role: String,
    pub text: String,
}

impl Found {
    pub fn passage(&self) -> Passage {
        Passage {
            role: self.role.clone(),
            before: String::new(),
            text: self.text.clone(),
        }
    }
}

/// The text that a client sends: messages with their parts and tool calls, prompts, inputs. Descriptions of tools and
/// schemas are the application's own and are not looked at.
pub fn of_request(canonical: &Canonical) -> Vec<Found> {
    let body = canonical.body.as_ref();
    let mut found = Vec::new();
    let field = |name: &str| canonical.fields.get(body, name).map(|field| field.value);
    if let Some(messages) = field("messages") {
        for message in elements(body, messages.span) {
            message_texts(body, message, None, &mut found);
        }
    }
    for name in ["prompt", "input", "suffix"] {
        if let Some(value) = field(name) {
            texts(body, value, "input", &mut found);
        }
    }
    in_order(found)
}

/// As they stand in the document: that is how they are put back.
fn in_order(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|found| found.span.start);
    found
}

/// All text that an answer brings to a client.
pub fn of_answer(body: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    let Some(choices) = find::root(body).and_then(|root| member(body, root.span, "choices")) else {
        return found;
    };
    for choice in elements(body, choices.span) {
        if let Some(message) = member(body, choice.span, "message") {
            message_texts(body, message, Some("assistant"), &mut found);
        }
        if let Some(text) = member(body, choice.span, "text") {
            texts(body, text, "assistant", &mut found);
        }
    }
    in_order(found)
}

/// A message's fields that hold text. Every member of a name is looked at, not only the first: parsers differ on which
/// of two counts.
fn message_texts(body: &[u8], message: Value, default_role: Option<&'static str>, found: &mut Vec<Found>) {
    let role = member(body, message.span, "role")
        .and_then(|role| role.text(body))
        .map(|role| role.into_owned());
    let role = role.as_deref().unwrap_or(default_role.unwrap_or("user"));
    for field in members(body, message.span) {
        match field.name(body).as_deref() {
            Some("content" | "refusal" | "reasoning_content" | "name") => texts(body, field.value, role, found),
            Some("tool_calls") => {
                for call in elements(body, field.value.span) {
                    call_texts(body, call, role, found);
                }
            }
            Some("thinking_blocks") => {
                for block in elements(body, field.value.span) {
                    if let Some(thinking) = member(body, block.span, "thinking") {
                        texts(body, thinking, role, found);
                    }
                }
            }
            Some("function_call") => arguments(body, field.value, role, found),
            _ => {}
        }
    }
}

fn call_texts(body: &[u8], call: Value, role: &str, found: &mut Vec<Found>) {
    if let Some(function) = member(body, call.span, "function") {
        arguments(body, function, role, found);
    }
}

fn arguments(body: &[u8], function: Value, role: &str, found: &mut Vec<Found>) {
    if let Some(arguments) = member(body, function.span, "arguments") {
        texts(body, arguments, role, found);
    }
}

/// A string; or the strings of a list, and the `text` and `content` of its objects.
fn texts(body: &[u8], value: Value, role: &str, found: &mut Vec<Found>) {
    match value.kind {
        Kind::String => {
            if let Some(text) = value.text(body).filter(|text| !text.is_empty()) {
                found.push(Found {
                    span: value.span,
                    role: role.to_owned(),
                    text: text.into_owned(),
                });
            }
        }
        Kind::Array => {
            for element in elements(body, value.span) {
                part_texts(body, element, role, found);
            }
        }
        _ => {}
    }
}

fn part_texts(body: &[u8], part: Value, role: &str, found: &mut Vec<Found>) {
    match part.kind {
        Kind::String => texts(body, part, role, found),
        Kind::Object => {
            for field in members(body, part.span) {
                if matches!(
                    field.name(body).as_deref(),
                    Some("text" | "content" | "refusal" | "input")
                ) {
                    texts(body, field.value, role, found);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_that_holds_text_is_found() {
        let answer = br#"{"choices":[{"message":{"role":"assistant","content":"one","reasoning_content":"two",
            "tool_calls":[{"function":{"name":"f","arguments":"{\"a\":\"three\"}"}}]}},{"text":"four"}]}"#;
        let texts: Vec<String> = of_answer(answer).into_iter().map(|found| found.text).collect();
        assert_eq!(texts, ["one", "two", r#"{"a":"three"}"#, "four"]);
    }
}
