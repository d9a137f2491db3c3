//! Phase `attempt`: tries the deployments of a group one after the other, until one answers or none is left.
//!
//! An attempt may fail over to the next deployment as long as nothing of its answer has been sent: for a stream, until
//! its first content is there. Another deployment is tried at once, the same one only after a wait.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::http::response::Parts;
use hyper::{HeaderMap, Request, Response, Uri};

use super::answer::Answer;
use super::arrivals::Arrivals;
use super::binary::Binary;
use super::failures::{broken_off, not_json, not_sent, refused, refused_by_adapter, too_slow, unreadable};
use super::masks::{Mask, leave_out_echoes, masked, scrubbed};
use super::policy::attempts::{Attempts, Facts, Ranked, Then};
use super::policy::retry::Retries;
use super::policy::time_limits;
use super::redirect::{self, REDIRECTS_MAX};
use super::refusal::{Cause, Refusal};
use super::state::Exchange;
use super::story::Event;
use super::stream::{Source, Stream};
use super::{blame, canned, in_band, outgoing, route};
use crate::canonical::operation::Answers;
use crate::canonical::parts::Medium;
use crate::canonical::{self, Canonical, Delivered, Operation, Whole, complete};
use crate::deployment::{Candidate, Deployment, Upstream};
use crate::framing;
use crate::moment::Moment;
use crate::plugin::adapter::{Auth, Conversation, Framing, Reading};
use crate::sse;
use crate::upstream::{self, Clock, Connections, TimeLimits};
use crate::worker;

/// Bytes of an upstream's error page that are read.
const ERROR_BYTES_MAX: usize = 256 << 10;

/// Runs the phase. The deployments in `without` are not tried.
///
/// # Errors
/// Every attempt failed. The error is that of the last attempt, because it is the newest.
pub async fn until_one_answers(
    exchange: &mut Exchange,
    canonical: &Arc<Canonical>,
    ranked: Ranked,
    without: &[Arc<Deployment>],
) -> Result<Answer, Refusal> {
    let snapshot = Arc::clone(&exchange.snapshot);
    let own = ranked.front().and_then(|first| first.deployment.settings.num_retries);
    let retries = Retries::new(&snapshot.settings.router.retries, asked_retries(canonical), own);
    let mut attempts = Attempts::new(retries, ranked, without);
    while let Some(candidate) = attempts.next(Moment::now()) {
        let refusal = match once(exchange, canonical, &candidate).await {
            Ok(answer) => return Ok(answer),
            Err(refusal) => refusal,
        };
        tracing::debug!(
            exchange = %exchange.id, deployment = candidate.deployment.settings.id, cause = ?refusal.cause,
            error = refusal.message, "attempt failed"
        );
        let facts = Facts {
            names: exchange.group_names(canonical),
            has_attempts_left: exchange.has_attempts_left(),
            has_fallbacks: !exchange.fallbacks_after(canonical).is_empty(),
            random: fastrand::f64(),
        };
        match attempts.failed(candidate, &refusal, &facts) {
            Then::TryNext => {}
            Then::GiveUp => return Err(refusal),
            Then::RankAgain(wait) => {
                if !route::has_others(&snapshot, canonical, attempts.left_aside(), Moment::now()) {
                    return Err(refusal);
                }
                tokio::time::sleep(wait).await;
                // The error of the last attempt says more than the error that no deployment may be tried now.
                match route::rank(exchange, canonical, attempts.left_aside()) {
                    Ok(ranked) => attempts.rank_again(ranked),
                    Err(_) => return Err(refusal),
                }
            }
        }
    }
    Err(Refusal::new(Cause::Internal, "there was no deployment to try"))
}

/// Makes one attempt, and records it in the story whatever its outcome.
async fn once(exchange: &mut Exchange, canonical: &Arc<Canonical>, candidate: &Candidate) -> Result<Answer, Refusal> {
    let deployment = &candidate.deployment;
    exchange.story.add(Event::Attempted {
        candidate: candidate.clone(),
        at: Instant::now(),
    });
    deployment.counters.requests.inc();
    let in_flight = deployment.health.begin(Moment::now());
    let outcome = match (&deployment.settings.mock_response, &deployment.upstream) {
        (Some(mock), _) => canned::mock(canonical, candidate, mock),
        (None, Some(upstream)) => ask(exchange, canonical, candidate, upstream).await,
        (None, None) => Err(no_upstream()),
    };
    let at = Instant::now();
    if outcome.is_ok() {
        exchange.story.add(Event::Answered { at });
        blame::answered(exchange, deployment, &in_flight);
    }
    match outcome {
        Ok(Answer::Stream(mut stream)) => {
            stream.in_flight = Some(in_flight);
            Ok(Answer::Stream(stream))
        }
        // The usage is recorded here because it counts even if a guardrail refuses the answer later.
        Ok(Answer::Whole(whole)) => {
            if let Some(usage) = whole.usage() {
                exchange.story.add(Event::Used {
                    usage,
                    service_tier: whole.service_tier(),
                    is_estimated: false,
                });
            }
            Ok(Answer::Whole(whole))
        }
        Ok(Answer::Bytes(mut binary)) => {
            binary.in_flight = Some(in_flight);
            if let Some(usage) = canonical.operation.row().usage {
                exchange.story.add(Event::Used {
                    usage: usage(canonical),
                    service_tier: None,
                    is_estimated: true,
                });
            }
            Ok(Answer::Bytes(binary))
        }
        Err(refusal) => {
            let refusal = scrubbed(refusal, deployment);
            blame::failed(exchange, candidate, &refusal, in_flight.probe());
            exchange.story.add(Event::Failed {
                at,
                refusal: Box::new(refusal.clone()),
            });
            Err(refusal)
        }
    }
}

