//! Errors of adapters and upstreams, as refusals.

use std::time::Duration;

use super::refusal::{Cause, Refusal};
use crate::json;
use crate::plugin::kinds::adapter::{AdapterError, Failure};
use crate::upstream::{self, AnswerError};

/// The error of an adapter: it refused the request or the answer, or its call failed.
pub fn refused_by_adapter(error: AdapterError) -> Refusal {
    match error {
        AdapterError::Refused(failure) => refused(failure),
        AdapterError::Call(error) => {
            Refusal::new(Cause::PluginFailed, "the provider adapter failed").detail(error.to_string())
        }
    }
}

pub fn refused(failure: Failure) -> Refusal {
    Refusal {
        cause: Cause::of(failure.fault),
        message: failure.message,
        detail: None,
        parameter: failure.parameter,
        provider_code: failure.code,
        retry_after: failure.retry_after_ms.map(|ms| Duration::from_millis(u64::from(ms))),
        delivered_chunks: None,
    }
}

pub fn too_slow(error: upstream::TooSlow) -> Refusal {
    Refusal::new(Cause::Timeout, error.for_client()).detail(error.to_string())
}

pub fn not_sent(error: upstream::SendError) -> Refusal {
    let cause = if error.kind() == "connect_timeout" {
        Cause::Timeout
    } else {
        Cause::Connection
    };
    let detail = with_sources(&error);
    Refusal::new(cause, error.for_client()).detail(detail)
}

pub fn unreadable(error: upstream::UnknownEncoding) -> Refusal {
    Refusal::new(Cause::UpstreamError, "the provider's answer cannot be read").detail(error.to_string())
}

/// The error for a whole answer that cannot be read as the operation's.
pub fn not_json(body: &[u8], error: &json::Error) -> Refusal {
    let what = describe_page(body);
    Refusal::new(Cause::UpstreamError, "the provider's answer is not JSON")
        .detail(format!("{error}; it is {what}; is `api_base` right?"))
}

/// The error for an answer that broke off.
pub fn broken_off(error: AnswerError) -> Refusal {
    let cause = match &error {
        AnswerError::TooSlow(_) => Cause::Timeout,
        AnswerError::Broken(_) => Cause::Connection,
        AnswerError::TooLong { .. } | AnswerError::Undecodable(_) => Cause::UpstreamError,
    };
    let detail = with_sources(&error);
    Refusal::new(cause, error.for_client()).detail(detail)
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// What an answer is that is not JSON. Only the beginning of a page of markup is quoted: other text may be a model's, which
/// the log must not hold.
fn describe_page(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(512)]);
    let bytes = body.len();
    if text.trim_start().starts_with('<') {
        let begins: String = text.trim_start().chars().take(80).collect();
        return format!("a page of {bytes} bytes that begins with {begins:?}");
    }
    format!("a text of {bytes} bytes")
}
