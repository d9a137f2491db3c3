//! Guardrail cases as data, a list of cases in each file: passages at a stage, and the verdict on them.
//!
//! ```json
//! [
//!   {
//!     "about": "one sentence",
//!     "settings": { "mask": ["cat"] },
//!     "stage": "stream-window",
//!     "passages": [{ "role": "assistant", "before": "", "text": "a ca" }],
//!     "verdict": { "rewrite": [["a ", 2]] }
//!   }
//! ]
//! ```
//!
//! - `stage` is `request`, `response`, `stream-window` or `stream-end`.
//! - `verdict` is `"pass"`, `{"rewrite": […]}` with a text for each passage, or a pair of a text and the characters that are
//!   held; `{"hold": [2, 0]}`; or `{"block": "code", "message": "…"}`.
//! - `request`, `attributes` and `notes` (texts by key) are what the guardrail may read; they default to nothing.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Host, run_cases};
use crate::{Edit, Guardrail, Passage, Stage, Verdict};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    #[serde(default = "nothing")]
    settings: Value,
    stage: String,
    passages: Vec<Text>,
    #[serde(default = "nothing")]
    request: Value,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    notes: BTreeMap<String, String>,
    verdict: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    role: String,
    #[serde(default)]
    before: String,
    text: String,
}

fn nothing() -> Value {
    json!({})
}

/// Runs every case in the text of a file.
///
/// # Panics
/// If a case fails, after all cases have run. Also if there is no case, or one that cannot be read.
#[track_caller]
pub fn run<P: Guardrail>(file: &str) {
    run_cases(file, |case: Case| {
        let expected = case.verdict.clone();
        (case.about.clone(), judged::<P>(case), expected)
    });
}

fn judged<P: Guardrail>(case: Case) -> Value {
    let host = Host {
        settings: case.settings.to_string(),
        body: case.request.to_string().into(),
        attributes: case.attributes,
        notes: case
            .notes
            .into_iter()
            .map(|(key, text)| (key, text.into_bytes()))
            .collect(),
        ..Host::default()
    };
    host.install();
    let stage = match case.stage.as_str() {
        "request" => Stage::Request,
        "response" => Stage::Response,
        "stream-window" => Stage::StreamWindow,
        "stream-end" => Stage::StreamEnd,
        other => return json!({ "error": format!("`{other}` is no stage") }),
    };
    let passages = case.passages.into_iter().map(|it| Passage {
        role: it.role,
        before: it.before,
        text: it.text,
    });
    let settings = serde_json::from_value(case.settings).map_err(|error| format!("settings: {error}"));
    let verdict = settings
        .and_then(P::new)
        .map(|mut plugin| plugin.inspect(stage, passages.collect()));
    match verdict {
        Ok(Ok(verdict)) => written(verdict),
        Ok(Err(error)) => json!({ "error": format!("{error:?}") }),
        Err(error) => json!({ "error": error }),
    }
}

fn written(verdict: Verdict) -> Value {
    let edit = |Edit { text, hold }: Edit| if hold == 0 { json!(text) } else { json!([text, hold]) };
    match verdict {
        Verdict::Pass => json!("pass"),
        Verdict::Rewrite(edits) => json!({ "rewrite": edits.into_iter().map(edit).collect::<Vec<_>>() }),
        Verdict::Hold(holds) => json!({ "hold": holds }),
        Verdict::Block(it) => json!({ "block": it.code, "message": it.message }),
    }
}
