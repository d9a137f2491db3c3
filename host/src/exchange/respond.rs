//! Responses: what an exchange came to, as the client gets it.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Response, StatusCode};

use super::dialect::openai;
use super::headers::{describe, describe_request, passed_on};
use super::refusal::{Cause, Refusal};
use super::state::Exchange;
use crate::body::Body;
use crate::canonical::Canonical;

/// The content type of answers, if it is not that of a text.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The response for a whole answer. `body` is in the client's dialect, `upstream` are the upstream's headers.
pub fn whole(exchange: &Exchange, body: Bytes, content_type: HeaderValue, upstream: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    *headers = passed_on(upstream);
    headers.insert(CONTENT_TYPE, content_type);
    describe(exchange, headers);
    response
}

/// The response for an error.
pub fn refusal(exchange: &Exchange, refusal: &Refusal) -> Response<Body> {
    let mut response = head_and_body(refusal, exchange.dialect.refusal(refusal));
    describe(exchange, response.headers_mut());
    response
}

/// The response for an error, without the headers of an exchange and in OpenAI's dialect.
pub fn refused(refusal: &Refusal) -> Response<Body> {
    head_and_body(refusal, openai::error(refusal))
}

/// The head of a streamed answer.
pub fn stream_headers(exchange: &Exchange, upstream: &HeaderMap) -> HeaderMap {
    let mut headers = passed_on(upstream);
    frame_events(&mut headers);
    describe(exchange, &mut headers);
    headers
}

/// The head of an answer of bytes.
pub fn binary_headers(exchange: &Exchange, content_type: HeaderValue, upstream: &HeaderMap) -> HeaderMap {
    let mut headers = passed_on(upstream);
    headers.insert(CONTENT_TYPE, content_type);
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

fn head_and_body(refusal: &Refusal, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(refusal.cause.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
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
