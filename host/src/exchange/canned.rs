//! Answers that no upstream streams: mocks, and whole answers for clients that asked for a stream.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use hyper::HeaderMap;
use hyper::header::HeaderValue;
use serde_json::Value;

use super::answer::Answer;
use super::binary::Binary;
use super::failures::not_json;
use super::in_band;
use super::refusal::{Cause, Refusal};
use super::stream::{Source, Stream};
use crate::canonical::join::Transcript;
use crate::canonical::operation::{Mock, MockError, Mocked};
use crate::canonical::{Canonical, Operation, Whole, chunk};
use crate::deployment::Candidate;
use crate::sse;

/// The answer for `mock_response`: a fixed text, or the error that it names.
pub fn mock(canonical: &Canonical, candidate: &Candidate, text: &str) -> Result<Answer, Refusal> {
    if let Some(cause) = named_error(text) {
        return Err(Refusal::new(cause, format!("this is a mock error: {text}")));
    }
    let tokens = [canonical.prompt_tokens().into(), (text.len() as u64 / 4).max(1)];
    let made = made(canonical, &candidate.target.model, text, tokens).map_err(|MockError(what)| {
        let operation = canonical.operation.row().name;
        let message = format!("this deployment has a mock answer, and not one for {operation}");
        Refusal::new(Cause::BadRequest, message).detail(what)
    })?;
    answer(canonical, made)
}

/// The answer that a plugin gives in place of a model. It uses no tokens.
///
/// # Errors
/// The operation does not answer with texts.
pub fn in_place_of_a_model(canonical: &Canonical, text: &str) -> Result<Mocked, MockError> {
    made(canonical, &canonical.group, text, [0, 0])
}

/// An answer that the gateway makes itself, with the tokens of the prompt and of the answer that it tells.
fn made(
    canonical: &Canonical,
    model: &str,
    text: &str,
    [prompt_tokens, completion_tokens]: [u64; 2],
) -> Result<Mocked, MockError> {
    let created = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let mock = Mock {
        id: &canonical.id,
        created,
        model,
        text,
        prompt_tokens,
        completion_tokens,
    };
    (canonical.operation.row().mock)(&mock)
}

/// An answer that the gateway made, in the form that the client asked for.
///
/// # Errors
/// It is not what the operation answers with.
pub fn answer(canonical: &Canonical, made: Mocked) -> Result<Answer, Refusal> {
    match made {
        Mocked::Json(body) => {
            let body = Bytes::from(body.to_string());
            let whole = Whole::new(body.clone(), HeaderMap::new()).map_err(|error| not_json(&body, &error))?;
            as_asked(canonical, whole)
        }
        Mocked::Bytes(medium, bytes, content_type) => {
            let content_type = HeaderValue::from_static(content_type);
            let binary = Binary::whole(medium, content_type, bytes, HeaderMap::new());
            Ok(Answer::Bytes(Box::new(binary)))
        }
    }
}

/// LiteLLM's names for mock errors.
fn named_error(text: &str) -> Option<Cause> {
    Some(
        match text
            .strip_prefix("litellm.")
            .or_else(|| text.strip_prefix("Exception: litellm."))?
        {
            "RateLimitError" => Cause::RateLimited,
            "ContextWindowExceededError" => Cause::ContextWindowExceeded,
            "ContentPolicyViolationError" => Cause::ContentFiltered,
            "InternalServerError" => Cause::UpstreamError,
            "ServiceUnavailableError" => Cause::Overloaded,
            "AuthenticationError" => Cause::UpstreamAuthentication,
            "Timeout" => Cause::Timeout,
            "BadRequestError" => Cause::BadRequest,
            "NotFoundError" => Cause::NotFound,
            _ => return None,
        },
    )
}

/// The answer in the form that the client asked for: whole, or as the chunks of a stream.
///
/// # Errors
/// The answer cannot be cut into chunks, because it is not an answer of this operation.
pub fn as_asked(canonical: &Canonical, whole: Whole) -> Result<Answer, Refusal> {
    if !canonical.is_streaming {
        return Ok(Answer::Whole(whole));
    }
    let Some(cut) = canonical.operation.row().stream.cut() else {
        return Ok(Answer::Whole(whole));
    };
    let chunks = cut(&whole.body).map_err(|error| {
        Refusal::new(
            Cause::UpstreamError,
            "the upstream's answer is not what the operation answers with",
        )
        .detail(error.to_string())
    })?;
    let source = Source::canned(events(&chunks));
    Ok(Answer::Stream(Box::new(Stream::ready(
        canonical,
        source,
        whole.headers().clone(),
    ))))
}

/// Joins an event stream to a whole answer: some upstreams stream an answer even if no stream was asked for.
///
/// # Errors
/// The stream broke off, holds no events, or reports a failure.
pub fn joined(operation: Operation, stream: Bytes) -> Result<Bytes, Refusal> {
    let mut events = sse::Events::new(usize::MAX);
    events.push(stream);
    let mut transcript = Transcript::unbounded();
    let mut is_at_end = false;
    while let Some(event) = events.next().or_else(|| events.finish().map(Ok)) {
        let event = event.map_err(|error| Refusal::new(Cause::UpstreamError, error.to_string()))?;
        if event.data == sse::DONE {
            is_at_end = true;
        } else {
            in_band::error_in(&event.data).map_or(Ok(()), Err)?;
            is_at_end |= chunk::ends(&event.data);
            transcript.add(&event.data);
        }
    }
    match is_at_end {
        true => Ok(transcript.answer(operation).to_string().into()),
        false => Err(Refusal::new(Cause::Connection, "the provider broke off its answer")),
    }
}

fn events(chunks: &[Value]) -> Bytes {
    let mut events = BytesMut::new();
    for chunk in chunks {
        sse::write_data(&mut events, chunk.to_string().as_bytes());
    }
    events.freeze()
}
