//! What goes wrong at Bedrock's end
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html>). The exception's type
//! decides, which a whole answer says in the header `x-amzn-errortype` or in `__type`, and an event of a stream by its
//! name; one type for many mistakes leaves it to the sentence.

use crate::adapter::aws;
use crate::canonical::Text;
use crate::{Failure, Fault, wire};

crate::wire! {
    /// The body of an exception. Services behind AWS's front doors write the same fields in capitals.
    Exception {
        /// Which exception it is.
        "__type" kind: Text<'a>,
        /// What is wrong.
        "message" message: Text<'a>,
        /// The same.
        "Message" capital_message: Text<'a>,
        /// Of `modelStreamErrorException`: what the model's own server said.
        "originalMessage" original_message: Text<'a>,
    }
}

/// A non-2xx answer. Its type decides; its status where it has none, as from a proxy in between.
#[must_use]
pub fn of_answer(status: u16, body: &[u8]) -> Failure {
    let exception: Exception = read(body);
    let kind = aws::error_kind(exception.kind.as_ref().map(Text::decoded).as_deref());
    let by_status = Failure::from_openai(status, body);
    let message = sentence(&exception).unwrap_or(by_status.message);
    make(kind, message, by_status.fault)
}

/// An event of a stream whose name is an exception's.
#[must_use]
pub fn of_event(name: &str, body: &[u8]) -> Failure {
    let message = sentence(&read(body)).unwrap_or_else(|| "the provider ended the answer with an error".into());
    make(Some(aws::short_name(name).to_owned()), message, Fault::UpstreamError)
}

/// Whether an event of this name is an error.
#[must_use]
pub fn is_exception(name: &str) -> bool {
    name.ends_with("xception") || name.ends_with("Error")
}

fn read(body: &[u8]) -> Exception<'_> {
    let text = std::str::from_utf8(body).unwrap_or_default();
    wire::read(text).unwrap_or_default()
}

fn sentence(exception: &Exception) -> Option<String> {
    let message = [
        &exception.message,
        &exception.capital_message,
        &exception.original_message,
    ];
    let message = message.into_iter().flatten().find(|message| !message.is_blank())?;
    Some(message.decoded().into_owned())
}

fn make(kind: Option<String>, message: String, otherwise: Fault) -> Failure {
    let fault = fault(kind.as_deref().unwrap_or_default(), &message).unwrap_or(otherwise);
    let failure = Failure::new(fault, message);
    match kind {
        Some(kind) => failure.code(kind),
        None => failure,
    }
}

fn fault(kind: &str, message: &str) -> Option<Fault> {
    let kind = kind.to_ascii_lowercase();
    match kind.strip_suffix("exception").unwrap_or(&kind) {
        "validation" => Some(of_sentence(message)),
        "throttling" | "toomanyrequests" if message.contains("per day") => Some(Fault::QuotaExhausted),
        "accessdenied" if names_a_key(message) => Some(Fault::Authentication),
        "modeltimeout" => Some(Fault::Timeout),
        "modelerror" | "modelstreamerror" | "internalserver" | "internalfailure" => Some(of_model(message)),
        kind => aws::fault(kind),
    }
}

/// The model's own server refuses as well, and says it in an error of its own.
fn of_model(message: &str) -> Fault {
    if names_context_window(message) {
        Fault::ContextWindowExceeded
    } else {
        Fault::UpstreamError
    }
}

fn of_sentence(message: &str) -> Fault {
    let has = |sign: &str| message.contains(sign);
    if names_context_window(message) {
        Fault::ContextWindowExceeded
    } else if has("content filter") {
        Fault::ContentFiltered
    } else if has("model identifier is invalid") || has("on-demand throughput isn") {
        // The operator's mistake: another deployment may well take the request.
        Fault::NotFound
    } else if has("Operation not allowed") || has("is not allowed from unsupported") {
        Fault::PermissionDenied
    } else {
        Fault::BadRequest
    }
}

/// Each model's maker has a sentence of its own.
fn names_context_window(message: &str) -> bool {
    const SIGNS: [&str; 8] = [
        "input is too long",
        "prompt is too long",
        "exceed context limit",
        "context length",
        "context window",
        "too many input tokens",
        "input tokens exceeded",
        "number of input tokens exceeds",
    ];
    let message = message.to_ascii_lowercase();
    SIGNS.iter().any(|sign| message.contains(sign))
}

/// Bedrock's own keys are refused as if they were not allowed to do something.
fn names_a_key(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["api key", "bearer token", "security token"]
        .iter()
        .any(|sign| message.contains(sign))
}
