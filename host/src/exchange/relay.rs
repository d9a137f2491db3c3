//! Phase `relay`: passes a streamed answer on to the client, event by event.
//!
//! The events of an upstream that speaks the canonical dialect are passed on as the same bytes; events that an adapter
//! translates arrive here in the same form. On the way the usage is read, the model is named as the client named it,
//! the usage chunk is removed if only the gateway asked for it, and guardrails check the text. If a stream breaks,
//! another deployment continues it if that is possible ([`continuation`]).

mod continuation;
mod delivered;
mod picker;
mod seam;
mod source;

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use hyper::{HeaderMap, Response};

use delivered::Delivered;
use picker::Picker;
use seam::Seam;
pub use source::Source;

use super::answer;
use super::guard::Windows;
use super::masks::scrubbed;
use super::story::Ending;
use super::{Cause, Exchange, Refusal};
use crate::body::{Body, Sink};
use crate::canonical::Canonical;
use crate::canonical::join::Transcript;
use crate::deployment::InFlight;
use crate::json::{chunk, text::quote};
use crate::sse::{self, Scan, Verdict};

/// A streamed answer. When an attempt returns it, its first content is there and nothing has been sent.
pub struct Stream {
    source: Source,
    scan: Scan,
    picker: Picker,
    /// Events that were checked and are ready to be sent.
    ready: VecDeque<Bytes>,
    is_exhausted: bool,
    /// The upstream's headers.
    headers: HeaderMap,
    pub windows: Option<Windows>,
    /// Set if this stream continues what another deployment began.
    seam: Option<Box<Seam>>,
    /// Counts as the deployment's load until the stream ends.
    pub in_flight: Option<InFlight>,
}

impl Stream {
    /// Waits for the first content: until then the attempt may still fail over. Comments, and chunks that only open the
    /// answer (a role without text), are kept in `ready` meanwhile.
    ///
    /// # Errors
    /// The upstream failed before the first content, sent an error in its place, ended without content, or sent too
    /// much without content.
    pub async fn begin(
        exchange: &Exchange,
        canonical: &Canonical,
        source: Source,
        headers: HeaderMap,
    ) -> Result<Self, Refusal> {
        let settings = &exchange.snapshot.settings;
        let mut stream = Self::new(canonical, source, headers, settings.upstream.event_bytes_max);
        stream.picker.client_wants_usage |= settings.general.always_include_stream_usage;
        stream.picker.delivered = Delivered::of(exchange, canonical);
        while !stream.picker.has_content && !stream.is_exhausted {
            stream.read().await?;
            if stream.ready.iter().map(Bytes::len).sum::<usize>() > settings.upstream.event_bytes_max {
                return Err(Refusal::new(
                    Cause::UpstreamError,
                    "the upstream sends much and says nothing",
                ));
            }
        }
        if stream.picker.events == 0 {
            return Err(Refusal::new(
                Cause::UpstreamError,
                "the upstream's stream ended before it began",
            ));
        }
        if !stream.picker.has_content {
            return Err(Refusal::new(
                Cause::UpstreamError,
                "the provider's stream ended without an answer in it",
            ));
        }
        Ok(stream)
    }

    /// A stream whose events are all there, so that there is nothing to wait for.
    pub fn ready(canonical: &Canonical, source: Source, headers: HeaderMap) -> Self {
        Self::new(canonical, source, headers, usize::MAX)
    }

    fn new(canonical: &Canonical, source: Source, headers: HeaderMap, event_bytes_max: usize) -> Self {
        Self {
            source,
            scan: Scan::new(event_bytes_max),
            picker: Picker::new(canonical),
            ready: VecDeque::new(),
            is_exhausted: false,
            headers,
            windows: None,
            seam: None,
            in_flight: None,
        }
    }

    /// Reads once from the source.
    async fn read(&mut self) -> Result<(), Refusal> {
        let Some(data) = self.source.next().await else {
            self.is_exhausted = true;
            return self.read_end();
        };
        self.take(&data?)
    }

