//! Everything an exchange can be refused with: one table of status, type and class, and the answer it makes.
//!
//! Shape and statuses are LiteLLM's: `{"error": {"message", "type", "param", "code"}}` with the status as a string in
//! `code`. LiteLLM begins its messages with the class (`litellm.RateLimitError: …`); that is left out on purpose, since it
//! names a library that is not there, and `type` and `code` say the same to a program.
//!
//! The client's sentence and the log's are two fields: what an operator must know may be no client's business.

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;

use crate::json::text::quote;
use crate::plugin::adapter::Fault;

/// Why an exchange is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    BadRequest,
    ContextWindowExceeded,
    ContentFiltered,
    Unsupported,
    /// A guardrail refused the text.
    GuardrailBlocked,
    /// The client has shown no key, or a wrong one.
    Unauthenticated,
    /// The upstream refused our credential.
    UpstreamAuthentication,
    PermissionDenied,
    NotFound,
    WrongMethod,
    Timeout,
    TooLarge,
    UnsupportedMediaType,
    RateLimited,
    /// The client hung up: nobody reads this answer.
    ClientGone,
    UpstreamError,
    /// No connection to the upstream, or one that broke.
    Connection,
    Overloaded,
    /// A guardrail that the exchange needs is not there, or failed.
    GuardrailUnavailable,
    Internal,
}

impl Cause {
    /// (status, `type` in the body, LiteLLM's exception class for metrics and records)
    #[must_use]
    pub fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::BadRequest => (400, "invalid_request_error", "BadRequestError"),
            Self::ContextWindowExceeded => (400, "invalid_request_error", "ContextWindowExceededError"),
            Self::ContentFiltered => (400, "invalid_request_error", "ContentPolicyViolationError"),
            Self::Unsupported => (400, "invalid_request_error", "UnsupportedParamsError"),
            Self::GuardrailBlocked => (400, "invalid_request_error", "GuardrailRaisedException"),
            Self::Unauthenticated | Self::UpstreamAuthentication => {
                (401, "authentication_error", "AuthenticationError")
            }
            Self::PermissionDenied => (403, "permission_error", "PermissionDeniedError"),
            Self::NotFound => (404, "invalid_request_error", "NotFoundError"),
            Self::WrongMethod => (405, "invalid_request_error", "MethodNotAllowed"),
            Self::Timeout => (408, "timeout_error", "Timeout"),
            Self::TooLarge => (413, "invalid_request_error", "RequestTooLarge"),
            Self::UnsupportedMediaType => (415, "invalid_request_error", "UnsupportedMediaType"),
            Self::RateLimited => (429, "rate_limit_error", "RateLimitError"),
            Self::ClientGone => (499, "client_disconnected", "ClientDisconnected"),
            Self::UpstreamError => (500, "internal_server_error", "InternalServerError"),
            Self::Connection => (500, "internal_server_error", "APIConnectionError"),
            Self::Overloaded => (503, "internal_server_error", "ServiceUnavailableError"),
            Self::GuardrailUnavailable => (503, "internal_server_error", "GuardrailUnavailable"),
            Self::Internal => (500, "internal_server_error", "InternalServerError"),
        }
    }

    #[must_use]
    pub fn status(self) -> u16 {
        self.row().0
    }

    #[must_use]
    pub fn class(self) -> &'static str {
        self.row().2
    }

    /// What an adapter calls it.
    #[must_use]
    pub fn of(fault: Fault) -> Self {
        match fault {
            Fault::BadRequest => Self::BadRequest,
            Fault::ContextWindowExceeded => Self::ContextWindowExceeded,
            Fault::ContentFiltered => Self::ContentFiltered,
            Fault::Authentication => Self::UpstreamAuthentication,
            Fault::PermissionDenied => Self::PermissionDenied,
            Fault::NotFound => Self::NotFound,
            Fault::RateLimited | Fault::QuotaExhausted => Self::RateLimited,
            Fault::Overloaded => Self::Overloaded,
            Fault::Timeout => Self::Timeout,
            Fault::UpstreamError | Fault::MalformedAnswer => Self::UpstreamError,
            Fault::Unsupported => Self::Unsupported,
        }
    }

    /// Whether another deployment might do better. What the client did wrong is wrong everywhere.
    #[must_use]
    pub fn may_try_another(self) -> bool {
        !matches!(
            self,
            Self::BadRequest
                | Self::ContextWindowExceeded
                | Self::ContentFiltered
                | Self::Unsupported
                | Self::GuardrailBlocked
                | Self::GuardrailUnavailable
                | Self::Unauthenticated
                | Self::TooLarge
                | Self::UnsupportedMediaType
                | Self::ClientGone
        )
    }

    /// Whether the same deployment might do better a moment later.
    #[must_use]
    pub fn may_try_again(self) -> bool {
        matches!(
            self,
            Self::Timeout | Self::RateLimited | Self::UpstreamError | Self::Connection | Self::Overloaded
        )
    }

    /// Whether another model group is asked. What a guardrail refused, or nobody waits for, goes nowhere else.
    #[must_use]
    pub fn may_fall_back(self) -> bool {
        !matches!(
            self,
            Self::GuardrailBlocked
                | Self::GuardrailUnavailable
                | Self::Unauthenticated
                | Self::TooLarge
                | Self::UnsupportedMediaType
                | Self::ClientGone
        )
    }
}

/// An exchange that ends with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub cause: Cause,
    /// For the client.
    pub message: String,
    /// For the log, where it must say more.
    pub detail: Option<String>,
    /// The request's parameter at fault.
    pub parameter: Option<String>,
    /// The provider's own error code.
    pub provider_code: Option<String>,
    pub retry_after: Option<Duration>,
    /// Chunks of a stream that had been delivered when it broke.
    pub delivered_chunks: Option<NonZeroU32>,
}

impl Refusal {
    #[must_use]
    pub fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self {
            cause,
            message: message.into(),
            detail: None,
            parameter: None,
            provider_code: None,
            retry_after: None,
            delivered_chunks: None,
        }
    }

    #[must_use]
    pub fn parameter(mut self, name: &str) -> Self {
        self.parameter = Some(name.to_owned());
        self
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self) -> Bytes {
        let (status, kind, _) = self.cause.row();
        let mut body = b"{\"error\":{\"message\":".to_vec();
        body.extend_from_slice(&quote(&self.message));
        body.extend_from_slice(b",\"type\":\"");
        body.extend_from_slice(kind.as_bytes());
        body.extend_from_slice(b"\",\"param\":");
        body.extend_from_slice(&self.parameter.as_deref().map_or_else(|| b"null".to_vec(), quote));
        body.extend_from_slice(format!(",\"code\":\"{status}\"").as_bytes());
        if let Some(code) = &self.provider_code {
            body.extend_from_slice(b",\"provider_specific_fields\":{\"code\":");
            body.extend_from_slice(&quote(code));
            body.push(b'}');
        }
        if let Some(chunks) = self.delivered_chunks {
            body.extend_from_slice(format!(",\"delivered_chunks\":{chunks}").as_bytes());
        }
        body.extend_from_slice(b"}}");
        body.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_openais_with_the_status_as_a_string() {
        let refusal = Refusal::new(Cause::RateLimited, "slow \"down\"").parameter("model");
        let body: serde_json::Value = serde_json::from_slice(&refusal.body()).unwrap();
        let expected = serde_json::json!({"error": {
            "message": "slow \"down\"", "type": "rate_limit_error", "param": "model", "code": "429"}});
        assert_eq!(body, expected);
    }
}
