//! [`Stream`]: a streamed answer, from its first content to its end.
//!
//! The events of an upstream that speaks the canonical dialect are passed on as the same bytes; events that an adapter
//! translates arrive here in the same form. On the way the usage is read, the model is named as the client named it,
//! and the usage chunk is removed if only the gateway asked for it.

mod reader;
mod source;

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use hyper::HeaderMap;

pub use reader::EventReader;
pub use source::Source;

use super::inspect::Windows;
use super::refusal::{Cause, Refusal};
use crate::canonical::join::Transcript;
use crate::canonical::{Canonical, Delivered, Seam, peek};
use crate::config::settings::Settings;
use crate::deployment::InFlight;
use crate::json::text::quote;
use crate::sse::{self, Scan, Verdict};

/// A streamed answer. When an attempt returns it, its first content is there and nothing has been sent.
pub struct Stream {
    pub source: Source,
    pub scan: Scan,
    pub reader: EventReader,
    /// Events that were checked and are ready to be sent.
    pub ready: VecDeque<Bytes>,
    pub is_exhausted: bool,
    /// The upstream's headers.
    pub headers: HeaderMap,
    pub windows: Option<Windows>,
    /// Set if this stream continues what another deployment began.
    pub seam: Option<Box<Seam>>,
    /// Counts as the deployment's load until the stream ends.
    pub in_flight: Option<InFlight>,
}

impl Stream {
    /// Waits for the first content: until then the attempt may still fail over. Comments, and chunks that only open the
    /// answer (a role without text), are kept in `ready` meanwhile.
    ///
    /// `delivered`: where the text is kept, if another deployment could continue the answer.
    ///
    /// # Errors
    /// The upstream failed before the first content, sent an error in its place, ended without content, or sent too
    /// much without content.
    pub async fn begin(
        settings: &Settings,
        canonical: &Canonical,
        source: Source,
        headers: HeaderMap,
        delivered: Option<Delivered>,
    ) -> Result<Self, Refusal> {
        let mut stream = Self::new(canonical, source, headers, settings.upstream.event_bytes_max);
        stream.reader.client_wants_usage |= settings.general.always_include_stream_usage;
        stream.reader.delivered = delivered;
        while !stream.reader.has_content && !stream.is_exhausted {
            stream.read().await?;
            if stream.ready.iter().map(Bytes::len).sum::<usize>() > settings.upstream.event_bytes_max {
                return Err(Refusal::new(
                    Cause::UpstreamError,
                    "the upstream sends much and says nothing",
                ));
            }
        }
        if stream.reader.events == 0 {
            return Err(Refusal::new(
                Cause::UpstreamError,
                "the upstream's stream ended before it began",
            ));
        }
        if !stream.reader.has_content {
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
            reader: EventReader::new(canonical),
            ready: VecDeque::new(),
            is_exhausted: false,
            headers,
            windows: None,
            seam: None,
            in_flight: None,
        }
    }

    /// Reads once from the source.
    pub async fn read(&mut self) -> Result<(), Refusal> {
        let Some(data) = self.source.next().await else {
            self.is_exhausted = true;
            return self.read_end();
        };
        self.take(&data?)
    }

    /// Checks the events in these bytes, and moves the complete ones to `ready`.
    fn take(&mut self, data: &Bytes) -> Result<(), Refusal> {
        let Self {
            scan, reader, ready, ..
        } = self;
        let relayed = scan.relay(data, |seen| reader.judge(seen));
        ready.extend(relayed.forward.into_iter().filter(|part| !part.is_empty()));
        if let Some(error) = relayed.error {
            return Err(Refusal::new(Cause::UpstreamError, error.to_string()));
        }
        // Some upstreams leave their connection open after `[DONE]`.
        self.is_exhausted |= scan.is_done();
        reader.error.take().map_or(Ok(()), Err)
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
        let is_complete = matches!(self.source, Source::Canned(_));
        if is_complete || self.scan.is_done() || self.reader.is_finished() || self.reader.events == 0 {
            return Ok(());
        }
        Err(Refusal::new(
            Cause::Connection,
            "the upstream's stream ended before its answer did",
        ))
    }
}

impl Stream {
    /// Sets the model in every chunk to the name that the client used.
    pub fn restamp(&mut self, group: &str) {
        let model = Bytes::from(quote(group));
        self.reader.model = Some(model.clone());
        // The chunks in `ready` were read before the name was set.
        let ready = std::mem::take(&mut self.ready);
        for part in ready {
            let restamped = Scan::new(usize::MAX).relay(&part, |seen| match peek::model(seen.data) {
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
        self.reader.transcript = Some(transcript);
    }

    /// Replaces the rest of this stream with `next`, the stream of another deployment.
    pub fn take_up(&mut self, next: Stream, mut seam: Seam) {
        seam.transcript = self.reader.transcript.take();
        let client_wants_usage = self.reader.client_wants_usage;
        self.reader = next.reader;
        self.reader.client_wants_usage = client_wants_usage;
        self.source = next.source;
        self.scan = next.scan;
        self.ready = next.ready;
        self.is_exhausted = next.is_exhausted;
        self.in_flight = next.in_flight;
        self.seam = Some(Box::new(seam));
    }

    /// If this stream continues another one, rewrites the events that are ready accordingly.
    pub fn sew(&mut self) {
        if let Some(seam) = &mut self.seam {
            // Together these are complete events; each part by itself may not be one.
            let ready = BytesMut::from_iter(self.ready.drain(..).flatten()).freeze();
            self.ready.extend(seam.pass(&ready));
            if self.is_exhausted {
                self.ready.extend(seam.rest());
            }
        }
    }
}
