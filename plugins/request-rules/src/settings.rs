//! The settings of the operator, under `callback_settings.request-rules`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Settings of the hook.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The rules. Each that is true is applied, in order, until one answers or refuses.
    pub(crate) rules: Vec<Rule>,
}

/// One rule: a condition, and what it does.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rule {
    /// A name for messages.
    pub name: Option<String>,
    /// An expression in CEL. Default: always true.
    #[serde(rename = "if")]
    pub condition: Option<String>,
    /// A message of the role `system`, put before the messages of a chat.
    pub system: Option<String>,
    /// Fields with their values, whatever the client sent.
    pub set: BTreeMap<String, Value>,
    /// Fields with their values, where the client sent none.
    pub default: BTreeMap<String, Value>,
    /// Numbers that a client's may not exceed. A field that the client did not send is not added.
    pub at_most: BTreeMap<String, f64>,
    /// Fields that are removed.
    pub remove: Vec<String>,
    /// The model group to ask.
    pub ask: Option<String>,
    /// Facts for the record, by name.
    pub note: BTreeMap<String, Value>,
    /// The answer, in place of a model's.
    pub answer: Option<String>,
    pub refuse: Option<Refuse>,
}

/// The error that a client gets.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refuse {
    /// Default: 400.
    #[serde(default = "bad_request")]
    pub status: u16,
    /// Default: `request_rules`.
    #[serde(default = "code")]
    pub code: String,
    pub message: String,
    /// Seconds; default: nothing is said.
    #[serde(default)]
    pub retry_after: f64,
}

fn bad_request() -> u16 {
    400
}

fn code() -> String {
    "request_rules".into()
}
