//! What is expected against what there is.

use serde_json::Value;

/// Adds each difference with its place. `"<any>"` matches every value; numbers compare by value, objects without order.
pub fn compare(at: &str, expected: &Value, got: &Value, found: &mut Vec<String>) {
    match (expected, got) {
        (Value::String(any), _) if any == "<any>" => {}
        (Value::Object(expected), Value::Object(got)) => {
            for (name, value) in expected {
                match got.get(name) {
                    Some(other) => compare(&format!("{at}.{name}"), value, other, found),
                    None => found.push(format!("{at}.{name}: missing, expected {value}")),
                }
            }
            for (name, value) in got.iter().filter(|(name, _)| !expected.contains_key(*name)) {
                found.push(format!("{at}.{name}: not expected, got {value}"));
            }
        }
        (Value::Array(expected), Value::Array(got)) => {
            for (index, pair) in expected.iter().zip(got).enumerate() {
                compare(&format!("{at}[{index}]"), pair.0, pair.1, found);
            }
            if expected.len() != got.len() {
                found.push(format!("{at}: expected {} entries, got {}", expected.len(), got.len()));
            }
        }
        (Value::Number(expected), Value::Number(got)) if expected.as_f64() == got.as_f64() => {}
        _ if expected == got => {}
        // Natively the exchange is called `test`; here it has an id of its own.
        (Value::String(expected), Value::String(got)) if is_of_exchange(expected, got) => {}
        _ => found.push(format!("{at}: expected {expected}, got {got}")),
    }
}

/// Whether both are made of the exchange's id: `chatcmpl-test`, `call_0_chatcmpl-test`.
fn is_of_exchange(expected: &str, got: &str) -> bool {
    let made = expected.strip_suffix("cmpl-test");
    made.is_some_and(|made| got.strip_prefix(made).is_some_and(|rest| rest.starts_with("cmpl-")))
}
