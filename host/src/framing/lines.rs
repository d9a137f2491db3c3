//! One JSON document a line (<https://jsonlines.org>). The documents are not looked at: adapters read them.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

use super::FramingError;
use crate::sse::Event;

/// Cuts a stream at its line feeds. Empty lines are no events.
#[derive(Debug)]
pub struct Lines {
    event_bytes_max: usize,
    held: BytesMut,
    /// Bytes of `held` that are known to have no line feed.
    seen: usize,
    has_failed: bool,
}

impl Lines {
    pub fn new(event_bytes_max: usize) -> Self {
        Self {
            event_bytes_max,
            held: BytesMut::new(),
            seen: 0,
            has_failed: false,
        }
    }

    pub fn push(&mut self, data: &Bytes) {
        if !self.has_failed {
            self.held.extend_from_slice(data);
        }
    }

    /// The last line, if it lacks its line feed.
    pub fn finish(&mut self) -> Option<Event> {
        self.seen = 0;
        event(self.held.split())
    }

    pub fn next(&mut self) -> Option<Result<Event, FramingError>> {
        while !self.has_failed {
            let Some(end) = memchr(b'\n', &self.held[self.seen..]) else {
                self.seen = self.held.len();
                break;
            };
            let line = self.held.split_to(self.seen + end);
            self.held.advance(1);
            self.seen = 0;
            if line.len() > self.event_bytes_max {
                return Some(Err(self.fail()));
            }
            if let Some(event) = event(line) {
                return Some(Ok(event));
            }
        }
        (self.held.len() > self.event_bytes_max).then(|| Err(self.fail()))
    }

    fn fail(&mut self) -> FramingError {
        self.has_failed = true;
        self.held = BytesMut::new();
        self.seen = 0;
        FramingError::TooLarge {
            event_bytes_max: self.event_bytes_max,
        }
    }
}

/// `None` for a line of white space.
fn event(line: BytesMut) -> Option<Event> {
    let trimmed = line.trim_ascii_end();
    let (length, is_blank) = (trimmed.len(), trimmed.trim_ascii_start().is_empty());
    (!is_blank).then(|| Event {
        name: Bytes::new(),
        data: line.freeze().slice(..length),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a stream that arrives in pieces of this many bytes.
    fn read(stream: &str, piece: usize, event_bytes_max: usize) -> Result<Vec<String>, FramingError> {
        let mut lines = Lines::new(event_bytes_max);
        let mut read = Vec::new();
        for piece in stream.as_bytes().chunks(piece) {
            lines.push(&Bytes::copy_from_slice(piece));
            while let Some(event) = lines.next() {
                read.push(event?);
            }
        }
        read.extend(lines.finish());
        let text = |event: Event| String::from_utf8(event.data.to_vec()).unwrap();
        Ok(read.into_iter().map(text).collect())
    }

    #[test]
    fn lines_are_the_same_however_they_arrive() {
        let stream = "{\"a\":1}\r\n\n  \n{\"b\":\"x y\"}\n{\"c\":3}";
        for piece in 1..=stream.len() {
            assert_eq!(
                read(stream, piece, 100).unwrap(),
                [r#"{"a":1}"#, r#"{"b":"x y"}"#, r#"{"c":3}"#]
            );
        }
        assert!(read("", 1, 1).unwrap().is_empty());
    }

    #[test]
    fn a_line_has_a_bound() {
        assert_eq!(read("12345\n1", 3, 5).unwrap(), ["12345", "1"]);
        let too_large = Err(FramingError::TooLarge { event_bytes_max: 5 });
        assert_eq!(read("123456\n", 7, 5), too_large);
        assert_eq!(read("123456789", 2, 5), too_large);
    }
}
