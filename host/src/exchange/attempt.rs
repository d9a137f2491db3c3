//! Phase `attempt`: one try at one deployment after the other, until one answers or none is left.
//!
//! An attempt may fail over to the next deployment as long as nothing of its answer has been sent: for a stream, until its
//! first chunk is there. Another deployment is tried at once, the same one only after a wait.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::response::Parts;
use hyper::{HeaderMap, Response};
use memchr::memmem;

use super::answer::{Answer, Whole};
use super::relay::{Source, Stream};
use super::retry::Retries;
use super::route::{self, Ranked};
use super::story::AttemptReport;
use super::{Cause, Exchange, Refusal};
use super::{blame, canned, completion, outgoing};
use crate::canonical::Canonical;
use crate::deployment::{Candidate, Deployment, Upstream};
use crate::moment::Moment;
use crate::plugin::adapter::{AdapterError, Conversation, Framing, Reading};
use crate::upstream::{self, AnswerError, Clock, Connections, TimeLimits};
use crate::worker;

/// Clients may ask for any number of seconds; more than a day is no limit, and the clock could not even tell it.
const CLIENT_LIMIT_MAX: Duration = Duration::from_secs(86_400);

/// An upstream's error page is read this far.
const ERROR_BYTES_MAX: usize = 256 << 10;

/// The phase. Deployments of `without` stay left aside.
///
/// # Errors
/// Every attempt failed: the last one's refusal, since it is the freshest.
pub async fn until_one_answers(
    exchange: &mut Exchange,
    canonical: &Arc<Canonical>,
    mut ranked: Ranked,
    without: &[Arc<Deployment>],
) -> Result<Answer, Refusal> {
    let own = ranked
        .front()
        .and_then(|candidate| candidate.deployment.settings.num_retries);
    let mut retries = Retries::new(exchange, canonical, own);
    let mut left_aside = without.to_vec();
    let mut made = 0;
    while let Some(candidate) = route::next(&mut ranked, Moment::now()) {
        made += 1;
        let refusal = match once(exchange, canonical, &candidate).await {
            Ok(answer) => return Ok(answer),
            Err(refusal) => refusal,
        };
        tracing::debug!(
            exchange = %exchange.id, deployment = candidate.deployment.settings.id, cause = ?refusal.cause,
            message = refusal.message, "attempt failed"
        );
        if !retries.allow(exchange, canonical, &refusal, made) {
            return Err(refusal);
        }
        if !refusal.cause.may_try_again() {
            left_aside.push(candidate.deployment);
        }
        if ranked.is_empty() {
            // All have failed: after a while the same ones may do better, unless others can take over at once.
            let others = exchange.snapshot.settings.router.fallbacks.after(&canonical.group);
            let goes_elsewhere = refusal.cause == Cause::RateLimited && !others.is_empty();
            let wait = retries.wait(exchange, &refusal, made).filter(|_| !goes_elsewhere);
            let Some(wait) = wait else { return Err(refusal) };
            if !route::has_others(exchange, canonical, &left_aside) {
                return Err(refusal);
            }
            tokio::time::sleep(wait).await;
            ranked = route::rank(exchange, canonical, &left_aside)?;
        }
    }
    Err(Refusal::new(Cause::Internal, "there was no deployment to try"))
}

