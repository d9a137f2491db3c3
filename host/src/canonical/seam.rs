//! [`Seam`]: joins the answers of two deployments so that the client sees one answer.

use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use super::delivered::Opening;
use super::join::Transcript;
use crate::json::Span;
use crate::sse::{Scan, Verdict, write_data};
use crate::usage::Usage;

/// How much of the end of the delivered text is searched for what a model repeats, in Unicode scalar values.
const TAIL_CHARS: usize = 400;

/// A shorter overlap is taken for chance.
const OVERLAP_CHARS_MIN: usize = 3;

/// The place where one deployment's answer ended and another's continues it. It rewrites the chunks of the second
/// answer on their way to the client.
pub struct Seam {
    pub opening: Opening,
    /// Usage of the deployments before.
    pub earlier: Usage,
    /// All text that the client has been sent, including that of the deployments before.
    sent: String,
    /// The beginning of the new text may still repeat the end of the delivered text.
    is_trimming: bool,
    /// New text that is held back because it may be such a repetition.
    held: String,
    /// The chunks of the whole answer, if it is recorded.
    pub transcript: Option<Transcript>,
}

impl Seam {
    pub fn new(opening: Opening, delivered: String, earlier: Usage) -> Self {
        Self {
            opening,
            earlier,
            sent: delivered,
            is_trimming: true,
            held: String::new(),
            transcript: None,
        }
    }

    pub fn sent(&self) -> &str {
        &self.sent
    }

    /// The chunks as the client gets them: with the id, time and model of the first answer, without repeated text, and
    /// with the usage of all answers.
    pub fn pass(&mut self, part: &Bytes) -> Vec<Bytes> {
        let relayed = Scan::new(usize::MAX).relay(part, |seen| {
            let whole = Span {
                start: 0,
                end: u32::try_from(seen.data.len()).unwrap_or(u32::MAX),
            };
            match serde_json::from_slice::<Value>(seen.data) {
                Ok(mut chunk) if chunk.is_object() => {
                    self.rewrite(&mut chunk);
                    let rewritten = Bytes::from(chunk.to_string());
                    if let Some(transcript) = &mut self.transcript {
                        transcript.add(&rewritten);
                    }
                    Verdict::Edit(whole, rewritten)
                }
                _ => Verdict::Keep,
            }
        });
        relayed.forward.into_iter().filter(|part| !part.is_empty()).collect()
    }

    /// What is still held back at the end, as a chunk: an answer may end without a finish reason.
    pub fn rest(&mut self) -> Option<Bytes> {
        let text = self.trim("", true);
        if text.is_empty() {
            return None;
        }
        let choice = json!({"index": 0, "delta": {"content": text}, "finish_reason": null});
        let mut chunk = json!({"object": "chat.completion.chunk", "choices": [choice]});
        self.name(&mut chunk);
        let mut event = BytesMut::new();
        write_data(&mut event, chunk.to_string().as_bytes());
        Some(event.freeze())
    }

    fn name(&self, chunk: &mut Value) {
        let Opening { id, created, model } = &self.opening;
        for (name, json) in [("id", id), ("created", created), ("model", model)] {
            if let Some(value) = json.as_ref().and_then(|json| serde_json::from_slice(json).ok()) {
                chunk[name] = value;
            }
        }
    }

    fn rewrite(&mut self, chunk: &mut Value) {
        self.name(chunk);
        if let Some(usage) = chunk.get_mut("usage").filter(|usage| usage.is_object()) {
            let Usage {
                prompt_tokens,
                completion_tokens,
                total_tokens,
                ..
            } = self.earlier;
            for (name, earlier) in [
                ("prompt_tokens", prompt_tokens),
                ("completion_tokens", completion_tokens),
                ("total_tokens", total_tokens),
            ] {
                usage[name] = (usage[name].as_u64().unwrap_or(0) + earlier).into();
            }
        }
        let Some(choice) = chunk.get_mut("choices").and_then(|choices| choices.get_mut(0)) else {
            return;
        };
        let is_last = choice["finish_reason"].is_string();
        let Some(delta) = choice.get_mut("delta").and_then(Value::as_object_mut) else {
            return;
        };
        // The client got the role at the beginning of the answer.
        delta.remove("role");
        let text = delta.get("content").and_then(Value::as_str).unwrap_or_default();
        let text = self.trim(text, is_last);
        if delta.contains_key("content") || !text.is_empty() {
            delta.insert("content".into(), text.into());
        }
    }

