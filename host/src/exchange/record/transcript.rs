//! A streamed answer put together again, for the record.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Text kept of one stream. A longer answer is cut: the record is for reading, not for replay.
const BYTES_MAX: usize = 1 << 20;

/// What a stream has said so far, choice by choice.
#[derive(Default)]
pub struct Transcript {
    id: Option<String>,
    model: Option<String>,
    choices: BTreeMap<u64, Choice>,
    bytes: usize,
}

#[derive(Default)]
struct Choice {
    content: String,
    reasoning: String,
    calls: BTreeMap<u64, Call>,
    finish_reason: Option<String>,
}

#[derive(Default)]
struct Call {
    id: String,
    name: String,
    arguments: String,
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default, borrow)]
    choices: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct ChunkChoice {
    #[serde(default)]
    index: u64,
    #[serde(default)]
    delta: Delta,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    reasoning_content: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<CallDelta>>,
}

#[derive(Deserialize)]
struct CallDelta {
    #[serde(default)]
    index: u64,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    function: Option<FunctionDelta>,
}

#[derive(Deserialize)]
struct FunctionDelta {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    arguments: Option<String>,
}

impl Transcript {
    /// Adds one chunk; what cannot be read is left out.
    pub fn add(&mut self, data: &[u8]) {
        self.bytes += data.len();
        if self.bytes > BYTES_MAX {
            return;
        }
        let Ok(chunk) = serde_json::from_slice::<Chunk<'_>>(data) else {
            return;
        };
        self.id = self.id.take().or(chunk.id);
        self.model = self.model.take().or(chunk.model);
        for choice in chunk.choices {
            if let Ok(choice) = serde_json::from_str::<ChunkChoice>(choice.get()) {
                self.choices.entry(choice.index).or_default().add(choice);
            }
        }
    }

    /// The id that all chunks of a stream share.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The answer that these chunks come to.
    pub fn answer(&self, is_chat: bool) -> Value {
        let choices: Vec<Value> = self
            .choices
            .iter()
            .map(|(index, choice)| choice.answer(*index, is_chat))
            .collect();
        let object = if is_chat { "chat.completion" } else { "text_completion" };
        json!({"id": self.id, "object": object, "model": self.model, "choices": choices, "truncated": self.bytes > BYTES_MAX})
    }
}

impl Choice {
    fn add(&mut self, choice: ChunkChoice) {
        self.content.extend(choice.delta.content);
        self.content.extend(choice.text);
        self.reasoning.extend(choice.delta.reasoning_content);
        self.finish_reason = choice.finish_reason.or(self.finish_reason.take());
        for delta in choice.delta.tool_calls.into_iter().flatten() {
            let call = self.calls.entry(delta.index).or_default();
            call.id.extend(delta.id);
            let function = delta.function.unwrap_or(FunctionDelta {
                name: None,
                arguments: None,
            });
            call.name.extend(function.name);
            call.arguments.extend(function.arguments);
        }
    }

    fn answer(&self, index: u64, is_chat: bool) -> Value {
        if !is_chat {
            return json!({"index": index, "text": self.content, "finish_reason": self.finish_reason});
        }
        let mut message = json!({"role": "assistant", "content": self.content});
        if !self.reasoning.is_empty() {
            message["reasoning_content"] = self.reasoning.as_str().into();
        }
        if !self.calls.is_empty() {
            let call = |call: &Call| json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}});
            message["tool_calls"] = self.calls.values().map(call).collect();
        }
        json!({"index": index, "message": message, "finish_reason": self.finish_reason})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_come_to_the_answer_they_were_cut_from() {
        let mut transcript = Transcript::default();
        for chunk in [
            r#"{"id":"a","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"He"}}]}"#,
            r#"{"id":"a","choices":[{"index":0,"delta":{"content":"llo","tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]}}]}"#,
            r#"{"id":"a","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]},"finish_reason":"tool_calls"}]}"#,
            "not json",
        ] {
            transcript.add(chunk.as_bytes());
        }
        let expected = json!({"id": "a", "object": "chat.completion", "model": "m", "truncated": false, "choices": [{
            "index": 0, "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": "Hello", "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}}]});
        assert_eq!(transcript.answer(true), expected);
    }
}
