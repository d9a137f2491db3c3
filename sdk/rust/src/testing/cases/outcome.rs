//! The adapter's result, and its comparison with what a case expects.

use serde_json::{Value, json};

use super::compare::compare;
use super::{Checked, Expected};
use crate::{Failure, Fault};

/// What the adapter returned.
#[derive(Clone, Default, PartialEq)]
pub struct Outcome {
    pub body: Option<Value>,
    pub chunks: Option<Vec<Value>>,
    pub failure: Option<Value>,
}

impl Outcome {
    /// The outcome without `created`: an adapter that gets no time from the provider writes the current one.
    #[must_use]
    pub fn without_time(&self) -> Self {
        let mut timeless = self.clone();
        for document in timeless.body.iter_mut().chain(timeless.chunks.iter_mut().flatten()) {
            if let Some(fields) = document.as_object_mut() {
                fields.remove("created");
            }
        }
        timeless
    }
}

pub fn compare_outcome(expected: &Expected, outcome: &Outcome) -> Checked {
    let mut differences = Vec::new();
    match (&expected.error, &outcome.failure) {
        (None, Some(failure)) => differences.push(format!("the adapter failed: {failure}")),
        (Some(error), None) => differences.push(format!("expected the failure {}, got none", json!(error))),
        (Some(error), Some(failure)) => {
            for (name, value) in error {
                let got = failure.get(name).unwrap_or(&Value::Null);
                compare(&format!("answer.error.{name}"), value, got, &mut differences);
            }
        }
        (None, None) => {}
    }
    if let Some(body) = &expected.body {
        compare(
            "answer.body",
            body,
            outcome.body.as_ref().unwrap_or(&Value::Null),
            &mut differences,
        );
    }
    if let Some(chunks) = &expected.chunks {
        let got = outcome.chunks.clone().unwrap_or_default();
        compare("answer.chunks", &json!(chunks), &json!(got), &mut differences);
    }
    if expected.body.is_none() && expected.chunks.is_none() && expected.error.is_none() {
        differences.push("`answer` expects nothing: give a body, chunks or an error".into());
    }
    settle(differences)
}

pub fn settle(differences: Vec<String>) -> Checked {
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences)
    }
}

pub fn outcome_of_whole(answer: Result<Vec<u8>, Failure>) -> Result<Outcome, Vec<String>> {
    match answer {
        Ok(bytes) => {
            let body =
                serde_json::from_slice(&bytes).map_err(|error| vec![format!("`whole` made no JSON: {error}")])?;
            Ok(Outcome {
                body: Some(body),
                ..Outcome::default()
            })
        }
        Err(failure) => Ok(Outcome {
            failure: Some(describe(&failure)),
            ..Outcome::default()
        }),
    }
}

pub fn describe(failure: &Failure) -> Value {
    json!({
        "fault": fault_name(failure.fault),
        "message": failure.message,
        "code": failure.code,
        "parameter": failure.parameter,
        "retry_after_ms": failure.retry_after_ms,
    })
}

/// The name of the fault in `wit/0.2.1/provider.wit`.
fn fault_name(fault: Fault) -> &'static str {
    match fault {
        Fault::BadRequest => "bad-request",
        Fault::ContextWindowExceeded => "context-window-exceeded",
        Fault::ContentFiltered => "content-filtered",
        Fault::Authentication => "authentication",
        Fault::PermissionDenied => "permission-denied",
        Fault::NotFound => "not-found",
        Fault::RateLimited => "rate-limited",
        Fault::QuotaExhausted => "quota-exhausted",
        Fault::Overloaded => "overloaded",
        Fault::Timeout => "timeout",
        Fault::UpstreamError => "upstream-error",
        Fault::MalformedAnswer => "malformed-answer",
        Fault::Unsupported => "unsupported",
    }
}
