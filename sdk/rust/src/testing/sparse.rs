//! What a lenient reader of a wire format is tried with: documents of which each member is left out or of another kind, and
//! what the chunks of a stream come to.

use serde_json::{Value, json};

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
