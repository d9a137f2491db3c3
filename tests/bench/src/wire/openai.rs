//! OpenAI's chat completions (<https://platform.openai.com/docs/api-reference/chat>).

use super::{
    Answers, CHUNKS, EVENT_STREAM, LAST_HTTP_CHUNK, STAMP_DIGITS, TEXT, http_chunk, response, stamp_at, stream_head,
};

pub fn answers() -> Answers {
    let envelope = r#""id":"chatcmpl-BenchBenchBenchBenchBenchBen","created":1760000000,"model":"upstream-model-2026-01-01","service_tier":"default","system_fingerprint":"fp_0123456789""#;
    let usage = format!(
        r#"{{"prompt_tokens":250,"completion_tokens":{CHUNKS},"total_tokens":{},"prompt_tokens_details":{{"cached_tokens":0,"audio_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}}"#,
        250 + CHUNKS
    );
    let whole = format!(
        r#"{{{envelope},"object":"chat.completion","choices":[{{"index":0,"message":{{"role":"assistant","content":"{}","refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"stop"}}],"usage":{usage}}}"#,
        TEXT.repeat(6)
    );
    let chunk = |choices: &str| {
        http_chunk(format!(
            "data: {{{envelope},\"object\":\"chat.completion.chunk\",\"choices\":{choices}}}\n\n"
        ))
    };
    let text = chunk(&format!(
        r#"[{{"index":0,"delta":{{"content":" @{}"}},"logprobs":null,"finish_reason":null}}]"#,
        "0".repeat(STAMP_DIGITS)
    ));
    let mut closing = chunk(r#"[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]"#);
    closing.extend(http_chunk(format!(
        "data: {{{envelope},\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{usage}}}\n\n"
    )));
    closing.extend(http_chunk("data: [DONE]\n\n"));
    closing.extend_from_slice(LAST_HTTP_CHUNK);
    let error =
        r#"{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
    Answers {
        whole: response("200 OK", "application/json", &whole),
        rate_limited: response("429 Too Many Requests", "application/json", error),
        stream_head: stream_head(EVENT_STREAM),
        opening: chunk(
            r#"[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]"#,
        ),
        stamp_at: stamp_at(&text),
        chunk: text,
        closing,
    }
}
