//! Phase `relay`: a streamed answer on its way to the client, event by event.
//!
//! What an upstream in the canonical dialect sends is passed on as the same bytes; what an adapter translates arrives here
//! in the same form. On the way usage is picked up, the model is named as the client did, the usage chunk that the gateway
//! asked for is kept from a client that did not, and guardrails see the text.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hyper::{HeaderMap, Response};
use memchr::memmem;

use super::answer;
use super::attempt::{broken_off, masked, refused_by_adapter, scrubbed};
use super::guard::{Chunk, Windows};
use super::record::Transcript;
use super::story::Ending;
use super::{Cause, Exchange, Refusal};
use crate::body::{Body, Sink};
use crate::canonical::Canonical;
use crate::deployment::{Deployment, InFlight};
use crate::json::{chunk, text::quote};
use crate::plugin::adapter::{Conversation, Event};
use crate::sse::{self, Scan, Seen, Verdict};
use crate::upstream::{self, Timed};
use crate::usage::Usage;

/// Where canonical events come from.
pub enum Source {
    /// The upstream speaks the canonical dialect.
    Relayed(Timed<upstream::Answer>),
    /// An adapter translates.
    Translated(Box<Translated>),
    /// They are all here.
    Canned(Option<Bytes>),
}

pub struct Translated {
    answer: Timed<upstream::Answer>,
    events: sse::Events,
    /// `None` once it has finished.
    conversation: Option<Conversation>,
    /// Whose credentials no event may carry to the adapter.
    deployment: Arc<Deployment>,
}

/// A stream whose first chunk is there, and of which nothing has been sent.
pub struct Stream {
    source: Source,
    scan: Scan,
    picker: Picker,
    /// Looked at and ready to be sent.
    ready: VecDeque<Bytes>,
    is_exhausted: bool,
    /// The upstream's.
    headers: HeaderMap,
    pub windows: Option<Windows>,
    /// Counts as the deployment's load until the stream ends.
    pub in_flight: Option<InFlight>,
}

/// What is picked up from the events that pass.
struct Picker {
    client_wants_usage: bool,
    /// The model as the client named it, JSON; `None` where answers keep the upstream's name.
    model: Option<Bytes>,
    usage: Option<Usage>,
    service_tier: Option<String>,
    events: u64,
    /// Something has been said, or the answer has ended without.
    has_content: bool,
    is_finished: bool,
    /// An error that the upstream sent in the place of a chunk.
    error: Option<Refusal>,
    transcript: Option<Transcript>,
}

impl Source {
    pub fn relayed(answer: Timed<upstream::Answer>) -> Self {
        Self::Relayed(answer)
    }

    pub fn translated(
        answer: Timed<upstream::Answer>,
        conversation: Conversation,
        deployment: Arc<Deployment>,
        event_bytes_max: usize,
    ) -> Self {
        let events = sse::Events::new(event_bytes_max);
        Self::Translated(Box::new(Translated {
            answer,
            events,
            conversation: Some(conversation),
            deployment,
        }))
    }

    pub fn canned(events: Bytes) -> Self {
        Self::Canned(Some(events))
    }

    /// The next bytes of canonical events, cut anywhere; `None` at the end.
    async fn next(&mut self) -> Option<Result<Bytes, Refusal>> {
        match self {
            Self::Relayed(answer) => next_data(answer).await,
            Self::Translated(translated) => translated.next().await,
            Self::Canned(events) => events.take().map(Ok),
        }
    }
}

async fn next_data(answer: &mut Timed<upstream::Answer>) -> Option<Result<Bytes, Refusal>> {
    loop {
        match answer.next_frame().await? {
            Ok(frame) => {
                if let Ok(data) = frame.into_data() {
                    return Some(Ok(data));
                }
            }
            Err(error) => return Some(Err(broken_off(error))),
        }
    }
}

impl Translated {
    /// As many events as arrived in one read cross to the adapter at once.
    async fn next(&mut self) -> Option<Result<Bytes, Refusal>> {
        self.conversation.as_ref()?;
        let batch = match next_data(&mut self.answer).await {
            Some(Ok(data)) => {
                self.events.push(data);
                self.read_events()
            }
            Some(Err(refusal)) => Err(refusal),
            None => return Some(self.finish()),
        };
        Some(batch.and_then(|batch| self.translate(&batch)))
    }

