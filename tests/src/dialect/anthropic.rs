//! Anthropic's Messages (<https://docs.anthropic.com/en/api/messages>).

use serde_json::{Value, json};

use crate::upstream::{Event, Script};

/// A whole message: 11 input tokens, 7 output tokens.
#[must_use]
pub fn message(text: &str) -> Value {
    with_content(&json!([{ "type": "text", "text": text }]), "end_turn")
}

/// A whole message that calls tools, given as (name, input).
#[must_use]
pub fn tool_message(calls: &[(&str, Value)]) -> Value {
    let content: Vec<Value> = calls
        .iter()
        .enumerate()
        .map(|(index, (name, input))| tool_use(index, name, input))
        .collect();
    with_content(&content.into(), "tool_use")
}

fn tool_use(index: usize, name: &str, input: &Value) -> Value {
    json!({ "type": "tool_use", "id": format!("toolu_{index}"), "name": name, "input": input })
}

fn with_content(content: &Value, stop_reason: &str) -> Value {
    json!({
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": "claude-upstream",
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": null,
        "usage": { "input_tokens": 11, "output_tokens": 7 },
    })
}

/// The events of a streamed text, up to its last piece.
#[must_use]
pub fn pieces(pieces: &[&str]) -> Vec<Event> {
    let mut events = vec![start(), begin(0, &json!({ "type": "text", "text": "" })), ping()];
    events.extend(
        pieces
            .iter()
            .map(|piece| delta(0, &json!({ "type": "text_delta", "text": piece }))),
    );
    events
}

/// How a stream ends.
#[must_use]
pub fn ending(block: usize, stop_reason: &str) -> Vec<Event> {
    let last = json!({
        "type": "message_delta",
        "delta": { "stop_reason": stop_reason, "stop_sequence": null },
        "usage": { "output_tokens": 7 },
    });
    vec![
        end(block),
        Event::named("message_delta", &last),
        Event::named("message_stop", &json!({ "type": "message_stop" })),
    ]
}

/// The events of a whole streamed text.
#[must_use]
pub fn stream(texts: &[&str]) -> Vec<Event> {
    [pieces(texts), ending(0, "end_turn")].concat()
}

/// A streamed answer that calls tools, the input of each in two pieces.
#[must_use]
pub fn tool_stream(calls: &[(&str, Value)]) -> Vec<Event> {
    let mut events = vec![start()];
    for (index, (name, input)) in calls.iter().enumerate() {
        if index > 0 {
            events.push(end(index - 1));
        }
        let block = json!({ "type": "tool_use", "id": format!("toolu_{index}"), "name": name, "input": {} });
        events.push(begin(index, &block));
        let input = input.to_string();
        let (first, second) = input.split_at(input.len() / 2);
        for piece in [first, second] {
            events.push(delta(
                index,
                &json!({ "type": "input_json_delta", "partial_json": piece }),
            ));
        }
    }
    [events, ending(calls.len() - 1, "tool_use")].concat()
}

fn start() -> Event {
    let message = json!({
        "id": "msg_scripted", "type": "message", "role": "assistant", "model": "claude-upstream", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": { "input_tokens": 11, "output_tokens": 1 },
    });
    Event::named("message_start", &json!({ "type": "message_start", "message": message }))
}

fn ping() -> Event {
    Event::named("ping", &json!({ "type": "ping" }))
}

fn begin(index: usize, block: &Value) -> Event {
    Event::named(
        "content_block_start",
        &json!({ "type": "content_block_start", "index": index, "content_block": block }),
    )
}

fn delta(index: usize, delta: &Value) -> Event {
    Event::named(
        "content_block_delta",
        &json!({ "type": "content_block_delta", "index": index, "delta": delta }),
    )
}

fn end(index: usize) -> Event {
    Event::named(
        "content_block_stop",
        &json!({ "type": "content_block_stop", "index": index }),
    )
}

/// An error as Anthropic says it.
#[must_use]
pub fn error(kind: &str, message: &str) -> Value {
    json!({ "type": "error", "error": { "type": kind, "message": message } })
}

/// A whole good answer, as a script.
#[must_use]
pub fn says(text: &str) -> Script {
    Script::json(200, &message(text))
}

/// A streamed good answer, as a script.
#[must_use]
pub fn streams(texts: &[&str]) -> Script {
    Script::events(stream(texts))
}
