//! What the upstream answers, in the wire formats of OpenAI and Anthropic, made once.
//!
//! Sizes are those of real answers: a whole one of about 1 KB, chunks of about 200 bytes, and the headers that OpenAI
//! sends (<https://platform.openai.com/docs/api-reference/debugging-requests>).

/// Chunks with text in each streamed answer.
pub const CHUNKS: usize = 100;

/// Stands before the time of sending in a paced chunk's text; see [`stamp`].
pub const STAMP: &[u8] = b"@";

/// Digits of a time of sending: nanoseconds since the Unix epoch.
pub const STAMP_DIGITS: usize = 19;

/// The dialects that the upstream speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    OpenAi,
    Anthropic,
}

/// A dialect's answers, as bytes that go out as they are.
pub struct Answers {
    pub whole: Vec<u8>,
    pub rate_limited: Vec<u8>,
    /// The head of a streamed answer, in chunked transfer coding.
    pub stream_head: Vec<u8>,
    /// What comes before the first text, each an HTTP chunk.
    pub opening: Vec<u8>,
    /// One chunk with text, an HTTP chunk.
    pub chunk: Vec<u8>,
    /// Where the time of sending goes in `chunk`.
    pub stamp_at: usize,
    /// From the chunk that says why it ends to the end of the body.
    pub closing: Vec<u8>,
}

impl Answers {
    pub fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::OpenAi => openai(),
            Dialect::Anthropic => anthropic(),
        }
    }

    /// A whole stream, ready to go out in one piece.
    pub fn burst(&self) -> Vec<u8> {
        let mut all = self.stream_head.clone();
        all.extend_from_slice(&self.opening);
        (0..CHUNKS).for_each(|_| all.extend_from_slice(&self.chunk));
        all.extend_from_slice(&self.closing);
        all
    }
}

/// Writes a time of sending over a chunk's placeholder.
pub fn stamp(chunk: &mut [u8], at: usize, nanoseconds: u128) {
    let digits = format!("{nanoseconds:019}");
    chunk[at..at + STAMP_DIGITS].copy_from_slice(digits.as_bytes());
}

const TEXT: &str = "The quick brown fox jumps over the lazy dog, and the gateway hardly notices. ";

fn openai() -> Answers {
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
        http_chunk(&format!(
            "data: {{{envelope},\"object\":\"chat.completion.chunk\",\"choices\":{choices}}}\n\n"
        ))
    };
    let text = chunk(&format!(
        r#"[{{"index":0,"delta":{{"content":" @{}"}},"logprobs":null,"finish_reason":null}}]"#,
        "0".repeat(STAMP_DIGITS)
    ));
    let mut closing = chunk(r#"[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]"#);
    closing.extend(http_chunk(&format!(
        "data: {{{envelope},\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{usage}}}\n\n"
    )));
    closing.extend(http_chunk("data: [DONE]\n\n"));
    closing.extend_from_slice(b"0\r\n\r\n");
    let error =
        r#"{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
    Answers {
        whole: response("200 OK", "application/json", &whole),
        rate_limited: response("429 Too Many Requests", "application/json", error),
        stream_head: stream_head(),
        opening: chunk(
            r#"[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]"#,
        ),
        stamp_at: stamp_at(&text),
        chunk: text,
        closing,
    }
}

fn anthropic() -> Answers {
    let message = format!(
        r#""id":"msg_BenchBenchBenchBench","type":"message","role":"assistant","model":"upstream-model-2026-01-01","content":[{{"type":"text","text":"{}"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":250,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":{CHUNKS}}}"#,
        TEXT.repeat(6)
    );
    let event = |name: &str, data: &str| http_chunk(&format!("event: {name}\ndata: {data}\n\n"));
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
    closing.extend_from_slice(b"0\r\n\r\n");
    let error = r#"{"type":"error","error":{"type":"rate_limit_error","message":"Rate limit reached"}}"#;
    Answers {
        whole: response("200 OK", "application/json", &format!("{{{message}}}")),
        rate_limited: response("429 Too Many Requests", "application/json", error),
        stream_head: stream_head(),
        opening,
        stamp_at: stamp_at(&text),
        chunk: text,
        closing,
    }
}

fn stamp_at(chunk: &[u8]) -> usize {
    memchr::memmem::find(chunk, STAMP).expect("a chunk's text begins with the mark") + STAMP.len()
}

fn http_chunk(data: &str) -> Vec<u8> {
    format!("{:x}\r\n{data}\r\n", data.len()).into_bytes()
}

const HEADERS: &str = "date: Thu, 01 Jan 2026 00:00:00 GMT\r\nopenai-organization: bench\r\nopenai-processing-ms: 120\r\nopenai-version: 2020-10-01\r\nx-ratelimit-limit-requests: 10000\r\nx-ratelimit-limit-tokens: 2000000\r\nx-ratelimit-remaining-requests: 9999\r\nx-ratelimit-remaining-tokens: 1999000\r\nx-request-id: req_0123456789abcdef0123456789abcdef\r\n";

fn response(status: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{HEADERS}content-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

fn stream_head() -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{HEADERS}content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        .into_bytes()
}
