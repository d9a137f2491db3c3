//! How a stream is cut into events, in one of three ways. An adapter says which one its provider uses.

mod aws;
mod lines;

use bytes::Bytes;

use crate::sse::{self, Event};
use aws::Messages;
use lines::Lines;

/// Why a stream cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    #[error("an event of the stream is longer than {event_bytes_max} bytes")]
    TooLarge { event_bytes_max: usize },
    #[error("the stream is no AWS event stream: {0}")]
    Broken(&'static str),
    #[error("the stream broke off in the middle of an event")]
    Unfinished,
}

/// Reads a stream's events: [`push`](Events::push) what has arrived, take events until there is none, push the next.
#[derive(Debug)]
pub enum Events {
    Sse(sse::Events),
    Lines(Lines),
    Aws(Messages),
}

impl Events {
    /// The WHATWG's event stream. In all framings, an event may be as long as `event_bytes_max`; this is also what a
    /// reader may hold.
    #[must_use]
    pub fn sse(event_bytes_max: usize) -> Self {
        Self::Sse(sse::Events::new(event_bytes_max))
    }

    /// One JSON document a line.
    #[must_use]
    pub fn lines(event_bytes_max: usize) -> Self {
        Self::Lines(Lines::new(event_bytes_max))
    }

    /// `application/vnd.amazon.eventstream`.
    #[must_use]
    pub fn aws(event_bytes_max: usize) -> Self {
        Self::Aws(Messages::new(event_bytes_max))
    }

    pub fn push(&mut self, data: Bytes) {
        match self {
            Self::Sse(events) => events.push(data),
            Self::Lines(lines) => lines.push(&data),
            Self::Aws(messages) => messages.push(&data),
        }
    }

    /// Call it when the stream has ended and no events are left: a last event that lacks only its end.
    ///
    /// # Errors
    /// The stream broke off in the middle of an event.
    pub fn finish(&mut self) -> Result<Option<Event>, FramingError> {
        match self {
            Self::Sse(events) => Ok(events.finish()),
            Self::Lines(lines) => Ok(lines.finish()),
            Self::Aws(messages) => messages.finish().map(|()| None),
        }
    }
}

/// `None` means that more data is needed; after an error there are no more events.
impl Iterator for Events {
    type Item = Result<Event, FramingError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Sse(events) => {
                let too_large = |error: sse::EventTooLarge| FramingError::TooLarge {
                    event_bytes_max: error.event_bytes_max,
                };
                Some(events.next()?.map_err(too_large))
            }
            Self::Lines(lines) => lines.next(),
            Self::Aws(messages) => messages.next(),
        }
    }
}
