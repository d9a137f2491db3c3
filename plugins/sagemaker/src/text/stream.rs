//! A streamed answer: an event a token, of which the last one has all of the text and says why it ended.

use sluice_sdk::Failure;
use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::{Chunks, Text};

use super::wire::{self, Answer};

/// What is known of a stream so far.
pub struct Stream {
    origin: Origin,
    /// Since the first event.
    chunks: Option<Chunks>,
    /// Whether a chunk said whose the answer is.
    spoke: bool,
    has_ended: bool,
}

impl Stream {
    /// Of this endpoint.
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

    /// Chunks for an event.
    ///
    /// # Errors
    /// It is an error, or no event.
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

    /// A server that does not stream answers whole, and one that does may end with an event of its own.
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
