//! The path and the authentication of an attempt, for every provider but Azure ([`crate::azure`]) and watsonx
//! ([`crate::watsonx`]).

use std::borrow::Cow;

use sluice_sdk::{Auth, Target, adapter, deployment};

use crate::entry::Entry;
use crate::{model_name, table};

pub struct Route<'a> {
    /// The path below the deployment's base, with a query if the provider requires one.
    pub path: String,
    /// The value of `model` in the body.
    pub model: Cow<'a, str>,
    /// Replaces the provider's authentication.
    pub auth: Option<Auth>,
    /// Whether the upstream accepts `stream_options`.
    pub takes_stream_options: bool,
}

/// The path of the operation below the base, such as `/chat/completions`, with the model in the body.
pub fn plain<'a>(entry: &Entry, target: &'a Target, operation_path: &str) -> Route<'a> {
    let named = model_name::of(entry, &target.model);
    Route {
        path: format!("{}{}{operation_path}", path_prefix(entry), named.path),
        model: named.model,
        auth: table::auth_of_attempt(entry, deployment::has_parameter),
        takes_stream_options: !entry.no_stream_options,
    }
}

/// The provider's prefix, unless the operator's base already ends with it.
fn path_prefix(entry: &Entry) -> &str {
    let Some(prefix) = entry.path_prefix.as_deref() else {
        return "";
    };
    let given = deployment::text("api_base");
    let base = given.as_deref().unwrap_or(&entry.base_url);
    if base.trim_end_matches('/').ends_with(prefix) {
        ""
    } else {
        prefix
    }
}

/// Appends `name=value` to the path's query.
pub fn push_query(path: &mut String, name: &str, value: &str) {
    path.push(if path.contains('?') { '&' } else { '?' });
    push_encoded(path, name);
    path.push('=');
    push_encoded(path, value);
}

/// Appends text as one path segment or query part.
pub fn push_encoded(path: &mut String, text: &str) {
    adapter::push_encoded(path, text, b"");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_end_a_segment_is_encoded() {
        let mut path = String::from("/");
        push_encoded(&mut path, "a b/../ü?c#");
        assert_eq!(path, "/a%20b%2F..%2F%C3%BC%3Fc%23");
    }

    #[test]
    fn a_query_begins_once() {
        let mut path = String::from("/x");
        push_query(&mut path, "a", "1&2");
        push_query(&mut path, "b", "");
        assert_eq!(path, "/x?a=1%262&b=");
    }
}
