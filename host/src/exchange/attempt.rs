//! Phase `attempt`: tries the deployments of a group one after the other, until one answers or none is left.
//!
//! An attempt may fail over to the next deployment as long as nothing of its answer has been sent: for a stream, until
//! its first content is there. Another deployment is tried at once, the same one only after a wait.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use hyper::header::CONTENT_ENCODING;
use hyper::{Request, Response, Uri};

use super::answer::Answer;
use super::failures::{not_sent, refused, refused_by_adapter, too_slow, unreadable};
use super::fetch;
use super::history::Event;
use super::masks::{leave_out_echoes, masked, scrubbed};
use super::policy::attempts::{Attempts, Facts, Ranked, Then};
use super::policy::retry::Retries;
use super::policy::time_limits;
use super::reading::{self, Accepted, is_event_stream};
use super::redirect::{self, REDIRECTS_MAX};
use super::refusal::{Cause, Refusal};
use super::state::Exchange;
use super::{blame, canned, outgoing, route};
use crate::canonical::Canonical;
use crate::deployment::{Candidate, Deployment, Upstream};
use crate::moment::Moment;
use crate::plugin::kinds::adapter::{Auth, Conversation, Reading};
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
                if !route::has_others(&snapshot, canonical, attempts.excluded(), Moment::now()) {
                    return Err(refusal);
                }
                tokio::time::sleep(wait).await;
                // The error of the last attempt says more than the error that no deployment may be tried now.
                match route::rank(exchange, canonical, attempts.excluded()) {
                    Ok(ranked) => attempts.rank_again(ranked),
                    Err(_) => return Err(refusal),
                }
            }
        }
    }
    Err(Refusal::new(Cause::Internal, "there was no deployment to try"))
}

/// Makes one attempt, and records it in the history whatever its outcome.
async fn once(exchange: &mut Exchange, canonical: &Arc<Canonical>, candidate: &Candidate) -> Result<Answer, Refusal> {
    let deployment = &candidate.deployment;
    // The attempt begins afterwards: the time that a client's media take is not the deployment's.
    let prepared = match (&deployment.settings.mock_response, &deployment.upstream) {
        (None, Some(upstream)) => prepared(exchange, canonical, candidate)
            .await
            .map(|prepared| Some((prepared, upstream))),
        _ => Ok(None),
    };
    exchange.history.add(Event::Attempted {
        candidate: candidate.clone(),
        at: Instant::now(),
    });
    deployment.counters.requests.inc();
    let in_flight = deployment.health.begin(Moment::now());
    let outcome = match (prepared, &deployment.settings.mock_response) {
        (Ok(Some((prepared, upstream))), _) => ask(exchange, &prepared, candidate, upstream).await,
        (Ok(None), Some(mock)) => canned::mock(canonical, candidate, mock),
        (Ok(None), None) => Err(no_upstream()),
        (Err(refusal), _) => Err(refusal),
    };
    let at = Instant::now();
    if outcome.is_ok() {
        exchange.history.add(Event::Answered { at });
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
                exchange.history.add(Event::Used {
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
                exchange.history.add(Event::Used {
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
            exchange.history.add(Event::Failed {
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
    let limits = time_limits(exchange, canonical, candidate);
    let begun = tokio::time::Instant::now();
    let accepted = send(&exchange.worker.connections, canonical, candidate, upstream, limits).await?;
    let reading = reading::read(exchange, canonical, &candidate.deployment, accepted);
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

/// The request as the deployment gets it: with its defaults, and with the data of media that its provider does not fetch.
async fn prepared(
    exchange: &mut Exchange,
    canonical: &Arc<Canonical>,
    candidate: &Candidate,
) -> Result<Arc<Canonical>, Refusal> {
    let (own, deployment) = (Arc::clone(canonical), Arc::clone(&candidate.deployment));
    let prepare = move || outgoing::prepare(&own, &deployment);
    let mut prepared = worker::offload(canonical.body.len(), prepare).await?;
    let hosts = &exchange.snapshot.settings.general.media_hosts;
    if !fetch::is_possible(hosts, &prepared) {
        return Ok(prepared);
    }
    loop {
        match open(&prepared, candidate).await {
            Err(refusal) if fetch::is_by_address(&refusal) => {
                let media = &exchange.worker.media;
                prepared = fetch::inline(&mut exchange.fetches, media, hosts, &prepared, refusal).await?;
            }
            // Whatever else the adapter says, it says again in the attempt.
            _ => return Ok(prepared),
        }
    }
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
    worker::offload(canonical.body.len(), move || {
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
