//! Translates a streamed answer: one event for each token. The last event has the whole text and the finish reason.

use sluice_sdk::Failure;
use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::{Chunks, Text};

use super::wire::{self, Answer};

/// The state of one streamed answer.
pub struct Stream {
    origin: Origin,
    /// Set by the first event.
    chunks: Option<Chunks>,
    /// Whether a chunk with the role was written.
    spoke: bool,
    has_ended: bool,
}

impl Stream {
    /// A stream of this endpoint.
    pub fn new(endpoint: &str) -> Self {
        Self {
            origin: Origin::of_model(endpoint),
            chunks: None,
            spoke: false,
            has_ended: false,
        }
    }

    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Appends the chunks for one event.
    ///
    /// # Errors
    /// The event is an error, or cannot be parsed.
    pub fn data(&mut self, data: &str, out: &mut Vec<u8>) -> Result<(), Failure> {
        if data == "[DONE]" {
            return self.end(&Answer::default(), out);
        }
        let event = wire::read(data)?;
        let Some(token) = &event.token else {
            return self.without_token(&event, out);
        };
        if let Some(text) = token.added() {
            self.text(text, out);
        }
        let is_last = token.is_last() || event.whole_text().is_some() || event.said_reason().is_some();
        if is_last { self.end(&event, out) } else { Ok(()) }
    }

    /// Reads an event without a token: the whole answer of a server that does not stream, or the last event of some
    /// servers.
    fn without_token(&mut self, event: &Answer, out: &mut Vec<u8>) -> Result<(), Failure> {
        let text = event.whole_text();
        if text.is_none() && event.said_reason().is_none() {
            return Err(Failure::malformed("an event of its stream has no `token`"));
        }
        if let Some(text) = text.filter(|text| !self.spoke && !text.is_empty()) {
            self.text(text, out);
        }
        self.end(event, out)
    }

    fn text(&mut self, text: &Text, out: &mut Vec<u8>) {
        let speaks = !std::mem::replace(&mut self.spoke, true);
        self.chunks().delta(out, |delta| {
            if speaks {
                delta.string("role", "assistant");
            }
            delta.text("content", text);
        });
    }

    fn end(&mut self, event: &Answer, out: &mut Vec<u8>) -> Result<(), Failure> {
        let reason = event.finish_reason()?;
        let speaks = !std::mem::replace(&mut self.spoke, true);
        self.has_ended = true;
        let chunks = self.chunks();
        chunks.finish(out, &reason, |delta| {
            if speaks {
                delta.string("role", "assistant").string("content", "");
            }
        });
        if let Some(usage) = event.usage() {
            chunks.usage(out, |to| usage.write(to));
        }
        chunks.done(out);
        Ok(())
    }

    fn chunks(&mut self) -> &Chunks {
        let origin = &self.origin;
        self.chunks
            .get_or_insert_with(|| Chunks::new(&origin.id(None), origin.created(), &origin.model(None)))
    }
}
