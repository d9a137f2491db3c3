//! OpenAI's wire format, which Azure's deployments share
//! (<https://platform.openai.com/docs/api-reference/chat>).

use serde_json::{Value, json};

use crate::upstream::{Event, Script};

/// What the upstream calls its model, so that a test sees whether an answer was restamped.
pub const UPSTREAM_MODEL: &str = "upstream-model-2025-01-01";

/// A chat request of one sentence.
#[must_use]
pub fn ask(model: &str, text: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": text }] })
}

/// The same, streamed.
#[must_use]
pub fn ask_streamed(model: &str, text: &str) -> Value {
    let mut request = ask(model, text);
    request["stream"] = true.into();
    request
}

/// A whole chat answer: 11 prompt tokens, 7 completion tokens.
#[must_use]
pub fn answer(text: &str) -> Value {
    completed(
        &json!({ "role": "assistant", "content": text, "refusal": null }),
        "stop",
    )
}

/// A whole chat answer that calls tools, given as (name, arguments).
#[must_use]
pub fn tool_answer(calls: &[(&str, Value)]) -> Value {
    let calls: Vec<Value> = calls
        .iter()
        .enumerate()
        .map(|(index, (name, arguments))| call(index, name, arguments))
        .collect();
    completed(
        &json!({ "role": "assistant", "content": null, "tool_calls": calls }),
        "tool_calls",
    )
}

fn call(index: usize, name: &str, arguments: &Value) -> Value {
    let function = json!({ "name": name, "arguments": arguments.to_string() });
    json!({ "id": format!("call_{index}"), "type": "function", "function": function })
}

fn completed(message: &Value, finish_reason: &str) -> Value {
    json!({
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": UPSTREAM_MODEL,
        "system_fingerprint": "fp_scripted",
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason }],
        "usage": usage(),
    })
}

/// What every scripted answer says it used.
#[must_use]
pub fn usage() -> Value {
    json!({ "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18 })
}

/// One chunk of a stream.
#[must_use]
pub fn chunk(delta: &Value, finish_reason: Option<&str>) -> Value {
    json!({
        "id": "chatcmpl-scripted",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": UPSTREAM_MODEL,
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }],
    })
}

/// The chunk that carries usage and nothing else, sent when `stream_options.include_usage` asks for it.
#[must_use]
pub fn usage_chunk() -> Value {
    json!({
        "id": "chatcmpl-scripted",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": UPSTREAM_MODEL,
        "choices": [],
        "usage": usage(),
    })
}

/// The events of a streamed text, up to its last piece: role first, then a chunk a piece.
#[must_use]
pub fn pieces(pieces: &[&str]) -> Vec<Event> {
    let role = chunk(&json!({ "role": "assistant", "content": "" }), None);
    let texts = pieces.iter().map(|piece| chunk(&json!({ "content": piece }), None));
    std::iter::once(role)
        .chain(texts)
        .map(|chunk| Event::data(&chunk))
        .collect()
}

/// How a stream ends: finish reason, usage, `[DONE]`.
#[must_use]
pub fn ending() -> Vec<Event> {
    let last = chunk(&json!({}), Some("stop"));
    vec![Event::data(&last), Event::data(&usage_chunk()), Event::done()]
}

/// The events of a whole streamed answer, with usage.
#[must_use]
pub fn stream(texts: &[&str]) -> Vec<Event> {
    [pieces(texts), ending()].concat()
}

/// A streamed answer that calls tools side by side, the arguments of each in two pieces.
#[must_use]
pub fn tool_stream(calls: &[(&str, Value)]) -> Vec<Event> {
    let mut chunks = vec![chunk(&json!({ "role": "assistant", "content": null }), None)];
    for (index, (name, arguments)) in calls.iter().enumerate() {
        let arguments = arguments.to_string();
        let (first, second) = arguments.split_at(arguments.len() / 2);
        let begun = json!({
            "index": index, "id": format!("call_{index}"), "type": "function",
            "function": { "name": name, "arguments": first },
        });
        chunks.push(chunk(&json!({ "tool_calls": [begun] }), None));
        let rest = json!({ "index": index, "function": { "arguments": second } });
        chunks.push(chunk(&json!({ "tool_calls": [rest] }), None));
    }
    chunks.push(chunk(&json!({}), Some("tool_calls")));
    chunks.push(usage_chunk());
    chunks.iter().map(Event::data).chain([Event::done()]).collect()
}

/// An answer to `/completions`.
#[must_use]
pub fn completion(text: &str) -> Value {
    json!({
        "id": "cmpl-scripted",
        "object": "text_completion",
        "created": 1_700_000_000,
        "model": UPSTREAM_MODEL,
        "choices": [{ "index": 0, "text": text, "logprobs": null, "finish_reason": "stop" }],
        "usage": usage(),
    })
}

/// An answer to `/embeddings`, one short vector an input.
#[must_use]
pub fn embeddings(count: usize) -> Value {
    let vector = |index: usize| json!({ "object": "embedding", "index": index, "embedding": [0.25, -0.5] });
    json!({
        "object": "list",
        "model": UPSTREAM_MODEL,
        "data": (0..count).map(vector).collect::<Vec<_>>(),
        "usage": { "prompt_tokens": 11, "total_tokens": 11 },
    })
}

/// An error as OpenAI says it.
#[must_use]
pub fn error(kind: &str, code: &str, message: &str) -> Value {
    json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
}

/// A whole good answer, as a script.
#[must_use]
pub fn says(text: &str) -> Script {
    Script::json(200, &answer(text))
}

/// A streamed good answer, as a script.
#[must_use]
pub fn streams(texts: &[&str]) -> Script {
    Script::events(stream(texts))
}

/// The upstream refuses for now.
#[must_use]
pub fn rate_limited(retry_after_secs: u32) -> Script {
    Script::json(
        429,
        &error("requests", "rate_limit_exceeded", "Rate limit reached, slow down"),
    )
    .header("retry-after", &retry_after_secs.to_string())
}

/// The text that the chunks of a stream add up to.
#[must_use]
pub fn text_of(chunks: &[Value]) -> String {
    chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect()
}
