//! Making failures, and reading the error shape that most providers share.

use serde::Deserialize;

use crate::kinds::{Failure, Fault};

impl Failure {
    /// A failure of this kind with a sentence for the client.
    #[must_use]
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self {
            fault,
            message: message.into(),
            code: None,
            parameter: None,
            retry_after_ms: None,
        }
    }

    /// Names the request parameter at fault.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>) -> Self {
        self.parameter = Some(name.into());
        self
    }

    /// Adds the provider's own error code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Reads `{"error": {"message", "type", "param", "code"}}` and its common variations
    /// (<https://platform.openai.com/docs/guides/error-codes>); what cannot be read is judged by status alone.
    #[must_use]
    pub fn from_openai(status: u16, body: &[u8]) -> Self {
        let detail = Detail::read(body);
        let code = detail
            .code
            .as_ref()
            .and_then(Word::text)
            .or_else(|| detail.kind.clone());
        let message = detail
            .message
            .unwrap_or_else(|| format!("the provider answered {status}"));
        let fault = fault_of(status, code.as_deref().unwrap_or_default(), &message);
        Self {
            fault,
            message,
            code,
            parameter: detail.param.as_ref().and_then(Word::text),
            retry_after_ms: None,
        }
    }
}

/// A status and the provider's words for it, as a fault. Codes decide before statuses: providers agree on them more.
fn fault_of(status: u16, code: &str, message: &str) -> Fault {
    match code {
        "context_length_exceeded" => return Fault::ContextWindowExceeded,
        "content_filter" | "content_policy_violation" | "ResponsibleAIPolicyViolation" => {
            return Fault::ContentFiltered;
        }
        "insufficient_quota" => return Fault::QuotaExhausted,
        "invalid_api_key" => return Fault::Authentication,
        _ => {}
    }
    match status {
        400 | 413 | 422 if names_context_window(message) => Fault::ContextWindowExceeded,
        401 => Fault::Authentication,
        402 => Fault::QuotaExhausted,
        403 => Fault::PermissionDenied,
        404 => Fault::NotFound,
        408 | 504 => Fault::Timeout,
        429 => Fault::RateLimited,
        503 | 529 => Fault::Overloaded,
        400..=499 => Fault::BadRequest,
        _ => Fault::UpstreamError,
    }
}

/// Servers without an error code for it say it in one of these ways.
fn names_context_window(message: &str) -> bool {
    const SIGNS: [&str; 6] = [
        "maximum context length",
        "context length",
        "context window",
        "prompt is too long",
        "too many tokens",
        "input is too long",
    ];
    let message = message.to_ascii_lowercase();
    SIGNS.iter().any(|sign| message.contains(sign))
}

#[derive(Default, Deserialize)]
struct Detail {
    #[serde(default, alias = "detail")]
    message: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    param: Option<Word>,
    #[serde(default)]
    code: Option<Word>,
}

/// A string, or what some providers send in its place.
#[derive(Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    Number(i64),
    Other(serde::de::IgnoredAny),
}

impl Word {
    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Other(_) => None,
        }
    }
}

impl Detail {
    /// `{"error": {…}}`, `{"error": "…"}`, a bare `{…}`, or text that is no JSON at all, cut to what one can read.
    fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Nested {
            error: Detail,
        }
        #[derive(Deserialize)]
        struct Flat {
            error: String,
        }
        if let Ok(Nested { error }) = serde_json::from_slice(body) {
            return error;
        }
        if let Ok(Flat { error }) = serde_json::from_slice(body) {
            return Self {
                message: Some(error),
                ..Self::default()
            };
        }
        if let Ok(detail) = serde_json::from_slice::<Self>(body)
            && detail.message.is_some()
        {
            return detail;
        }
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, fault: Fault, message: &str) {
        let failure = Failure::from_openai(status, body.as_bytes());
        assert_eq!((failure.fault, failure.message.as_str()), (fault, message));
    }

    #[test]
    fn reads_the_shapes_that_providers_use() {
        check(
            429,
            r#"{"error":{"message":"slow down","code":null}}"#,
            Fault::RateLimited,
            "slow down",
        );
        check(
            429,
            r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#,
            Fault::QuotaExhausted,
            "pay",
        );
        check(
            400,
            r#"{"error":{"message":"m","code":"context_length_exceeded"}}"#,
            Fault::ContextWindowExceeded,
            "m",
        );
        check(
            400,
            r#"{"error":"prompt is too long"}"#,
            Fault::ContextWindowExceeded,
            "prompt is too long",
        );
        check(404, r#"{"message":"no such model"}"#, Fault::NotFound, "no such model");
        check(
            502,
            "<html>Bad Gateway</html>",
            Fault::UpstreamError,
            "the provider answered 502",
        );
        check(
            400,
            r#"{"error":{"message":"bad","code":40001,"param":[]}}"#,
            Fault::BadRequest,
            "bad",
        );
    }
}
