//! Requests and answers in canonical form: OpenAI's JSON for the operation, as bytes, with the places of its top-level fields.
//!
//! The tables [`fields`] and [`parts`] say what these hold and where text is in them; no other code does.

mod attributes;
pub mod chunk;
pub mod cut;
pub mod fields;
pub mod join;
pub mod parts;
pub mod texts;
mod tokens;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use bytes::Bytes;
use hyper::HeaderMap;
use serde_json::value::RawValue;

use crate::json::{self, Fields, Kind, Splice};
use crate::operation::Operation;

pub use attributes::Attribute;

/// A request as the phases and the guests see it. Immutable: what changes it makes another.
#[derive(Debug, Clone)]
pub struct Canonical {
    /// The same in logs, records and the `x-litellm-call-id` header.
    pub id: Box<str>,
    pub operation: Operation,
    /// The model that the client named.
    pub group: Box<str>,
    pub is_streaming: bool,
    pub body: Bytes,
    pub fields: Fields,
    /// For random choices; recorded, so that a replay chooses alike.
    pub seed: u32,
    /// When the exchange began, in milliseconds since 1970-01-01 UTC; the record's `startTime`.
    pub started_ms: u64,
    /// The client's headers, for `attribute("header.<name>")`; those that carry credentials are left out.
    pub headers: HeaderMap,
    /// Attributes that are not in the request; they take precedence over those that are.
    pub attributes: BTreeMap<Box<str>, Box<str>>,
    pub prompt_tokens: Estimate,
}

/// The estimated tokens of the prompt, counted when first asked for.
#[derive(Debug, Clone, Default)]
pub struct Estimate(OnceLock<u32>);

impl From<u32> for Estimate {
    fn from(tokens: u32) -> Self {
        Self(OnceLock::from(tokens))
    }
}

/// One top-level field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CanonicalField<'c> {
    pub json: &'c str,
    /// Whether a guest may read it and stay clean: it says nothing that a client wrote.
    pub is_neutral: bool,
}

/// A number longer than this can spell something.
const NEUTRAL_NUMBER_BYTES_MAX: usize = 32;

/// Bytes of a model's name. Names go into headers, logs and a search for the nearest, and guests read them as neutral: a
/// longer one has room for a client's words.
pub const MODEL_BYTES_MAX: usize = 256;

/// `stream_options` as OpenAI has them: with a member of another name or type they are the client's own words.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only whether it can be read counts")]
struct StreamOptions {
    include_usage: Option<bool>,
    include_obfuscation: Option<bool>,
}

/// Headers that carry credentials, in any of the ways that clients send keys.
pub const CREDENTIAL_HEADERS: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "x-litellm-api-key",
    "ocp-apim-subscription-key",
];

impl Canonical {
    /// A request that asks for nothing, of nobody.
    #[must_use]
    pub fn empty() -> Self {
        let body = Bytes::from_static(b"{}");
        Self {
            id: "".into(),
            operation: Operation::ChatCompletions,
            group: "".into(),
            is_streaming: false,
            fields: json::scan(&body, json::Limits::ceiling()).expect("an empty object is JSON"),
            body,
            seed: 0,
            started_ms: 0,
            headers: HeaderMap::new(),
            attributes: BTreeMap::new(),
            prompt_tokens: Estimate::default(),
        }
    }

    /// The same request with another body.
    ///
    /// # Errors
    /// The body is no JSON object.
    pub fn with_body(&self, body: Bytes) -> Result<Self, json::Error> {
        Ok(Self {
            fields: json::scan(&body, json::Limits::ceiling())?,
            body,
            prompt_tokens: Estimate::default(),
            ..self.clone()
        })
    }

    /// The same request with fields changed.
    ///
    /// # Errors
    /// A value that was put in is not JSON.
    pub fn with_fields(&self, changes: Splice) -> Result<Self, json::Error> {
        self.with_body(changes.finish(&self.body, &self.fields).into_bytes())
    }

    /// A top-level field; `None` when it is absent.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<CanonicalField<'_>> {
        let field = self.fields.get(&self.body, name)?;
        let json = std::str::from_utf8(field.raw(&self.body)).ok()?;
        Some(CanonicalField {
            json,
            is_neutral: is_neutral(name, field.value.kind, json),
        })
    }

    /// A top-level field that is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        Some(self.fields.get(&self.body, name)?.text(&self.body)?.into_owned())
    }

    /// A top-level field as JSON of its own; null counts as absent.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<Box<RawValue>> {
        let json = self
            .field(name)
            .map(|field| field.json)
            .filter(|json| *json != "null")?;
        RawValue::from_string(json.to_owned()).ok()
    }

    /// One of the client's headers, credentials left out.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name)?.to_str().ok().map(str::to_owned)
    }

    /// Estimated tokens of the prompt: four bytes of text each; images, sounds and files by what they cost.
    #[must_use]
    pub fn prompt_tokens(&self) -> u32 {
        *self.prompt_tokens.0.get_or_init(|| tokens::of(self))
    }

    /// The same request, with the tokens of its prompt counted: for who has the time now.
    #[must_use]
    pub fn counted(self) -> Self {
        let _ = self.prompt_tokens();
        self
    }
}

/// Whether a field can say nothing that a client thought up: no text, and no room to hide one.
fn is_neutral(name: &str, kind: Kind, json: &str) -> bool {
    match kind {
        Kind::Bool | Kind::Null => true,
        Kind::Number => json.len() <= NEUTRAL_NUMBER_BYTES_MAX,
        Kind::String => name == "model" && json.len() <= MODEL_BYTES_MAX + 2,
        Kind::Object => name == "stream_options" && serde_json::from_str::<StreamOptions>(json).is_ok(),
        Kind::Array => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, kind: Kind, json: &str, neutral: bool) {
        assert_eq!(is_neutral(name, kind, json), neutral, "{name}: {json}");
    }

    #[test]
    fn what_a_client_could_hide_words_in_is_not_neutral() {
        check("temperature", Kind::Number, "0.25", true);
        check("temperature", Kind::Number, &format!("0.{}", "1".repeat(40)), false);
        check("n", Kind::String, r#""secret""#, false);
        check("model", Kind::String, r#""gpt-4o""#, true);
        check("model", Kind::String, &"x".repeat(MODEL_BYTES_MAX + 3), false);
        check("user", Kind::String, r#""someone""#, false);
        check("stream_options", Kind::Object, r#"{"include_usage":true}"#, true);
        check("stream_options", Kind::Object, r#"{"include_usage":"secret"}"#, false);
        check("stream_options", Kind::Object, r#"{"secret":true}"#, false);
        check("stop", Kind::Array, "[]", false);
    }
}