    /// Checks the events in these bytes, and moves the complete ones to `ready`.
    fn take(&mut self, data: &Bytes) -> Result<(), Refusal> {
        let Self {
            scan, picker, ready, ..
        } = self;
        let relayed = scan.relay(data, |seen| picker.judge(seen));
        ready.extend(relayed.forward.into_iter().filter(|part| !part.is_empty()));
        if let Some(error) = relayed.error {
            return Err(Refusal::new(Cause::UpstreamError, error.to_string()));
        }
        // Some upstreams leave their connection open after `[DONE]`.
        self.is_exhausted |= scan.is_done();
        picker.error.take().map_or(Ok(()), Err)
    }

    /// The source has ended: checks that its answer was complete.
    fn read_end(&mut self) -> Result<(), Refusal> {
        if let Some(event) = self.scan.finish()
            && !event.data.is_empty()
            && event.data != sse::DONE
        {
            // A last event that lacks only its empty line is accepted; one that was cut short is not valid JSON.
            if serde_json::from_slice::<serde::de::IgnoredAny>(&event.data).is_err() {
                return Err(Refusal::new(
                    Cause::Connection,
                    "the upstream's stream broke off in the middle of an event",
                ));
            }
            let mut whole = BytesMut::new();
            sse::write_data(&mut whole, &event.data);
            self.take(&whole.freeze())?;
        }
        if self.scan.is_done() || self.picker.is_finished() || self.picker.events == 0 {
            return Ok(());
        }
        Err(Refusal::new(
            Cause::Connection,
            "the upstream's stream ended before its answer did",
        ))
    }
}

/// The response of a streamed answer: a head now, and a body that relays the stream while the client reads.
pub fn respond(exchange: Exchange, mut stream: Box<Stream>) -> Response<Body> {
    let headers = answer::stream_headers(&exchange, &std::mem::take(&mut stream.headers));
    let heartbeat = exchange.snapshot.settings.server.heartbeat;
    let relay = Relay::new(exchange, stream);
    let mut response = Response::new(Body::written(heartbeat, |sink| relay.run(sink)));
    *response.headers_mut() = headers;
    response
}

/// A stream that is being relayed. If it is dropped before its end, the client has hung up: what was delivered until
/// then is recorded.
pub struct Relay {
    stream: Box<Stream>,
    exchange: Exchange,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stream.tell(&mut self.exchange);
    }
}

/// The event that ends a stream.
pub const DONE: Bytes = Bytes::from_static(b"data: [DONE]\n\n");

impl Relay {
    pub fn new(exchange: Exchange, stream: Box<Stream>) -> Self {
        Self { stream, exchange }
    }

    /// Relays the stream to its end.
    pub async fn run(mut self, sink: Sink) {
        let Self { stream, exchange } = &mut self;
        let ending = match pass_on(exchange, stream, &sink).await {
            Ok(()) => Ending::Answered { status: 200 },
            Err(refusal) => {
                let refusal = broken(exchange, stream, refusal);
                sink.send(error_event(&refusal)).await;
                Ending::Broken(refusal)
            }
        };
        // The exchange ends before its last bytes are sent: clients hang up as soon as they have read them.
        stream.tell(exchange);
        let is_whole = ending.failure().is_none();
        exchange.end(ending);
        // If the stream failed or was refused, the source is dropped instead, which cancels the upstream's answer.
        let source = std::mem::replace(&mut stream.source, Source::Canned(None));
        if is_whole {
            source.drain();
        }
        sink.send(DONE).await;
    }
}

/// The error of a stream of which a part was delivered.
fn broken(exchange: &Exchange, stream: &Stream, refusal: Refusal) -> Refusal {
    let refusal = match exchange.story.last_attempt() {
        Some(attempt) => scrubbed(refusal, &attempt.candidate.deployment),
        None => refusal,
    };
    let delivered = exchange.story.cut_off_chunks() + stream.picker.events;
    Refusal {
        delivered_chunks: u32::try_from(delivered).ok().and_then(NonZeroU32::new),
        ..refusal
    }
}

