//! Joins the chunks of a streamed answer into a whole answer.

use serde_json::map::Entry;
use serde_json::{Map, Value, json};

use super::Operation;
use super::parts::{ANSWER, CHOICE, ENCODED, Holds, PART};

/// Bytes of chunks that are kept of one stream for its record. Of a longer answer, the chunks that do not fit are
/// dropped: people read records, and nothing is replayed from them.
const BYTES_MAX: usize = 1 << 20;

/// The chunks of a stream in their order. They are joined when the answer is asked for, which is not while the exchange
/// runs.
#[derive(Debug, Clone)]
pub struct Transcript {
    chunks: Vec<u8>,
    ends: Vec<u32>,
    bytes_max: usize,
    is_truncated: bool,
}

/// With the bound for records.
impl Default for Transcript {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            ends: Vec::new(),
            bytes_max: BYTES_MAX,
            is_truncated: false,
        }
    }
}

impl Transcript {
    /// Without a bound, for an answer that is sent to a client. The caller bounds the stream.
    #[must_use]
    pub fn unbounded() -> Self {
        Self {
            bytes_max: usize::MAX,
            ..Self::default()
        }
    }

    /// Bytes that are kept.
    pub fn bytes(&self) -> usize {
        self.chunks.len()
    }

    /// Adds the data of one event.
    pub fn add(&mut self, data: &[u8]) {
        if self.chunks.len() + data.len() > self.bytes_max {
            self.is_truncated = true;
            return;
        }
        self.chunks.extend_from_slice(data);
        self.ends.push(u32::try_from(self.chunks.len()).unwrap_or(u32::MAX));
    }

    /// Joins the chunks into an answer. Data that is not a JSON object is skipped.
    #[must_use]
    pub fn answer(&self, operation: Operation) -> Value {
        let mut answer = Map::new();
        let mut begin = 0;
        for end in &self.ends {
            let end = *end as usize;
            if let Ok(Value::Object(chunk)) = serde_json::from_slice(&self.chunks[begin..end]) {
                add(&mut answer, chunk, ANSWER);
            }
            begin = end;
        }
        finish(&mut answer, operation);
        if self.is_truncated {
            answer.insert("truncated".to_owned(), true.into());
        }
        Value::Object(answer)
    }
}

/// Changes joined chunks into the form of a whole answer: each `delta` becomes a `message`, and the `index` of tool
/// calls is removed.
fn finish(answer: &mut Map<String, Value>, operation: Operation) {
    if let Some(items) = operation.row().items() {
        answer.insert("object".to_owned(), items.object.into());
    }
    let choices = answer.entry("choices").or_insert_with(|| json!([]));
    let Some(choices) = choices.as_array_mut() else { return };
    choices.sort_by_key(|choice| choice.get("index").and_then(Value::as_u64));
    for choice in choices.iter_mut().filter_map(Value::as_object_mut) {
        choice.entry("finish_reason").or_insert(Value::Null);
        let Some(mut message) = choice.remove("delta") else {
            continue;
        };
        if let Some(message) = message.as_object_mut() {
            message.entry("role").or_insert_with(|| "assistant".into());
            message.entry("content").or_insert(Value::Null);
            for call in message
                .get_mut("tool_calls")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                call.as_object_mut().map(|call| call.remove("index"));
            }
        }
        choice.insert("message".to_owned(), message);
    }
}

/// Adds the members of a chunk to those that were joined before.
fn add(said: &mut Map<String, Value>, chunk: Map<String, Value>, parts: &'static [super::parts::Part]) {
    for (name, value) in chunk {
        if value.is_null() {
            continue;
        }
        let holds = match Holds::member(parts, &name) {
            // Members of the answer and of its choices do not grow, except `text` and the messages.
            Holds::Text if is_beside(parts) && name != "text" => Holds::Nothing,
            Holds::Text if ENCODED.contains(&name.as_str()) => Holds::Nothing,
            Holds::TextOfType => Holds::Text,
            Holds::Media(_) | Holds::MediumOfType => Holds::Nothing,
            holds => holds,
        };
        match said.entry(name) {
            Entry::Vacant(place) => {
                place.insert(begun(value, holds));
            }
            Entry::Occupied(mut place) => grow(place.get_mut(), value, holds),
        }
    }
}

fn is_beside(parts: &[super::parts::Part]) -> bool {
    std::ptr::eq(parts, ANSWER) || std::ptr::eq(parts, CHOICE)
}

/// The first value of a member. Lists and objects are added to empty ones, since one list may already contain several
/// elements with the same index.
fn begun(value: Value, holds: Holds) -> Value {
    match (value, holds) {
        (Value::Array(elements), Holds::List(_) | Holds::Content) => {
            let mut list = Value::Array(Vec::new());
            grow(&mut list, Value::Array(elements), holds);
            list
        }
        (Value::Object(object), Holds::Object(parts)) => {
            let mut said = Map::new();
            add(&mut said, object, parts);
            Value::Object(said)
        }
        (value, _) => value,
    }
}

