//! Translates a streamed answer. AWS's events have the parts of the model's own stream, or an exception of SageMaker
//! (<https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_ResponseStream.html>).

use sluice_sdk::{Event, Failure};

use crate::lines::Lines;
use crate::{chat, error, text};

/// The state of one streamed answer.
pub struct Stream {
    lines: Lines,
    inner: Inner,
}

/// The model's own stream.
enum Inner {
    Chat(chat::Stream),
    Text(text::Stream),
}

impl Stream {
    /// For a server with OpenAI's chat completions.
    pub fn of_chat() -> Self {
        Self::of(Inner::Chat(chat::Stream::default()))
    }

    /// For a server that generates text, at this endpoint.
    pub fn of_text(endpoint: &str) -> Self {
        Self::of(Inner::Text(text::Stream::new(endpoint)))
    }

    fn of(inner: Inner) -> Self {
        Self {
            lines: Lines::default(),
            inner,
        }
    }

    /// Called when the upstream's stream has ended; fails if the answer has not.
    pub fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        let mut out = Vec::new();
        let inner = &mut self.inner;
        self.lines.finish(&mut |data| inner.data(data, &mut out))?;
        if self.inner.is_finished() {
            Ok(out)
        } else {
            Err(Failure::malformed("the stream broke off before it said why it ends"))
        }
    }

    /// Appends the chunks for one event; none after the answer has ended.
    ///
    /// # Errors
    /// The event is an error, or cannot be parsed.
    pub fn event(&mut self, event: &Event, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.inner.has_ended() {
            return Ok(());
        }
        match event.name.as_str() {
            "PayloadPart" | "" => {
                let inner = &mut self.inner;
                self.lines.push(&event.data, &mut |data| inner.data(data, out))
            }
            name if error::is_exception(name) => Err(error::of_event(name, &event.data)),
            // Future events.
            _ => Ok(()),
        }
    }
}

impl Inner {
    /// Whether the answer is complete.
    fn has_ended(&self) -> bool {
        match self {
            Self::Chat(stream) => stream.has_ended(),
            Self::Text(stream) => stream.has_ended(),
        }
    }

    /// Whether the upstream's stream may end here.
    fn is_finished(&self) -> bool {
        match self {
            Self::Chat(stream) => stream.is_finished(),
            Self::Text(stream) => stream.has_ended(),
        }
    }

    fn data(&mut self, data: &str, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.has_ended() {
            return Ok(());
        }
        match self {
            Self::Chat(stream) => stream.data(data, out),
            Self::Text(stream) => stream.data(data, out),
        }
    }
}
