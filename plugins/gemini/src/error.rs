//! Errors of Google's APIs (<https://ai.google.dev/gemini-api/docs/troubleshooting>,
//! <https://cloud.google.com/apis/design/errors>).

use sluice_sdk::canonical::{RawValue, Text};
use sluice_sdk::{Failure, Fault, wire};

sluice_sdk::wire! {
    Body {
        "error" error: &'a RawValue,
    }

    /// `google.rpc.Status`.
    Status {
        "code" code: u64,
        "message" message: Text<'a>,
        "status" status: Text<'a>,
        "details" details: Vec<Detail<'a>>,
    }

    /// One of `google.rpc.ErrorInfo`, `RetryInfo`, `QuotaFailure` and `BadRequest`, told apart by the fields that are
    /// present.
    Detail {
        "reason" reason: Text<'a>,
        "retryDelay" retry_delay: Text<'a>,
        "violations" violations: Vec<Violation<'a>>,
        "fieldViolations" field_violations: Vec<FieldViolation<'a>>,
    }

    Violation {
        "quotaId" quota_id: Text<'a>,
    }

    FieldViolation {
        "field" field: Text<'a>,
    }
}

/// Reads a non-2xx answer: an error, or a list of errors, as for streams without events. Any other body is judged by
/// its status.
pub fn of_answer(status: u16, body: &[u8]) -> Failure {
    let text = std::str::from_utf8(body).unwrap_or_default();
    match error_in(text) {
        Some(error) => of_status(error, Some(status)),
        None => Failure::from_openai(status, body),
    }
}

/// The `error` of a document, or of the first document in a list.
fn error_in(document: &str) -> Option<&RawValue> {
    let first;
    let document = if document.trim_start().starts_with('[') {
        first = serde_json::from_str::<Vec<&RawValue>>(document).ok()?;
        first.first()?.get()
    } else {
        document
    };
    wire::read::<Body>(document).ok()?.error
}

/// Reads an `error` in place of an answer or within a stream.
pub fn of_error(error: &RawValue) -> Failure {
    of_status(error, None)
}

fn of_status(error: &RawValue, http_status: Option<u16>) -> Failure {
    let status: Status = wire::read(error.get()).unwrap_or_default();
    let said = status.code.and_then(|code| u16::try_from(code).ok());
    let http_status = http_status.or(said).unwrap_or(500);
    let message = status
        .message
        .as_ref()
        .or(Text::of(error).as_ref())
        .map(|text| text.decoded().into_owned());
    let message = message
        .filter(|message| !message.is_empty())
        .unwrap_or_else(|| format!("the provider answered {http_status}"));
    let details = status.details.as_deref().unwrap_or_default();
    let code = status.status.as_ref().map_or("", Text::escaped);
    let mut failure = Failure::new(fault(code, http_status, &message, details), message);
    failure.code = Some(code.to_owned()).filter(|code| !code.is_empty());
    failure.retry_after_ms = details
        .iter()
        .find_map(|detail| milliseconds(detail.retry_delay.as_ref()?));
    failure.parameter = details.iter().find_map(|detail| {
        let field = detail.field_violations.as_ref()?.first()?.field.as_ref()?;
        Some(field.decoded().into_owned()).filter(|field| !field.is_empty())
    });
    failure
}

fn fault(code: &str, http_status: u16, message: &str, details: &[Detail]) -> Fault {
    let has_reason = |reason: &str| {
        details
            .iter()
            .any(|detail| detail.reason.as_ref().is_some_and(|it| *it == *reason))
    };
    match code {
        _ if has_reason("API_KEY_INVALID") || message.contains("API key not valid") => Fault::Authentication,
        // This status is used for many mistakes; only the sentence tells them apart.
        "INVALID_ARGUMENT" => of_sentence(message),
        // The location, the project's billing or the tier of the key: another deployment may accept the request.
        "FAILED_PRECONDITION" => Fault::PermissionDenied,
        "UNAUTHENTICATED" => Fault::Authentication,
        "PERMISSION_DENIED" => Fault::PermissionDenied,
        "NOT_FOUND" => Fault::NotFound,
        "RESOURCE_EXHAUSTED" if is_spent(message, details) => Fault::QuotaExhausted,
        "RESOURCE_EXHAUSTED" => Fault::RateLimited,
        "UNAVAILABLE" => Fault::Overloaded,
        "DEADLINE_EXCEEDED" => Fault::Timeout,
        "OUT_OF_RANGE" | "UNIMPLEMENTED" => Fault::BadRequest,
        "INTERNAL" | "UNKNOWN" | "DATA_LOSS" | "ABORTED" | "CANCELLED" => Fault::UpstreamError,
        _ => of_http_status(http_status, message),
    }
}

fn of_http_status(status: u16, message: &str) -> Fault {
    match status {
        400 | 413 => of_sentence(message),
        _ => Failure::from_openai(status, b"").fault,
    }
}

fn of_sentence(message: &str) -> Fault {
    let has = |sign: &str| message.contains(sign);
    if has("exceeds the maximum number of tokens") || has("token count exceeds") || has("context window") {
        Fault::ContextWindowExceeded
    } else if has("response was blocked") || has("violates") && has("policy") {
        Fault::ContentFiltered
    } else {
        Fault::BadRequest
    }
}

/// Whether the quota will not return after a short pause: a daily quota or paid credit is used up.
fn is_spent(message: &str, details: &[Detail]) -> bool {
    let a_days = |violation: &Violation| {
        violation
            .quota_id
            .as_ref()
            .is_some_and(|id| id.escaped().contains("PerDay"))
    };
    let violations = |detail: &Detail| detail.violations.as_deref().is_some_and(|list| list.iter().any(a_days));
    details.iter().any(violations) || message.contains("credits are depleted")
}

/// Parses a `google.protobuf.Duration` in JSON, such as `34.5s`.
fn milliseconds(duration: &Text) -> Option<u32> {
    let seconds: f64 = duration.escaped().strip_suffix('s')?.parse().ok()?;
    // `as` saturates.
    (seconds >= 0.0).then_some((seconds * 1000.0).ceil() as u32)
}
