//! Fills in what answers of OpenAI-compatible servers lack and clients rely on.
//!
//! Such servers leave out `id`, `object`, `created` or the `index` of a tool call, end an answer with tool calls with
//! the finish reason `stop`, or put reasoning under `reasoning`, while clients read `reasoning_content`. What is
//! missing is filled in; an answer that lacks nothing keeps its bytes. In a stream, the first chunks show what to look
//! for, so that later ones need not be parsed.

use std::sync::LazyLock;

use bytes::Bytes;
use memchr::memmem::Finder;

use super::{Canonical, Whole, operation};
use crate::json::text::quote;
use crate::json::{Kind, Span, Value, elements, find, member, replace};

/// Reasoning begins within this many chunks, if there is any: the first one often holds only a role.
const FIRST_CHUNKS: u32 = 8;

/// Tool calls of choices with an index below this are numbered. OpenAI allows 128 choices.
const CHOICES_MAX: usize = 128;

static REASONING: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"reasoning\""));
static CALLS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"tool_calls\""));

/// Completes the chunks of one streamed answer.
pub struct Completion {
    /// `None` for operations whose answers are not completed.
    head: Option<Head>,
    chunks: u32,
    /// A chunk with choices was seen. An error chunk, which has none, may come before.
    is_begun: bool,
    /// The first chunk lacked members of the head: then later ones lack them too.
    lacks_head: bool,
    /// Reasoning comes under `reasoning`.
    moves_reasoning: bool,
    /// The request has tools, so that tool calls may come.
    has_tools: bool,
    /// The number of tool calls that have begun, by choice.
    calls: Vec<u32>,
}

/// The members that every answer has, and that are the same in all its chunks.
const HEAD: [&str; 4] = ["id", "object", "created", "model"];

