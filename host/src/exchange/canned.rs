//! Answers that no upstream streams: mocks, and whole answers to a client that asked for a stream.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use hyper::HeaderMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Whole};
use super::relay::{Source, Stream};
use super::{Cause, Refusal};
use crate::canonical::Canonical;
use crate::deployment::Candidate;
use crate::operation::Operation;
use crate::sse;

/// `mock_response`: a canned text, or the name of an error to answer with.
pub fn mock(canonical: &Canonical, candidate: &Candidate, text: &str) -> Result<Answer, Refusal> {
    if let Some(cause) = named_error(text) {
        return Err(Refusal::new(cause, format!("this is a mock error: {text}")));
    }
    let created = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let prompt_tokens = u64::from(canonical.prompt_tokens());
    let completion_tokens = (text.len() / 4).max(1) as u64;
    let usage = json!({
        "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    });
    let model = &candidate.target.model;
    let body = match canonical.operation {
        Operation::ChatCompletions => json!({
            "id": format!("chatcmpl-{}", canonical.id), "object": "chat.completion", "created": created, "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": usage,
        }),
        Operation::Completions => json!({
            "id": format!("cmpl-{}", canonical.id), "object": "text_completion", "created": created, "model": model,
            "choices": [{"index": 0, "text": text, "logprobs": null, "finish_reason": "stop"}],
            "usage": usage,
        }),
        Operation::Embeddings => json!({
            "object": "list", "model": model,
            "data": [{"object": "embedding", "index": 0, "embedding": vector(text)?}],
            "usage": {"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens},
        }),
    };
    as_asked(canonical, Whole::new(body.to_string().into(), HeaderMap::new())?)
}

/// An embedding is mocked by a list of numbers.
fn vector(text: &str) -> Result<Vec<f64>, Refusal> {
    serde_json::from_str(text).map_err(|_| {
        Refusal::new(
            Cause::BadRequest,
            "this deployment answers with a canned text, which is no embedding",
        )
        .detail("a `mock_response` for embeddings is a list of numbers, such as \"[0.1, 0.2]\"")
    })
}

/// LiteLLM's names for mock errors.
fn named_error(text: &str) -> Option<Cause> {
    Some(
        match text
            .strip_prefix("litellm.")
            .or_else(|| text.strip_prefix("Exception: litellm."))?
        {
            "RateLimitError" => Cause::RateLimited,
            "ContextWindowExceededError" => Cause::ContextWindowExceeded,
            "ContentPolicyViolationError" => Cause::ContentFiltered,
            "InternalServerError" => Cause::UpstreamError,
            "ServiceUnavailableError" => Cause::Overloaded,
            "AuthenticationError" => Cause::UpstreamAuthentication,
            "Timeout" => Cause::Timeout,
            "BadRequestError" => Cause::BadRequest,
            "NotFoundError" => Cause::NotFound,
            _ => return None,
        },
    )
}

/// A whole answer as the client asked for it: whole, or as the chunks it would have been streamed in.
///
/// # Errors
/// The answer cannot be cut into chunks: it is none of the operation's.
pub fn as_asked(canonical: &Canonical, whole: Whole) -> Result<Answer, Refusal> {
    if !canonical.is_streaming {
        return Ok(Answer::Whole(whole));
    }
    let chunks = match canonical.operation {
        Operation::ChatCompletions => chat_chunks(&whole.body),
        Operation::Completions => completion_chunks(&whole.body),
        Operation::Embeddings => return Ok(Answer::Whole(whole)),
    };
    let chunks = chunks.map_err(|error| {
        Refusal::new(
            Cause::UpstreamError,
            "the upstream's answer is not what the operation answers with",
        )
        .detail(error.to_string())
    })?;
    let source = Source::canned(events(&chunks));
    Ok(Answer::Stream(Box::new(Stream::ready(
        canonical,
        source,
        whole.headers().clone(),
    ))))
}

fn events(chunks: &[Value]) -> Bytes {
    let mut events = BytesMut::new();
    for chunk in chunks {
        sse::write_data(&mut events, chunk.to_string().as_bytes());
    }
    events.freeze()
}

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

impl Completion<'_> {
    /// A chunk of this answer.
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

/// A message becomes a first chunk with all of it, a second with the reason, and the usage.
fn chat_chunks(body: &[u8]) -> serde_json::Result<Vec<Value>> {
    const OBJECT: &str = "chat.completion.chunk";
    let answer: Completion<'_> = serde_json::from_slice(body)?;
    let mut chunks = Vec::new();
    for choice in &answer.choices {
        let mut choice: Map<String, Value> = serde_json::from_str(choice.get())?;
        let mut take = |name: &str| choice.remove(name).unwrap_or_default();
        let (index, mut delta, finish_reason) = (take("index"), take("message"), take("finish_reason"));
        let calls = delta.get_mut("tool_calls").and_then(Value::as_array_mut);
        for (position, call) in calls.into_iter().flatten().filter_map(Value::as_object_mut).enumerate() {
            call.insert("index".to_owned(), position.into());
        }
        let opening = json!([{"index": index, "delta": delta, "finish_reason": null}]);
        chunks.push(answer.chunk(OBJECT, &opening));
        let closing = json!([{"index": index, "delta": {}, "finish_reason": finish_reason}]);
        chunks.push(answer.chunk(OBJECT, &closing));
    }
    chunks.extend(answer.usage_chunk(OBJECT));
    Ok(chunks)
}

fn completion_chunks(body: &[u8]) -> serde_json::Result<Vec<Value>> {
    const OBJECT: &str = "text_completion";
    let answer: Completion<'_> = serde_json::from_slice(body)?;
    let mut chunks = Vec::new();
    for choice in &answer.choices {
        chunks.push(answer.chunk(OBJECT, &json!([choice])));
    }
    chunks.extend(answer.usage_chunk(OBJECT));
    Ok(chunks)
}
