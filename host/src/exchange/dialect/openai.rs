//! OpenAI's dialect, which is the canonical form: requests and answers keep their bytes.
//!
//! Errors have LiteLLM's format and statuses: `{"error": {"message", "type", "param", "code"}}` with the status as a
//! string in `code` (<https://docs.litellm.ai/docs/exception_mapping>). LiteLLM's messages begin with the class
//! (`litellm.RateLimitError: …`). This is left out on purpose: the class names a library that is not in use here, and
//! `type` and `code` say the same to a program.

use bytes::{Bytes, BytesMut};

use super::{Dialect, Events};
use crate::exchange::refusal::{Refusal, Row};
use crate::json::text::quote;
use crate::sse;

/// The event that ends a stream.
const DONE: Bytes = Bytes::from_static(b"data: [DONE]\n\n");

/// The dialect, and its streams.
#[derive(Debug, Clone, Copy)]
pub struct OpenAi;

impl Dialect for OpenAi {
    fn request(&self, body: Bytes) -> Result<Bytes, Refusal> {
        Ok(body)
    }

    fn whole(&self, answer: Bytes) -> Result<Bytes, Refusal> {
        Ok(answer)
    }

    fn refusal(&self, refusal: &Refusal) -> Bytes {
        error(refusal)
    }

    fn events(&self) -> Box<dyn Events> {
        Box::new(*self)
    }
}

impl Events for OpenAi {
    fn pass(&mut self, events: Bytes) -> Result<Bytes, Refusal> {
        Ok(events)
    }

    fn refusal(&mut self, refusal: &Refusal) -> Bytes {
        let mut event = BytesMut::new();
        sse::write_data(&mut event, &error(refusal));
        event.freeze()
    }

    fn end(&mut self) -> Bytes {
        DONE
    }
}

/// An error as JSON.
#[must_use]
pub fn error(refusal: &Refusal) -> Bytes {
    let Row { status, kind, .. } = refusal.cause.row();
    let mut body = b"{\"error\":{\"message\":".to_vec();
    body.extend_from_slice(&quote(&refusal.message));
    body.extend_from_slice(b",\"type\":\"");
    body.extend_from_slice(kind.as_bytes());
    body.extend_from_slice(b"\",\"param\":");
    body.extend_from_slice(&refusal.parameter.as_deref().map_or_else(|| b"null".to_vec(), quote));
    body.extend_from_slice(format!(",\"code\":\"{status}\"").as_bytes());
    if let Some(code) = &refusal.provider_code {
        body.extend_from_slice(b",\"provider_specific_fields\":{\"code\":");
        body.extend_from_slice(&quote(code));
        body.push(b'}');
    }
    if let Some(chunks) = refusal.delivered_chunks {
        body.extend_from_slice(format!(",\"delivered_chunks\":{chunks}").as_bytes());
    }
    body.extend_from_slice(b"}}");
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Cause;

    #[test]
    fn an_errors_shape_is_openais_with_the_status_as_a_string() {
        let refusal = Refusal::new(Cause::RateLimited, "slow \"down\"").parameter("model");
        let body: serde_json::Value = serde_json::from_slice(&error(&refusal)).unwrap();
        let expected = serde_json::json!({"error": {
            "message": "slow \"down\"", "type": "rate_limit_error", "param": "model", "code": "429"}});
        assert_eq!(body, expected);
    }
}