/// [`HEAD`], with the JSON for those that are missing.
struct Head([(&'static str, Vec<u8>); 4]);

impl Head {
    fn of(canonical: &Canonical, is_stream: bool) -> Option<Self> {
        let answer = canonical.operation.row().items()?;
        let operation::Head {
            id_prefix,
            chunk_object,
        } = answer.head.as_ref()?;
        let object = if is_stream { chunk_object } else { answer.object };
        let [id, object_name, created, model] = HEAD;
        Some(Self([
            (id, quote(&format!("{id_prefix}-{}", canonical.id))),
            (object_name, quote(object)),
            (created, (canonical.started_ms / 1000).to_string().into_bytes()),
            (model, quote(&canonical.group)),
        ]))
    }
}

/// Changes to one document, collected in any order.
struct Edits<'d> {
    document: &'d [u8],
    replaced: Vec<(Span, Vec<u8>)>,
    /// Objects, and the members to add to them.
    added: Vec<(Span, Vec<u8>)>,
}

impl<'d> Edits<'d> {
    fn of(document: &'d [u8]) -> Self {
        Self {
            document,
            replaced: Vec::new(),
            added: Vec::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.replaced.is_empty() && self.added.is_empty()
    }

    fn member(&self, object: Value, name: &str) -> Option<Value> {
        member(self.document, object.span, name).filter(|value| value.kind != Kind::Null)
    }

    /// Adds a member to an object that lacks it, or in which it is `null`.
    fn fill(&mut self, object: Value, name: &str, json: &[u8]) {
        match member(self.document, object.span, name) {
            Some(value) if value.kind == Kind::Null => self.replaced.push((value.span, json.to_vec())),
            Some(_) => {}
            None => {
                let member = [b"\"", name.as_bytes(), b"\":", json].concat();
                match self.added.iter_mut().find(|(known, _)| *known == object.span) {
                    Some((_, members)) => *members = [members, b",".as_slice(), &member].concat(),
                    None => self.added.push((object.span, member)),
                }
            }
        }
    }

    /// Copies reasoning to the member that clients read, if it is not there. Returns whether this was needed.
    fn fill_reasoning(&mut self, message: Value) -> bool {
        let reasoning = self
            .member(message, "reasoning")
            .filter(|value| value.kind == Kind::String);
        let Some(reasoning) = reasoning.filter(|_| self.member(message, "reasoning_content").is_none()) else {
            return false;
        };
        self.fill(message, "reasoning_content", reasoning.raw(self.document));
        true
    }

    /// Replaces the finish reason `stop` of a choice that has tool calls: the client must run the calls and continue.
    fn end_in_calls(&mut self, choice: Value) {
        let reason = self.member(choice, "finish_reason");
        if let Some(reason) = reason.filter(|reason| reason.raw(self.document) == b"\"stop\"") {
            self.replaced.push((reason.span, b"\"tool_calls\"".to_vec()));
        }
    }

    fn finish(self) -> Option<Bytes> {
        if self.is_empty() {
            return None;
        }
        let mut edits = self.replaced;
        for (object, members) in self.added {
            let brace = Span {
                start: object.start,
                end: object.start + 1,
            };
            let is_empty = object.of(self.document)[1..].trim_ascii_start().starts_with(b"}");
            let comma: &[u8] = if is_empty { b"" } else { b"," };
            edits.push((brace, [b"{", members.as_slice(), comma].concat()));
        }
        edits.sort_by_key(|(span, _)| span.start);
        let document = Bytes::copy_from_slice(self.document);
        // Spans from one walk do not overlap and are inside the document.
        replace(&document, &edits).ok().map(|parts| parts.into_bytes())
    }
}

/// Completes a whole answer; `None` if it lacks nothing.
pub fn whole(canonical: &Canonical, answer: &Whole) -> Option<Bytes> {
    canonical.operation.row().items()?.head.as_ref()?;
    let body: &[u8] = &answer.body;
    let choices = answer.field("choices")?.value;
    if choices.kind != Kind::Array {
        return None;
    }
    let mut edits = Edits::of(body);
    let is_given = |name: &&str| answer.field(name).is_some_and(|field| field.value.kind != Kind::Null);
    if !HEAD.iter().all(is_given) {
        let root = find::root(body)?;
        for (name, json) in &Head::of(canonical, false)?.0 {
            edits.fill(root, name, json);
        }
    }
    let looks_inside = REASONING.find(body).is_some() || CALLS.find(body).is_some();
    for (index, choice) in objects(body, choices).enumerate() {
        edits.fill(choice, "index", index.to_string().as_bytes());
        if looks_inside {
            fill_message(canonical, index, choice, &mut edits);
        }
    }
    edits.finish()
}

fn fill_message(canonical: &Canonical, index: usize, choice: Value, edits: &mut Edits<'_>) {
    let message = edits.member(choice, "message");
    let Some(message) = message.filter(|message| message.kind == Kind::Object) else {
        return;
    };
    edits.fill_reasoning(message);
    let calls: Vec<Value> = match edits.member(message, "tool_calls") {
        Some(calls) => objects(edits.document, calls).collect(),
        None => Vec::new(),
    };
    for (number, call) in calls.iter().enumerate() {
        let id = quote(&format!("call_{index}_{number}_{}", canonical.id));
        edits.fill(*call, "id", &id);
        edits.fill(*call, "type", b"\"function\"");
    }
    if !calls.is_empty() {
        edits.end_in_calls(choice);
    }
}

fn objects(document: &[u8], list: Value) -> impl Iterator<Item = Value> {
    elements(document, list.span).filter(|value| value.kind == Kind::Object)
}

impl Completion {
    pub fn of_stream(canonical: &Canonical) -> Self {
        let names = |field: &str| canonical.field(field).is_some_and(|tools| tools.json != "null");
        Self {
            head: Head::of(canonical, true),
            chunks: 0,
            is_begun: false,
            lacks_head: false,
            moves_reasoning: false,
            has_tools: names("tools") || names("functions"),
            calls: Vec::new(),
        }
    }

    /// Completes the next chunk; `None` if it lacks nothing.
    pub fn chunk(&mut self, data: &[u8]) -> Option<Bytes> {
        self.head.as_ref()?;
        self.chunks = self.chunks.saturating_add(1);
        if !self.may_lack(data) {
            return None;
        }
        let root = find::root(data).filter(|root| root.kind == Kind::Object)?;
        let choices = member(data, root.span, "choices")?;
        let mut edits = Edits::of(data);
        for (name, json) in self.head.iter().flat_map(|head| &head.0) {
            edits.fill(root, name, json);
        }
        if !self.is_begun {
            self.is_begun = true;
            self.lacks_head = !edits.is_empty();
        }
        for (place, choice) in objects(data, choices).enumerate() {
            self.choice(place, choice, &mut edits);
        }
        edits.finish()
    }

    /// Whether the chunk may lack something, and so must be parsed.
    fn may_lack(&self, data: &[u8]) -> bool {
        static STOP: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"stop\""));
        !self.is_begun
            || self.lacks_head
            || self.moves_reasoning
            || (self.chunks <= FIRST_CHUNKS && REASONING.find(data).is_some())
            || (self.has_tools && CALLS.find(data).is_some())
            || (!self.calls.is_empty() && STOP.find(data).is_some())
    }

    fn choice(&mut self, place: usize, choice: Value, edits: &mut Edits<'_>) {
        let document = edits.document;
        let index = edits.member(choice, "index").and_then(|index| index.as_u64(document));
        if index.is_none() {
            edits.fill(choice, "index", place.to_string().as_bytes());
        }
        let index = index.map_or(place, |index| usize::try_from(index).unwrap_or(CHOICES_MAX));
        if let Some(delta) = edits.member(choice, "delta").filter(|delta| delta.kind == Kind::Object) {
            self.moves_reasoning |= edits.fill_reasoning(delta);
            if let Some(calls) = edits.member(delta, "tool_calls") {
                for call in objects(document, calls) {
                    self.number(index, call, edits);
                }
            }
        }
        if self.calls.get(index).is_some_and(|&calls| calls > 0) {
            edits.end_in_calls(choice);
        }
    }

    /// Sets the `index` of a tool call: a call with an id begins, one without an id continues the last call.
    fn number(&mut self, choice: usize, call: Value, edits: &mut Edits<'_>) {
        if choice >= CHOICES_MAX {
            return;
        }
        if self.calls.len() <= choice {
            self.calls.resize(choice + 1, 0);
        }
        let begun = &mut self.calls[choice];
        if edits.member(call, "id").is_some() || *begun == 0 {
            *begun = begun.saturating_add(1);
        }
        edits.fill(call, "index", (*begun - 1).to_string().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::*;
    use crate::canonical::Operation;

    fn canonical(operation: Operation, body: &'static str) -> Canonical {
        Canonical {
            operation,
            group: "g".into(),
            ..Canonical::empty().with_body(body.into()).unwrap()
        }
    }

    fn completed_whole(body: &'static str) -> Option<Bytes> {
        let answer = Whole::new(body.into(), HeaderMap::new()).unwrap();
        whole(&canonical(Operation::ChatCompletions, "{}"), &answer)
    }

    fn completed(chunks: &[&str]) -> Vec<Option<String>> {
        let request = canonical(Operation::ChatCompletions, r#"{"tools":[{}]}"#);
        let mut completion = Completion::of_stream(&request);
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        chunks
            .iter()
            .map(|chunk| completion.chunk(chunk.as_bytes()).map(text))
            .collect()
    }

    const HEAD: &str = r#""id":"a","object":"chat.completion.chunk","created":1,"model":"m","#;

    fn chunk(choices: &str) -> String {
        format!("{{{HEAD}\"choices\":[{choices}]}}")
    }

    #[test]
    fn a_stream_that_lacks_nothing_is_left_alone() {
        let chunks = [
            chunk(r#"{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}"#),
            chunk(r#"{"index":0,"delta":{"reasoning":"a","reasoning_content":"a"}}"#),
            chunk(r#"{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f"}}]}}"#),
            chunk(r#"{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}"#),
            chunk(r#"{"index":0,"delta":{},"finish_reason":"tool_calls"}"#),
            "not JSON".into(),
        ];
        let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
        assert_eq!(completed(&chunks), vec![None; chunks.len()]);
    }

    #[test]
    fn thoughts_stand_where_clients_read_them() {
        let thought = chunk(r#"{"index":0,"delta":{"reasoning":"a \"b\"","content":null}}"#);
        let with_null = chunk(r#"{"index":0,"delta":{"reasoning_content":null,"reasoning":"c"}}"#);
        let found = completed(&[&chunk(r#"{"index":0,"delta":{}}"#), &thought, &with_null]);
        let expected =
            chunk(r#"{"index":0,"delta":{"reasoning_content":"a \"b\"","reasoning":"a \"b\"","content":null}}"#);
        assert_eq!(found[1].as_deref(), Some(expected.as_str()));
        let expected = chunk(r#"{"index":0,"delta":{"reasoning_content":"c","reasoning":"c"}}"#);
        assert_eq!(found[2].as_deref(), Some(expected.as_str()));
    }

    #[test]
    fn calls_are_numbered_and_end_the_answer() {
        let found = completed(&[
            &chunk(r#"{"index":0,"delta":{"tool_calls":[{"id":"c","function":{}}]}}"#),
            &chunk(r#"{"index":0,"delta":{"tool_calls":[{"function":{"arguments":"{}"}}]}}"#),
            &chunk(r#"{"index":0,"delta":{"tool_calls":[{"id":"d","function":{}}, {"id":"e"}]}}"#),
            &chunk(r#"{"index":0,"delta":{},"finish_reason":"stop"}"#),
        ]);
        let indexes = |chunk: &Option<String>| {
            let chunk: serde_json::Value = serde_json::from_str(chunk.as_ref().unwrap()).unwrap();
            let calls = chunk["choices"][0]["delta"]["tool_calls"].as_array().unwrap().clone();
            calls
                .iter()
                .map(|call| call["index"].as_u64().unwrap())
                .collect::<Vec<_>>()
        };
        let indexes: Vec<_> = found[..3].iter().map(indexes).collect();
        assert_eq!(indexes, [vec![0], vec![0], vec![1, 2]]);
        assert!(found[3].as_ref().unwrap().contains(r#""finish_reason":"tool_calls""#));
    }

    #[test]
    fn the_head_is_filled_in_every_chunk_or_in_none() {
        let found = completed(&[
            r#"{"choices":[{"delta":{"content":"a"}}]}"#,
            r#"{"id":null,"choices":[]}"#,
        ]);
        for chunk in &found {
            let chunk: serde_json::Value = serde_json::from_str(chunk.as_ref().unwrap()).unwrap();
            assert!(chunk["id"].as_str().unwrap().starts_with("chatcmpl-"));
            assert_eq!(
                (&chunk["object"], &chunk["model"]),
                (&"chat.completion.chunk".into(), &"g".into())
            );
            assert!(chunk["created"].is_u64());
        }
    }

    #[test]
    fn whole_answers_are_completed() {
        let body =
            r#"{"choices":[{"message":{"reasoning":"r","tool_calls":[{"function":{}}]},"finish_reason":"stop"}]}"#;
        let body: serde_json::Value = serde_json::from_slice(&completed_whole(body).unwrap()).unwrap();
        let choice = &body["choices"][0];
        assert_eq!(
            (&body["object"], &body["model"]),
            (&"chat.completion".into(), &"g".into())
        );
        assert_eq!(
            (&choice["index"], &choice["finish_reason"]),
            (&0.into(), &"tool_calls".into())
        );
        assert_eq!(choice["message"]["reasoning_content"], "r");
        assert_eq!(choice["message"]["tool_calls"][0]["type"], "function");
        assert!(choice["message"]["tool_calls"][0]["id"].is_string());
        for complete in [
            r#"{"id":"a","object":"o","created":1,"model":"m","choices":[{"index":0,"message":{"content":"x"}}]}"#,
            r#"{"error":"x"}"#,
            r#"{"choices":{}}"#,
        ] {
            assert_eq!(completed_whole(complete), None, "{complete}");
        }
    }

    #[test]
    fn chunks_that_break_off_anywhere_are_no_trouble() {
        let chunk = r#"{"id":null,"choices":[{"delta":{"reasoning":"a","tool_calls":[{"id":"c"}, {}]},"finish_reason":"stop"}]}"#;
        for end in 0..chunk.len() {
            completed(&[&chunk[..end], &chunk[..end]]);
        }
    }
}
