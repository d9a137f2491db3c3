//! All errors that an exchange can end with: one table of status, type, class and what follows. A client's dialect
//! writes them ([`super::dialect`]).
//!
//! The message for the client and the detail for the log are two fields: some of what an operator must know is not for
//! clients.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::deployment::FailureKind;
use crate::plugin::kinds::adapter::Fault;

/// Why an exchange ends with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    BadRequest,
    /// The provider could read the request, but could not process it.
    Unprocessable,
    ContextWindowExceeded,
    ContentFiltered,
    /// The adapter, or the model, has no such parameter or operation.
    Unsupported,
    /// A guardrail refused the text.
    GuardrailBlocked,
    /// A plugin refused the exchange, in its own words.
    Refused(Chosen),
    /// The client sent no key, or a wrong one.
    Unauthenticated,
    /// The upstream refused the gateway's credential.
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
    /// A guardrail that the exchange needs is missing or failed.
    GuardrailUnavailable,
    /// A plugin trapped, ran over a limit or broke its contract.
    PluginFailed,
    /// A deployment lacks what it needs: its credential, or a plugin that serves its provider.
    Misconfigured,
    /// An upload cannot be kept: the disk is full, or there is no directory for temporary files.
    NoRoom,
    Internal,
}

/// The statuses that a plugin may refuse with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    BadRequest,
    Unauthorized,
    PaymentRequired,
    Forbidden,
    NotFound,
    Conflict,
    TooLarge,
    Unprocessable,
    TooManyRequests,
    UnavailableForLegalReasons,
    Unavailable,
}

impl Chosen {
    /// `BadRequest` for a status that is not in the list.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Unauthorized,
            402 => Self::PaymentRequired,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            409 => Self::Conflict,
            413 => Self::TooLarge,
            422 => Self::Unprocessable,
            429 => Self::TooManyRequests,
            451 => Self::UnavailableForLegalReasons,
            503 => Self::Unavailable,
            _ => Self::BadRequest,
        }
    }

    /// Status, type and class.
    fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::BadRequest => (400, INVALID, "BadRequestError"),
            Self::Unauthorized => (401, "authentication_error", "AuthenticationError"),
            Self::PaymentRequired => (402, "budget_exceeded", "BudgetExceededError"),
            Self::Forbidden => (403, "permission_error", "PermissionDeniedError"),
            Self::NotFound => (404, INVALID, "NotFoundError"),
            Self::Conflict => (409, INVALID, "BadRequestError"),
            Self::TooLarge => (413, INVALID, "RequestTooLarge"),
            Self::Unprocessable => (422, INVALID, "UnprocessableEntityError"),
            Self::TooManyRequests => (429, "rate_limit_error", "RateLimitError"),
            Self::UnavailableForLegalReasons => (451, INVALID, "BadRequestError"),
            Self::Unavailable => (503, SERVER, "ServiceUnavailableError"),
        }
    }
}

/// What one cause means: a row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub status: u16,
    /// `type` in the body.
    pub kind: &'static str,
    /// LiteLLM's exception class, for metrics and records.
    pub class: &'static str,
    pub blame: Blame,
    pub then: Then,
    /// LiteLLM's name in `retry_policy`; empty if no policy applies.
    pub policy: &'static str,
    /// The kind of failure that counts against the deployment; `None` if nothing counts.
    pub counts: Option<FailureKind>,
}

/// Who must fix it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    Client,
    /// The gateway or its operator.
    Gateway,
    Plugin,
    Upstream,
}

impl Blame {
    /// As the log line has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Gateway => "gateway",
            Self::Plugin => "plugin",
            Self::Upstream => "upstream",
        }
    }
}

/// What may be tried after a failure. Each value also allows what the values before it allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Then {
    /// Nothing else is tried: for example, a guardrail refused the text, or the client is gone.
    End,
    /// Another model group may be tried. An error in the client's request is an error at every deployment of this
    /// group.
    Fallback,
    /// Another deployment may succeed.
    Elsewhere,
    /// The same deployment may succeed a moment later.
    Again,
}

const INVALID: &str = "invalid_request_error";
const SERVER: &str = "internal_server_error";

