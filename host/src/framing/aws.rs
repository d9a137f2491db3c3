//! `application/vnd.amazon.eventstream`
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html>): messages of a prelude (the length
//! of the message and of its headers, and a checksum of both), headers, a payload and a checksum of all.

use bytes::{Buf, Bytes, BytesMut};

use super::FramingError;
use crate::sse::Event;

/// The two lengths and their checksum.
const PRELUDE: usize = 12;

/// A checksum, CRC-32 as in RFC 1952 §8.
const CHECKSUM: usize = 4;

/// Cuts a stream into messages.
#[derive(Debug)]
pub struct Messages {
    event_bytes_max: usize,
    held: BytesMut,
    has_failed: bool,
}

impl Messages {
    pub fn new(event_bytes_max: usize) -> Self {
        Self {
            event_bytes_max,
            held: BytesMut::new(),
            has_failed: false,
        }
    }

    pub fn push(&mut self, data: &Bytes) {
        if !self.has_failed {
            self.held.extend_from_slice(data);
        }
    }

    /// # Errors
    /// A message lacks its end.
    pub fn finish(&mut self) -> Result<(), FramingError> {
        match self.held.is_empty() {
            true => Ok(()),
            false => Err(FramingError::Unfinished),
        }
    }

    pub fn next(&mut self) -> Option<Result<Event, FramingError>> {
        if self.has_failed {
            return None;
        }
        let message = self.message().transpose()?;
        let event = message.and_then(|(headers, payload)| read(&headers, payload));
        if event.is_err() {
            self.has_failed = true;
            self.held = BytesMut::new();
        }
        Some(event)
    }

    /// The headers and the payload of the next message that is whole.
    fn message(&mut self) -> Result<Option<(Bytes, Bytes)>, FramingError> {
        let Some(mut prelude) = self.held.get(..PRELUDE) else {
            return Ok(None);
        };
        let expected = crc32fast::hash(&prelude[..PRELUDE - CHECKSUM]);
        let (length, headers_length) = (prelude.get_u32() as usize, prelude.get_u32() as usize);
        if prelude.get_u32() != expected {
            return Err(FramingError::Broken("the checksum of a message's lengths is wrong"));
        }
        if length > self.event_bytes_max {
            return Err(FramingError::TooLarge {
                event_bytes_max: self.event_bytes_max,
            });
        }
        if length < PRELUDE + headers_length + CHECKSUM {
            return Err(FramingError::Broken("a message is shorter than its headers"));
        }
        if self.held.len() < length {
            return Ok(None);
        }
        let mut message = self.held.split_to(length).freeze();
        let mut checksum = message.split_off(length - CHECKSUM);
        if crc32fast::hash(&message) != checksum.get_u32() {
            return Err(FramingError::Broken("the checksum of a message is wrong"));
        }
        message.advance(PRELUDE);
        let headers = message.split_to(headers_length);
        Ok(Some((headers, message)))
    }
}

/// The event of a message. Its name is that of the event, or of the exception that the upstream reports.
fn read(headers: &[u8], payload: Bytes) -> Result<Event, FramingError> {
    let mut name = Bytes::new();
    let mut rest = headers;
    while !rest.is_empty() {
        let (header, value) = header(&mut rest).ok_or(FramingError::Broken("a header is cut short or unknown"))?;
        if matches!(header, b":event-type" | b":exception-type" | b":error-code") {
            name = Bytes::copy_from_slice(value);
        }
    }
    Ok(Event { name, data: payload })
}

/// The next header's name, and its value if it is text or bytes; `None` if it is not whole.
fn header<'h>(rest: &mut &'h [u8]) -> Option<(&'h [u8], &'h [u8])> {
    let length = usize::from(*rest.split_off_first()?);
    let name = rest.split_off(..length)?;
    let length = match rest.split_off_first()? {
        // True and false.
        0 | 1 => 0,
        // Numbers of 8, 16, 32 and 64 bits.
        2 => 1,
        3 => 2,
        4 => 4,
        5 => 8,
        // Bytes and text.
        6 | 7 => usize::from(u16::from_be_bytes(rest.split_off(..2)?.try_into().ok()?)),
        // A time in milliseconds.
        8 => 8,
        // A UUID.
        9 => 16,
        _ => return None,
    };
    Some((name, rest.split_off(..length)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message with headers that are text.
    fn message(headers: &[(&str, &str)], payload: &str) -> Vec<u8> {
        let mut written = Vec::new();
        for (name, value) in headers {
            written.push(u8::try_from(name.len()).unwrap());
            written.extend_from_slice(name.as_bytes());
            written.push(7);
            written.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
            written.extend_from_slice(value.as_bytes());
        }
        let length = PRELUDE + written.len() + payload.len() + CHECKSUM;
        let mut message = u32::try_from(length).unwrap().to_be_bytes().to_vec();
        message.extend_from_slice(&u32::try_from(written.len()).unwrap().to_be_bytes());
        message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
        message.extend_from_slice(&written);
        message.extend_from_slice(payload.as_bytes());
        message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
        message
    }

    /// The events of a stream that arrives in pieces of this many bytes.
    fn events(stream: &[u8], piece: usize) -> Result<Vec<(String, String)>, FramingError> {
        let mut messages = Messages::new(1_000);
        let mut read = Vec::new();
        for piece in stream.chunks(piece) {
            messages.push(&Bytes::copy_from_slice(piece));
            while let Some(event) = messages.next() {
                let event = event?;
                read.push((
                    event.name().into_owned(),
                    String::from_utf8(event.data.to_vec()).unwrap(),
                ));
            }
        }
        messages.finish()?;
        Ok(read)
    }

    #[test]
    fn messages_are_the_same_however_they_arrive() {
        let kind = (":message-type", "event");
        let mut stream = message(
            &[(":event-type", "contentBlockDelta"), kind],
            r#"{"delta":{"text":"hi"}}"#,
        );
        stream.extend(message(
            &[(":exception-type", "throttlingException")],
            r#"{"message":"slow"}"#,
        ));
        stream.extend(message(&[], ""));
        let expected = [
            ("contentBlockDelta", r#"{"delta":{"text":"hi"}}"#),
            ("throttlingException", r#"{"message":"slow"}"#),
            ("", ""),
        ];
        let expected: Vec<_> = expected.map(|(name, data)| (name.to_owned(), data.to_owned())).into();
        for piece in 1..=stream.len() {
            assert_eq!(events(&stream, piece).unwrap(), expected, "{piece}");
        }
    }

    #[test]
    fn each_changed_byte_is_noticed() {
        let stream = message(&[(":event-type", "chunk")], "payload");
        for at in 0..stream.len() {
            let mut changed = stream.clone();
            changed[at] ^= 1;
            assert!(events(&changed, changed.len()).is_err(), "{at}");
            assert_eq!(
                events(&stream[..at], 100),
                if at == 0 {
                    Ok(vec![])
                } else {
                    Err(FramingError::Unfinished)
                }
            );
        }
    }

    #[test]
    fn lengths_have_bounds() {
        let long = message(&[], &"x".repeat(1_000));
        assert_eq!(
            events(&long, 100),
            Err(FramingError::TooLarge { event_bytes_max: 1_000 })
        );
        // The headers claim more than the message has.
        let mut short = 16_u32.to_be_bytes().to_vec();
        short.extend_from_slice(&1_u32.to_be_bytes());
        short.extend_from_slice(&crc32fast::hash(&short).to_be_bytes());
        assert!(matches!(events(&short, 100), Err(FramingError::Broken(_))));
    }

    #[test]
    fn every_kind_of_header_is_passed_over() {
        let mut headers = Vec::new();
        for (kind, length) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 4), (5, 8), (8, 8), (9, 16)] {
            headers.extend_from_slice(&[1, b'h', kind]);
            headers.extend(std::iter::repeat_n(0, length));
        }
        headers.extend_from_slice(b"\x0b:event-type\x07\x00\x02me");
        assert_eq!(read(&headers, Bytes::new()).unwrap().name(), "me");
        assert!(read(&headers[..headers.len() - 1], Bytes::new()).is_err());
        assert!(read(b"\x01h\x0a", Bytes::new()).is_err());
    }
}