    fn read_events(&mut self) -> Result<Vec<Event>, Refusal> {
        let mut batch = Vec::new();
        while let Some(event) = self.events.next() {
            let event = event.map_err(|error| Refusal::new(Cause::UpstreamError, error.to_string()))?;
            if event.data != sse::DONE {
                batch.push(self.shown(event));
            }
        }
        Ok(batch)
    }

    /// An event as the adapter may see it.
    fn shown(&self, event: sse::Event) -> Event {
        Event {
            name: event.name().into_owned(),
            data: masked(event.data, &self.deployment).into(),
        }
    }

    fn translate(&mut self, batch: &[Event]) -> Result<Bytes, Refusal> {
        match &mut self.conversation {
            Some(conversation) if !batch.is_empty() => {
                conversation.events(batch).map(Bytes::from).map_err(refused_by_adapter)
            }
            _ => Ok(Bytes::new()),
        }
    }

    fn finish(&mut self) -> Result<Bytes, Refusal> {
        let mut last = BytesMut::new();
        if let Some(event) = self.events.finish() {
            let event = self.shown(event);
            last.extend_from_slice(&self.translate(&[event])?);
        }
        let owed = self.conversation.take().map(|mut conversation| conversation.finish());
        last.extend_from_slice(&owed.transpose().map_err(refused_by_adapter)?.unwrap_or_default());
        Ok(last.freeze())
    }
}

impl Stream {
    /// Waits for the first content: until then the attempt may still fail over. Comments and chunks that only open the
    /// answer (a role, nothing said) are kept ready meanwhile.
    ///
    /// # Errors
    /// The upstream failed before it, or sent an error in its place.
    pub async fn begin(
        exchange: &Exchange,
        canonical: &Canonical,
        source: Source,
        headers: HeaderMap,
    ) -> Result<Self, Refusal> {
        let settings = &exchange.snapshot.settings;
        let mut stream = Self::new(canonical, source, headers, settings.upstream.event_bytes_max);
        stream.picker.client_wants_usage |= settings.general.always_include_stream_usage;
        while !stream.picker.has_content && !stream.is_exhausted {
            stream.read().await?;
        }
        if stream.picker.events == 0 {
            return Err(Refusal::new(
                Cause::UpstreamError,
                "the upstream's stream ended before it began",
            ));
        }
        Ok(stream)
    }

    /// A stream that needs no waiting.
    pub fn ready(canonical: &Canonical, source: Source, headers: HeaderMap) -> Self {
        Self::new(canonical, source, headers, usize::MAX)
    }

    fn new(canonical: &Canonical, source: Source, headers: HeaderMap, event_bytes_max: usize) -> Self {
        let picker = Picker {
            client_wants_usage: client_wants_usage(canonical),
            model: None,
            usage: None,
            service_tier: None,
            events: 0,
            has_content: false,
            is_finished: false,
            error: None,
            transcript: None,
        };
        Self {
            source,
            scan: Scan::new(event_bytes_max),
            picker,
            ready: VecDeque::new(),
            is_exhausted: false,
            headers,
            windows: None,
            in_flight: None,
        }
    }

