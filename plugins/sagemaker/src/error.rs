//! What goes wrong at SageMaker's end
//! (<https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html#API_runtime_InvokeEndpoint_Errors>)
//! or at the model's server. SageMaker names the kind in the header `x-amzn-errortype` or in `__type`; what the server
//! answered stands inside a `ModelError`, and is judged as its own answer.

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
        /// Of `ModelError`: what the model's server answered.
        "OriginalMessage" original: Text<'a>,
        "OriginalStatusCode" original_status: u64,
        /// Of a text generation server.
        "error_type" error_type: Text<'a>,
    }
}

/// How servers say that a prompt is too long, in lower case, beside what the SDK knows.
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

/// What SageMaker answers where the model's server failed, and LMI itself.
const FAILED: u16 = 424;

/// A non-2xx answer.
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

/// An exception in place of a part of a stream.
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

/// Whether an event of this name is an error.
pub fn is_exception(name: &str) -> bool {
    ["xception", "Error", "Failure"].iter().any(|end| name.ends_with(end))
}

/// An error that stands where an answer or a chunk of one belongs.
pub fn of_document(json: &str) -> Failure {
    let failure = of_server(500, json);
    // Servers say the status that they would have answered with.
    let status = failure.code.as_deref().and_then(|code| code.parse().ok());
    match status {
        Some(status @ 400..=599) => of_server(status, json),
        _ => failure,
    }
}

/// The server's answer inside a `ModelError`.
fn of_model(body: &Body) -> Failure {
    let status = body.original_status.and_then(|status| u16::try_from(status).ok());
    // 0: the server did not answer.
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

/// What the model's server answered.
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

/// The sentence, without the address of the operator's log and account that follows it.
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

/// An endpoint that is not there, or not asked for as it must be, is the operator's mistake: another deployment may well
/// take the request.
fn of_validation(message: &str) -> Fault {
    let is_of_operator = ["not found", "Could not find", "Inference Component Name header"];
    match is_of_operator.iter().any(|sign| message.contains(sign)) {
        true => Fault::NotFound,
        false => Fault::BadRequest,
    }
}

/// Where the sentence says more than all else.
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

/// Adds to a sentence, before the point that ends it.
fn add(message: &mut String, more: &str) {
    message.truncate(message.trim_end_matches('.').len());
    message.push_str(more);
}
