//! What the writers of text and of media share: where a part stands, and what became of it.

use sluice_sdk::canonical::{Part, RawValue};

use super::documents::Documents;

/// What a message's parts need to know beside themselves.
pub struct Surroundings<'c> {
    pub documents: &'c mut Documents,
    /// The path of the part, for refusals.
    pub at: &'c str,
    /// Text is checked by the guardrail.
    pub is_guarded: bool,
}

/// What a block turned out to be, as far as the turn it stands in must know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Nothing,
    Text,
    Document,
    Other,
}

/// A field of the part that OpenAI does not have.
pub fn rest<'a>(part: &Part<'a>, name: &str) -> Option<&'a RawValue> {
    let found = part.rest.iter().rev().find(|(known, _)| known == name);
    found.map(|(_, value)| *value)
}
