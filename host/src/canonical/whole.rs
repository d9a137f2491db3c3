//! [`Whole`]: an answer that is not streamed.

use std::sync::OnceLock;

use bytes::Bytes;
use hyper::HeaderMap;

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
    pub fn new(body: Bytes, headers: HeaderMap) -> Result<Self, json::Error> {
        let fields = json::scan(&body, Limits::ceiling())?;
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
    pub fn with_body(self, body: Bytes) -> Result<Self, json::Error> {
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
