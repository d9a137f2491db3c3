//! What the upstream answers, in the wire formats of several providers, made once.
//!
//! Sizes are those of real answers: a whole one of about 1 KB, chunks of about 200 bytes, and the headers that OpenAI
//! sends (<https://platform.openai.com/docs/api-reference/debugging-requests>).

mod anthropic;
mod bedrock;
mod gemini;
mod openai;

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
    Gemini,
    Bedrock,
}

impl Dialect {
    pub const ALL: [Self; 4] = [Self::OpenAi, Self::Anthropic, Self::Gemini, Self::Bedrock];
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
            Dialect::OpenAi => openai::answers(),
            Dialect::Anthropic => anthropic::answers(),
            Dialect::Gemini => gemini::answers(),
            Dialect::Bedrock => bedrock::answers(),
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

fn stamp_at(chunk: &[u8]) -> usize {
    memchr::memmem::find(chunk, STAMP).expect("a chunk's text begins with the mark") + STAMP.len()
}

fn http_chunk(data: impl AsRef<[u8]>) -> Vec<u8> {
    let data = data.as_ref();
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
}

/// The end of a body.
const LAST_HTTP_CHUNK: &[u8] = b"0\r\n\r\n";

const HEADERS: &str = "date: Thu, 01 Jan 2026 00:00:00 GMT\r\nopenai-organization: bench\r\nopenai-processing-ms: 120\r\nopenai-version: 2020-10-01\r\nx-ratelimit-limit-requests: 10000\r\nx-ratelimit-limit-tokens: 2000000\r\nx-ratelimit-remaining-requests: 9999\r\nx-ratelimit-remaining-tokens: 1999000\r\nx-request-id: req_0123456789abcdef0123456789abcdef\r\n";

fn response(status: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{HEADERS}content-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

fn stream_head(kind: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{HEADERS}content-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n").into_bytes()
}

/// The content type of event streams (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
const EVENT_STREAM: &str = "text/event-stream";
