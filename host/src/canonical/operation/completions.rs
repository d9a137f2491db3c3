//! Completions: <https://platform.openai.com/docs/api-reference/completions>.

use serde_json::{Value, json};

use super::{Answers, Head, Items, Mock, MockError, Mocked, QUESTION, Row, Streaming, Takes, TestRequest};
use crate::canonical::cut::Completion;

/// Of whole answers and of chunks.
const OBJECT: &str = "text_completion";

pub const ROW: Row = Row {
    route: "/v1/completions",
    name: "completions",
    mode: "completion",
    call_type: "atext_completion",
    takes: Takes::Json,
    answers: Answers::Items(Items {
        object: OBJECT,
        list: "choices",
        part: "text",
        head: Some(Head {
            id_prefix: "cmpl",
            chunk_object: OBJECT,
        }),
    }),
    stream: Streaming::Upstream(cut),
    usage: None,
    health_check,
    mock,
};

/// Each choice becomes a chunk. The usage is the last one.
fn cut(body: &[u8]) -> serde_json::Result<Vec<Value>> {
    let answer: Completion<'_> = serde_json::from_slice(body)?;
    let choices = answer.choices.iter();
    let mut chunks: Vec<Value> = choices.map(|choice| answer.chunk(OBJECT, &json!([choice]))).collect();
    chunks.extend(answer.usage_chunk(OBJECT));
    Ok(chunks)
}

fn health_check(model: &str, tokens_max: u32) -> TestRequest {
    json!({ "model": model, "prompt": QUESTION, "max_tokens": tokens_max }).into()
}

fn mock(mock: &Mock<'_>) -> Result<Mocked, MockError> {
    Ok(Mocked::Json(json!({
        "id": format!("cmpl-{}", mock.id), "object": OBJECT, "created": mock.created, "model": mock.model,
        "choices": [{"index": 0, "text": mock.text, "logprobs": null, "finish_reason": "stop"}],
        "usage": mock.usage(),
    })))
}
