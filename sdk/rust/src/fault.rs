//! Constructors of failures, and a reader of the error format that most providers share.

use serde_json::value::RawValue;

use crate::canonical::Text;
use crate::kinds::{Failure, Fault};
use crate::wire;

impl Failure {
    /// A failure with this fault and a sentence for the client.
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

    /// Sets the request parameter that caused the failure.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>) -> Self {
        self.parameter = Some(name.into());
        self
    }

    /// Sets the provider's own error code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// A mistake of the client in this request parameter.
    #[must_use]
    pub fn bad_request(parameter: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Fault::BadRequest, message).parameter(parameter)
    }

    /// A part of the request names media by an address that the provider does not fetch. If the operator allows the host
    /// of the address, the gateway fetches the media, writes a `data:` URI in its place and calls
    /// [`open`](crate::ProviderAdapter::open) again; else the client gets this failure. `part` is the place of the part,
    /// such as `messages[0].content[1]`.
    #[must_use]
    pub fn by_address(part: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Fault::Unsupported, message)
            .parameter(part)
            .code("media_by_address")
    }

    /// An answer that does not follow the provider's wire format.
    #[must_use]
    pub fn malformed(what: impl std::fmt::Display) -> Self {
        Self::new(
            Fault::MalformedAnswer,
            format!("the provider's answer cannot be read: {what}"),
        )
    }

    /// Reads `{"error": {"message", "type", "param", "code"}}` and its common variations
    /// (<https://platform.openai.com/docs/guides/error-codes>). A body that cannot be read is judged by its status
    /// alone.
    #[must_use]
    pub fn from_openai(status: u16, body: &[u8]) -> Self {
        let detail = Detail::read(body);
        let kind = || detail.kind.as_ref().map(|kind| kind.decoded().into_owned());
        let code = detail.code.and_then(word).or_else(kind);
        let message = detail
            .message()
            .unwrap_or_else(|| format!("the provider answered {status}"));
        let fault = fault_of(status, code.as_deref().unwrap_or_default(), &message);
        Self {
            fault,
            message,
            code,
            parameter: detail.param.and_then(word),
            retry_after_ms: None,
        }
    }
}

/// The fault for a status and the provider's error code and message. Codes take precedence over statuses, since
/// providers use codes more consistently.
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

/// Recognizes the usual sentences of servers that have no error code for an exceeded context window.
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

crate::wire! {
    /// The fields of an error, at the top level or under `error`. Some servers send a number in place of a word, or a
    /// list of mistakes in place of a sentence.
    Detail {
        "message" message: Text<'a>,
        "detail" detail: &'a RawValue,
        "type" kind: Text<'a>,
        "param" param: &'a RawValue,
        "code" code: &'a RawValue,
        "error" error: &'a RawValue,
    }
}

/// Reads a sentence, or a list of objects with a `msg` each (FastAPI's form).
fn sentence(raw: &RawValue) -> Option<String> {
    crate::wire! {
        Mistake {
            "msg" msg: Text<'a>,
        }
    }
    if let Some(text) = Text::of(raw) {
        return Some(text.decoded().into_owned());
    }
    let mistakes: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
    let read = |mistake: &&RawValue| Some(wire::read::<Mistake>(mistake.get()).ok()?.msg?.decoded().into_owned());
    let sentences: Vec<String> = mistakes.iter().filter_map(read).collect();
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

/// Reads a word, or a number in its place.
fn word(raw: &RawValue) -> Option<String> {
    let is_number = raw.get().parse::<f64>().is_ok();
    let text = Text::of(raw).map(|text| text.decoded().into_owned());
    text.or_else(|| is_number.then(|| raw.get().to_owned()))
        .filter(|word| !word.is_empty())
}

impl<'a> Detail<'a> {
    /// Reads `{"error": {…}}`, `{"error": "…"}` or a bare `{…}`. Text that is not JSON has no fields.
    fn read(body: &'a [u8]) -> Self {
        let read = |text: &'a str| wire::read::<Self>(text).unwrap_or_default();
        let outer = read(std::str::from_utf8(body).unwrap_or_default());
        match outer.error {
            Some(error) if error.get().starts_with('{') => read(error.get()),
            Some(error) if outer.message.is_none() => Self {
                message: Text::of(error),
                ..outer
            },
            _ => outer,
        }
    }

    fn message(&self) -> Option<String> {
        let message = self.message.as_ref().map(|message| message.decoded().into_owned());
        let message = message.or_else(|| self.detail.and_then(sentence));
        message.filter(|message| !message.is_empty())
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
        check(
            400,
            r#"{"error":{"message":"bad","type":5,"code":{}}}"#,
            Fault::BadRequest,
            "bad",
        );
        check(
            400,
            r#"{"detail":[{"loc":["body"],"msg":"field required"},{"msg":"too long"}]}"#,
            Fault::BadRequest,
            "field required; too long",
        );
        check(
            500,
            r#"{"error":null,"message":""}"#,
            Fault::UpstreamError,
            "the provider answered 500",
        );
    }
}
