//! Errors of Anthropic's API (<https://docs.anthropic.com/en/api/errors>).

use sluice_sdk::canonical::{RawValue, Text};
use sluice_sdk::{Failure, Fault, wire};

use crate::wire::ErrorDetail;

/// Reads a non-2xx answer. The error's type decides; without one, as from a proxy, the status decides.
pub fn of_answer(status: u16, body: &[u8]) -> Failure {
    let mut failure = Failure::from_openai(status, body);
    failure.fault = fault(failure.code.as_deref().unwrap_or_default(), &failure.message).unwrap_or(failure.fault);
    failure
}

/// Reads an `error` in place of an answer or within a stream: an object, or a sentence alone.
pub fn of_error(error: &RawValue) -> Failure {
    let detail: ErrorDetail = wire::read(error.get()).unwrap_or_default();
    let text = |text: Option<Text>| {
        text.map(|text| text.decoded().into_owned())
            .filter(|text| !text.is_empty())
    };
    let kind = text(detail.kind);
    let message = text(detail.message.or_else(|| Text::of(error)));
    let fault = fault(
        kind.as_deref().unwrap_or_default(),
        message.as_deref().unwrap_or_default(),
    );
    let message = message.unwrap_or_else(|| "the provider ended the answer with an error".into());
    let failure = Failure::new(fault.unwrap_or(Fault::UpstreamError), message);
    match kind {
        Some(kind) => failure.code(kind),
        None => failure,
    }
}

fn fault(kind: &str, message: &str) -> Option<Fault> {
    Some(match kind {
        // This type is used for many mistakes; only the sentence tells them apart.
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