fn grow(said: &mut Value, more: Value, holds: Holds) {
    match (holds, said, more) {
        (Holds::Complete, Value::Array(said), Value::Array(more)) => said.extend(more),
        (Holds::Nothing | Holds::Complete, said, more) => *said = more,
        (_, Value::String(said), Value::String(more)) => said.push_str(&more),
        (Holds::Object(parts), Value::Object(said), Value::Object(more)) => add(said, more, parts),
        (Holds::Text, Value::Object(said), Value::Object(more)) => add(said, more, &[]),
        (Holds::Text, Value::Array(said), Value::Array(more)) => said.extend(more),
        (Holds::List(holds), Value::Array(said), Value::Array(more)) => {
            for (place, element) in more.into_iter().enumerate() {
                let index = element.get("index").and_then(Value::as_u64).unwrap_or(place as u64);
                let place =
                    |one: &(usize, &Value)| one.1.get("index").and_then(Value::as_u64).unwrap_or(one.0 as u64) == index;
                match said.iter().enumerate().find(place).map(|(at, _)| at) {
                    Some(at) => grow(&mut said[at], element, *holds),
                    None => said.push(begun(element, *holds)),
                }
            }
        }
        // A content part continues the last part if both have the same type, else it begins a new one.
        (Holds::Content, Value::Array(said), Value::Array(more)) => {
            for element in more {
                match said.last_mut().filter(|last| last.get("type") == element.get("type")) {
                    Some(last) => grow(last, element, Holds::Content),
                    None => said.push(begun(element, Holds::Content)),
                }
            }
        }
        (Holds::Content, Value::Object(said), Value::Object(more)) => add(said, more, PART),
        (_, said, more) => *said = more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(chunks: &[Value]) -> Value {
        let mut transcript = Transcript::default();
        for chunk in chunks {
            transcript.add(chunk.to_string().as_bytes());
        }
        transcript.add(b"not json");
        transcript.answer(Operation::ChatCompletions)
    }

    fn deltas(deltas: &[Value]) -> Value {
        let chunks: Vec<Value> = deltas
            .iter()
            .map(|delta| json!({"id": "a", "model": "m", "choices": [{"index": 0, "delta": delta}]}))
            .collect();
        joined(&chunks)["choices"][0]["message"].clone()
    }

    #[test]
    fn chunks_come_to_the_answer_they_were_cut_from() {
        let call = |arguments: &str| json!([{"index": 0, "function": {"arguments": arguments}}]);
        let first = json!([{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{"}}]);
        let answer = joined(&[
            json!({"id": "a", "object": "chat.completion.chunk", "model": "m",
                "choices": [{"index": 0, "delta": {"role": "assistant", "content": "He"}, "finish_reason": null}]}),
            json!({"id": "a", "model": "m", "choices": [{"index": 0, "delta": {"content": "llo", "tool_calls": first}}]}),
            json!({"id": "a", "model": "m", "choices": [{"index": 0, "delta": {"tool_calls": call("}")}, "finish_reason": "tool_calls"}]}),
            json!({"id": "a", "model": "m", "choices": [], "usage": {"total_tokens": 3}}),
        ]);
        let expected = json!({"id": "a", "object": "chat.completion", "model": "m",
            "usage": {"total_tokens": 3}, "choices": [{"index": 0, "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": "Hello", "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}}]});
        assert_eq!(answer, expected);
    }

    #[test]
    fn every_kind_of_text_grows_and_nothing_else_does() {
        let message = deltas(&[
            json!({"role": "assistant", "reasoning": "a", "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "x"}]}),
            json!({"role": "assistant", "reasoning": "b", "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "y"}]}),
            json!({"invented": "one "}),
            json!({"invented": "two", "audio": {"id": "i", "transcript": "t"}}),
            json!({"audio": {"id": "i", "transcript": "u", "expires_at": 7}}),
        ]);
        let expected = json!({"role": "assistant", "content": null, "reasoning": "ab", "invented": "one two",
            "audio": {"id": "i", "transcript": "tu", "expires_at": 7},
            "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "xy"}]});
        assert_eq!(message, expected);
    }

    #[test]
    fn parts_of_content_go_on_with_parts_of_their_type() {
        let thinking =
            |text: &str| json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]});
        let text = |text: &str| json!({"content": [{"type": "text", "text": text}]});
        let message = deltas(&[thinking("a"), thinking("b"), text("c"), text("d")]);
        let expected =
            json!([{"type": "thinking", "thinking": [{"type": "text", "text": "ab"}]}, {"type": "text", "text": "cd"}]);
        assert_eq!(message["content"], expected);
    }

    #[test]
    fn choices_and_calls_are_told_apart_by_their_index() {
        let answer = joined(&[
            json!({"choices": [{"index": 1, "delta": {"content": "b"}}]}),
            json!({"choices": [{"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {"content": "c"}}]}),
        ]);
        assert_eq!(answer["choices"][0]["message"]["content"], "a");
        assert_eq!(answer["choices"][1]["message"]["content"], "bc");
    }
}
