//! What the deployment adds to every request: `organization`, `project`, `extra_query` and `extra_body`. The host adds
//! `headers` and `extra_headers`, which may have credentials.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;
use sluice_sdk::{Header, deployment, exchange};

use crate::copilot;
use crate::entry::Entry;
use crate::patch::Patch;
use crate::route::push_query;

/// <https://platform.openai.com/docs/api-reference/authentication>
const ACCOUNT: [(&str, &str); 2] = [("organization", "openai-organization"), ("project", "openai-project")];

/// The headers for `organization` and `project`, and those that the provider requires in every request.
pub fn headers(entry: &Entry) -> Vec<Header> {
    let mut headers: Vec<Header> = entry
        .headers
        .iter()
        .map(|(name, value)| Header {
            name: name.to_string(),
            value: value.to_string(),
        })
        .collect();
    if entry.name == "github_copilot" {
        copilot::push_headers(&mut headers);
    }
    for (parameter, name) in ACCOUNT {
        if let Some(value) = deployment::text(parameter) {
            headers.push(Header {
                name: name.into(),
                value,
            });
        }
    }
    headers
}

pub fn push_queries(path: &mut String) {
    for (name, value) in words("extra_query") {
        push_query(path, &name, &value);
    }
}

/// Applies `extra_body` to the request: the client's, and then the deployment's, which takes precedence.
pub fn lay_body_over(patch: &mut Patch<'_>) {
    let asked = exchange::field("extra_body");
    if asked.is_some() {
        patch.remove("extra_body");
    }
    for json in [asked, deployment::parameter("extra_body")].into_iter().flatten() {
        let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(&json).unwrap_or_default();
        for (field, value) in fields {
            patch.put(field.into_owned(), value.get().to_owned());
        }
    }
}

/// The members of a parameter that is an object; strings, numbers and booleans become text. In YAML, `x-version: 2` is
/// a number.
fn words(parameter: &str) -> impl Iterator<Item = (String, String)> {
    let json = deployment::parameter(parameter);
    let fields: BTreeMap<String, Value> = json
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default();
    fields.into_iter().filter_map(|(name, value)| match value {
        Value::String(text) => Some((name, text)),
        Value::Number(_) | Value::Bool(_) => Some((name, value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use sluice_sdk::testing::Host;

    use super::*;

    fn plain_entry() -> Entry {
        serde_json::from_str(r#"{"name":"p","base_url":"","operations":["embeddings"]}"#).unwrap()
    }

    fn install(parameters: &[(&str, &str)]) {
        let parameters = parameters
            .iter()
            .map(|(name, json)| ((*name).to_owned(), (*json).to_owned()))
            .collect();
        Host {
            parameters,
            ..Host::default()
        }
        .install();
    }

    #[test]
    fn the_account_is_named_in_headers() {
        install(&[("organization", r#""org-1""#), ("project", r#""proj-1""#)]);
        let headers: Vec<_> = headers(&plain_entry())
            .into_iter()
            .map(|header| (header.name, header.value))
            .collect();
        let expected = [("openai-organization", "org-1"), ("openai-project", "proj-1")];
        assert_eq!(
            headers,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn a_query_follows_the_one_that_is_there() {
        install(&[("extra_query", r#"{"tag":"a b","beta":true}"#)]);
        let mut path = String::from("/chat/completions?api-version=v");
        push_queries(&mut path);
        assert_eq!(path, "/chat/completions?api-version=v&beta=true&tag=a%20b");
    }

    #[test]
    fn parameters_that_are_no_objects_add_nothing() {
        install(&[
            ("organization", "5"),
            ("extra_query", "null"),
            ("extra_body", r#""text""#),
        ]);
        let mut path = String::from("/x");
        push_queries(&mut path);
        let mut patch = Patch::default();
        lay_body_over(&mut patch);
        assert_eq!((headers(&plain_entry()).len(), path.as_str()), (0, "/x"));
        assert!(matches!(patch.into_body(), sluice_sdk::RequestBody::Unchanged));
    }
}
