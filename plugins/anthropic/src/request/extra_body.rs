//! `extra_body`: fields that are laid over the request as a JSON merge patch (RFC 7396), whatever this adapter makes of
//! them: what a compatible server has of its own.

use serde_json::{Map, Value};

/// The body with the patch applied. A patch that is no object changes nothing.
pub fn lay_over(body: Vec<u8>, patch: &str) -> Vec<u8> {
    let Ok(Value::Object(patch)) = serde_json::from_str(patch) else {
        return body;
    };
    match serde_json::from_slice::<Value>(&body) {
        Ok(mut document) if !patch.is_empty() => {
            merge(&mut document, patch);
            document.to_string().into_bytes()
        }
        _ => body,
    }
}

fn merge(into: &mut Value, patch: Map<String, Value>) {
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    let Value::Object(into) = into else { return };
    for (name, value) in patch {
        match value {
            Value::Null => {
                into.remove(&name);
            }
            Value::Object(inner) => merge(into.entry(name).or_insert(Value::Null), inner),
            _ => {
                into.insert(name, value);
            }
        }
    }
}