/// Sends the request to the upstream through its adapter.
async fn ask(
    exchange: &Exchange,
    canonical: &Arc<Canonical>,
    candidate: &Candidate,
    upstream: &Upstream,
) -> Result<Answer, Refusal> {
    let canonical = &prepared(canonical, candidate).await?;
    let limits = time_limits(exchange, canonical, candidate);
    let begun = tokio::time::Instant::now();
    let accepted = send(&exchange.worker.connections, canonical, candidate, upstream, limits).await?;
    let reading = read(exchange, canonical, &candidate.deployment, accepted);
    match limits.first_byte {
        // In `send`, a comment counts as the first byte. Here the same limit applies to the first content.
        Some(limit) => tokio::time::timeout_at(begun + limit, reading)
            .await
            .unwrap_or_else(|_| {
                let wait = upstream::Wait::FirstByte;
                Err(too_slow(upstream::TooSlow { wait, limit }))
            }),
        None => reading.await,
    }
}

async fn prepared(canonical: &Arc<Canonical>, candidate: &Candidate) -> Result<Arc<Canonical>, Refusal> {
    let (canonical, deployment) = (Arc::clone(canonical), Arc::clone(&candidate.deployment));
    worker::aside(canonical.body.len(), move || outgoing::prepare(&canonical, &deployment)).await
}

/// A request as its adapter wants it sent.
struct Asked {
    request: Request<upstream::Outgoing>,
    /// In place of the provider's.
    own_auth: Option<Auth>,
    reading: Reading,
    /// `None` if the answer is relayed without the adapter.
    conversation: Option<Conversation>,
}

/// Asks the adapter for the request to send.
async fn open(canonical: &Arc<Canonical>, candidate: &Candidate) -> Result<Asked, Refusal> {
    let (canonical, candidate) = (Arc::clone(canonical), candidate.clone());
    worker::aside(canonical.body.len(), move || {
        let deployment = &candidate.deployment;
        let upstream = deployment.upstream.as_ref().ok_or_else(no_upstream)?;
        let opened = upstream
            .adapter
            .open(&canonical, &candidate.target, Box::new(candidate.clone()));
        let (asked, conversation) = opened.map_err(refused_by_adapter)?;
        let reading = asked.reading;
        Ok(Asked {
            own_auth: asked.auth.clone(),
            request: outgoing::build(&canonical, upstream, asked)?,
            // If the answer is relayed, the adapter is done: its instance is free for another exchange while the
            // upstream works on the answer.
            conversation: (!matches!(reading, Reading::Relay)).then_some(conversation),
            reading,
        })
    })
    .await
}

fn no_upstream() -> Refusal {
    Refusal::new(Cause::Internal, "the deployment has no upstream")
}

/// A successful answer of an upstream, of whose body nothing has been read.
pub struct Accepted {
    answer: Response<upstream::Timed<upstream::Answer>>,
    reading: Reading,
    /// `None` if the answer is relayed without the adapter.
    conversation: Option<Conversation>,
}

/// Sends a request that was prepared, and waits for the head of the answer. Follows redirects within the upstream's
/// origin.
///
/// # Errors
/// The request could not be sent, the answer did not begin in time, or the upstream refused the request.
pub async fn send(
    connections: &Connections,
    canonical: &Arc<Canonical>,
    candidate: &Candidate,
    upstream: &Upstream,
    limits: TimeLimits,
) -> Result<Accepted, Refusal> {
    let mut clock = Clock::start(limits);
    let mut moved = None;
    for _ in 0..=REDIRECTS_MAX {
        let Asked {
            mut request,
            own_auth,
            reading,
            conversation,
        } = open(canonical, candidate).await?;
        if let Some(path) = moved.take() {
            *request.uri_mut() = Uri::from(path);
        }
        let request = outgoing::prove(request, &candidate.deployment, own_auth).await?;
        worker::give_way().await;
        let sending = connections.send(&upstream.origin, request);
        let answer = clock.first_byte(sending).await.map_err(too_slow)?.map_err(not_sent)?;
        let (mut head, body) = answer.into_parts();
        moved = redirect::target(&upstream.origin, &head);
        if moved.is_some() {
            continue;
        }
        leave_out_echoes(&mut head.headers, &candidate.deployment);
        let decoder = match upstream::Decoder::of(&head.headers) {
            // An error page in an unknown encoding cannot be read, but its status is enough to report the error.
            Err(_) if !head.status.is_success() => None,
            decoder => decoder.map_err(unreadable)?,
        };
        head.headers.remove(CONTENT_ENCODING);
        let answer = Response::from_parts(head, clock.time(body).decoded(decoder));
        return match answer.status().is_success() {
            true => Ok(Accepted {
                answer,
                reading,
                conversation,
            }),
            false => Err(refuse(canonical, candidate, upstream, answer).await),
        };
    }
    Err(
        Refusal::new(Cause::UpstreamError, "the provider sends requests in a circle")
            .detail(format!("more than {REDIRECTS_MAX} redirects: is `api_base` right?")),
    )
}

