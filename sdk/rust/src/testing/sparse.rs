//! Tests of lenient readers: variants of a document in which one member is missing or has another type, and helpers
//! that translate them, whole and streamed.

use serde_json::{Value, json};

use super::Host;
use crate::{Event, ProviderAdapter, Target};

/// Appends to `found` a JSON Pointer (RFC 6901) to every member of every object in the document. `at` is the pointer to
/// `document`.
pub fn members(document: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match document {
        Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => return,
    };
    for (name, value) in children {
        let path = format!("{at}/{name}");
        members(value, &path, found);
        if document.is_object() {
            found.push(path);
        }
    }
}

/// All variants of the document in which one member is missing or has a value of another type, each with a description
/// of the change. `is_needed` gets a member's pointer and name; such members are not changed.
///
/// # Panics
/// If the name of a member contains `/` or `~`, which the pointers do not escape.
#[must_use]
pub fn variants(document: &Value, is_needed: impl Fn(&str, &str) -> bool) -> Vec<(String, Value)> {
    let mut paths = Vec::new();
    members(document, "", &mut paths);
    let kinds = [
        json!(null),
        json!(5),
        json!(-1.5),
        json!("x"),
        json!([]),
        json!([1]),
        json!({}),
        json!(true),
    ];
    let mut variants = Vec::new();
    for path in paths {
        let (parent, name) = path.rsplit_once('/').unwrap();
        if is_needed(&path, name) {
            continue;
        }
        let mut without = document.clone();
        without
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(name);
        variants.push((format!("{path} left out"), without));
        for kind in &kinds {
            let mut changed = document.clone();
            *changed.pointer_mut(&path).unwrap() = kind.clone();
            variants.push((format!("{path}: {kind}"), changed));
        }
    }
    variants
}

/// Joins the chunks of a stream: text, reasoning, tool name, arguments and finish reason. `what` is for error messages.
///
/// # Panics
/// If a chunk is not JSON.
#[must_use]
pub fn joined(chunks: &[u8], what: &str) -> [String; 5] {
    let mut all = [const { String::new() }; 5];
    for line in std::str::from_utf8(chunks).unwrap().lines() {
        let Some(json) = line.strip_prefix("data: ").filter(|json| *json != "[DONE]") else {
            continue;
        };
        let chunk: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{what}: {error}"));
        let choice = &chunk["choices"][0];
        let function = &choice["delta"]["tool_calls"][0]["function"];
        let parts = [
            &choice["delta"]["content"],
            &choice["delta"]["reasoning_content"],
            &function["name"],
            &function["arguments"],
            &choice["finish_reason"],
        ];
        for (all, part) in all.iter_mut().zip(parts) {
            all.push_str(part.as_str().unwrap_or_default());
        }
    }
    all
}

/// The adapter after `open`, with a chat request whose only message is `Hi`.
///
/// # Panics
/// If the adapter refuses the request.
#[must_use]
pub fn opened<A: ProviderAdapter>(mut adapter: A, provider: &str, model: &str, is_streaming: bool) -> A {
    let request = json!({"messages": [{"role": "user", "content": "Hi"}], "stream": is_streaming});
    Host {
        body: request.to_string().into_bytes(),
        ..Host::default()
    }
    .install();
    let target = Target {
        provider: provider.into(),
        model: model.into(),
    };
    let opened = adapter.open(&target);
    opened.unwrap_or_else(|failure| panic!("{}", failure.message));
    adapter
}

/// Translates a whole answer. `what` is for error messages.
///
/// # Panics
/// If the adapter fails, or its output is not JSON.
#[must_use]
pub fn whole(mut adapter: impl ProviderAdapter, answer: &Value, what: &str) -> Value {
    let translated = adapter.whole(answer.to_string().into_bytes());
    let translated = translated.unwrap_or_else(|failure| panic!("{what}: {}", failure.message));
    serde_json::from_slice(&translated).unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// Asserts that the answer has the text `Hello`, the reasoning `Hm` and a call of `f`, and that no id and no model name
/// is missing.
///
/// # Panics
/// If the assertion fails.
pub fn assert_says_all(translated: &Value, what: &str) {
    let message = &translated["choices"][0]["message"];
    assert_eq!(message["content"], "Hello", "{what}");
    assert_eq!(message["reasoning_content"], "Hm", "{what}");
    assert_eq!(message["tool_calls"][0]["function"]["name"], "f", "{what}");
    for text in [&translated["id"], &translated["model"], &message["tool_calls"][0]["id"]] {
        assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{what}");
    }
}

/// An event with this name and this document as its data.
#[must_use]
pub fn event(name: &str, document: &Value) -> Event {
    Event {
        name: name.into(),
        data: document.to_string().into_bytes(),
    }
}

/// Translates the stream once for each variant of each of its documents, and returns the description of each change and
/// the [`joined`] result. `event` makes the event for a document at a position.
///
/// # Panics
/// If the adapter refuses an event or the end of the stream, or if a chunk is not JSON.
#[must_use]
pub fn streams<A: ProviderAdapter>(
    documents: &[Value],
    variants: impl Fn(&Value) -> Vec<(String, Value)>,
    event: impl Fn(usize, &Value) -> Event,
    adapter: impl Fn() -> A,
) -> Vec<(String, [String; 5])> {
    let mut tried = Vec::new();
    for (place, document) in documents.iter().enumerate() {
        for (what, changed) in variants(document) {
            let what = format!("event {place}, {what}");
            let chosen = |(index, document)| event(index, if index == place { &changed } else { document });
            let batch = documents.iter().enumerate().map(chosen).collect();
            let mut adapter = adapter();
            let chunks = adapter.events(batch);
            let mut chunks = chunks.unwrap_or_else(|failure| panic!("{what}: {}", failure.message));
            if !chunks.ends_with(b"data: [DONE]\n\n") {
                let end = adapter.finish();
                chunks.extend(end.unwrap_or_else(|failure| panic!("{what}: {}", failure.message)));
            }
            let said = joined(&chunks, &what);
            tried.push((what, said));
        }
    }
    tried
}
