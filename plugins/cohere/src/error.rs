//! Errors of Cohere's API (<https://docs.cohere.com/reference/errors>). They are mostly a sentence without a code, so
//! status and sentence decide.

use sluice_sdk::{Failure, Fault};

/// Reads a non-2xx answer.
pub fn of_answer(status: u16, body: &[u8]) -> Failure {
    let mut failure = Failure::from_openai(status, body);
    failure.fault = fault(status, &failure.message).unwrap_or(failure.fault);
    failure
}

/// Reads the sentence of an error in place of an answer or an event, or within one.
pub fn of_sentence(message: impl Into<String>) -> Failure {
    let message = message.into();
    let fault = match fault(0, &message) {
        Some(fault) => fault,
        None if message.to_ascii_lowercase().contains("internal") => Fault::UpstreamError,
        None if message.starts_with("invalid request") => Fault::BadRequest,
        None => Fault::UpstreamError,
    };
    Failure::new(fault, message)
}

/// The fault for a status and a sentence that mean something else at Cohere than elsewhere.
fn fault(status: u16, message: &str) -> Option<Fault> {
    let message = message.to_ascii_lowercase();
    let has = |sign: &str| message.contains(sign);
    Some(match status {
        // "too many tokens: max tokens must be less than …" is about `max_tokens` and not about the prompt.
        0 | 400 | 422 if has("too many tokens") && !has("max tokens must be") => Fault::ContextWindowExceeded,
        400 | 422 if has("too many tokens") => Fault::BadRequest,
        0 | 400 if has("invalid api token") || has("no api key supplied") => Fault::Authentication,
        // The monthly calls of a trial key are used up, so waiting a minute does not help.
        429 if has("/ month") || has("per month") => Fault::QuotaExhausted,
        // The request or the answer has a word of the deny list.
        498 => Fault::ContentFiltered,
        // The request was cancelled, but not by the gateway.
        499 => Fault::UpstreamError,
        501 => Fault::Unsupported,
        _ => return None,
    })
}
