//! Cuts a whole answer into the chunks of a stream.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::operation::Operation;

#[derive(Deserialize)]
struct Completion<'a> {
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
    #[serde(default, borrow)]
    created: Option<&'a RawValue>,
    #[serde(default, borrow)]
    model: Option<&'a RawValue>,
    #[serde(default, borrow)]
    system_fingerprint: Option<&'a RawValue>,
    #[serde(default, borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Vec<&'a RawValue>,
}

/// The chunks of a whole answer; `None` if the operation has no streamed form.
///
/// # Errors
/// The answer does not have the operation's format.
pub fn chunks_of(operation: Operation, body: &[u8]) -> Option<serde_json::Result<Vec<Value>>> {
    match operation {
        Operation::ChatCompletions => Some(chat(body)),
        Operation::Completions => Some(completions(body)),
        Operation::Embeddings => None,
    }
}

impl Completion<'_> {
    /// A chunk with the id, model and other common members of this answer.
    fn chunk(&self, object: &str, choices: &Value) -> Value {
        json!({
            "id": self.id, "object": object, "created": self.created, "model": self.model,
            "system_fingerprint": self.system_fingerprint, "choices": choices,
        })
    }

    fn usage_chunk(&self, object: &str) -> Option<Value> {
        let usage = self.usage.filter(|usage| usage.get() != "null")?;
        let mut chunk = self.chunk(object, &json!([]));
        chunk["usage"] = serde_json::from_str(usage.get()).ok()?;
        Some(chunk)
    }
}

/// Each choice becomes a first chunk with the whole message and a second with the finish reason. The usage is the last
/// chunk.
fn chat(body: &[u8]) -> serde_json::Result<Vec<Value>> {
    const OBJECT: &str = "chat.completion.chunk";
    let answer: Completion<'_> = serde_json::from_slice(body)?;
    let mut chunks = Vec::new();
    for choice in &answer.choices {
        let mut opening: Map<String, Value> = serde_json::from_str(choice.get())?;
        let mut take = |name: &str| opening.remove(name).unwrap_or_default();
        let (mut delta, finish_reason) = (take("message"), take("finish_reason"));
        let calls = delta.get_mut("tool_calls").and_then(Value::as_array_mut);
        for (position, call) in calls.into_iter().flatten().filter_map(Value::as_object_mut).enumerate() {
            call.insert("index".to_owned(), position.into());
        }
        let index = opening.get("index").cloned().unwrap_or_default();
        opening.insert("delta".to_owned(), delta);
        opening.insert("finish_reason".to_owned(), Value::Null);
        chunks.push(answer.chunk(OBJECT, &json!([opening])));
        let closing = json!([{"index": index, "delta": {}, "finish_reason": finish_reason}]);
        chunks.push(answer.chunk(OBJECT, &closing));
    }
    chunks.extend(answer.usage_chunk(OBJECT));
    Ok(chunks)
}

fn completions(body: &[u8]) -> serde_json::Result<Vec<Value>> {
    const OBJECT: &str = "text_completion";
    let answer: Completion<'_> = serde_json::from_slice(body)?;
    let mut chunks = Vec::new();
    for choice in &answer.choices {
        chunks.push(answer.chunk(OBJECT, &json!([choice])));
    }
    chunks.extend(answer.usage_chunk(OBJECT));
    Ok(chunks)
}

/// A whole answer that the gateway makes itself, without an upstream.
#[must_use]
pub fn canned(operation: Operation, id: &str, created: u64, model: &str, text: &Value, prompt_tokens: u64) -> Value {
    let completion_tokens = text.as_str().map_or(0, |text| (text.len() / 4).max(1)) as u64;
    let usage = json!({
        "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    });
    match operation {
        Operation::ChatCompletions => json!({
            "id": format!("chatcmpl-{id}"), "object": operation.answer_object(), "created": created, "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": usage,
        }),
        Operation::Completions => json!({
            "id": format!("cmpl-{id}"), "object": operation.answer_object(), "created": created, "model": model,
            "choices": [{"index": 0, "text": text, "logprobs": null, "finish_reason": "stop"}],
            "usage": usage,
        }),
        Operation::Embeddings => json!({
            "object": operation.answer_object(), "model": model,
            "data": [{"object": "embedding", "index": 0, "embedding": text}],
            "usage": {"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens},
        }),
    }
}
