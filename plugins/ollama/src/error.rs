//! Errors of Ollama: a status and a sentence (<https://github.com/ollama/ollama/blob/main/docs/api.md>), or a sentence
//! alone in place of an answer or a line.

use sluice_sdk::canonical::{RawValue, Text};
use sluice_sdk::{Failure, Fault, wire};

sluice_sdk::wire! {
    /// An error that is an object.
    Detail {
        "message" message: Text<'a>,
        "error" error: Text<'a>,
    }
}

/// Ollama's sentences for what a model does not support, and the parameter that asked for it.
const INABILITIES: [(&str, &str); 6] = [
    ("does not support tools", "tools"),
    ("does not support thinking", "reasoning_effort"),
    ("does not support insert", "suffix"),
    ("does not support chat", "model"),
    ("does not support generate", "model"),
    ("does not support embed", "model"),
];

/// Reads a non-2xx answer.
pub fn of_answer(status: u16, body: &[u8], model: &str) -> Failure {
    let mut failure = judged(Failure::from_openai(status, body));
    if failure.fault == Fault::NotFound && failure.message.contains("model") && !failure.message.contains("pull") {
        failure.message = format!("{}; pull it on the server: `ollama pull {model}`", failure.message);
    }
    failure
}

/// Reads an `error` in place of an answer or within a stream.
pub fn of_error(error: &RawValue) -> Failure {
    let of_object = || {
        let detail: Detail = wire::read(error.get()).ok()?;
        detail.message.or(detail.error)
    };
    let text = Text::of(error).or_else(of_object).filter(|text| !text.is_empty());
    let message = text.map_or_else(
        || "the provider ended the answer with an error".to_owned(),
        |text| text.decoded().into_owned(),
    );
    judged(Failure::new(Fault::UpstreamError, message))
}

/// Judges by the sentence, since Ollama uses the statuses 400 and 500 for many different errors.
fn judged(mut failure: Failure) -> Failure {
    let has = |sign: &str| failure.message.contains(sign);
    if let Some((_, parameter)) = INABILITIES.into_iter().find(|(sign, _)| has(sign)) {
        failure.fault = Fault::Unsupported;
        failure.parameter = Some(parameter.into());
    } else if has("context length") || has("context size") || has("context window") {
        failure.fault = Fault::ContextWindowExceeded;
    } else if has("server busy") || has("maximum pending requests") {
        failure.fault = Fault::Overloaded;
    } else if has("usage limit") {
        failure.fault = Fault::QuotaExhausted;
    } else if failure.fault == Fault::UpstreamError && has("not found") && has("model") {
        failure.fault = Fault::NotFound;
    } else if has("invalid think value") {
        failure.parameter = Some("reasoning_effort".into());
    }
    failure
}
