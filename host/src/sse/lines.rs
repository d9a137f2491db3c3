//! Reading the lines of one event: "Interpreting an event stream" of the standard.

use std::ops::Range;

use memchr::{memchr, memchr2};

/// Where an event's fields stand in its bytes.
pub(super) struct Fields {
    pub name: Range<usize>,
    pub data: Data,
    /// Whether there is anything but comments and empty lines.
    pub has_any: bool,
}

pub(super) enum Data {
    /// No `data` field: by the standard, no event.
    None,
    Line(Range<usize>),
    /// Several fields, joined by line feeds.
    Lines(Vec<u8>),
}

/// Reads `event`, the lines up to and including an empty one. A byte order mark is skipped if this is where the stream
/// begins.
pub(super) fn read(event: &[u8], is_stream_start: bool) -> Fields {
    let mut fields = Fields {
        name: 0..0,
        data: Data::None,
        has_any: false,
    };
    let mut at = if is_stream_start && event.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    while at < event.len() {
        let end = memchr2(b'\n', b'\r', &event[at..]).map_or(event.len(), |length| at + length);
        fields.line(event, at..end);
        at = after_line_end(event, end).unwrap_or(event.len());
    }
    fields
}

/// Where the next line begins, given where one ends; `None` when it ended with `bytes` and not by a line end.
pub(super) fn after_line_end(bytes: &[u8], end: usize) -> Option<usize> {
    match bytes.get(end..)? {
        [b'\r', b'\n', ..] => Some(end + 2),
        [_, ..] => Some(end + 1),
        [] => None,
    }
}

impl Fields {
    fn line(&mut self, event: &[u8], line: Range<usize>) {
        let text = &event[line.clone()];
        if let [] | [b':', ..] = text {
            return;
        }
        self.has_any = true;
        let (name, value) = match memchr(b':', text) {
            None => (text, line.end..line.end),
            Some(colon) => {
                let space = usize::from(text.get(colon + 1) == Some(&b' '));
                (&text[..colon], line.start + colon + 1 + space..line.end)
            }
        };
        match name {
            b"data" => self.data.push(event, value),
            b"event" => self.name = value,
            // `id` and `retry` serve resumption, which there is none of; other names the standard ignores.
            _ => {}
        }
    }
}

impl Data {
    fn push(&mut self, event: &[u8], line: Range<usize>) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None => Self::Line(line),
            Self::Line(first) => Self::Lines([&event[first], b"\n", &event[line]].concat()),
            Self::Lines(mut joined) => {
                joined.push(b'\n');
                joined.extend_from_slice(&event[line]);
                Self::Lines(joined)
            }
        };
    }
}