async fn pass_on(exchange: &mut Exchange, stream: &mut Stream, sink: &Sink) -> Result<(), Refusal> {
    let mut failed: Option<Refusal> = None;
    loop {
        stream.sew();
        while let Some(part) = stream.ready.pop_front() {
            let part = match &mut stream.windows {
                // Boxed, so that a stream without guardrails does not reserve memory for this future.
                Some(windows) => Box::pin(windows.pass(part)).await?,
                None => part,
            };
            if !part.is_empty() {
                exchange.story.first_content.get_or_insert_with(Instant::now);
                sink.send(part).await;
            }
        }
        // Everything that came before the failure has been sent now.
        if let Some(refusal) = failed.take() {
            // An answer that has a finish reason is complete: the client misses nothing.
            if stream.picker.is_finished() && matches!(refusal.cause, Cause::Connection | Cause::Timeout) {
                break;
            }
            // Boxed, so that a stream does not reserve memory for a future that few streams need.
            Box::pin(continuation::resume(exchange, stream, refusal)).await?;
            continue;
        }
        if stream.is_exhausted {
            break;
        }
        failed = stream.read().await.err();
    }
    if let Some(windows) = &mut stream.windows {
        let rest = Box::pin(windows.finish()).await?;
        sink.send(rest).await;
    }
    Ok(())
}

impl Stream {
    /// Sets the model in every chunk to the name that the client used.
    pub fn restamp(&mut self, group: &str) {
        let model = Bytes::from(quote(group));
        self.picker.model = Some(model.clone());
        // The chunks in `ready` were read before the name was set.
        let ready = std::mem::take(&mut self.ready);
        for part in ready {
            let restamped = Scan::new(usize::MAX).relay(&part, |seen| match chunk::model(seen.data) {
                Some(span) if span.of(seen.data) != model => Verdict::Edit(span, model.clone()),
                _ => Verdict::Keep,
            });
            self.ready.extend(restamped.forward);
        }
    }

    /// Begins to keep what the client gets, for the record.
    pub fn transcribe(&mut self) {
        let mut transcript = Transcript::default();
        if let Some(windows) = &mut self.windows {
            windows.transcript = Some(transcript);
            return;
        }
        for part in &self.ready {
            let _ = Scan::new(usize::MAX).relay(part, |seen| {
                transcript.add(seen.data);
                Verdict::Keep
            });
        }
        self.picker.transcript = Some(transcript);
    }

    /// Replaces the rest of this stream with `next`, the stream of another deployment.
    fn take_up(&mut self, next: Stream, mut seam: Seam) {
        seam.transcript = self.picker.transcript.take();
        let client_wants_usage = self.picker.client_wants_usage;
        self.picker = next.picker;
        self.picker.client_wants_usage = client_wants_usage;
        self.source = next.source;
        self.scan = next.scan;
        self.ready = next.ready;
        self.is_exhausted = next.is_exhausted;
        self.in_flight = next.in_flight;
        self.seam = Some(Box::new(seam));
    }

    /// If this stream continues another one, rewrites the events that are ready accordingly.
    fn sew(&mut self) {
        if let Some(seam) = &mut self.seam {
            // Together these are complete events; each part by itself may not be one.
            let ready = BytesMut::from_iter(self.ready.drain(..).flatten()).freeze();
            self.ready.extend(seam.pass(&ready));
            if self.is_exhausted {
                self.ready.extend(seam.rest());
            }
        }
    }

    /// Records in the story what has been seen of this stream, once.
    fn tell(&mut self, exchange: &mut Exchange) {
        if exchange.story.ending.is_some() {
            return;
        }
        let story = &mut exchange.story;
        story.content_events = self.picker.events;
        story.usage = self.picker.usage;
        story.service_tier = self.picker.service_tier.take();
        let sewn = self.seam.as_mut().and_then(|seam| seam.transcript.take());
        story.transcript = sewn.or(self.picker.transcript.take());
        let Some(windows) = &mut self.windows else { return };
        story.transcript = windows.transcript.take();
        for report in windows.reports() {
            let metrics = &exchange.worker.gateway.metrics;
            metrics.guarded(&report.name, report.mode, report.status, report.took.as_secs_f64());
            // These guardrails were reported as applied when the head was sent. The final reports replace those.
            story
                .guardrails
                .retain(|earlier| (&earlier.name, earlier.mode) != (&report.name, report.mode));
            story.guardrails.push(report);
        }
    }
}

/// The event for an error that occurs after the status was sent.
pub fn error_event(refusal: &Refusal) -> Bytes {
    let mut event = BytesMut::new();
    sse::write_data(&mut event, &refusal.body());
    event.freeze()
}
