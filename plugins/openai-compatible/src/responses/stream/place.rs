//! Where in the content the text goes: annotations count characters from the beginning of their own part.

use super::super::wire::Event;

/// The part at hand.
#[derive(Default)]
pub struct Place {
    part: Option<(u64, u64)>,
    /// Characters before this part, and in it.
    before: u64,
    inside: u64,
}

impl Place {
    /// Moves on to the part that the event names.
    pub fn enter(&mut self, event: &Event) {
        let part = (event.output_index.unwrap_or(0), event.content_index.unwrap_or(0));
        if self.part != Some(part) {
            self.part = Some(part);
            self.before += std::mem::take(&mut self.inside);
        }
    }

    /// Text of this many characters follows.
    pub fn add(&mut self, characters: u64) {
        self.inside += characters;
    }

    /// Characters before the part at hand.
    pub fn offset(&self) -> u64 {
        self.before
    }
}
