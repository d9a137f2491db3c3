//! Gemini's `generateContent` (<https://ai.google.dev/api/generate-content>).

use super::{
    Answers, CHUNKS, EVENT_STREAM, LAST_HTTP_CHUNK, STAMP_DIGITS, TEXT, http_chunk, response, stamp_at, stream_head,
};

pub fn answers() -> Answers {
    let event = |text: &str| http_chunk(format!("data: {}\r\n\r\n", answer(text, "")));
    let text = event(&format!(" @{}", "0".repeat(STAMP_DIGITS)));
    let last = answer("", r#","finishReason":"STOP""#);
    let error = r#"{"error":{"code":429,"message":"Resource has been exhausted","status":"RESOURCE_EXHAUSTED"}}"#;
    Answers {
        whole: response(
            "200 OK",
            "application/json",
            &answer(&TEXT.repeat(6), r#","finishReason":"STOP""#),
        ),
        rate_limited: response("429 Too Many Requests", "application/json", error),
        stream_head: stream_head(EVENT_STREAM),
        opening: Vec::new(),
        stamp_at: stamp_at(&text),
        chunk: text,
        closing: [&http_chunk(format!("data: {last}\r\n\r\n")), LAST_HTTP_CHUNK].concat(),
    }
}

/// An answer, or an event of one: they have the same form.
fn answer(text: &str, finish_reason: &str) -> String {
    format!(
        r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}],"role":"model"}}{finish_reason},"index":0}}],"usageMetadata":{{"promptTokenCount":250,"candidatesTokenCount":{CHUNKS},"totalTokenCount":{},"promptTokensDetails":[{{"modality":"TEXT","tokenCount":250}}]}},"modelVersion":"gemini-bench","responseId":"BenchBenchBenchBenchBen"}}"#,
        250 + CHUNKS
    )
}
