//! Answers: what an attempt returns, and the response that the client gets.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Response, StatusCode};

use super::headers::{describe, describe_request, passed_on};
use super::relay::Stream;
use super::{Cause, Exchange, Refusal};
use crate::body::Body;
use crate::canonical::Canonical;
use crate::json::{self, Fields, Limits, Splice, text::quote};
use crate::usage::Usage;

/// What an attempt returns.
pub enum Answer {
    Whole(Whole),
    /// Its first content is there, and nothing has been sent.
    Stream(Box<Stream>),
}

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

/// The response of a whole answer.
pub fn respond_whole(exchange: &Exchange, whole: Whole) -> Response<Body> {
    let mut response = Response::new(Body::from(whole.body));
    let headers = response.headers_mut();
    *headers = passed_on(&whole.headers);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    describe(exchange, headers);
    response
}

/// The head of a streamed answer.
pub fn stream_headers(exchange: &Exchange, upstream: &HeaderMap) -> HeaderMap {
    let mut headers = passed_on(upstream);
    frame_events(&mut headers);
    describe(exchange, &mut headers);
    headers
}

/// The head of a streamed answer that has not begun yet.
pub fn early_headers(canonical: &Canonical) -> HeaderMap {
    let mut headers = HeaderMap::new();
    frame_events(&mut headers);
    describe_request(&canonical.id, Some(canonical), &mut headers);
    headers
}

fn frame_events(headers: &mut HeaderMap) {
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
}

/// The response for an error.
pub fn respond_refused(exchange: &Exchange, refusal: &Refusal) -> Response<Body> {
    let mut response = refused(refusal);
    describe(exchange, response.headers_mut());
    response
}

/// The response for an error, without the headers of an exchange.
pub fn refused(refusal: &Refusal) -> Response<Body> {
    let mut response = Response::new(Body::from(refusal.body()));
    *response.status_mut() = StatusCode::from_u16(refusal.cause.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(wait) = refusal.retry_after {
        headers.insert(RETRY_AFTER, whole_seconds(wait).into());
    }
    if refusal.cause == Cause::Unauthenticated {
        headers.insert("www-authenticate", HeaderValue::from_static("Bearer"));
    }
    response
}

/// Rounded up, so that clients do not come back too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
