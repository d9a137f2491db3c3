//! Passing a stream on, event by event, with a look at each.

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

use super::blocks::{Block, Blocks};
use super::lines::{self, Data, Fields};
use super::{DONE, Event, EventTooLarge, events, write_data};
use crate::json::{Assembly, Parts, Span};

/// Relays a stream so that only whole events go out. A frame that consists of whole events which all stay goes out as
/// the same bytes; an event that frames cut in two waits for its end.
#[derive(Debug)]
pub struct Scan {
    blocks: Blocks,
    is_start: bool,
    is_done: bool,
}

/// An event on its way through.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The `event` field; empty when there is none.
    pub name: &'a [u8],
    /// The `data` fields, joined by line feeds when there are several.
    pub data: &'a [u8],
}

impl Seen<'_> {
    /// Whether this is the mark that ends an OpenAI stream.
    pub fn is_done(&self) -> bool {
        self.data == DONE
    }
}

/// What becomes of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes out as it came.
    Keep,
    /// It does not go out.
    Drop,
    /// It goes out with these bytes of its data replaced. A span that is not inside the data leaves it as it came.
    Edit(Span, Bytes),
}

/// What one frame gave.
#[derive(Debug)]
#[must_use = "what is not sent on is lost"]
pub struct Relayed {
    /// Whole events to send now; often none.
    pub forward: Parts,
    /// The stream ends here, after what is to be sent: an event was too large.
    pub error: Option<EventTooLarge>,
}

impl Scan {
    /// An event may be as long as `event_bytes_max`, all its lines counted; this is also what a relay may hold back.
    pub fn new(event_bytes_max: usize) -> Self {
        Self {
            blocks: Blocks::new(event_bytes_max),
            is_start: true,
            is_done: false,
        }
    }

    /// Takes the next frame, asks `judge` about each event that is complete with it, in order, and says what to send.
    /// Comments and empty lines are not asked about and stay.
    pub fn relay(&mut self, frame: &Bytes, mut judge: impl FnMut(&Seen<'_>) -> Verdict) -> Relayed {
        let mut out = Assembly::new(frame);
        let mut at = 0;
        let error = loop {
            match self.blocks.next(frame, &mut at) {
                Ok(Some(block)) => self.pass(&mut out, &Source { frame, block }, &mut judge),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        Relayed {
            forward: out.finish(),
            error,
        }
    }

    /// Whether `[DONE]` has passed or was dropped.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// Call it when the stream has ended: the event it broke off in, with what it has so far. It was not forwarded.
    pub fn finish(&mut self) -> Option<Event> {
        let event = events::unfinished(&self.blocks.take_unfinished(), std::mem::take(&mut self.is_start));
        self.is_done |= event.as_ref().is_some_and(|event| event.data == DONE);
        event
    }

    fn pass(&mut self, out: &mut Assembly<'_>, source: &Source<'_>, judge: &mut impl FnMut(&Seen<'_>) -> Verdict) {
        let block = source.bytes();
        let fields = lines::read(block, std::mem::take(&mut self.is_start));
        let data = match &fields.data {
            Data::None => return source.keep(out, 0, block.len()),
            Data::Line(range) => &block[range.clone()],
            Data::Lines(joined) => joined,
        };
        let seen = Seen {
            name: &block[fields.name.clone()],
            data,
        };
        self.is_done |= seen.is_done();
        match judge(&seen) {
            Verdict::Keep => source.keep(out, 0, block.len()),
            Verdict::Drop => {}
            Verdict::Edit(span, _) if data.get(span.range()).is_none() => source.keep(out, 0, block.len()),
            Verdict::Edit(span, text) => edit(out, source, &fields, &seen, span, &text),
        }
    }
}

/// Sends an event with a part of its data, known to be inside it, replaced.
fn edit(out: &mut Assembly<'_>, source: &Source<'_>, fields: &Fields, seen: &Seen<'_>, span: Span, text: &[u8]) {
    let place = span.range();
    match &fields.data {
        Data::Line(line) if memchr2(b'\n', b'\r', text).is_none() => {
            source.keep(out, 0, line.start + place.start);
            out.write(text);
            source.keep(out, line.start + place.end, source.bytes().len());
        }
        // More lines than one, before or after: the event is written anew, its name and data alone.
        _ => {
            let mut event = BytesMut::new();
            if !seen.name.is_empty() {
                event.extend_from_slice(&[b"event: ", seen.name, b"\n"].concat());
            }
            write_data(
                &mut event,
                &[&seen.data[..place.start], text, &seen.data[place.end..]].concat(),
            );
            out.append(event.freeze());
        }
    }
}

/// The bytes of one block, wherever they are.
struct Source<'f> {
    frame: &'f [u8],
    block: Block,
}

impl Source<'_> {
    fn bytes(&self) -> &[u8] {
        match &self.block {
            Block::Within(range) => &self.frame[range.clone()],
            Block::Carried(bytes) => bytes,
        }
    }

    /// Sends the block's bytes from `start` to `end`, shared where they are long.
    fn keep(&self, out: &mut Assembly<'_>, start: usize, end: usize) {
        match &self.block {
            Block::Within(range) => out.keep(range.start + start..range.start + end),
            Block::Carried(bytes) => out.append(bytes.slice(start..end)),
        }
    }
}
