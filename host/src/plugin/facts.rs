//! What a strategy may ask of a deployment with a word (`candidates.having`).

pub use super::bindings::candidates::Fact;

use crate::deployment::{Candidate, is_within};

/// The name under which an answer is recorded, such as `having.provider.azure`.
#[must_use]
pub fn column(fact: Fact, word: &str) -> String {
    let fact = match fact {
        Fact::Id => "id",
        Fact::Provider => "provider",
        Fact::Model => "model",
        Fact::Tag => "tag",
        Fact::Region => "region",
    };
    format!("having.{fact}.{word}")
}

/// Whether a candidate is such.
#[must_use]
pub fn holds(candidate: &Candidate, fact: Fact, word: &str) -> bool {
    let deployment = &candidate.deployment;
    match fact {
        Fact::Id => is_word(&deployment.settings.id, word),
        Fact::Provider => is_word(&deployment.provider, word),
        Fact::Model => is_word(&candidate.target.model, word),
        Fact::Tag => deployment.tags.iter().any(|tag| is_word(tag, word)),
        Fact::Region => deployment.region.as_ref().is_some_and(|own| is_within(own, word)),
    }
}

/// Whether a word is the one asked for, which may end in `*`.
fn is_word(own: &str, word: &str) -> bool {
    match word.strip_suffix('*') {
        Some(start) => own.starts_with(start),
        None => own == word,
    }
}

#[cfg(test)]
mod tests {
    use super::is_word;

    #[test]
    fn a_star_stands_for_any_end() {
        assert!(is_word("gpt-4o", "gpt-4*") && is_word("gpt-4", "gpt-4*") && is_word("gpt-4", "gpt-4"));
        assert!(!is_word("gpt-4o", "gpt-4") && !is_word("my-gpt-4", "gpt-4*"));
    }
}
