//! Errors with a 2xx status: in place of an answer (`error` of a failed response), or within a stream.

use sluice_sdk::canonical::RawValue;
use sluice_sdk::{Failure, Fault};

use super::wire::Response;
use crate::refusal;

/// Values of `response.error.code` (<https://platform.openai.com/docs/api-reference/responses/object>), except for
/// those in [`BAD_REQUEST`].
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

/// Prefixes of the codes of requests that no other deployment would accept either.
const BAD_REQUEST: [&str; 5] = [
    "invalid_",
    "image_",
    "unsupported_",
    "empty_image",
    "failed_to_download",
];

/// The failure of a failed response; `None` if it has not failed.
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

/// The failure for an `error`: an object with `code` and `message`, or a sentence alone.
pub fn of_error(error: &RawValue) -> Failure {
    // Read as the body of a refused request, so that the rules for sentences apply here too.
    let body = format!(r#"{{"error":{}}}"#, error.get());
    let mut failure = refusal::read("openai", 400, body.as_bytes());
    // If there is no code, this is the type of the event.
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
