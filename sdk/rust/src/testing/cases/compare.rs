//! Comparison of JSON documents with readable differences, and JSON Merge Patch.

use serde_json::Value;

/// Matches every value in an expected document.
const ANY: &str = "<any>";

/// Maximum length of a value in a difference, in characters: long enough to tell values apart, short enough to read.
const SHOWN_CHARS_MAX: usize = 400;

/// Adds one line for each place at which `got` differs from `expected`.
pub fn compare(at: &str, expected: &Value, got: &Value, differences: &mut Vec<String>) {
    match (expected, got) {
        (Value::String(any), _) if any == ANY => {}
        (Value::Object(expected), Value::Object(got)) => {
            for (name, value) in expected {
                match got.get(name) {
                    Some(got) => compare(&format!("{at}.{name}"), value, got, differences),
                    None => differences.push(format!("{at}.{name}: missing, expected {}", shown(value))),
                }
            }
            for (name, value) in got.iter().filter(|(name, _)| !expected.contains_key(*name)) {
                differences.push(format!("{at}.{name}: not expected, got {}", shown(value)));
            }
        }
        (Value::Array(expected), Value::Array(got)) => {
            for (index, pair) in expected.iter().zip(got).enumerate() {
                compare(&format!("{at}[{index}]"), pair.0, pair.1, differences);
            }
            for (index, value) in expected.iter().enumerate().skip(got.len()) {
                differences.push(format!("{at}[{index}]: missing, expected {}", shown(value)));
            }
            for (index, value) in got.iter().enumerate().skip(expected.len()) {
                differences.push(format!("{at}[{index}]: not expected, got {}", shown(value)));
            }
        }
        (Value::Number(left), Value::Number(right)) if left == right || left.as_f64() == right.as_f64() => {}
        (expected, got) if expected == got => {}
        (expected, got) => differences.push(format!("{at}: expected {}, got {}", shown(expected), shown(got))),
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// JSON Merge Patch (RFC 7396 §2).
pub fn merge(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut target = match target {
        Value::Object(target) => target,
        _ => serde_json::Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(&name);
        } else {
            let before = target.remove(&name).unwrap_or(Value::Null);
            target.insert(name, merge(before, value));
        }
    }
    Value::Object(target)
}
