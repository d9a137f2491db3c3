//! Reads a successful answer of an upstream: as a stream, as a whole, or as bytes.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::http::response::Parts;
use hyper::{HeaderMap, Response};

use super::answer::Answer;
use super::arrivals::Arrivals;
use super::binary::Binary;
use super::failures::{broken_off, not_json, refused_by_adapter};
use super::masks::Mask;
use super::refusal::{Cause, Refusal};
use super::state::Exchange;
use super::stream::{Source, Stream};
use super::{canned, in_band};
use crate::canonical::operation::Answers;
use crate::canonical::parts::Medium;
use crate::canonical::{self, Canonical, Delivered, Operation, Whole, complete};
use crate::deployment::Deployment;
use crate::framing;
use crate::plugin::kinds::adapter::{Conversation, Framing, Reading};
use crate::upstream;
use crate::worker;

/// The body of an answer.
type Unread = upstream::Timed<upstream::Answer>;

/// A successful answer of an upstream, of whose body nothing has been read.
pub struct Accepted {
    pub answer: Response<Unread>,
    pub reading: Reading,
    /// `None` if the answer is relayed without the adapter.
    pub conversation: Option<Conversation>,
}

/// Reads a successful answer in the way that the adapter chose.
///
/// # Errors
/// The answer broke off, came too late, is too long, cannot be read, or reports a failure.
pub async fn read(
    exchange: &Exchange,
    canonical: &Arc<Canonical>,
    deployment: &Arc<Deployment>,
    accepted: Accepted,
) -> Result<Answer, Refusal> {
    let limits = &exchange.snapshot.settings.upstream;
    if let Answers::Bytes(medium) = canonical.operation.row().answers {
        let binary = bytes(medium, accepted, deployment, limits.answer_bytes_max).await?;
        return Ok(Answer::Bytes(Box::new(binary)));
    }
    let (head, body, reading, conversation) = accepted.into_parts();
    let is_stream = is_event_stream(&head);
    let source = match (reading, conversation) {
        (Reading::Relay, _) if is_stream && canonical.asks_for_stream() => {
            Source::relayed(body, Arc::clone(deployment))
        }
        (Reading::Events(framing), Some(conversation)) if is_framed(framing, &head) => {
            let events = match framing {
                Framing::ServerSentEvents => framing::Events::sse(limits.event_bytes_max),
                Framing::JsonLines => framing::Events::lines(limits.event_bytes_max),
                Framing::AwsEventStream => framing::Events::aws(limits.event_bytes_max),
            };
            Source::translated(body, conversation, Arc::clone(deployment), events)
        }
        (_, conversation) => {
            let body = body.read_to_end(limits.answer_bytes_max).await.map_err(broken_off)?;
            let (canonical, deployment) = (Arc::clone(canonical), Arc::clone(deployment));
            worker::give_way().await;
            return worker::offload(body.len(), move || {
                let answer = whole(canonical.operation, head, body, conversation, &deployment)?;
                in_band::check(canonical.operation, &answer)?;
                let answer = match complete::whole(&canonical, &answer) {
                    Some(completed) => {
                        let body = completed.clone();
                        answer.with_body(body).map_err(|error| not_json(&completed, &error))?
                    }
                    None => answer,
                };
                canned::as_asked(&canonical, answer)
            })
            .await;
        }
    };
    let delivered = may_go_on_elsewhere(exchange, canonical)
        .then(|| Delivered::of(canonical))
        .flatten();
    Stream::begin(&exchange.snapshot.settings, canonical, source, head.headers, delivered)
        .await
        .map(|stream| Answer::Stream(Box::new(stream)))
}

/// Whether another deployment could continue the answer if it breaks.
fn may_go_on_elsewhere(exchange: &Exchange, canonical: &Canonical) -> bool {
    let snapshot = &exchange.snapshot;
    let tried = exchange.history.last_attempt();
    let has_others = tried.is_some_and(|attempt| {
        snapshot.groups.size_of(&attempt.candidate.deployment.settings.group) > 1
            || canonical.field("fallbacks").is_some()
            || !exchange.fallbacks_after(canonical).is_empty()
    });
    snapshot.settings.router.continues_streams && has_others
}

