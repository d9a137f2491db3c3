//! Errors of SageMaker
//! (<https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html#API_runtime_InvokeEndpoint_Errors>)
//! or of the model's server. SageMaker has the error type in the header `x-amzn-errortype` or in `__type`. An error of
//! the server is within a `ModelError`, and is judged like an answer of that server.

use sluice_sdk::adapter::aws;
use sluice_sdk::canonical::Text;
use sluice_sdk::{Failure, Fault, wire};

sluice_sdk::wire! {
    /// The body of an error, and of an exception in a stream.
    Body {
        "__type" kind: Text<'a>,
        "Message" message: Text<'a>,
        "message" small_message: Text<'a>,
        "ErrorCode" code: Text<'a>,
        /// For `ModelError`: the answer of the model's server.
        "OriginalMessage" original: Text<'a>,
        "OriginalStatusCode" original_status: u64,
        /// From text generation servers.
        "error_type" error_type: Text<'a>,
    }
}

/// What servers say if a prompt is too long, in lower case; in addition to what the SDK knows.
const TOO_LONG: [&str; 8] = [
    "`inputs` tokens + `max_new_tokens` must be",
    "`inputs` must have less than",
    "is too long and exceeds limit",
    "maximum context length",
    "context length",
    "context window",
    "prompt is too long",
    "longer than the maximum model length",
];

/// The status of SageMaker if the model's server failed, and of LMI itself.
const FAILED: u16 = 424;

/// Reads a non-2xx answer.
pub fn of_answer(status: u16, body: &[u8]) -> Failure {
    let read = read(body);
    let kind = aws::error_kind(read.kind.as_ref().map(Text::decoded).as_deref());
    if read.original.is_some() || read.original_status.is_some() || kind.as_deref() == Some("ModelError") {
        return of_model(&read);
    }
    let mut failure = Failure::from_openai(status, body);
    if let Some(message) = sentence(&read) {
        failure.message = message;
    }
    let fault = kind.as_deref().and_then(|kind| of_kind(kind, &failure.message));
    failure.fault = fault.unwrap_or(match status {
        FAILED => Fault::UpstreamError,
        _ => failure.fault,
    });
    failure.code = kind.or(failure.code);
    judged(failure)
}

/// Reads an exception in place of a part of a stream.
pub fn of_event(name: &str, body: &[u8]) -> Failure {
    let read = read(body);
    let message = sentence(&read).unwrap_or_else(|| "the provider ended the answer with an error".into());
    let code = read.code.as_ref().map_or(name.into(), Text::decoded).into_owned();
    let fault = match code.as_str() {
        "ModelInvocationTimeExceeded" => Fault::Timeout,
        code => of_kind(code, &message).unwrap_or(Fault::UpstreamError),
    };
    judged(Failure::new(fault, message).code(code))
}

/// Whether an event with this name is an error.
pub fn is_exception(name: &str) -> bool {
    ["xception", "Error", "Failure"].iter().any(|end| name.ends_with(end))
}

/// Reads an error in place of an answer or a chunk.
pub fn of_document(json: &str) -> Failure {
    let failure = of_server(500, json);
    // The code in the document is the status that the server would have sent.
    let status = failure.code.as_deref().and_then(|code| code.parse().ok());
    match status {
        Some(status @ 400..=599) => of_server(status, json),
        _ => failure,
    }
}

/// Reads the server's answer within a `ModelError`.
fn of_model(body: &Body) -> Failure {
    let status = body.original_status.and_then(|status| u16::try_from(status).ok());
    // 0 means that the server did not answer.
    let status = status.filter(|status| *status >= 400).unwrap_or(500);
    let original = body.original.as_ref().map(Text::decoded).unwrap_or_default();
    let mut failure = of_server(status, &original);
    if !original.trim_start().starts_with('{') {
        let said = Some(original.into_owned()).filter(|said| !said.trim().is_empty());
        failure.message = said.or_else(|| sentence(body)).unwrap_or(failure.message);
    }
    failure.code.get_or_insert_with(|| "ModelError".into());
    judged(failure)
}

/// Reads an answer of the model's server.
fn of_server(status: u16, body: &str) -> Failure {
    let status = if status == FAILED { 500 } else { status };
    let mut failure = Failure::from_openai(status, body.as_bytes());
    let kind = read(body.as_bytes()).error_type.map(|kind| kind.decoded().into_owned());
    match kind.as_deref() {
        Some("overloaded") => failure.fault = Fault::Overloaded,
        Some("validation") => failure.fault = Fault::BadRequest,
        _ => {}
    }
    failure.code = failure.code.or(kind);
    judged(failure)
}

fn read(body: &[u8]) -> Body<'_> {
    let text = std::str::from_utf8(body).unwrap_or_default();
    wire::read(text).unwrap_or_default()
}

/// The error message, without the address of the operator's log and account at its end.
fn sentence(body: &Body) -> Option<String> {
    let messages = [&body.message, &body.small_message];
    let message = messages.into_iter().flatten().find(|message| !message.is_blank())?;
    let message = message.decoded();
    let said = message.split(" See https://").next().unwrap_or_default();
    Some(said.trim_end().to_owned())
}

fn of_kind(kind: &str, message: &str) -> Option<Fault> {
    let kind = kind.to_ascii_lowercase();
    let kind = kind.strip_suffix("exception").unwrap_or(&kind);
    match kind.strip_suffix("error").unwrap_or(kind) {
        "validation" => Some(of_validation(message)),
        "internalfailure" | "internalserver" | "internaldependency" | "internalstreamfailure" | "modelstream" => {
            Some(Fault::UpstreamError)
        }
        kind => aws::fault(kind),
    }
}

/// The fault of a validation error. A missing endpoint, or a wrong way to call it, is the operator's mistake: another
/// deployment may accept the request.
fn of_validation(message: &str) -> Fault {
    let is_of_operator = ["not found", "Could not find", "Inference Component Name header"];
    match is_of_operator.iter().any(|sign| message.contains(sign)) {
        true => Fault::NotFound,
        false => Fault::BadRequest,
    }
}

/// Applies the rules for sentences, which are more specific than all else.
fn judged(mut failure: Failure) -> Failure {
    let message = failure.message.to_ascii_lowercase();
    let is_open = matches!(failure.fault, Fault::BadRequest | Fault::UpstreamError);
    if is_open && TOO_LONG.iter().any(|sign| message.contains(sign)) {
        failure.fault = Fault::ContextWindowExceeded;
    } else if failure.fault == Fault::UpstreamError && message.contains("timed out") {
        failure.fault = Fault::Timeout;
    } else if message.contains("inference component name header is required") {
        add(&mut failure.message, "; name it in the deployment's `model_id`");
    } else if message.contains("inference component name header is not allowed") {
        add(&mut failure.message, "; take `model_id` off the deployment");
    }
    failure
}

/// Appends to a sentence, before its final stop.
fn add(message: &mut String, more: &str) {
    message.truncate(message.trim_end_matches('.').len());
    message.push_str(more);
}
