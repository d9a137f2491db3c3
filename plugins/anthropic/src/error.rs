//! What goes wrong at Anthropic's end (<https://docs.anthropic.com/en/api/errors>).

use sluice_sdk::{Failure, Fault};

use crate::wire::ErrorDetail;

/// A non-2xx answer. Its type decides; its status where it has none, as from a proxy in between.
pub fn of_answer(status: u16, body: &[u8]) -> Failure {
    let mut failure = Failure::from_openai(status, body);
    failure.fault = fault(failure.code.as_deref().unwrap_or_default(), &failure.message).unwrap_or(failure.fault);
    failure
}

/// An error in place of an answer, or amid a stream.
pub fn of_detail(detail: &ErrorDetail) -> Failure {
    let kind = detail.kind.as_ref().map(|kind| kind.decoded()).unwrap_or_default();
    let message = detail
        .message
        .as_ref()
        .map(|message| message.decoded())
        .unwrap_or_default();
    let fault = fault(&kind, &message).unwrap_or(Fault::UpstreamError);
    let message = if message.is_empty() {
        "the provider ended the answer with an error".into()
    } else {
        message
    };
    let failure = Failure::new(fault, message);
    if kind.is_empty() { failure } else { failure.code(kind) }
}

/// The answer does not follow the wire format.
pub fn malformed(what: impl std::fmt::Display) -> Failure {
    Failure::new(
        Fault::MalformedAnswer,
        format!("the provider's answer cannot be read: {what}"),
    )
}

/// A mistake of the client's, at this parameter.
pub fn bad_request(parameter: impl Into<String>, message: impl Into<String>) -> Failure {
    Failure::new(Fault::BadRequest, message).parameter(parameter)
}

fn fault(kind: &str, message: &str) -> Option<Fault> {
    Some(match kind {
        // One type for many mistakes; only the sentence tells which.
        "invalid_request_error" => of_sentence(message),
        "authentication_error" => Fault::Authentication,
        "billing_error" => Fault::QuotaExhausted,
        "permission_error" => Fault::PermissionDenied,
        "not_found_error" => Fault::NotFound,
        "request_too_large" => Fault::BadRequest,
        "rate_limit_error" => Fault::RateLimited,
        "timeout_error" => Fault::Timeout,
        "overloaded_error" => Fault::Overloaded,
        "api_error" => Fault::UpstreamError,
        _ => return None,
    })
}

fn of_sentence(message: &str) -> Fault {
    let has = |sign: &str| message.contains(sign);
    if has("prompt is too long") || has("exceed context limit") || has("context window") {
        Fault::ContextWindowExceeded
    } else if has("credit balance") {
        Fault::QuotaExhausted
    } else if has("content filtering policy") {
        Fault::ContentFiltered
    } else {
        Fault::BadRequest
    }
}
