//! Requests and answers in canonical form: OpenAI's JSON for the operation, as bytes, with the positions of the
//! top-level fields.
//!
//! The tables [`fields`] and [`parts`] define what the fields and their members contain and which of them are text.

mod attributes;
pub mod chunk;
pub mod complete;
mod cut;
mod delivered;
pub mod error;
pub mod event;
pub mod fields;
pub mod form;
pub mod join;
pub mod operation;
pub mod parts;
pub mod peek;
mod seam;
pub mod texts;
mod tokens;
mod whole;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use hyper::HeaderMap;
use serde_json::value::RawValue;

use crate::json::{self, Fields, Kind, Splice};
use crate::notes::Notes;
use form::Upload;
use operation::{Streaming, Takes};
use parts::Medium;

pub use attributes::Attribute;
pub use delivered::{Delivered, Opening};
pub use operation::Operation;
pub use seam::Seam;
pub use whole::{Whole, encoded_bytes};

/// A client's request in canonical form, as the phases of an exchange and the plugins see it. It is immutable: a change
/// makes a new value.
#[derive(Debug, Clone)]
pub struct Canonical {
    /// The request's id: the same in logs, in records and in the `x-litellm-call-id` header.
    pub id: Box<str>,
    pub operation: Operation,
    /// The model name in the client's request.
    pub group: Box<str>,
    pub is_streaming: bool,
    /// JSON. Of a form, its fields.
    pub body: Bytes,
    pub fields: Fields,
    /// The files of a form.
    pub uploads: Vec<Upload>,
    /// Seed for random choices. It is recorded, so that a replay makes the same choices.
    pub seed: u32,
    /// Start of the exchange in milliseconds since 1970-01-01 UTC; `startTime` in the record.
    pub started_ms: u64,
    /// The client's headers, for `attribute("header.<name>")`, without those that carry credentials.
    pub headers: HeaderMap,
    /// Attributes from outside the request. They take precedence over the request's own.
    pub attributes: BTreeMap<Box<str>, Box<str>>,
    /// What plugins note while the exchange lasts.
    pub notes: Arc<Notes>,
    pub known: Known,
}

/// What is found out about a request at the first use: for a long request that takes milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Known {
    prompt_tokens: OnceLock<u32>,
    media: OnceLock<Vec<Medium>>,
    region: OnceLock<Option<String>>,
}

impl From<u32> for Known {
    fn from(prompt_tokens: u32) -> Self {
        Self {
            prompt_tokens: prompt_tokens.into(),
            ..Self::default()
        }
    }
}

/// One top-level field of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CanonicalField<'c> {
    pub json: &'c str,
    /// Neutral: the value contains nothing that a client could have chosen freely. A guest that has read only neutral
    /// values may be reused for other exchanges.
    pub is_neutral: bool,
}

/// Bytes of a number that is neutral. A longer number could encode a text.
const NEUTRAL_NUMBER_BYTES_MAX: usize = 32;

/// Bytes of a model name. Model names are written into headers and logs, are compared with all configured names to
/// suggest similar ones, and count as neutral for guests. A longer name could contain a text of the client.
pub const MODEL_BYTES_MAX: usize = 256;

/// `stream_options` as OpenAI defines them. With any other member, or a member of another type, they are a client's own
/// text and not neutral.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only whether it can be read counts")]
struct StreamOptions {
    include_usage: Option<bool>,
    include_obfuscation: Option<bool>,
}

/// Headers in which clients send credentials, in all the usual ways.
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
    /// A placeholder request with the body `{}`, and without id and model group.
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
            uploads: Vec::new(),
            seed: 0,
            started_ms: 0,
            headers: HeaderMap::new(),
            attributes: BTreeMap::new(),
            notes: Arc::default(),
            known: Known::default(),
        }
    }

    /// The same request with another body.
    ///
    /// # Errors
    /// The body is not a JSON object.
    pub fn with_body(&self, body: Bytes) -> Result<Self, json::Error> {
        Ok(Self {
            fields: json::scan(&body, json::Limits::ceiling())?,
            body,
            known: Known::default(),
            ..self.clone()
        })
    }

    /// The same request with changed fields.
    ///
    /// # Errors
    /// An inserted value is not JSON.
    pub fn with_fields(&self, changes: Splice) -> Result<Self, json::Error> {
        self.with_body(changes.finish(&self.body, &self.fields).into_bytes())
    }

    /// Whether the upstream is asked for a stream.
    #[must_use]
    pub fn asks_for_stream(&self) -> bool {
        self.is_streaming && matches!(self.operation.row().stream, Streaming::Upstream(_))
    }

    /// A top-level field; `None` if the request does not have it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<CanonicalField<'_>> {
        let field = self.fields.get(&self.body, name)?;
        let json = std::str::from_utf8(field.raw(&self.body)).ok()?;
        Some(CanonicalField {
            json,
            is_neutral: is_neutral(name, field.value.kind, json),
        })
    }

    /// A top-level field as a string; `None` if it is absent or not a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        Some(self.fields.get(&self.body, name)?.text(&self.body)?.into_owned())
    }

    /// A copy of a top-level field's JSON; `None` if it is absent or null.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<Box<RawValue>> {
        let json = self
            .field(name)
            .map(|field| field.json)
            .filter(|json| *json != "null")?;
        RawValue::from_string(json.to_owned()).ok()
    }

    /// The files of a form, with what they are.
    pub fn media(&self) -> impl Iterator<Item = (Medium, &Upload)> {
        let usual = match self.operation.row().takes {
            Takes::Form(medium) => medium,
            Takes::Json => Medium::File,
        };
        self.uploads.iter().map(move |upload| (upload.medium(usual), upload))
    }

    /// One of the client's headers, unless it carries credentials.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name)?.to_str().ok().map(str::to_owned)
    }

    /// Estimated tokens of the prompt: one per four bytes of text; for images, audio and files, the number that
    /// providers count.
    #[must_use]
    pub fn prompt_tokens(&self) -> u32 {
        *self.known.prompt_tokens.get_or_init(|| tokens::of(self))
    }

    /// Whether the request has such a medium beside its text.
    #[must_use]
    pub fn has_medium(&self, medium: Medium) -> bool {
        let media = self.known.media.get_or_init(|| texts::media_of_request(self));
        media.contains(&medium)
    }

    /// The same request with everything that is [`Known`] at the first use known already.
    #[must_use]
    pub fn counted(self) -> Self {
        let _ = (self.prompt_tokens(), self.region(), self.has_medium(Medium::Image));
        self
    }
}

/// Whether a field is neutral: it has no text of the client, and no room to hide one.
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
