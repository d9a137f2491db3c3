//! Errors of Replicate: problem details (RFC 9457) in place of a prediction, or a failed prediction.

use sluice_sdk::canonical::{RawValue, Text};
use sluice_sdk::{Failure, Fault, wire};

sluice_sdk::wire! {
    Problem {
        "title" title: Text<'a>,
        "detail" detail: Text<'a>,
        /// In seconds.
        "retry_after" retry_after: u64,
    }
}

/// Reads a non-2xx answer.
pub fn of_answer(status: u16, body: &[u8]) -> Failure {
    let mut failure = Failure::from_openai(status, body);
    let problem: Problem = std::str::from_utf8(body)
        .ok()
        .and_then(|text| wire::read(text).ok())
        .unwrap_or_default();
    if let (None, Some(title)) = (problem.detail, problem.title.filter(|title| !title.is_empty())) {
        failure.message = title.decoded().into_owned();
    }
    failure.fault = of_sentence(&failure.message).unwrap_or(failure.fault);
    let wait_ms = |seconds: u64| u32::try_from(seconds.saturating_mul(1000)).unwrap_or(u32::MAX);
    failure.retry_after_ms = problem.retry_after.map(wait_ms);
    failure
}

/// The failure for a failed prediction. Its error is usually the model's own.
pub fn of_prediction(error: Option<&RawValue>) -> Failure {
    let said = error.map(|raw| Text::of(raw).map_or_else(|| raw.get().to_owned(), |text| text.decoded().into_owned()));
    let message = said
        .filter(|said| !said.is_empty())
        .unwrap_or_else(|| "the prediction failed, and Replicate does not say why".into());
    let fault = of_sentence(&message).unwrap_or(Fault::UpstreamError);
    Failure::new(fault, message).code("failed")
}

/// The fault, if the sentence is more specific than the status.
fn of_sentence(message: &str) -> Option<Fault> {
    let message = message.to_ascii_lowercase();
    let has = |signs: &[&str]| signs.iter().any(|sign| message.contains(sign));
    if has(&["incorrect authentication token"]) {
        Some(Fault::Authentication)
    } else if has(&["request was throttled"]) {
        Some(Fault::RateLimited)
    } else if has(&["insufficient credit", "monthly spend limit"]) {
        Some(Fault::QuotaExhausted)
    } else if has(&[
        "input is too long",
        "context length",
        "context window",
        "prompt is too long",
    ]) {
        Some(Fault::ContextWindowExceeded)
    } else if has(&["flagged as sensitive", "nsfw", "content policy", "(e005)"]) {
        Some(Fault::ContentFiltered)
    } else {
        None
    }
}
