//! Errors that come with a good status: in place of an answer (`error` of a response that failed), or amid a stream.

use sluice_sdk::canonical::RawValue;
use sluice_sdk::{Failure, Fault};

use super::wire::Response;
use crate::refusal;

/// What `response.error.code` may be (<https://platform.openai.com/docs/api-reference/responses/object>), where it means
/// something else than a request that cannot be served.
const CODES: [(&str, Fault); 8] = [
    ("server_error", Fault::UpstreamError),
    ("rate_limit_exceeded", Fault::RateLimited),
    ("vector_store_timeout", Fault::Timeout),
    ("image_content_policy_violation", Fault::ContentFiltered),
    ("bio_policy", Fault::ContentFiltered),
    ("misalignment_policy_violation", Fault::ContentFiltered),
    ("server_is_overloaded", Fault::Overloaded),
    ("slow_down", Fault::Overloaded),
];

/// Codes of a request that no other deployment would serve.
const BAD_REQUEST: [&str; 5] = [
    "invalid_",
    "image_",
    "unsupported_",
    "empty_image",
    "failed_to_download",
];

/// The failure of an answer that failed.
pub fn of_response(response: &Response) -> Option<Failure> {
    let has_failed = response
        .status
        .as_ref()
        .is_some_and(|status| status.escaped() == "failed");
    let and_not_why = || {
        let message = "the provider says that the answer failed, and not why";
        has_failed.then(|| Failure::new(Fault::UpstreamError, message))
    };
    response.error.map(of_error).or_else(and_not_why)
}

/// The failure that an `error` describes: an object with its `code` and `message`, or a sentence alone.
pub fn of_error(error: &RawValue) -> Failure {
    // Read as the body of a refused request, so that what is told by words is told here too.
    let body = format!(r#"{{"error":{}}}"#, error.get());
    let mut failure = refusal::read("openai", 400, body.as_bytes());
    // The type of the event, where it stands for want of a code.
    failure.code = failure.code.filter(|code| code != "error");
    if failure.message == "the provider answered 400" {
        failure.message = "the provider ended the answer with an error".into();
    }
    let code = failure.code.as_deref().unwrap_or_default();
    if let Some((_, fault)) = CODES.iter().find(|(name, _)| *name == code) {
        failure.fault = *fault;
    } else if failure.fault == Fault::BadRequest && !BAD_REQUEST.iter().any(|start| code.starts_with(start)) {
        failure.fault = Fault::UpstreamError;
    }
    failure
}
