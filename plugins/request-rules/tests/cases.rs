//! `cases/requests.json`: settings and a request as input, the decision and what was noted as output
//! (`sluice_sdk::testing::hooks`). `cases/settings.json`: settings, and the error that they cause.

use request_rules::{RequestRules, Settings};
use serde::Deserialize;
use serde_json::{Value, json};
use sluice_sdk::{Plugin, testing};

#[test]
fn requests_are_decided_as_written() {
    testing::hooks::run::<RequestRules>(include_str!("../cases/requests.json"));
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
        let settings = serde_json::from_value::<Settings>(json!({ "rules": case.rules }));
        let made = settings.map_err(|error| error.to_string()).and_then(RequestRules::new);
        let error = made.err().unwrap_or_default();
        assert!(error.starts_with(&case.error), "{}: {error}", case.about);
    }
}
