//! Bedrock's Converse (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>). Its streams are
//! never paced: a time written into a message would break its checksum.

use super::{Answers, CHUNKS, LAST_HTTP_CHUNK, STAMP_DIGITS, TEXT, http_chunk, response, stream_head};

pub fn answers() -> Answers {
    let whole = format!(
        r#"{{"metrics":{{"latencyMs":870}},"output":{{"message":{{"content":[{{"text":"{}"}}],"role":"assistant"}}}},"stopReason":"end_turn","usage":{}}}"#,
        TEXT.repeat(6),
        usage()
    );
    let text = format!(
        r#"{{"contentBlockIndex":0,"delta":{{"text":" @{}"}},"p":"abcdefghijklmnopqrstuvwxyz"}}"#,
        "0".repeat(STAMP_DIGITS)
    );
    let closing = [
        http_chunk(message("contentBlockStop", r#"{"contentBlockIndex":0,"p":"abcdefgh"}"#)),
        http_chunk(message(
            "messageStop",
            r#"{"p":"abcdefghijklmn","stopReason":"end_turn"}"#,
        )),
        http_chunk(message(
            "metadata",
            &format!(r#"{{"metrics":{{"latencyMs":870}},"p":"abcdef","usage":{}}}"#, usage()),
        )),
        LAST_HTTP_CHUNK.to_vec(),
    ];
    Answers {
        whole: response("200 OK", "application/json", &whole),
        rate_limited: response(
            "429 Too Many Requests",
            "application/json",
            r#"{"message":"Too many requests, please wait before trying again."}"#,
        ),
        stream_head: stream_head("application/vnd.amazon.eventstream"),
        opening: http_chunk(message("messageStart", r#"{"p":"abcdefgh","role":"assistant"}"#)),
        stamp_at: 0,
        chunk: http_chunk(message("contentBlockDelta", &text)),
        closing: closing.concat(),
    }
}

fn usage() -> String {
    let total = 250 + CHUNKS;
    format!(r#"{{"inputTokens":250,"outputTokens":{CHUNKS},"totalTokens":{total}}}"#)
}

/// A message of AWS's event stream (<https://smithy.io/2.0/aws/amazon-eventstream.html>).
fn message(event: &str, payload: &str) -> Vec<u8> {
    let mut headers = Vec::new();
    for (name, value) in [
        (":event-type", event),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ] {
        headers.push(name.len() as u8);
        headers.extend_from_slice(name.as_bytes());
        headers.push(TEXT_HEADER);
        headers.extend_from_slice(&(value.len() as u16).to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let total = PRELUDE + headers.len() + payload.len() + CHECKSUM;
    let mut message = (total as u32).to_be_bytes().to_vec();
    message.extend_from_slice(&(headers.len() as u32).to_be_bytes());
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message.extend_from_slice(&headers);
    message.extend_from_slice(payload.as_bytes());
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message
}

/// The type of a header whose value is text.
const TEXT_HEADER: u8 = 7;

/// Two lengths and their checksum.
const PRELUDE: usize = 12;

const CHECKSUM: usize = 4;
