//! `extra_body`: fields for the provider that this API does not have. They are applied to the finished request as a
//! JSON merge patch (RFC 7396).

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::deployment;

/// Applies the client's `extra_body` to the body, and then the deployment's, which takes precedence.
#[must_use]
pub fn lay_extra_bodies_over(body: Vec<u8>, of_client: Option<&RawValue>) -> Vec<u8> {
    lay_sorted_over(body, of_client, |fields| fields)
}

/// The same, where not every field is laid over the body as it stands: `sorted` makes a patch of each.
#[must_use]
pub fn lay_sorted_over(
    body: Vec<u8>,
    of_client: Option<&RawValue>,
    sorted: impl Fn(Map<String, Value>) -> Map<String, Value>,
) -> Vec<u8> {
    let of_deployment = deployment::parameter("extra_body");
    let bodies = [of_client.map(RawValue::get), of_deployment.as_deref()];
    let bodies = bodies.into_iter().flatten();
    bodies.fold(body, |body, extra| match serde_json::from_str(extra) {
        Ok(Value::Object(fields)) => lay(body, sorted(fields)),
        _ => body,
    })
}

/// Applies one patch to the body. A patch that is not a JSON object changes nothing.
#[must_use]
pub fn lay_over(body: Vec<u8>, patch: &str) -> Vec<u8> {
    match serde_json::from_str(patch) {
        Ok(Value::Object(patch)) => lay(body, patch),
        _ => body,
    }
}

fn lay(body: Vec<u8>, patch: Map<String, Value>) -> Vec<u8> {
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
