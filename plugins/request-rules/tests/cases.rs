//! `cases/requests.json`: settings and a request as input, the decision and what was noted as output.
//! `cases/settings.json`: settings, and the error that they cause.

use std::collections::BTreeMap;

use request_rules::{RequestRules, Settings};
use serde::Deserialize;
use serde_json::{Value, json};
use sluice_sdk::testing::Host;
use sluice_sdk::{Changes, Decision, Plugin, RequestEdit, RequestHook};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    rules: Value,
    #[serde(default = "chat")]
    operation: String,
    request: Value,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    decision: Value,
    #[serde(default)]
    notes: BTreeMap<String, Value>,
}

fn chat() -> String {
    "chat-completions".into()
}

fn hook(rules: &Value) -> Result<RequestRules, String> {
    let settings: Settings = serde_json::from_value(json!({ "rules": rules })).map_err(|error| error.to_string())?;
    RequestRules::new(settings)
}

#[test]
fn requests_are_decided_as_written() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../cases/requests.json")).unwrap();
    for case in cases {
        let host = Host {
            body: case.request.to_string().into(),
            operation: case.operation,
            attributes: case.attributes,
            ..Host::default()
        };
        host.install();
        let decision = hook(&case.rules).unwrap().prepare();
        let decision = decision.unwrap_or_else(|error| panic!("{}: {error:?}", case.about));
        assert_eq!(written(decision), case.decision, "{}", case.about);
        let notes = Host::published().into_iter();
        let notes: BTreeMap<String, Value> = notes
            .map(|(name, json)| (name, serde_json::from_str(&json).unwrap()))
            .collect();
        assert_eq!(notes, case.notes, "{}", case.about);
    }
}

fn written(decision: Decision) -> Value {
    let value = |json: &str| serde_json::from_str::<Value>(json).unwrap();
    match decision {
        Decision::Proceed => json!("proceed"),
        Decision::Change(Changes { edits, model_group }) => {
            let edits = edits.iter().map(|edit| match edit {
                RequestEdit::Set((place, json)) => json!({ "set": place, "to": value(json) }),
                RequestEdit::Insert((place, json)) => json!({ "insert": place, "value": value(json) }),
                RequestEdit::Remove(place) => json!({ "remove": place }),
            });
            let mut written = json!({ "change": edits.collect::<Vec<_>>() });
            if let Some(group) = model_group {
                written["ask"] = group.into();
            }
            written
        }
        Decision::Answer(text) => json!({ "answer": text }),
        Decision::Refuse(refusal) => {
            json!({ "refuse": [refusal.status, refusal.code, refusal.message, refusal.retry_after_ms] })
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mistake {
    about: String,
    rules: Value,
    error: String,
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let cases: Vec<Mistake> = serde_json::from_str(include_str!("../cases/settings.json")).unwrap();
    for case in cases {
        let error = hook(&case.rules).err().unwrap_or_default();
        assert!(error.starts_with(&case.error), "{}: {error}", case.about);
    }
}
