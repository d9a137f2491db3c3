//! Failures that an upstream reports with status 200 in place of an answer: an error object, an error event in a
//! stream, or an answer without any choice.
//!
//! `tests/tests/upstream_answers.rs` goes through the possible answers of an upstream and what follows from each, row
//! by row.

use super::refusal::{Cause, Refusal};
use crate::canonical::error::{self, Reported};
use crate::canonical::operation::Items;
use crate::canonical::{Operation, Whole};
use crate::json::{Kind, Value, elements, member};

/// The error in a whole answer or in a chunk.
pub fn error_in(data: &[u8]) -> Option<Refusal> {
    let Reported { message, code, kind } = error::reported(data)?;
    let words = [code.as_deref(), kind.as_deref()].into_iter().flatten();
    let cause = words.filter_map(cause_of).next().unwrap_or(Cause::UpstreamError);
    let message = message.unwrap_or_else(|| "the provider failed".to_owned());
    Some(Refusal {
        provider_code: code.or(kind),
        ..Refusal::new(cause, message)
    })
}

/// The cause for a code or a type: OpenAI's and Anthropic's names, or a status.
fn cause_of(word: &str) -> Option<Cause> {
    Some(match word {
        "rate_limit_exceeded" | "rate_limit_error" | "insufficient_quota" => Cause::RateLimited,
        "content_filter" | "content_policy_violation" => Cause::ContentFiltered,
        "overloaded_error" => Cause::Overloaded,
        "context_length_exceeded" => Cause::ContextWindowExceeded,
        "authentication_error" | "invalid_api_key" => Cause::UpstreamAuthentication,
        "permission_error" => Cause::PermissionDenied,
        "not_found_error" | "model_not_found" => Cause::NotFound,
        "timeout_error" => Cause::Timeout,
        "invalid_request_error" => Cause::BadRequest,
        status => {
            let status = status.parse().ok().filter(|status| (400..600).contains(status))?;
            Cause::of_status(status)
        }
    })
}

/// Checks that an answer holds what was asked for.
///
/// # Errors
/// It is an error, or holds nothing that was asked for.
pub fn check(operation: Operation, answer: &Whole) -> Result<(), Refusal> {
    let body: &[u8] = &answer.body;
    if let Some(error) = error_in(body) {
        return Err(error);
    }
    let Some(Items { list, part, .. }) = operation.row().items() else {
        return match answer.field("text") {
            Some(text) if text.value.kind == Kind::String => Ok(()),
            _ => Err(nothing_in_it("text")),
        };
    };
    let holds = |one: Value| member(body, one.span, part).is_some_and(|part| part.kind != Kind::Null);
    let given = answer.field(list);
    match given.is_some_and(|given| elements(body, given.value.span).any(holds)) {
        true => Ok(()),
        false => Err(nothing_in_it(&format!("{list}[].{part}"))),
    }
}

fn nothing_in_it(missing: &str) -> Refusal {
    Refusal::new(Cause::UpstreamError, "the provider answered without an answer in it")
        .detail(format!("its answer has no `{missing}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_error(answer: &str, expected: Option<(Cause, &str)>) {
        let error = error_in(answer.as_bytes());
        let told = error.as_ref().map(|error| (error.cause, error.message.as_str()));
        assert_eq!(told, expected, "{answer}");
    }

    #[test]
    fn errors_are_known_in_every_shape() {
        use Cause::*;
        check_error(r#"{"error":{"message":"m","code":502}}"#, Some((UpstreamError, "m")));
        check_error(r#"{"error":{"message":"m","code":"429"}}"#, Some((RateLimited, "m")));
        check_error(r#"{"error":"no room"}"#, Some((UpstreamError, "no room")));
        check_error(
            r#"{"error":{"type":"overloaded_error"}}"#,
            Some((Overloaded, "the provider failed")),
        );
        check_error(
            r#"{"object":"error","message":"m","code":400}"#,
            Some((BadRequest, "m")),
        );
        check_error(
            r#"{"choices":[{"error":{"message":"m","code":503}}]}"#,
            Some((Overloaded, "m")),
        );
        check_error(
            r#"{"error":{"message":"m","code":"x","type":"rate_limit_error"}}"#,
            Some((RateLimited, "m")),
        );
        check_error(
            r#"{"error":null,"choices":[{"message":{"content":"an \"error\""}}]}"#,
            None,
        );
        check_error(r#"{"choices":[{"message":{"content":"\"error\": 1"}}]}"#, None);
        for none in ["null", "false", "0", "\"\"", "[ ]", "{ }"] {
            check_error(&format!(r#"{{"error":{none},"choices":[]}}"#), None);
        }
    }
}