/// Reads a successful answer in the way that the adapter chose.
async fn read(
    exchange: &Exchange,
    canonical: &Arc<Canonical>,
    deployment: &Arc<Deployment>,
    accepted: Accepted,
) -> Result<Answer, Refusal> {
    let Accepted {
        answer,
        reading,
        mut conversation,
    } = accepted;
    let (head, body) = answer.into_parts();
    if let Some(conversation) = &mut conversation {
        conversation.answered(head.headers.clone());
    }
    let is_stream = is_event_stream(&head);
    let limits = &exchange.snapshot.settings.upstream;
    let source = match (reading, conversation) {
        (reading, conversation) if let Answers::Bytes(medium) = canonical.operation.row().answers => {
            let answer = bytes(
                medium,
                head,
                body,
                reading,
                conversation,
                deployment,
                limits.answer_bytes_max,
            )
            .await;
            return answer.map(|binary| Answer::Bytes(Box::new(binary)));
        }
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
            return worker::aside(body.len(), move || {
                let answer = whole(canonical.operation, head, body, conversation, &deployment)?;
                in_band::check(canonical.operation, &answer)?;
                let answer = match complete::whole(&canonical, &answer) {
                    Some(completed) => as_answer(completed, answer.headers().clone())?,
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
    let tried = exchange.story.last_attempt();
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
    head: Parts,
    body: upstream::Timed<upstream::Answer>,
    reading: Reading,
    conversation: Option<Conversation>,
    deployment: &Arc<Deployment>,
    bytes_max: usize,
) -> Result<Binary, Refusal> {
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
        let (head, body) = self.answer.into_parts();
        let mut conversation = self.conversation;
        if let Some(conversation) = &mut conversation {
            conversation.answered(head.headers.clone());
        }
        if let Answers::Bytes(medium) = operation.row().answers {
            let answer = bytes(medium, head, body, self.reading, conversation, deployment, bytes_max).await;
            return answer.map(drop);
        }
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

fn is_event_stream(head: &Parts) -> bool {
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

/// The error for a non-2xx answer, as the adapter reads it.
async fn refuse(
    canonical: &Arc<Canonical>,
    candidate: &Candidate,
    upstream: &Upstream,
    answer: Response<upstream::Timed<upstream::Answer>>,
) -> Refusal {
    let (head, body) = answer.into_parts();
    let retry_after = upstream::retry_after(&head.headers, SystemTime::now());
    // If the page is longer or breaks off, its status and the part that was read are used.
    let mut body = masked(body.read_at_most(ERROR_BYTES_MAX).await, &candidate.deployment);
    if is_event_stream(&head) {
        body = first_event(body);
    }
    let status = head.status.as_u16();
    match upstream.adapter.refuse(
        canonical,
        &candidate.target,
        Box::new(candidate.clone()),
        status,
        head.headers,
        &body,
    ) {
        Ok(failure) => {
            let own = failure.retry_after_ms.map(|ms| Duration::from_millis(u64::from(ms)));
            let refusal = refused(failure);
            let cause = match (status, refusal.cause) {
                (422, Cause::BadRequest) => Cause::Unprocessable,
                (_, cause) => cause,
            };
            Refusal {
                cause,
                retry_after: retry_after.or(own),
                ..refusal
            }
        }
        // The adapter failed, which must not be taken for a failure of the upstream: the status alone decides.
        Err(error) => Refusal {
            retry_after,
            ..Refusal::new(Cause::of_status(status), format!("the provider answered {status}"))
                .detail(error.to_string())
        },
    }
}

/// The data of the first event of a stream: some upstreams send the error of a streamed request as an event.
fn first_event(stream: Bytes) -> Bytes {
    let mut events = sse::Events::new(ERROR_BYTES_MAX);
    events.push(stream.clone());
    let first = events.next().and_then(Result::ok).or_else(|| events.finish());
    first.map_or(stream, |event| event.data)
}

fn time_limits(exchange: &Exchange, canonical: &Canonical, candidate: &Candidate) -> TimeLimits {
    let settings = &exchange.snapshot.settings;
    time_limits::of_attempt(
        time_limits::Asked::of(canonical),
        &candidate.deployment.settings,
        &settings.router,
        settings.upstream.chunk_timeout,
        canonical.is_streaming,
    )
}

/// `num_retries` of the request.
fn asked_retries(canonical: &Canonical) -> Option<u32> {
    let field = canonical.field("num_retries").and_then(|field| field.json.parse().ok());
    field.or_else(|| canonical.header("x-litellm-num-retries")?.parse().ok())
}