    /// The new text without what repeats the end of the delivered text. As long as all of it may be a repetition, it is
    /// held back.
    fn trim(&mut self, text: &str, is_last: bool) -> String {
        self.held.push_str(text);
        if self.is_trimming {
            let tail = tail(&self.sent);
            if tail.contains(&self.held) && !is_last {
                return String::new();
            }
            self.held.drain(..overlap(tail, &self.held));
            self.is_trimming = false;
        }
        self.sent.push_str(&self.held);
        std::mem::take(&mut self.held)
    }
}

fn tail(text: &str) -> &str {
    let from = text.char_indices().rev().nth(TAIL_CHARS - 1);
    &text[from.map_or(0, |(at, _)| at)..]
}

/// The number of bytes at the beginning of `new` that `tail` ends with; 0 if they are so few that it may be chance.
fn overlap(tail: &str, new: &str) -> usize {
    let ends = new.char_indices().map(|(at, letter)| at + letter.len_utf8());
    let fits = ends.enumerate().filter(|(_, end)| tail.ends_with(&new[..*end]));
    fits.last()
        .filter(|(index, _)| index + 1 >= OVERLAP_CHARS_MIN)
        .map_or(0, |(_, end)| end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seam(delivered: &str) -> Seam {
        let opening = Opening {
            id: Some("\"first\"".into()),
            created: Some("7".into()),
            model: Some("\"chat\"".into()),
        };
        Seam::new(opening, delivered.to_owned(), Usage::of_text(10, 5))
    }

    /// What a client reads of texts that come after what was delivered.
    #[track_caller]
    fn check(delivered: &str, texts: &[&str], expected: &str) {
        let mut seam = seam(delivered);
        let last = texts.len().saturating_sub(1);
        let read: String = texts
            .iter()
            .enumerate()
            .map(|(index, text)| seam.trim(text, index == last))
            .collect();
        assert_eq!(read, expected, "{delivered} + {texts:?}");
    }

    #[test]
    fn what_is_said_again_is_left_out() {
        check("The quick brown", &["quick ", "brown", " fox"], " fox");
        check("The quick bro", &["brown fox"], "wn fox");
        check("Grüße aus Köln", &[" aus Köln", ", dein"], ", dein");
        check("The end.", &["The end."], "");
    }

    #[test]
    fn what_is_new_stays() {
        check("The quick brown", &[" fox", " jumps"], " fox jumps");
        check("banana", &["a split"], "a split");
        check("one two one", &[" two three"], " two three");
        check("", &["all of it"], "all of it");
    }

    #[test]
    fn what_is_held_back_to_the_end_is_not_lost() {
        let mut seam = seam("a b c d");
        let data = json!({"choices": [{"index": 0, "delta": {"content": "b c"}, "finish_reason": null}]});
        let _ = seam.pass(&Bytes::from(format!("data: {data}\n\n")));
        let rest = seam.rest().unwrap();
        let rest: Value = serde_json::from_slice(rest.strip_prefix(b"data: ").unwrap()).unwrap();
        assert_eq!(rest["choices"][0]["delta"]["content"], "b c");
        assert_eq!((&rest["id"], seam.sent()), (&json!("first"), "a b c db c"));
        assert_eq!(seam.rest(), None);
    }

    #[test]
    fn chunks_look_as_if_they_were_the_first_deployments() {
        let mut seam = seam("Hello, ");
        let data = json!({"id": "second", "created": 9, "model": "other", "choices": [
            {"index": 0, "delta": {"role": "assistant", "content": "world"}, "finish_reason": null}]});
        let usage = json!({"id": "second", "choices": [], "usage":
            {"prompt_tokens": 20, "completion_tokens": 2, "total_tokens": 22}});
        let part = Bytes::from(format!("data: {data}\n\ndata: {usage}\n\n"));
        let text = seam.pass(&part).concat();
        let chunks: Vec<Value> = std::str::from_utf8(&text)
            .unwrap()
            .split_terminator("\n\n")
            .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
            .collect();
        assert_eq!(
            chunks[0],
            json!({"id": "first", "created": 7, "model": "chat", "choices": [
                {"index": 0, "delta": {"content": "world"}, "finish_reason": null}]})
        );
        assert_eq!(
            chunks[1]["usage"],
            json!({"prompt_tokens": 30, "completion_tokens": 7, "total_tokens": 37})
        );
    }
}
