//! JSON Schema without `$ref`, for models that take definitions nowhere: each reference is replaced by what it means.

use serde_json::{Map, Value};
use sluice_sdk::canonical::RawValue;

/// Deepest nesting written: a schema that holds itself has no end. Below it anything goes.
const DEPTH_MAX: usize = 48;

/// Most definitions put in: each may hold several others, so that depth alone bounds nothing.
const REPLACED_MAX: usize = 200;

/// The schema with its references replaced, or nothing where it has none.
pub fn replaced(schema: &RawValue) -> Option<Value> {
    if !schema.get().contains("$ref") {
        return None;
    }
    let document: Value = serde_json::from_str(schema.get()).ok()?;
    let mut left = REPLACED_MAX;
    Some(replace(&document, &document, 0, &mut left))
}

fn replace(value: &Value, document: &Value, depth: usize, left: &mut usize) -> Value {
    match value {
        Value::Object(_) | Value::Array(_) if depth > DEPTH_MAX => Value::Object(Map::new()),
        Value::Object(fields) => match fields.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let meant = reference.strip_prefix('#').and_then(|path| document.pointer(path));
                let Some(meant) = meant.filter(|_| *left > 0) else {
                    return Value::Object(Map::new());
                };
                *left -= 1;
                let mut meant = replace(meant, document, depth + 1, left);
                // What stands beside a reference, such as a description, holds as well.
                if let Value::Object(meant) = &mut meant {
                    let beside = fields.iter().filter(|(name, _)| *name != "$ref");
                    meant.extend(beside.map(|(name, value)| (name.clone(), replace(value, document, depth + 1, left))));
                }
                meant
            }
            None => {
                let kept = fields
                    .iter()
                    .filter(|(name, _)| !matches!(name.as_str(), "$defs" | "definitions"));
                let kept = kept.map(|(name, value)| (name.clone(), replace(value, document, depth + 1, left)));
                Value::Object(kept.collect())
            }
        },
        Value::Array(items) => {
            let items = items.iter().map(|item| replace(item, document, depth + 1, left));
            Value::Array(items.collect())
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schema: &Value) -> Value {
        let text = schema.to_string();
        let raw: &RawValue = serde_json::from_str(&text).unwrap();
        replaced(raw).unwrap()
    }

    #[test]
    fn references_are_replaced_by_what_they_mean() {
        let schema = json!({
            "properties": {"a": {"$ref": "#/$defs/A", "description": "d"}, "b": {"items": {"$ref": "#/$defs/B"}}},
            "$defs": {"A": {"type": "string"}, "B": {"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/nowhere"}]}},
        });
        let expected = json!({"properties": {
            "a": {"type": "string", "description": "d"},
            "b": {"items": {"anyOf": [{"type": "string"}, {}]}},
        }});
        assert_eq!(check(&schema), expected);
    }

    #[test]
    fn a_schema_that_holds_itself_ends() {
        let node = json!({"properties": {"left": {"$ref": "#/$defs/N"}, "right": {"$ref": "#/$defs/N"}}});
        let schema = json!({"$ref": "#/$defs/N", "$defs": {"N": node}});
        assert!(check(&schema).to_string().len() < 1_000_000);
    }
}
