//! Chat completions: <https://platform.openai.com/docs/api-reference/chat>.

use serde_json::{Map, Value, json};

use super::{Answers, Head, Items, Mock, MockError, Mocked, QUESTION, Row, Streaming, Takes, TestRequest};
use crate::canonical::cut::Completion;

const OBJECT: &str = "chat.completion";
const CHUNK_OBJECT: &str = "chat.completion.chunk";

pub const ROW: Row = Row {
    route: "/v1/chat/completions",
    name: "chat-completions",
    mode: "chat",
    call_type: "acompletion",
    takes: Takes::Json,
    answers: Answers::Items(Items {
        object: OBJECT,
        list: "choices",
        part: "message",
        head: Some(Head {
            id_prefix: "chatcmpl",
            chunk_object: CHUNK_OBJECT,
        }),
    }),
    stream: Streaming::Upstream(cut),
    usage: None,
    health_check,
    mock,
};

/// Each choice becomes a first chunk with the whole message and a second with the finish reason. The usage is the last
/// chunk.
fn cut(body: &[u8]) -> serde_json::Result<Vec<Value>> {
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
        chunks.push(answer.chunk(CHUNK_OBJECT, &json!([opening])));
        let closing = json!([{"index": index, "delta": {}, "finish_reason": finish_reason}]);
        chunks.push(answer.chunk(CHUNK_OBJECT, &closing));
    }
    chunks.extend(answer.usage_chunk(CHUNK_OBJECT));
    Ok(chunks)
}

fn health_check(model: &str, tokens_max: u32) -> TestRequest {
    let messages = json!([{ "role": "user", "content": QUESTION }]);
    json!({ "model": model, "messages": messages, "max_tokens": tokens_max }).into()
}

fn mock(mock: &Mock<'_>) -> Result<Mocked, MockError> {
    let message = json!({"role": "assistant", "content": mock.text});
    Ok(Mocked::Json(json!({
        "id": format!("chatcmpl-{}", mock.id), "object": OBJECT, "created": mock.created, "model": mock.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": mock.usage(),
    })))
}
