//! [`Whole`]: an answer that is not streamed.

use std::sync::OnceLock;

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::HeaderValue;

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
    /// Set if the client gets the member `text` by itself: its content type.
    text_type: Option<HeaderValue>,
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
            text_type: None,
        })
    }

    /// An answer that is a text by itself. `None` if it is not UTF-8.
    #[must_use]
    pub fn of_text(text: &[u8], content_type: HeaderValue, headers: HeaderMap) -> Option<Self> {
        let text = quote(std::str::from_utf8(text).ok()?);
        let body = [b"{\"text\":", text.as_slice(), b"}"].concat();
        Some(Self {
            text_type: Some(content_type),
            ..Self::new(body.into(), headers).ok()?
        })
    }

    /// The text and its content type, if the client gets the answer as a text by itself.
    #[must_use]
    pub fn as_text(&self) -> Option<(Bytes, &HeaderValue)> {
        let text_type = self.text_type.as_ref()?;
        let text = self.field("text")?.text(&self.body)?.into_owned();
        Some((text.into(), text_type))
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
        let usage = self.field("usage");
        let reported = usage.and_then(|usage| Usage::from_json(usage.raw(&self.body)));
        reported.or_else(|| self.duration().map(Usage::of_audio))
    }

    /// `duration` of a transcription: seconds, which some servers write as a text.
    fn duration(&self) -> Option<f64> {
        let duration = self.field("duration")?;
        let text = duration.text(&self.body);
        let text = text
            .as_deref()
            .or_else(|| std::str::from_utf8(duration.raw(&self.body)).ok())?;
        text.parse().ok().filter(|seconds: &f64| seconds.is_finite())
    }

    pub fn service_tier(&self) -> Option<String> {
        Some(self.field("service_tier")?.text(&self.body)?.into_owned())
    }

    /// The same answer with another body.
    ///
    /// # Errors
    /// The body is not a JSON object.
    pub fn with_body(self, body: Bytes) -> Result<Self, json::Error> {
        Ok(Self {
            text_type: self.text_type,
            ..Self::new(body, self.headers)?
        })
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

/// The bytes of an answer that an adapter gives as JSON: `{"content_type": …, "data": <base64>}`.
#[must_use]
pub fn encoded_bytes(answer: &[u8]) -> Option<(HeaderValue, Bytes)> {
    let root = json::find::root(answer)?;
    let text = |name: &str| json::member(answer, root.span, name)?.text(answer);
    let bytes = BASE64_STANDARD.decode(text("data")?.as_bytes()).ok()?;
    let content_type = HeaderValue::from_str(&text("content_type")?).ok()?;
    Some((content_type, bytes.into()))
}