/// The whole answer in canonical form. Some upstreams stream an answer even if no stream was asked for.
fn whole(
    operation: Operation,
    head: Parts,
    body: Bytes,
    conversation: Option<Conversation>,
    deployment: &Arc<Deployment>,
) -> Result<Whole, Refusal> {
    let body = Mask::new(Arc::clone(deployment)).whole(body);
    let body = match conversation {
        Some(mut conversation) => conversation.whole(&body).map_err(refused_by_adapter)?.into(),
        None if is_event_stream(&head) => canned::joined(operation, body)?,
        None if matches!(operation.row().answers, Answers::Text) && !is_json(&head) => {
            let content_type = content_type(&head).unwrap_or(const { HeaderValue::from_static("text/plain") });
            let text = Whole::of_text(&body, content_type, head.headers);
            return text.ok_or_else(|| Refusal::new(Cause::UpstreamError, "the provider's text is not UTF-8"));
        }
        None => body,
    };
    as_answer(body, head.headers)
}

fn as_answer(body: Bytes, headers: HeaderMap) -> Result<Whole, Refusal> {
    Whole::new(body.clone(), headers).map_err(|error| not_json(&body, &error))
}

/// An answer of bytes. An adapter that translates gives them as JSON: `{"content_type": …, "data": <base64>}`.
async fn bytes(
    medium: Medium,
    accepted: Accepted,
    deployment: &Arc<Deployment>,
    bytes_max: usize,
) -> Result<Binary, Refusal> {
    let (head, body, reading, conversation) = accepted.into_parts();
    if matches!(reading, Reading::Relay) && !is_json(&head) {
        let content_type =
            content_type(&head).unwrap_or(const { HeaderValue::from_static("application/octet-stream") });
        let arrivals = Arrivals::of(body, Arc::clone(deployment));
        return Binary::begin(medium, content_type, arrivals, head.headers).await;
    }
    let body = body.read_to_end(bytes_max).await.map_err(broken_off)?;
    let body = Mask::new(Arc::clone(deployment)).whole(body);
    let body: Bytes = match conversation {
        Some(mut conversation) => conversation.whole(&body).map_err(refused_by_adapter)?.into(),
        None => body,
    };
    in_band::error_in(&body).map_or(Ok(()), Err)?;
    let (content_type, bytes) = canonical::encoded_bytes(&body).ok_or_else(|| {
        Refusal::new(Cause::UpstreamError, "the provider answered without an answer in it")
            .detail(format!("it answered JSON in place of {}", medium.described()))
    })?;
    Ok(Binary::whole(medium, content_type, bytes, head.headers))
}

impl Accepted {
    /// Its parts; the adapter knows the headers then.
    fn into_parts(self) -> (Parts, Unread, Reading, Option<Conversation>) {
        let (head, body) = self.answer.into_parts();
        let mut conversation = self.conversation;
        if let Some(conversation) = &mut conversation {
            conversation.answered(head.headers.clone());
        }
        (head, body, self.reading, conversation)
    }

    /// Reads the whole answer to a request that did not ask for a stream, and checks it.
    ///
    /// # Errors
    /// The answer broke off, came too late, is too long, cannot be read by the adapter, or reports a failure.
    pub async fn check(
        self,
        operation: Operation,
        deployment: &Arc<Deployment>,
        bytes_max: usize,
    ) -> Result<(), Refusal> {
        if let Answers::Bytes(medium) = operation.row().answers {
            return bytes(medium, self, deployment, bytes_max).await.map(drop);
        }
        let (head, body, _, conversation) = self.into_parts();
        let body = body.read_to_end(bytes_max).await.map_err(broken_off)?;
        let whole = whole(operation, head, body, conversation, deployment)?;
        in_band::check(operation, &whole)
    }
}

fn content_type(head: &Parts) -> Option<HeaderValue> {
    head.headers.get(CONTENT_TYPE).cloned()
}

/// Whether an answer says that it is JSON. One without a content type is taken for it.
fn is_json(head: &Parts) -> bool {
    essence(head).is_empty() || essence(head).eq_ignore_ascii_case("application/json")
}

pub fn is_event_stream(head: &Parts) -> bool {
    is_framed(Framing::ServerSentEvents, head)
}

/// Whether an answer is framed as its adapter said. An upstream that answers a whole JSON document all the same says so
/// in the content type.
fn is_framed(framing: Framing, head: &Parts) -> bool {
    let essence = essence(head);
    match framing {
        Framing::ServerSentEvents => essence.eq_ignore_ascii_case("text/event-stream"),
        // No type is registered for JSON lines: providers send half a dozen names.
        Framing::JsonLines => !essence.eq_ignore_ascii_case("application/json"),
        Framing::AwsEventStream => essence.eq_ignore_ascii_case("application/vnd.amazon.eventstream"),
    }
}

/// The content type without its parameters. Some servers write parameters without the semicolon before them.
fn essence(head: &Parts) -> &str {
    let given = head.headers.get(CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.trim_start().split([';', ' ']).next().unwrap_or_default()
}
