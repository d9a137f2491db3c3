//! Cases of request hooks as data, a list of cases in each file: a request, and the decision about it.
//!
//! ```json
//! [
//!   {
//!     "about": "one sentence",
//!     "settings": {},
//!     "operation": "chat-completions",
//!     "request": { "model": "chat" },
//!     "attributes": { "header.x-team": "blue" },
//!     "decision": { "change": [{ "set": "/temperature", "to": 0.2 }], "ask": "vision" },
//!     "notes": { "team": "blue" }
//!   }
//! ]
//! ```
//!
//! - `decision` is `"proceed"`; `{"change": […]}` with `{"set": place, "to": value}`, `{"insert": place, "value": value}` and
//!   `{"remove": place}`, and `"ask"` if another model group is asked; `{"answer": "…"}`; or
//!   `{"refuse": [status, code, message, milliseconds]}`.
//! - `notes` is what was published.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Host, run_cases};
use crate::{Changes, Decision, RequestEdit, RequestHook};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    #[serde(default)]
    settings: Map<String, Value>,
    #[serde(default = "chat")]
    operation: String,
    request: Value,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    decision: Value,
    #[serde(default)]
    notes: Map<String, Value>,
}

fn chat() -> String {
    "chat-completions".into()
}

/// Runs every case in the text of a file.
///
/// # Panics
/// If a case fails, after all cases have run. Also if there is no case, or one that cannot be read.
#[track_caller]
pub fn run<P: RequestHook>(file: &str) {
    run_cases(file, |case: Case| {
        let expected = json!([case.decision, case.notes]);
        (case.about.clone(), decided::<P>(case), expected)
    });
}

/// The decision, and what was published.
fn decided<P: RequestHook>(case: Case) -> Value {
    let settings = Value::Object(case.settings);
    let host = Host {
        settings: settings.to_string(),
        body: case.request.to_string().into(),
        operation: case.operation,
        attributes: case.attributes,
        ..Host::default()
    };
    host.install();
    let plugin = serde_json::from_value(settings)
        .map_err(|error| format!("settings: {error}"))
        .and_then(P::new);
    let decision = match plugin.map(|mut plugin| plugin.prepare()) {
        Ok(Ok(decision)) => written(decision),
        Ok(Err(error)) => json!({ "error": format!("{error:?}") }),
        Err(error) => json!({ "error": error }),
    };
    let notes = Host::published().into_iter().map(|(name, text)| (name, parsed(&text)));
    json!([decision, notes.collect::<Map<_, _>>()])
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|error| json!({ "not JSON": error.to_string() }))
}

fn written(decision: Decision) -> Value {
    match decision {
        Decision::Proceed => json!("proceed"),
        Decision::Change(Changes { edits, model_group }) => {
            let edits = edits.iter().map(|edit| match edit {
                RequestEdit::Set((place, value)) => json!({ "set": place, "to": parsed(value) }),
                RequestEdit::Insert((place, value)) => json!({ "insert": place, "value": parsed(value) }),
                RequestEdit::Remove(place) => json!({ "remove": place }),
            });
            let mut written = json!({ "change": edits.collect::<Vec<_>>() });
            if let Some(group) = model_group {
                written["ask"] = group.into();
            }
            written
        }
        Decision::Answer(text) => json!({ "answer": text }),
        Decision::Refuse(it) => json!({ "refuse": [it.status, it.code, it.message, it.retry_after_ms] }),
    }
}
