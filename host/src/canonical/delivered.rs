//! The text that a stream has delivered, kept so that another deployment can continue it, and the request to continue it.

use bytes::Bytes;
use serde_json::{Value, json};

use super::chunk::plain_text;
use super::{Canonical, Operation};
use crate::json::{Splice, find, member};

/// Longer answers are not continued: the prompt would exceed most context windows.
const TEXT_BYTES_MAX: usize = 1 << 20;

const INSTRUCTION: &str = "The connection broke in the middle of your last message. Write only what comes next in it, from \
    exactly where it stops, even inside a word. Repeat nothing and say nothing about this.";

/// The text that a client has received so far.
pub struct Delivered {
    /// The text as it is in the chunks: JSON with escapes.
    escaped: Vec<u8>,
    /// The answer has been plain text only.
    is_plain: bool,
    pub opening: Opening,
}

/// Members that are the same in all chunks of an answer, as JSON.
#[derive(Default, Clone)]
pub struct Opening {
    pub id: Option<Bytes>,
    pub created: Option<Bytes>,
    pub model: Option<Bytes>,
}

impl Delivered {
    /// `None` if the request asks for more than plain text: its answer cannot be continued.
    pub fn of(canonical: &Canonical) -> Option<Self> {
        asks_for_text(canonical).then(|| Self {
            escaped: Vec::new(),
            is_plain: true,
            opening: Opening::default(),
        })
    }

    /// Adds the text of a chunk.
    pub fn add(&mut self, data: &[u8]) {
        if !self.is_plain {
            return;
        }
        if self.opening.id.is_none() {
            self.opening = Opening::of(data);
        }
        match plain_text(data) {
            Ok(text) if self.escaped.len() <= TEXT_BYTES_MAX => {
                self.escaped.extend_from_slice(text.unwrap_or_default());
            }
            _ => {
                self.is_plain = false;
                self.escaped = Vec::new();
            }
        }
    }

    /// The text; `None` if the answer was not plain text only.
    pub fn text(&self) -> Option<String> {
        let quoted = [b"\"", self.escaped.as_slice(), b"\""].concat();
        self.is_plain.then(|| serde_json::from_slice(&quoted).ok()).flatten()
    }
}

impl Opening {
    fn of(data: &[u8]) -> Self {
        let Some(root) = find::root(data) else {
            return Self::default();
        };
        let field = |name: &str| {
            let value = member(data, root.span, name)?;
            Some(Bytes::copy_from_slice(value.raw(data)))
        };
        Self {
            id: field("id"),
            created: field("created"),
            model: field("model"),
        }
    }
}

/// Whether the request asks for one choice of plain text. Half of a JSON document, or text with log probabilities,
/// cannot be continued in the middle.
fn asks_for_text(canonical: &Canonical) -> bool {
    let is_absent = |name: &str| canonical.field(name).is_none_or(|field| field.json == "null");
    let is_one = canonical
        .field("n")
        .is_none_or(|field| matches!(field.json, "1" | "null"));
    canonical.operation == Operation::ChatCompletions
        && is_one
        && ["response_format", "logprobs", "modalities", "audio", "prediction"]
            .into_iter()
            .all(is_absent)
}

impl Canonical {
    /// The request with the delivered text and the instruction at the end of its messages, and with token limits reduced by
    /// `tokens`.
    pub fn continued(&self, delivered: &str, tokens: u64) -> Option<Self> {
        let mut messages: Vec<Value> = serde_json::from_str(self.field("messages")?.json).ok()?;
        messages.push(json!({"role": "assistant", "content": delivered}));
        messages.push(json!({"role": "user", "content": INSTRUCTION}));
        let mut splice = Splice::default();
        splice.set("messages", Value::from(messages).to_string().into_bytes());
        for name in ["max_tokens", "max_completion_tokens"] {
            let limit: Option<u64> = self.field(name).and_then(|field| field.json.parse().ok());
            if let Some(limit) = limit {
                splice.set(name, limit.saturating_sub(tokens).max(1).to_string().into_bytes());
            }
        }
        self.with_fields(splice).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(chunks: &[&str]) -> Option<String> {
        let mut delivered = Delivered {
            escaped: Vec::new(),
            is_plain: true,
            opening: Opening::default(),
        };
        for chunk in chunks {
            delivered.add(chunk.as_bytes());
        }
        delivered.text()
    }

    #[test]
    fn texts_are_put_together_with_their_escapes() {
        let chunks = [
            r#"{"id":"a","choices":[{"delta":{"role":"assistant","content":""}}]}"#,
            r#"{"id":"a","choices":[{"delta":{"content":"say \"content\": \\"}}]}"#,
            r#"{"id":"a","choices":[{"delta":{"content": "\u00e9\n"},"finish_reason":null}]}"#,
        ];
        assert_eq!(delivered(&chunks).as_deref(), Some("say \"content\": \\é\n"));
    }

    #[test]
    fn what_is_more_than_text_cannot_be_continued() {
        for chunk in [
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#,
            r#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#,
            r#"{"choices":[{"delta":{"thinking_blocks":[{}]}}]}"#,
            r#"{"choices":[{"delta":{"refusal":"no"}}]}"#,
        ] {
            assert_eq!(delivered(&[chunk]), None, "{chunk}");
        }
        let nothing = r#"{"choices":[{"delta":{"content":"a","tool_calls":null,"refusal":null}}],"usage":{"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}}"#;
        assert_eq!(delivered(&[nothing]).as_deref(), Some("a"));
    }

    #[test]
    fn what_is_broken_adds_nothing() {
        assert_eq!(
            delivered(&[r#"{"content":"a"#, r#"{"content":"\"#, "", "[1]"]).as_deref(),
            Some("")
        );
    }
}