/// One try, told in the story whatever becomes of it.
async fn once(exchange: &mut Exchange, canonical: &Arc<Canonical>, candidate: &Candidate) -> Result<Answer, Refusal> {
    let deployment = &candidate.deployment;
    let begun = Instant::now();
    exchange.story.attempts.push(AttemptReport {
        candidate: candidate.clone(),
        begun,
        failure: None,
    });
    deployment.counters.requests.inc();
    let in_flight = deployment.health.begin(Moment::now());
    let outcome = match (&deployment.settings.mock_response, &deployment.upstream) {
        (Some(mock), _) => canned::mock(canonical, candidate, mock),
        (None, Some(upstream)) => ask(exchange, canonical, candidate, upstream).await,
        (None, None) => Err(Refusal::new(Cause::Internal, "the deployment has no upstream")),
    };
    exchange.story.upstream_time += begun.elapsed();
    if outcome.is_ok() {
        blame::answered(exchange, deployment, &in_flight);
    }
    match outcome {
        Ok(Answer::Stream(mut stream)) => {
            stream.in_flight = Some(in_flight);
            Ok(Answer::Stream(stream))
        }
        Ok(Answer::Whole(whole)) => {
            // It is used whatever becomes of the answer: a guardrail may yet refuse it.
            exchange.story.usage = whole.usage();
            exchange.story.service_tier = whole.service_tier();
            Ok(Answer::Whole(whole))
        }
        Err(refusal) => {
            let refusal = scrubbed(refusal, deployment);
            blame::failed(exchange, candidate, &refusal, in_flight.is_probe());
            if let Some(report) = exchange.story.attempts.last_mut() {
                report.failure = Some(refusal.clone());
            }
            Err(refusal)
        }
    }
}

/// Asks the upstream through its adapter.
async fn ask(
    exchange: &Exchange,
    canonical: &Arc<Canonical>,
    candidate: &Candidate,
    upstream: &Upstream,
) -> Result<Answer, Refusal> {
    let canonical = &outgoing::prepare(canonical, &candidate.deployment)?;
    let limits = time_limits(exchange, canonical, candidate);
    let begun = tokio::time::Instant::now();
    let accepted = send(&exchange.worker.connections, canonical, candidate, upstream, limits).await?;
    let reading = read(exchange, canonical, &candidate.deployment, accepted);
    match limits.first_byte {
        // Comments are bytes too: the first content has the same time as the first byte.
        Some(limit) => tokio::time::timeout_at(begun + limit, reading)
            .await
            .unwrap_or_else(|_| {
                let wait = upstream::Wait::FirstByte;
                Err(too_slow(upstream::TooSlow { wait, limit }))
            }),
        None => reading.await,
    }
}

/// An upstream's answer that is no refusal, and of whose body nothing has been read.
pub struct Accepted {
    answer: Response<upstream::Timed<upstream::Answer>>,
    reading: Reading,
    /// `None` where the answer is relayed as it is.
    conversation: Option<Conversation>,
}

/// Sends a request that was prepared, and waits for the head of its answer.
///
/// # Errors
/// It could not be sent or not in time, or the upstream refused it.
pub async fn send(
    connections: &Connections,
    canonical: &Arc<Canonical>,
    candidate: &Candidate,
    upstream: &Upstream,
    limits: TimeLimits,
) -> Result<Accepted, Refusal> {
    let (asked, conversation) = upstream
        .adapter
        .open(canonical, candidate)
        .map_err(refused_by_adapter)?;
    let reading = asked.reading;
    // An adapter that relays is done: its instance is free for the next exchange while the upstream thinks.
    let conversation = (!matches!(reading, Reading::Relay)).then_some(conversation);
    let request = outgoing::build(canonical, &candidate.deployment, upstream, asked)?;
    let mut clock = Clock::start(limits);
    worker::give_way().await;
    let sending = connections.send(&upstream.origin, request);
    let answer = clock.first_byte(sending).await.map_err(too_slow)?.map_err(not_sent)?;
    let (mut head, body) = answer.into_parts();
    leave_out_echoes(&mut head.headers, &candidate.deployment);
    let answer = Response::from_parts(head, clock.time(body));
    if !answer.status().is_success() {
        return Err(refuse(canonical, candidate, upstream, answer).await);
    }
    Ok(Accepted {
        answer,
        reading,
        conversation,
    })
}

/// A successful answer, as the adapter said to read it.
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
        (Reading::Relay, _) if is_stream => Source::relayed(body),
        (Reading::Events(Framing::ServerSentEvents), Some(conversation)) if is_stream => {
            Source::translated(body, conversation, Arc::clone(deployment), limits.event_bytes_max)
        }
        (Reading::Events(Framing::JsonLines | Framing::AwsEventStream), _) if is_stream => {
            return Err(Refusal::new(
                Cause::Internal,
                "the adapter asks for a framing that is not yet in effect",
            ));
        }
        (_, conversation) => {
            let body = read_whole(body, limits.answer_bytes_max, conversation, deployment).await?;
            let body = completion::whole(canonical, &body).unwrap_or(body);
            let whole = Whole::new(body, head.headers)?;
            return canned::as_asked(canonical, whole);
        }
    };
    Stream::begin(exchange, canonical, source, head.headers)
        .await
        .map(|stream| Answer::Stream(Box::new(stream)))
}

