//! The position in the content of the current text: annotations count characters from the beginning of their part.

use super::super::wire::Event;

/// The current part.
#[derive(Default)]
pub struct Place {
    part: Option<(u64, u64)>,
    /// Number of characters before this part, and within it.
    before: u64,
    inside: u64,
}

impl Place {
    /// Goes on to the part that the event names.
    pub fn enter(&mut self, event: &Event) {
        let part = (event.output_index.unwrap_or(0), event.content_index.unwrap_or(0));
        if self.part != Some(part) {
            self.part = Some(part);
            self.before += std::mem::take(&mut self.inside);
        }
    }

    /// Adds this number of characters of text.
    pub fn add(&mut self, characters: u64) {
        self.inside += characters;
    }

    /// The number of characters before the current part.
    pub fn offset(&self) -> u64 {
        self.before
    }
}