    /// Reads once from the source; whole events go to `ready`.
    async fn read(&mut self) -> Result<(), Refusal> {
        let Some(data) = self.source.next().await else {
            self.is_exhausted = true;
            return self.read_end();
        };
        let Self {
            scan, picker, ready, ..
        } = self;
        let relayed = scan.relay(&data?, |seen| picker.judge(seen));
        ready.extend(relayed.forward.into_iter().filter(|part| !part.is_empty()));
        if let Some(error) = relayed.error {
            return Err(Refusal::new(Cause::UpstreamError, error.to_string()));
        }
        // Some upstreams leave their connection open after the mark that ends the stream.
        self.is_exhausted |= scan.is_done();
        match picker.error.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// The source has ended: was its answer at an end too?
    fn read_end(&mut self) -> Result<(), Refusal> {
        if let Some(event) = self.scan.finish()
            && !event.data.is_empty()
            && event.data != sse::DONE
        {
            // A last event that lacks only its empty line is let pass; one that was cut short is no JSON.
            if serde_json::from_slice::<serde::de::IgnoredAny>(&event.data).is_err() {
                return Err(Refusal::new(
                    Cause::Connection,
                    "the upstream's stream broke off in the middle of an event",
                ));
            }
            let mut whole = BytesMut::new();
            sse::write_data(&mut whole, &event.data);
            let Self {
                scan, picker, ready, ..
            } = self;
            let relayed = scan.relay(&whole.freeze(), |seen| picker.judge(seen));
            ready.extend(relayed.forward);
        }
        if self.scan.is_done() || self.picker.is_finished || self.picker.events == 0 {
            return Ok(());
        }
        Err(Refusal::new(
            Cause::Connection,
            "the upstream's stream ended before its answer did",
        ))
    }
}

/// The client asked for the usage chunk itself.
fn client_wants_usage(canonical: &Canonical) -> bool {
    canonical.field("stream_options").is_some_and(|options| {
        crate::json::find::root(options.json.as_bytes())
            .and_then(|root| crate::json::member(options.json.as_bytes(), root.span, "include_usage"))
            .is_some_and(|value| value.raw(options.json.as_bytes()) == b"true")
    })
}

impl Picker {
    fn judge(&mut self, seen: &Seen<'_>) -> Verdict {
        if seen.is_done() {
            // The gateway writes its own at the very end, whatever the upstream does.
            return Verdict::Drop;
        }
        self.events += 1;
        let data = seen.data;
        if let Some(error) = in_band_error(data) {
            self.error = Some(error);
            return Verdict::Drop;
        }
        self.is_finished |= has_finish_reason(data);
        self.has_content = self.has_content || self.is_finished || says_something(data);
        if let Some(transcript) = &mut self.transcript {
            transcript.add(data);
        }
        if chunk::may_hold_usage(data)
            && let Some(span) = chunk::usage(data)
        {
            self.usage = Usage::from_json(span.of(data)).or(self.usage.take());
            self.service_tier = service_tier(data).or(self.service_tier.take());
            if chunk::choices_is_empty(data) && !self.client_wants_usage {
                return Verdict::Drop;
            }
        }
        match &self.model {
            Some(model) => match chunk::model(data) {
                Some(span) if span.of(data) != model => Verdict::Edit(span, model.clone()),
                _ => Verdict::Keep,
            },
            None => Verdict::Keep,
        }
    }
}

fn service_tier(data: &[u8]) -> Option<String> {
    let root = crate::json::find::root(data)?;
    Some(
        crate::json::member(data, root.span, "service_tier")?
            .text(data)?
            .into_owned(),
    )
}

/// A choice with more than a role and empty texts. Asked of the first chunks only.
fn says_something(data: &[u8]) -> bool {
    let chunk = Chunk::read(Bytes::copy_from_slice(data));
    !chunk.texts.is_empty() || chunk.names_a_tool()
}

/// A choice that says why it ended; upstreams put `null` there until then.
fn has_finish_reason(data: &[u8]) -> bool {
    const KEY: &[u8] = b"\"finish_reason\"";
    memmem::find_iter(data, KEY).any(|at| {
        let rest = data[at + KEY.len()..].trim_ascii_start();
        rest.strip_prefix(b":")
            .is_some_and(|value| value.trim_ascii_start().starts_with(b"\""))
    })
}

/// `{"error": …}` in the place of a chunk, which is how upstreams fail in the middle of a stream.
fn in_band_error(data: &[u8]) -> Option<Refusal> {
    memmem::find(data, b"\"error\"")?;
    let root = crate::json::find::root(data)?;
    let error = crate::json::member(data, root.span, "error").filter(|error| error.kind != crate::json::Kind::Null)?;
    let message = crate::json::member(data, error.span, "message").and_then(|message| message.text(data));
    let message = message
        .or_else(|| error.text(data))
        .map_or_else(|| "the upstream failed".into(), |text| text.into_owned());
    let word = |name: &str| {
        let value = crate::json::member(data, error.span, name)?;
        let is_word = matches!(value.kind, crate::json::Kind::String | crate::json::Kind::Number);
        let raw = std::str::from_utf8(value.raw(data)).ok().filter(|_| is_word)?;
        Some(
            value
                .text(data)
                .map_or_else(|| raw.to_owned(), |text| text.into_owned()),
        )
    };
    let code = word("code").or_else(|| word("type"));
    let cause = match code.as_deref() {
        Some("rate_limit_exceeded" | "rate_limit_error" | "429") => Cause::RateLimited,
        Some("content_filter") => Cause::ContentFiltered,
        Some("503" | "529" | "overloaded_error") => Cause::Overloaded,
        _ => Cause::UpstreamError,
    };
    Some(Refusal {
        provider_code: code,
        ..Refusal::new(cause, message)
    })
}

/// The response of a streamed answer: a head now, and a body that relays as long as the client reads.
pub fn respond(exchange: Exchange, mut stream: Box<Stream>) -> Response<Body> {
    let headers = answer::stream_headers(&exchange, &std::mem::take(&mut stream.headers));
    let mut response = Response::new(Body::written(|sink| relay(Relay { stream, exchange }, sink)));
    *response.headers_mut() = headers;
    response
}

/// A stream on its way. Dropped in the middle, it is a client that hung up: what was seen until then is told.
struct Relay {
    stream: Box<Stream>,
    exchange: Exchange,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stream.tell(&mut self.exchange);
    }
}