/// All of an answer that is no stream, canonical.
async fn read_whole(
    body: upstream::Timed<upstream::Answer>,
    bytes_max: usize,
    conversation: Option<Conversation>,
    deployment: &Deployment,
) -> Result<Bytes, Refusal> {
    let body = body.read_to_end(bytes_max).await.map_err(broken_off)?;
    worker::give_way().await;
    match conversation {
        Some(mut conversation) => {
            let body = masked(body, deployment);
            Ok(conversation.whole(&body).map_err(refused_by_adapter)?.into())
        }
        None => Ok(body),
    }
}

impl Accepted {
    /// The whole answer to a question that asked for no stream.
    ///
    /// # Errors
    /// It broke off, came too late, is too long, or is nothing that the adapter can read.
    pub async fn whole(self, deployment: &Deployment, bytes_max: usize) -> Result<Whole, Refusal> {
        let (head, body) = self.answer.into_parts();
        let mut conversation = self.conversation;
        if let Some(conversation) = &mut conversation {
            conversation.answered(head.headers.clone());
        }
        let body = read_whole(body, bytes_max, conversation, deployment).await?;
        Whole::new(body, head.headers)
    }
}

fn is_event_stream(head: &Parts) -> bool {
    let given = head
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    given.trim_start().to_ascii_lowercase().starts_with("text/event-stream")
}

/// A non-2xx answer, in the adapter's words.
async fn refuse(
    canonical: &Arc<Canonical>,
    candidate: &Candidate,
    upstream: &Upstream,
    answer: Response<upstream::Timed<upstream::Answer>>,
) -> Refusal {
    let (head, body) = answer.into_parts();
    let retry_after = upstream::retry_after(&head.headers, SystemTime::now());
    // A page that is longer, or breaks off, still has a status and what was read of it.
    let body = masked(body.read_at_most(ERROR_BYTES_MAX).await, &candidate.deployment);
    let status = head.status.as_u16();
    match upstream
        .adapter
        .refuse(canonical, candidate, status, head.headers, &body)
    {
        Ok(failure) => {
            let own = failure.retry_after_ms.map(|ms| Duration::from_millis(u64::from(ms)));
            Refusal {
                retry_after: retry_after.or(own),
                ..refused(failure)
            }
        }
        Err(error) => {
            Refusal::new(Cause::UpstreamError, format!("the provider answered {status}")).detail(error.to_string())
        }
    }
}

/// Time limits that the client chose itself.
pub struct AskedLimits {
    whole: Option<Duration>,
    first_content: Option<Duration>,
}

impl AskedLimits {
    pub fn of(canonical: &Canonical) -> Self {
        let asked = |names: &[&str], header: &str| {
            let field = names
                .iter()
                .find_map(|name| canonical.field(name))
                .map(|field| field.json);
            let text = field.or_else(|| canonical.headers.get(header)?.to_str().ok())?;
            let limit = Duration::try_from_secs_f64(text.parse().ok()?).ok()?;
            Some(limit.min(CLIENT_LIMIT_MAX))
        };
        Self {
            whole: asked(&["timeout", "request_timeout"], "x-litellm-timeout"),
            first_content: asked(&["stream_timeout"], "x-litellm-stream-timeout"),
        }
    }

    pub fn is_any(&self) -> bool {
        self.whole.is_some() || self.first_content.is_some()
    }
}

