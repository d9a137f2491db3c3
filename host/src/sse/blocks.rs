//! Cutting a stream where its events end: after each empty line.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

use super::EventTooLarge;

/// Cuts frames into blocks of lines that an empty line ends. A block is an event, a comment that keeps the connection
/// alive, or an empty line to spare; put together, blocks are the stream byte for byte.
///
/// Lines end with CRLF, LF or CR. A block whose last line ends with a CR at the end of a frame is complete, for waiting
/// would hold back an event; an LF that the next frame may begin with then stands at the front of the next block, where
/// it reads as an empty line.
#[derive(Debug)]
pub(super) struct Blocks {
    event_bytes_max: usize,
    /// The block that earlier frames began.
    carry: BytesMut,
    /// Its length, without line ends that belong to the block before it or to its own last, empty line: so counted,
    /// whether a block is too large does not depend on where frames are cut.
    counted: usize,
    /// Nothing of the current line has been seen.
    line_is_empty: bool,
    /// The last byte was a CR that ended a line; an LF now would belong to it.
    after_cr: bool,
    has_failed: bool,
}

/// Where a complete block is.
#[derive(Debug)]
pub(super) enum Block {
    /// Whole inside the frame.
    Within(Range<usize>),
    /// Put together from several frames.
    Carried(Bytes),
}

impl Blocks {
    pub(super) fn new(event_bytes_max: usize) -> Self {
        let carry = BytesMut::new();
        Self {
            event_bytes_max,
            carry,
            counted: 0,
            line_is_empty: true,
            after_cr: false,
            has_failed: false,
        }
    }

    /// The next complete block of `frame` from `at` on, which moves past it. `None` when the frame is used up: what it
    /// began is kept for the next one. After an error there are no more blocks.
    pub(super) fn next(&mut self, frame: &[u8], at: &mut usize) -> Result<Option<Block>, EventTooLarge> {
        let start = *at;
        if self.has_failed || start >= frame.len() {
            return Ok(None);
        }
        let end = self
            .block_end(&frame[start..])
            .inspect_err(|_| self.fail())?
            .map(|length| start + length);
        *at = end.unwrap_or(frame.len());
        if end.is_some() && self.carry.is_empty() {
            return Ok(Some(Block::Within(start..*at)));
        }
        self.carry.extend_from_slice(&frame[start..*at]);
        Ok(end.map(|_| Block::Carried(std::mem::take(&mut self.carry).freeze())))
    }

    /// The block that the stream broke off in; empty when it ended with an empty line.
    pub(super) fn take_unfinished(&mut self) -> Bytes {
        std::mem::take(&mut self.carry).freeze()
    }

    /// How many of these bytes, which are not empty, belong to the current block, if it ends among them.
    fn block_end(&mut self, bytes: &[u8]) -> Result<Option<usize>, EventTooLarge> {
        let mut at = usize::from(std::mem::take(&mut self.after_cr) && bytes[0] == b'\n');
        let counted_from = if self.counted == 0 { at } else { 0 };
        while let Some(length) = memchr2(b'\n', b'\r', &bytes[at..]) {
            let line_end = at + length;
            let is_blank = length == 0 && self.line_is_empty;
            self.line_is_empty = true;
            at = line_end + 1;
            if bytes[line_end] == b'\r' {
                match bytes.get(at) {
                    Some(b'\n') => at += 1,
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
            if is_blank {
                self.count(line_end - counted_from)?;
                self.counted = 0;
                return Ok(Some(at));
            }
        }
        self.line_is_empty &= at == bytes.len();
        self.count(bytes.len() - counted_from)?;
        Ok(None)
    }

    fn count(&mut self, bytes: usize) -> Result<(), EventTooLarge> {
        self.counted += bytes;
        match self.counted > self.event_bytes_max {
            true => Err(EventTooLarge {
                event_bytes_max: self.event_bytes_max,
            }),
            false => Ok(()),
        }
    }

    fn fail(&mut self) {
        self.has_failed = true;
        self.carry = BytesMut::new();
    }
}