/// How long an upstream gets to end its body after the mark that ends the stream, so that its connection can be used again.
const LINGER_MAX: Duration = Duration::from_secs(1);

/// Sends what there is until the end.
async fn relay(mut relay: Relay, sink: Sink) {
    let Relay { stream, exchange } = &mut relay;
    let ending = match pass_on(exchange, stream, &sink).await {
        Ok(()) => Ending::Answered { status: 200 },
        Err(refusal) => {
            let deployment = exchange
                .story
                .last_attempt()
                .map(|attempt| Arc::clone(&attempt.candidate.deployment));
            let refusal =
                deployment.map_or_else(|| refusal.clone(), |deployment| scrubbed(refusal.clone(), &deployment));
            sink.send(error_event(&refusal)).await;
            Ending::Broken(refusal)
        }
    };
    // The answer is over before its last bytes go out: clients hang up as soon as they have read them.
    stream.tell(exchange);
    exchange.end(ending);
    sink.send(Bytes::from_static(b"data: [DONE]\n\n")).await;
    // Whatever comes is not for the client any more.
    let _ = tokio::time::timeout(LINGER_MAX, stream.source.next()).await;
}

async fn pass_on(exchange: &mut Exchange, stream: &mut Stream, sink: &Sink) -> Result<(), Refusal> {
    let mut failed = None;
    loop {
        while let Some(part) = stream.ready.pop_front() {
            let part = match &mut stream.windows {
                Some(windows) => windows.pass(part).await?,
                None => part,
            };
            if !part.is_empty() {
                exchange.story.first_content.get_or_insert_with(Instant::now);
                sink.send(part).await;
            }
        }
        // What came before a failure has been sent by now.
        if let Some(refusal) = failed {
            return Err(refusal);
        }
        if stream.is_exhausted {
            break;
        }
        failed = stream.read().await.err();
    }
    if let Some(windows) = &mut stream.windows {
        sink.send(windows.finish().await?).await;
    }
    Ok(())
}

impl Stream {
    /// Names the model as the client did, in every chunk.
    pub fn restamp(&mut self, group: &str) {
        let model = Bytes::from(quote(group));
        self.picker.model = Some(model.clone());
        // The first chunks were read before it was known that they would be sent.
        let ready = std::mem::take(&mut self.ready);
        for part in ready {
            let restamped = Scan::new(usize::MAX).relay(&part, |seen| match chunk::model(seen.data) {
                Some(span) if span.of(seen.data) != model => Verdict::Edit(span, model.clone()),
                _ => Verdict::Keep,
            });
            self.ready.extend(restamped.forward);
        }
    }

    /// Keeps the text, for the record.
    pub fn transcribe(&mut self, transcript: Transcript) {
        let mut transcript = transcript;
        for part in &self.ready {
            let _ = Scan::new(usize::MAX).relay(part, |seen| {
                transcript.add(seen.data);
                Verdict::Keep
            });
        }
        self.picker.transcript = Some(transcript);
    }

    /// Tells the exchange what has been seen, once.
    fn tell(&mut self, exchange: &mut Exchange) {
        if exchange.story.ending.is_some() {
            return;
        }
        let story = &mut exchange.story;
        story.content_events = self.picker.events;
        story.usage = self.picker.usage;
        story.service_tier = self.picker.service_tier.take();
        story.transcript = self.picker.transcript.take();
        let Some(windows) = &self.windows else { return };
        for report in windows.reports() {
            let metrics = &exchange.worker.gateway.metrics;
            metrics.guarded(&report.name, report.mode, report.status, report.took.as_secs_f64());
            // They were reported as applied when the head was sent; this is their last word.
            story
                .guardrails
                .retain(|earlier| (&earlier.name, earlier.mode) != (&report.name, report.mode));
            story.guardrails.push(report);
        }
    }
}

/// An error that comes too late for a status.
fn error_event(refusal: &Refusal) -> Bytes {
    let mut event = BytesMut::new();
    sse::write_data(&mut event, &refusal.body());
    event.freeze()
}
