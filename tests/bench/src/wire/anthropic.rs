//! Anthropic's messages (<https://docs.claude.com/en/api/messages>).

use super::{
    Answers, CHUNKS, EVENT_STREAM, LAST_HTTP_CHUNK, STAMP_DIGITS, TEXT, http_chunk, response, stamp_at, stream_head,
};

pub fn answers() -> Answers {
    let message = format!(
        r#""id":"msg_BenchBenchBenchBench","type":"message","role":"assistant","model":"upstream-model-2026-01-01","content":[{{"type":"text","text":"{}"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":250,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":{CHUNKS}}}"#,
        TEXT.repeat(6)
    );
    let event = |name: &str, data: &str| http_chunk(format!("event: {name}\ndata: {data}\n\n"));
    let mut opening = event(
        "message_start",
        r#"{"type":"message_start","message":{"id":"msg_BenchBenchBenchBench","type":"message","role":"assistant","model":"upstream-model-2026-01-01","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":250,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}}"#,
    );
    opening.extend(event(
        "content_block_start",
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    ));
    let text = event(
        "content_block_delta",
        &format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":" @{}"}}}}"#,
            "0".repeat(STAMP_DIGITS)
        ),
    );
    let mut closing = event("content_block_stop", r#"{"type":"content_block_stop","index":0}"#);
    closing.extend(event(
        "message_delta",
        &format!(
            r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn","stop_sequence":null}},"usage":{{"output_tokens":{CHUNKS}}}}}"#
        ),
    ));
    closing.extend(event("message_stop", r#"{"type":"message_stop"}"#));
    closing.extend_from_slice(LAST_HTTP_CHUNK);
    let error = r#"{"type":"error","error":{"type":"rate_limit_error","message":"Rate limit reached"}}"#;
    Answers {
        whole: response("200 OK", "application/json", &format!("{{{message}}}")),
        rate_limited: response("429 Too Many Requests", "application/json", error),
        stream_head: stream_head(EVENT_STREAM),
        opening,
        stamp_at: stamp_at(&text),
        chunk: text,
        closing,
    }
}
