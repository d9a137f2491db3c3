//! Phase `relay`: passes a streamed answer on to the client, event by event, in the client's dialect.
//!
//! On the way guardrails check the text. If a stream breaks, another deployment continues it if that is possible
//! ([`super::continuation`]).

use std::num::NonZeroU32;
use std::time::Instant;

use hyper::Response;

use super::continuation;
use super::dialect::Events;
use super::history::{Ending, Event};
use super::masks::scrubbed_of;
use super::refusal::{Cause, Refusal};
use super::respond::stream_headers;
use super::state::Exchange;
use super::stream::{Source, Stream};
use crate::body::{Body, Sink};

/// The response of a streamed answer: a head now, and a body that relays the stream while the client reads.
pub fn respond(exchange: Exchange, mut stream: Box<Stream>) -> Response<Body> {
    let headers = stream_headers(&exchange, &std::mem::take(&mut stream.headers));
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
        tell(&mut self.stream, &mut self.exchange);
    }
}

impl Relay {
    pub fn new(exchange: Exchange, stream: Box<Stream>) -> Self {
        Self { stream, exchange }
    }

    /// Relays the stream to its end.
    pub async fn run(mut self, sink: Sink) {
        let Self { stream, exchange } = &mut self;
        let mut events = exchange.dialect.events();
        let ending = match pass_on(exchange, stream, events.as_mut(), &sink).await {
            Ok(()) => Ending::Answered { status: 200 },
            Err(refusal) => {
                let refusal = broken(exchange, stream, refusal);
                sink.send(events.refusal(&refusal)).await;
                Ending::Broken(refusal)
            }
        };
        // The exchange ends before its last bytes are sent: clients hang up as soon as they have read them.
        tell(stream, exchange);
        let is_whole = ending.failure().is_none();
        exchange.end(ending);
        // If the stream failed or was refused, the source is dropped instead, which cancels the upstream's answer.
        let source = std::mem::replace(&mut stream.source, Source::Canned(None));
        if is_whole {
            source.drain();
        }
        sink.send(events.end()).await;
    }
}

/// The error of a stream of which a part was delivered.
fn broken(exchange: &Exchange, stream: &Stream, refusal: Refusal) -> Refusal {
    let refusal = scrubbed_of(exchange, refusal);
    let delivered = exchange.history.cut_off_chunks() + stream.reader.events;
    Refusal {
        delivered_chunks: u32::try_from(delivered).ok().and_then(NonZeroU32::new),
        ..refusal
    }
}

async fn pass_on(
    exchange: &mut Exchange,
    stream: &mut Stream,
    events: &mut dyn Events,
    sink: &Sink,
) -> Result<(), Refusal> {
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
                if exchange.history.first_content().is_none() {
                    exchange.history.add(Event::FirstContent { at: Instant::now() });
                }
                sink.send(events.pass(part)?).await;
            }
        }
        // Everything that came before the failure has been sent now.
        if let Some(refusal) = failed.take() {
            // An answer that has a finish reason is complete: the client misses nothing.
            if stream.reader.is_finished() && matches!(refusal.cause, Cause::Connection | Cause::Timeout) {
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
        sink.send(events.pass(rest)?).await;
    }
    Ok(())
}

/// Adds to the history what has been seen of a stream, once.
fn tell(stream: &mut Stream, exchange: &mut Exchange) {
    let history = &mut exchange.history;
    if history.ending().is_some() {
        return;
    }
    let Stream {
        reader, seam, windows, ..
    } = stream;
    history.add(Event::Streamed { events: reader.events });
    if let Some(usage) = reader.usage {
        history.add(Event::Used {
            usage,
            service_tier: reader.service_tier.take(),
            is_estimated: false,
        });
    }
    let sewn = seam.as_mut().and_then(|seam| seam.transcript.take());
    let mut transcript = sewn.or(reader.transcript.take());
    if let Some(windows) = windows {
        transcript = windows.transcript.take();
        for report in windows.reports() {
            let metrics = &exchange.worker.metrics;
            metrics.guarded(&report.name, report.mode, report.status, report.took.as_secs_f64());
            history.add(Event::Guarded(Box::new(report)));
        }
    }
    if let Some(transcript) = transcript {
        history.add(Event::Transcribed(Box::new(transcript)));
    }
}
