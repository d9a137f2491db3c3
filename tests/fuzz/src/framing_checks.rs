//! Checks of the other framings of streams. The first eight bytes of the input say where the stream is cut.

use bytes::Bytes;

use crate::framing::{Events, FramingError};
use crate::sse::Event;
use crate::sse_checks::{frames, split};

/// Small enough for the fuzzer to reach.
const EVENT_BYTES_MAX: usize = 96;

/// The same events however the stream is cut, and these are its lines.
pub fn framing_lines(input: &[u8]) {
    let (cuts, stream) = split(input);
    let (whole, end) = read(Events::lines(EVENT_BYTES_MAX), std::slice::from_ref(&stream));
    let (cut, cut_end) = read(Events::lines(EVENT_BYTES_MAX), &frames(cuts, &stream));
    assert_eq!((&cut, &cut_end), (&whole, &end));
    let lines = stream.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let expected = lines.filter(|line| !line.trim_ascii().is_empty());
    for (event, line) in whole.iter().zip(expected) {
        assert_eq!(event.data, line);
    }
}

/// The same events however the stream is cut: of the input as it is, and as the headers and as the payload of messages
/// whose checksums are right.
pub fn framing_aws(input: &[u8]) {
    let (cuts, stream) = split(input);
    let messages = [message(&stream, b""), message(b"", &stream)].concat();
    for stream in [stream, messages.into()] {
        let whole = read(Events::aws(EVENT_BYTES_MAX), std::slice::from_ref(&stream));
        assert_eq!(read(Events::aws(EVENT_BYTES_MAX), &frames(cuts, &stream)), whole);
    }
}

type Read = (Vec<Event>, Result<Option<Event>, FramingError>);

fn read(mut events: Events, frames: &[Bytes]) -> Read {
    let mut read = Vec::new();
    for frame in frames {
        events.push(frame.clone());
        for event in events.by_ref() {
            match event {
                Ok(event) => read.push(event),
                Err(error) => return (read, Err(error)),
            }
        }
    }
    let end = events.finish();
    (read, end)
}

fn message(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
    let mut message = length(16 + headers.len() + payload.len()).to_vec();
    message.extend(length(headers.len()));
    message.extend(crc32fast::hash(&message).to_be_bytes());
    message.extend([headers, payload].concat());
    message.extend(crc32fast::hash(&message).to_be_bytes());
    message
}
