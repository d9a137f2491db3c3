//! What goes wrong at Cohere's end (<https://docs.cohere.com/reference/errors>): a sentence and, mostly, nothing else, so
//! that status and sentence decide.

use sluice_sdk::{Failure, Fault};

/// A non-2xx answer.
pub fn of_answer(status: u16, body: &[u8]) -> Failure {
    let mut failure = Failure::from_openai(status, body);
    failure.fault = fault(status, &failure.message).unwrap_or(failure.fault);
    failure
}

/// A sentence in place of an answer or of an event, or amid one.
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

/// Where status and sentence mean something else than they do elsewhere.
fn fault(status: u16, message: &str) -> Option<Fault> {
    let message = message.to_ascii_lowercase();
    let has = |sign: &str| message.contains(sign);
    Some(match status {
        // "too many tokens: max tokens must be less than …" is said of `max_tokens`, not of the prompt.
        0 | 400 | 422 if has("too many tokens") && !has("max tokens must be") => Fault::ContextWindowExceeded,
        400 | 422 if has("too many tokens") => Fault::BadRequest,
        0 | 400 if has("invalid api token") || has("no api key supplied") => Fault::Authentication,
        // A trial key's calls of the month are used up; waiting a minute does not help.
        429 if has("/ month") || has("per month") => Fault::QuotaExhausted,
        // The request or the answer holds a word of the deny list.
        498 => Fault::ContentFiltered,
        // The request was cancelled, and not by us.
        499 => Fault::UpstreamError,
        501 => Fault::Unsupported,
        _ => return None,
    })
}
