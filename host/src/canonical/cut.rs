//! The parts of a whole answer that its chunks need: [`Completion`]. Each operation cuts its answers itself.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// A whole answer with choices.
#[derive(Deserialize)]
pub struct Completion<'a> {
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
    #[serde(default, borrow)]
    created: Option<&'a RawValue>,
    #[serde(default, borrow)]
    model: Option<&'a RawValue>,
    #[serde(default, borrow)]
    system_fingerprint: Option<&'a RawValue>,
    #[serde(default, borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub choices: Vec<&'a RawValue>,
}

impl Completion<'_> {
    /// A chunk with the id, model and other common members of this answer.
    pub fn chunk(&self, object: &str, choices: &Value) -> Value {
        json!({
            "id": self.id, "object": object, "created": self.created, "model": self.model,
            "system_fingerprint": self.system_fingerprint, "choices": choices,
        })
    }

    pub fn usage_chunk(&self, object: &str) -> Option<Value> {
        let usage = self.usage.filter(|usage| usage.get() != "null")?;
        let mut chunk = self.chunk(object, &json!([]));
        chunk["usage"] = serde_json::from_str(usage.get()).ok()?;
        Some(chunk)
    }
}
