//! Embeddings: <https://platform.openai.com/docs/api-reference/embeddings>. They have no streamed form; some clients set
//! `stream` all the same.

use serde_json::json;

use super::{Answers, Items, Mock, MockError, Mocked, QUESTION, Row, Streaming, Takes, TestRequest};

const OBJECT: &str = "list";

pub const ROW: Row = Row {
    route: "/v1/embeddings",
    name: "embeddings",
    mode: "embedding",
    call_type: "aembedding",
    takes: Takes::Json,
    answers: Answers::Items(Items {
        object: OBJECT,
        list: "data",
        part: "embedding",
        head: None,
    }),
    stream: Streaming::Never,
    usage: None,
    health_check,
    mock,
};

fn health_check(model: &str, _: u32) -> TestRequest {
    json!({ "model": model, "input": [QUESTION] }).into()
}

fn mock(mock: &Mock<'_>) -> Result<Mocked, MockError> {
    let vector: Vec<f64> = serde_json::from_str(mock.text)
        .map_err(|_| MockError("a `mock_response` for embeddings is a list of numbers, such as \"[0.1, 0.2]\""))?;
    Ok(Mocked::Json(json!({
        "object": OBJECT, "model": mock.model,
        "data": [{"object": "embedding", "index": 0, "embedding": vector}],
        "usage": {"prompt_tokens": mock.prompt_tokens, "total_tokens": mock.prompt_tokens},
    })))
}
