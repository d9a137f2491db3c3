//! Headers of an answer: those of the upstream that are passed on, and LiteLLM's own, which clients and dashboards
//! read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::outgoing::NOT_IN_EFFECT;
use super::refusal::{Refusal, Row};
use super::state::Exchange;
use crate::canonical::Canonical;

/// Room for headers beside those that are passed on: those of [`describe`] and of the answer itself. Few answers have
/// them all. The client's connection reuses the memory for its next request.
const OWN_HEADERS_EXPECTED: usize = 17;

/// Errors of failed groups in a header, whose size is limited.
const FALLBACK_ERRORS_MAX: usize = 8;

/// Longer error messages are cut in a header.
const MESSAGE_CHARS_MAX: usize = 200;

/// The upstream's headers that clients get, with LiteLLM's prefix `llm_provider-`. Rate-limit headers are also passed
/// on without the prefix, as OpenAI sends them.
pub fn passed_on(headers: &HeaderMap) -> HeaderMap {
    /// These frame the upstream's message, or concern a connection that is not the client's.
    const LEFT_OUT: [&str; 11] = [
        "connection",
        "keep-alive",
        "transfer-encoding",
        "content-length",
        "content-encoding",
        "content-type",
        "set-cookie",
        "upgrade",
        "trailer",
        "alt-svc",
        "strict-transport-security",
    ];
    let mut passed = HeaderMap::with_capacity(headers.len() + OWN_HEADERS_EXPECTED);
    for (name, value) in headers {
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        if name.as_str().starts_with("x-ratelimit-") {
            passed.append(name.clone(), value.clone());
        }
        if let Some(prefixed) = prefixed(name) {
            passed.append(prefixed, value.clone());
        }
    }
    passed
}

/// Prefixed names that a worker remembers. Upstreams use a few dozen names in all; a name beyond the limit is put
/// together each time.
const PREFIXED_MAX: usize = 256;

thread_local! {
    static PREFIXED: RefCell<HashMap<HeaderName, HeaderName>> = RefCell::default();
}

fn prefixed(name: &HeaderName) -> Option<HeaderName> {
    PREFIXED.with_borrow_mut(|known| {
        if let Some(prefixed) = known.get(name) {
            return Some(prefixed.clone());
        }
        let prefixed: HeaderName = format!("llm_provider-{name}").parse().ok()?;
        if known.len() < PREFIXED_MAX {
            known.insert(name.clone(), prefixed.clone());
        }
        Some(prefixed)
    })
}

/// Adds the headers whose values are known as soon as the request has been read.
pub fn describe_request(id: &str, canonical: Option<&Canonical>, headers: &mut HeaderMap) {
    const VERSION: HeaderValue = HeaderValue::from_static(env!("CARGO_PKG_VERSION"));
    let mut put = |name, value| put(headers, name, value);
    let id = value(id);
    put(const { name("x-request-id") }, id.clone());
    put(const { name("x-litellm-call-id") }, id);
    put(const { name("x-litellm-version") }, Some(VERSION));
    if let Some(canonical) = canonical {
        put(const { name("x-litellm-model-group") }, value(&canonical.group));
        put(const { name("x-sluice-not-in-effect") }, list(not_in_effect(canonical)));
    }
}

