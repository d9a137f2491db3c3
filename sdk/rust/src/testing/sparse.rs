//! What a lenient reader of a wire format is tried with: documents of which each member is left out or of another kind, and
//! what it makes of them, whole and in a stream.

use serde_json::{Value, json};

use super::Host;
use crate::{Event, ProviderAdapter, Target};

/// Pointers to every member of every object in the document (RFC 6901).
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

/// The document with each member that is not needed left out, and of each kind, in turn, and what was done. `is_needed` is told
/// a pointer and the name at its end.
///
/// # Panics
/// Never: the pointers are of the document itself.
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

/// What the chunks of a stream come to: text, thoughts, tool, arguments, why it ended.
///
/// # Panics
/// A chunk is no JSON.
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

/// The adapter, asked to answer `Hi` in chat.
///
/// # Panics
/// It refuses.
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

/// The whole answer, translated.
///
/// # Panics
/// The adapter refuses it, or gives no JSON.
#[must_use]
pub fn whole(mut adapter: impl ProviderAdapter, answer: &Value, what: &str) -> Value {
    let translated = adapter.whole(answer.to_string().into_bytes());
    let translated = translated.unwrap_or_else(|failure| panic!("{what}: {}", failure.message));
    serde_json::from_slice(&translated).unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// The text `Hello`, the thought `Hm` and a call of `f` have arrived, and nothing lacks an id.
///
/// # Panics
/// It is not so.
pub fn assert_says_all(translated: &Value, what: &str) {
    let message = &translated["choices"][0]["message"];
    assert_eq!(message["content"], "Hello", "{what}");
    assert_eq!(message["reasoning_content"], "Hm", "{what}");
    assert_eq!(message["tool_calls"][0]["function"]["name"], "f", "{what}");
    for text in [&translated["id"], &translated["model"], &message["tool_calls"][0]["id"]] {
        assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{what}");
    }
}

/// An event of this name that holds this document.
#[must_use]
pub fn event(name: &str, document: &Value) -> Event {
    Event {
        name: name.into(),
        data: document.to_string().into_bytes(),
    }
}

/// Reads the stream once for each variant of each of its documents, and says what was done and what it came to, as of
/// [`joined`]. `event` makes an event of the document that stands at this place.
///
/// # Panics
/// The adapter refuses an event or the end, or a chunk is no JSON.
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