/// Time limits of this attempt; the request's own go over the deployment's, those over the router's.
fn time_limits(exchange: &Exchange, canonical: &Canonical, candidate: &Candidate) -> TimeLimits {
    let router = &exchange.snapshot.settings.router;
    let own = &candidate.deployment.settings;
    let asked = AskedLimits::of(canonical);
    let whole = asked.whole.or(own.timeout).unwrap_or(router.timeout);
    if !canonical.is_streaming {
        return TimeLimits {
            whole: Some(whole),
            ..TimeLimits::default()
        };
    }
    let first = asked
        .first_content
        .or(own.stream_timeout)
        .or(router.stream_timeout)
        .unwrap_or(whole);
    let between_chunks = exchange.snapshot.settings.upstream.chunk_timeout;
    TimeLimits {
        first_byte: Some(first),
        between_chunks: Some(between_chunks),
        whole: None,
    }
}

/// An adapter's refusal, or its failure to give one.
pub fn refused_by_adapter(error: AdapterError) -> Refusal {
    match error {
        AdapterError::Refused(failure) => refused(failure),
        AdapterError::Call(error) => {
            Refusal::new(Cause::UpstreamError, "the provider adapter failed").detail(error.to_string())
        }
    }
}

fn refused(failure: crate::plugin::adapter::Failure) -> Refusal {
    Refusal {
        cause: Cause::of(failure.fault),
        message: failure.message,
        detail: None,
        parameter: failure.parameter,
        provider_code: failure.code,
        retry_after: failure.retry_after_ms.map(|ms| Duration::from_millis(u64::from(ms))),
        delivered_chunks: None,
    }
}

fn too_slow(error: upstream::TooSlow) -> Refusal {
    Refusal::new(Cause::Timeout, error.to_string())
}

fn not_sent(error: upstream::SendError) -> Refusal {
    let cause = if error.kind() == "connect_timeout" {
        Cause::Timeout
    } else {
        Cause::Connection
    };
    let detail = with_sources(&error);
    Refusal::new(cause, error.to_string()).detail(detail)
}

/// An answer that stopped in the middle.
pub fn broken_off(error: AnswerError) -> Refusal {
    let cause = match &error {
        AnswerError::TooSlow(_) => Cause::Timeout,
        AnswerError::Broken(_) => Cause::Connection,
        AnswerError::TooLong { .. } => Cause::UpstreamError,
    };
    let detail = with_sources(&error);
    Refusal::new(cause, error.to_string()).detail(detail)
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Providers repeat keys in their messages; ours must not reach a client or a log.
pub fn scrubbed(mut refusal: Refusal, deployment: &Deployment) -> Refusal {
    let Refusal {
        message,
        detail,
        parameter,
        provider_code,
        ..
    } = &mut refusal;
    let texts = [
        Some(message),
        detail.as_mut(),
        parameter.as_mut(),
        provider_code.as_mut(),
    ];
    for text in texts.into_iter().flatten() {
        for secret in deployment
            .secrets()
            .filter_map(|secret| std::str::from_utf8(secret).ok())
        {
            if text.contains(secret) {
                *text = text.replace(secret, "****");
            }
        }
    }
    refusal
}

/// Bytes of an answer as a guest may see them: without our credentials, should the upstream repeat them.
pub fn masked(bytes: Bytes, deployment: &Deployment) -> Bytes {
    let holds = |secret: &&[u8]| memmem::find(&bytes, secret).is_some();
    if !deployment.secrets().any(|secret| holds(&secret)) {
        return bytes;
    }
    let mut masked = bytes.to_vec();
    for secret in deployment.secrets() {
        for at in memmem::find_iter(&bytes, secret) {
            masked[at..at + secret.len()].fill(b'*');
        }
    }
    masked.into()
}

/// Some servers send a request's headers back: whatever holds a credential of ours goes no further, neither to a guest nor
/// to a client.
fn leave_out_echoes(headers: &mut HeaderMap, deployment: &Deployment) {
    let holds_secret = |value: &HeaderValue| {
        deployment
            .secrets()
            .any(|secret| memmem::find(value.as_bytes(), secret).is_some())
    };
    let echoes: Vec<HeaderName> = headers
        .iter()
        .filter(|(_, value)| holds_secret(value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in echoes {
        headers.remove(name);
    }
}
