//! Taking a stream apart into its events.

use bytes::{Bytes, BytesMut};

use super::blocks::{Block, Blocks};
use super::lines::{self, Data, Fields};
use super::{Event, EventTooLarge};

/// Reads a stream's events: [`push`](Events::push) a frame, iterate until there is no event, push the next.
///
/// An event that lies whole inside one frame and has one `data` line shares the frame's bytes; others are put together.
#[derive(Debug)]
pub struct Events {
    blocks: Blocks,
    frame: Bytes,
    /// How much of the frame has been read.
    at: usize,
    is_start: bool,
}

impl Events {
    /// An event may be as long as `event_bytes_max`, all its lines counted; this is also what a reader may hold.
    pub fn new(event_bytes_max: usize) -> Self {
        Self {
            blocks: Blocks::new(event_bytes_max),
            frame: Bytes::new(),
            at: 0,
            is_start: true,
        }
    }

    /// Takes the next frame of the stream. What was not taken out of an earlier one comes first.
    pub fn push(&mut self, frame: Bytes) {
        if self.at < self.frame.len() {
            let mut joined = BytesMut::from(&self.frame[self.at..]);
            joined.extend_from_slice(&frame);
            self.frame = joined.freeze();
        } else {
            self.frame = frame;
        }
        self.at = 0;
    }

    /// Call it when the stream has ended and no events are left: the event it broke off in, with what it has so far.
    /// The standard discards it. Here a last event that lacks only its empty line is common enough to be let pass, and
    /// anything else that was cut short is worth knowing.
    pub fn finish(&mut self) -> Option<Event> {
        let block = self.blocks.take_unfinished();
        unfinished(&block, std::mem::take(&mut self.is_start))
    }

    fn next_block(&mut self) -> Result<Option<Bytes>, EventTooLarge> {
        let block = self.blocks.next(&self.frame, &mut self.at)?;
        Ok(match block {
            Some(Block::Within(range)) => Some(self.frame.slice(range)),
            Some(Block::Carried(block)) => Some(block),
            None => {
                // Nothing of it is needed any more, so its memory goes back.
                self.frame = Bytes::new();
                self.at = 0;
                None
            }
        })
    }
}

/// `None` means that the next frame is needed; after an error it is all there will be.
impl Iterator for Events {
    type Item = Result<Event, EventTooLarge>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let block = match self.next_block() {
                Ok(block) => block?,
                Err(error) => return Some(Err(error)),
            };
            let fields = lines::read(&block, std::mem::take(&mut self.is_start));
            if !matches!(fields.data, Data::None) {
                return Some(Ok(event(&block, fields)));
            }
        }
    }
}

/// The event of a block that lacks its empty line, unless the block holds nothing but comments.
pub(super) fn unfinished(block: &Bytes, is_stream_start: bool) -> Option<Event> {
    let fields = lines::read(block, is_stream_start);
    fields.has_any.then(|| event(block, fields))
}

fn event(block: &Bytes, fields: Fields) -> Event {
    let data = match fields.data {
        Data::None => Bytes::new(),
        Data::Line(range) => block.slice(range),
        Data::Lines(joined) => Bytes::from(joined),
    };
    Event {
        name: block.slice(fields.name),
        data,
    }
}