impl Cause {
    #[must_use]
    #[rustfmt::skip] // One cause a row.
    pub fn row(self) -> Row {
        use {Blame::*, FailureKind as Counts, Then::*};
        let row = |status, kind, class, blame, then, policy, counts| Row { status, kind, class, blame, then, policy, counts };
        match self {
            Self::BadRequest             => row(400, INVALID, "BadRequestError", Client, Fallback, "BadRequest", None),
            Self::Unprocessable          => row(422, INVALID, "UnprocessableEntityError", Client, Fallback, "BadRequest", None),
            Self::ContextWindowExceeded  => row(400, INVALID, "ContextWindowExceededError", Client, Fallback, "BadRequest", None),
            Self::ContentFiltered        => row(400, INVALID, "ContentPolicyViolationError", Client, Fallback, "ContentPolicyViolation", None),
            Self::Unsupported            => row(400, INVALID, "UnsupportedParamsError", Client, Elsewhere, "BadRequest", None),
            Self::GuardrailBlocked       => row(400, INVALID, "GuardrailRaisedException", Client, End, "", None),
            Self::Refused(chosen)        => { let (status, kind, class) = chosen.row(); row(status, kind, class, Client, End, "", None) }
            Self::Unauthenticated        => row(401, "authentication_error", "AuthenticationError", Client, End, "", None),
            Self::UpstreamAuthentication => row(401, "authentication_error", "AuthenticationError", Gateway, Elsewhere, "Authentication", Some(Counts::Authentication)),
            // Firewalls answer 403 because of a request's text; the next client's text may pass, so this counts against
            // no deployment.
            Self::PermissionDenied       => row(403, "permission_error", "PermissionDeniedError", Upstream, Elsewhere, "Authentication", None),
            Self::NotFound               => row(404, INVALID, "NotFoundError", Gateway, Elsewhere, "NotFound", Some(Counts::NotFound)),
            Self::WrongMethod            => row(405, INVALID, "MethodNotAllowed", Client, End, "", None),
            Self::Timeout                => row(408, "timeout_error", "Timeout", Upstream, Again, "Timeout", Some(Counts::Timeout)),
            Self::TooLarge               => row(413, INVALID, "RequestTooLarge", Client, End, "", None),
            Self::UnsupportedMediaType   => row(415, INVALID, "UnsupportedMediaType", Client, End, "", None),
            Self::RateLimited            => row(429, "rate_limit_error", "RateLimitError", Upstream, Again, "RateLimit", Some(Counts::RateLimit)),
            Self::ClientGone             => row(499, "client_disconnected", "ClientDisconnected", Client, End, "", None),
            Self::UpstreamError          => row(500, SERVER, "InternalServerError", Upstream, Again, "InternalServer", Some(Counts::InternalServer)),
            Self::Connection             => row(500, SERVER, "APIConnectionError", Upstream, Again, "InternalServer", Some(Counts::InternalServer)),
            Self::Overloaded             => row(503, SERVER, "ServiceUnavailableError", Upstream, Again, "ServiceUnavailable", Some(Counts::InternalServer)),
            Self::GuardrailUnavailable   => row(503, SERVER, "GuardrailUnavailable", Plugin, End, "", None),
            Self::PluginFailed           => row(500, SERVER, "InternalServerError", Plugin, Elsewhere, "InternalServer", None),
            Self::Misconfigured          => row(500, SERVER, "InternalServerError", Gateway, Elsewhere, "Authentication", Some(Counts::Authentication)),
            Self::NoRoom                 => row(507, SERVER, "InsufficientStorage", Gateway, End, "", None),
            Self::Internal               => row(500, SERVER, "InternalServerError", Gateway, Elsewhere, "InternalServer", None),
        }
    }

    #[must_use]
    pub fn status(self) -> u16 {
        self.row().status
    }

    #[must_use]
    pub fn class(self) -> &'static str {
        self.row().class
    }

    /// The cause for what an adapter reports.
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

    /// The cause for a status alone, if the answer cannot be read.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            400 | 406..=407 | 409..=412 | 414 | 416..=421 | 423..=428 | 430..=499 => Self::BadRequest,
            401 => Self::UpstreamAuthentication,
            403 => Self::PermissionDenied,
            404 | 405 => Self::NotFound,
            408 | 504 => Self::Timeout,
            413 | 415 | 422 => Self::Unprocessable,
            429 => Self::RateLimited,
            503 | 529 => Self::Overloaded,
            _ => Self::UpstreamError,
        }
    }

    /// Whether another deployment may succeed.
    #[must_use]
    pub fn may_try_another(self) -> bool {
        self.row().then >= Then::Elsewhere
    }

    /// Whether the same deployment may succeed a moment later.
    #[must_use]
    pub fn may_try_again(self) -> bool {
        self.row().then == Then::Again
    }

    /// Whether another model group may be tried.
    #[must_use]
    pub fn may_fall_back(self) -> bool {
        self.row().then >= Then::Fallback
    }
}

/// The error that an exchange ends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub cause: Cause,
    /// For the client.
    pub message: String,
    /// For the log, if it must say more.
    pub detail: Option<String>,
    /// The parameter of the request that caused the error.
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
}
