//! Event streams: `text/event-stream` as the WHATWG HTML standard defines it (§9.2, "Server-sent events",
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! Two readers, both fed with frames as they arrive and indifferent to where frames are cut. [`Events`] takes a stream
//! apart, for an adapter that translates it. [`Scan`] passes a stream on in whole events, showing each one's data on
//! the way, and copies nothing it need not. Underneath, `blocks` finds where events end and `lines` reads one.
//!
//! What differs from the standard, since nobody here is a browser: bytes that are not UTF-8 are handed on as they are
//! (whoever reads the data as JSON will refuse them), and `id` and `retry` are read past, because a broken stream is
//! never resumed at its upstream.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memchr2;
use thiserror::Error;

mod blocks;
mod events;
mod lines;
mod scan;

pub use events::Events;
pub use scan::{Relayed, Scan, Seen, Verdict};

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The `event` field as it came; empty when there is none, which stands for `message`.
    pub name: Bytes,
    /// The `data` fields, joined by line feeds when there are several.
    pub data: Bytes,
}

impl Event {
    /// The name as text, with U+FFFD in place of what is not UTF-8.
    pub fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }
}

/// An event passed the bound that keeps an upstream from filling memory with one that never ends. The stream cannot be
/// read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an event of the stream is longer than {event_bytes_max} bytes")]
pub struct EventTooLarge {
    pub event_bytes_max: usize,
}

/// What OpenAI's streams end with, as the data of their last event.
pub const DONE: &[u8] = b"[DONE]";

/// Appends an event with this data and no name: `data: …` and an empty line. JSON as the gateway writes it is one line;
/// data with line ends becomes one `data` field a line, as the standard would have it.
pub fn write_data(out: &mut BytesMut, data: &[u8]) {
    const FIELD: &[u8] = b"data: ";
    out.reserve(FIELD.len() + data.len() + 2);
    let mut rest = data;
    loop {
        let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        out.put_slice(FIELD);
        out.put_slice(&rest[..end]);
        out.put_u8(b'\n');
        match lines::after_line_end(rest, end) {
            Some(next) => rest = &rest[next..],
            None => break,
        }
    }
    out.put_u8(b'\n');
}

#[cfg(test)]
mod tests;
