//! [`EventReader`]: reads the events of a stream as they pass, and decides which of them the client gets.

use bytes::Bytes;

use crate::canonical::chunk::{ends, says_something};
use crate::canonical::complete::Completion;
use crate::canonical::join::Transcript;
use crate::canonical::{Canonical, Delivered, peek};
use crate::exchange::in_band;
use crate::exchange::refusal::Refusal;
use crate::json::{Span, find, member};
use crate::sse::{Seen, Verdict};
use crate::usage::Usage;

/// Reads each event of a stream: it collects what the gateway needs from them, and decides whether an event is
/// kept, changed or dropped.
pub struct EventReader {
    pub client_wants_usage: bool,
    /// The model as the client named it, JSON; `None` if answers keep the upstream's name.
    pub model: Option<Bytes>,
    pub usage: Option<Usage>,
    pub service_tier: Option<String>,
    pub events: u64,
    /// There was content, or the answer has ended without any.
    pub has_content: bool,
    is_finished: bool,
    /// An error that the upstream sent in place of a chunk.
    pub error: Option<Refusal>,
    pub transcript: Option<Transcript>,
    /// The delivered text, if another deployment could continue it in case this one breaks.
    pub delivered: Option<Delivered>,
    completion: Completion,
}

/// Whether the client itself asked for the usage chunk.
fn client_wants_usage(canonical: &Canonical) -> bool {
    canonical.field("stream_options").is_some_and(|options| {
        find::root(options.json.as_bytes())
            .and_then(|root| member(options.json.as_bytes(), root.span, "include_usage"))
            .is_some_and(|value| value.raw(options.json.as_bytes()) == b"true")
    })
}

impl EventReader {
    pub fn new(canonical: &Canonical) -> Self {
        Self {
            client_wants_usage: client_wants_usage(canonical),
            model: None,
            usage: None,
            service_tier: None,
            events: 0,
            has_content: false,
            is_finished: false,
            error: None,
            transcript: None,
            delivered: None,
            completion: Completion::of_stream(canonical),
        }
    }

    /// Whether the answer has a finish reason.
    pub fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Reads an event and decides what happens to it.
    pub fn judge(&mut self, seen: &Seen<'_>) -> Verdict {
        if seen.is_done() {
            // The gateway writes its own `[DONE]` at the very end, whatever the upstream does.
            return Verdict::Drop;
        }
        self.events += 1;
        let Some(completed) = self.completion.chunk(seen.data) else {
            return self.look(seen.data);
        };
        let completed = match self.look(&completed) {
            Verdict::Drop => return Verdict::Drop,
            Verdict::Keep => completed,
            Verdict::Edit(span, json) => {
                let (before, after) = (&completed[..span.range().start], &completed[span.range().end..]);
                [before, &json, after].concat().into()
            }
        };
        // The span covers the whole chunk, whose length `event_bytes_max` limits.
        let end = u32::try_from(seen.data.len()).unwrap_or(u32::MAX);
        Verdict::Edit(Span { start: 0, end }, completed)
    }

    /// Reads a chunk in the form that the client gets.
    fn look(&mut self, data: &[u8]) -> Verdict {
        if let Some(error) = in_band::error_in(data) {
            self.error = Some(error);
            return Verdict::Drop;
        }
        self.is_finished |= ends(data);
        self.has_content = self.has_content || self.is_finished || says_something(data);
        if let Some(transcript) = &mut self.transcript {
            transcript.add(data);
        }
        if let Some(delivered) = &mut self.delivered {
            delivered.add(data);
        }
        if peek::may_hold_usage(data)
            && let Some(span) = peek::usage(data)
        {
            self.usage = Usage::from_json(span.of(data)).or(self.usage.take());
            self.service_tier = peek::service_tier(data).or(self.service_tier.take());
            if peek::choices_is_empty(data) && !self.client_wants_usage {
                return Verdict::Drop;
            }
        }
        match &self.model {
            Some(model) => match peek::model(data) {
                Some(span) if span.of(data) != model => Verdict::Edit(span, model.clone()),
                _ => Verdict::Keep,
            },
            None => Verdict::Keep,
        }
    }
}