/// Adds LiteLLM's headers, as far as their values are known when the head of an answer is sent.
pub fn describe(exchange: &Exchange, headers: &mut HeaderMap) {
    const NONE: HeaderValue = HeaderValue::from_static("0");
    describe_request(&exchange.id, exchange.canonical.as_deref(), headers);
    let mut put = |name, value| put(headers, name, value);
    let history = &exchange.history;
    if let Some(attempt) = history.last_attempt() {
        let known = &attempt.candidate.deployment.described;
        put(const { name("x-litellm-model-id") }, known.id.clone());
        put(const { name("x-litellm-model-name") }, known.model.clone());
        put(const { name("x-litellm-model-api-base") }, known.base.clone());
    }
    let count = |count: usize| Some(if count == 0 { NONE } else { count.into() });
    put(const { name("x-litellm-attempted-retries") }, count(history.retries()));
    put(
        const { name("x-litellm-attempted-fallbacks") },
        count(history.fallbacks()),
    );
    put(const { name("x-litellm-fallback-errors") }, fallback_errors(exchange));
    put(
        const { name("x-litellm-applied-guardrails") },
        list(history.applied_guardrails()),
    );
    let cost = history.cost().and_then(|cost| value(&cost.total.to_string()));
    put(const { name("x-litellm-response-cost") }, cost);
    let took = history.took();
    let overhead = took.saturating_sub(history.upstream_time());
    put(const { name("x-litellm-response-duration-ms") }, value(&millis(took)));
    put(
        const { name("x-litellm-overhead-duration-ms") },
        value(&millis(overhead)),
    );
}

/// Names are made while compiling: here they would be checked byte by byte for each answer.
const fn name(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: Option<HeaderValue>) {
    if let Some(value) = value {
        headers.insert(name, value);
    }
}

/// The errors of the groups that failed, if the operator allows it and the request asks for them.
fn fallback_errors(exchange: &Exchange) -> Option<HeaderValue> {
    let mut failures = exchange.history.fallback_errors().take(FALLBACK_ERRORS_MAX).peekable();
    let asks = |canonical: &Canonical| {
        let field = canonical.field("include_fallback_errors");
        field.is_some_and(|field| field.json == "true")
    };
    let is_told =
        exchange.snapshot.settings.general.tell_fallback_errors && exchange.canonical.as_deref().is_some_and(asks);
    match is_told && failures.peek().is_some() {
        true => value(&listed(failures)),
        false => None,
    }
}

/// The errors as JSON in ASCII, with LiteLLM's members and terms.
fn listed<'r>(failures: impl Iterator<Item = &'r Refusal>) -> String {
    let told = failures.map(|failure| {
        let message: String = failure.message.chars().take(MESSAGE_CHARS_MAX).collect();
        let Row { status, class, .. } = failure.cause.row();
        json!({ "message": message, "type": class, "param": failure.parameter, "code": status.to_string() })
    });
    in_ascii(&Value::Array(told.collect()).to_string())
}

/// The same JSON, with the characters that no header can hold written as escapes. Only strings have such characters:
/// the rest of a JSON document is plain ASCII.
fn in_ascii(json: &str) -> String {
    use std::fmt::Write;
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && character != '\u{7f}' {
            ascii.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    ascii
}

/// Fields of the request that are not supported yet.
fn not_in_effect(canonical: &Canonical) -> Vec<&'static str> {
    let is_asked = |name: &&str| canonical.field(name).is_some();
    NOT_IN_EFFECT.into_iter().filter(is_asked).collect()
}

/// The names, separated by commas; `None` if there are none.
fn list(names: Vec<&str>) -> Option<HeaderValue> {
    if names.is_empty() {
        None
    } else {
        value(&names.join(","))
    }
}

/// `None` if no header can hold the text.
fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok()
}

fn millis(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

#[cfg(test)]
mod tests {
    use super::super::Cause;
    use super::*;

    #[test]
    fn failures_are_told_in_ascii_and_short() {
        let limited = Refusal::new(Cause::RateLimited, "zu schnell – 🐢\u{7f}\n");
        let wordy = Refusal::new(Cause::Timeout, "x".repeat(1000)).parameter("timeout");
        let told = listed([limited, wordy].iter());
        assert!(value(&told).is_some() && told.is_ascii(), "{told}");
        let read: Value = serde_json::from_str(&told).unwrap();
        let first =
            json!({ "message": "zu schnell – 🐢\u{7f}\n", "type": "RateLimitError", "param": null, "code": "429" });
        assert_eq!(read[0], first);
        assert_eq!(
            (&read[1]["param"], &read[1]["message"]),
            (&json!("timeout"), &json!("x".repeat(200)))
        );
    }
}
