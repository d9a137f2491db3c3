//! [`Whole`]: an answer that is not streamed.

use std::sync::OnceLock;

use bytes::Bytes;
use hyper::HeaderMap;

use super::refusal::{Cause, Refusal};
use crate::json::{self, Fields, Limits, Splice, text::quote};
use crate::usage::Usage;

/// A whole answer in canonical form.
pub struct Whole {
    pub body: Bytes,
    /// Where the body's fields are; empty when [`Whole::restamp`] has changed the body. They are then found again only
    /// if needed, since the body is final.
    fields: OnceLock<Option<Fields>>,
    /// The upstream's headers.
    headers: HeaderMap,
}

impl Whole {
    /// # Errors
    /// The body is not a JSON object.
    pub fn new(body: Bytes, headers: HeaderMap) -> Result<Self, Refusal> {
        let fields = json::scan(&body, Limits::ceiling()).map_err(|error| {
            let what = describe_page(&body);
            Refusal::new(Cause::UpstreamError, "the provider's answer is not JSON")
                .detail(format!("{error}; it is {what}; is `api_base` right?"))
        })?;
        Ok(Self {
            body,
            fields: Some(fields).into(),
            headers,
        })
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    fn fields(&self) -> Option<&Fields> {
        let scan = || json::scan(&self.body, Limits::ceiling()).ok();
        self.fields.get_or_init(scan).as_ref()
    }

    pub fn field(&self, name: &str) -> Option<json::Field> {
        self.fields()?.get(&self.body, name)
    }

    pub fn usage(&self) -> Option<Usage> {
        Usage::from_json(self.field("usage")?.raw(&self.body))
    }

    pub fn service_tier(&self) -> Option<String> {
        Some(self.field("service_tier")?.text(&self.body)?.into_owned())
    }

    /// The same answer with another body.
    ///
    /// # Errors
    /// The body is not a JSON object.
    pub fn with_body(self, body: Bytes) -> Result<Self, Refusal> {
        Self::new(body, self.headers)
    }

    /// Sets the model to the name that the client used.
    pub fn restamp(&mut self, group: &str) {
        let is_same = |given: json::Field| given.text(&self.body).is_none_or(|name| name == group);
        if self.field("model").is_none_or(is_same) {
            return;
        }
        let Some(fields) = self.fields.take().flatten() else {
            return;
        };
        let mut splice = Splice::default();
        splice.set("model", quote(group));
        self.body = splice.finish(&self.body, &fields).into_bytes();
    }
}

/// What an answer is that is not JSON. Only the beginning of a page of markup is quoted: other text may be a model's, which
/// the log must not hold.
fn describe_page(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(512)]);
    let bytes = body.len();
    if text.trim_start().starts_with('<') {
        let begins: String = text.trim_start().chars().take(80).collect();
        return format!("a page of {bytes} bytes that begins with {begins:?}");
    }
    format!("a text of {bytes} bytes")
}
