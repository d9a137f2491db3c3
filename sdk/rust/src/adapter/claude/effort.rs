//! How hard to think, in OpenAI's words.

use crate::Failure;

/// The least budget.
pub(super) const BUDGET_MIN: u64 = 1024;

/// `reasoning_effort`: a word, and the tokens that stand for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// `minimal`, `low`, `medium`, `high`, `xhigh` or `max`.
    pub word: &'static str,
    pub(super) tokens: u64,
}

impl Effort {
    /// LiteLLM's tokens; `minimal` is the least budget.
    const ALL: [(&str, u64); 6] = [
        ("minimal", BUDGET_MIN),
        ("low", 1024),
        ("medium", 2048),
        ("high", 4096),
        ("xhigh", 8192),
        ("max", 16384),
    ];

    /// What the client writes; `none` is `None`.
    ///
    /// # Errors
    /// It is another word.
    pub fn read(word: &str) -> Result<Option<Self>, Failure> {
        if word == "none" {
            return Ok(None);
        }
        let known = Self::ALL.into_iter().find(|(known, _)| *known == word);
        let (word, tokens) = known.ok_or_else(|| {
            let message = "`reasoning_effort` is one of none, minimal, low, medium, high, xhigh, max";
            Failure::bad_request("reasoning_effort", message)
        })?;
        Ok(Some(Self { word, tokens }))
    }

    /// The word that comes nearest to a budget.
    #[must_use]
    pub fn word_of(tokens: u64) -> &'static str {
        match tokens {
            8192.. => "xhigh",
            4096.. => "high",
            2048.. => "medium",
            _ => "low",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_words_are_refused() {
        assert_eq!(Effort::read("none").unwrap(), None);
        assert!(Effort::read("very").unwrap_err().message.contains("minimal, low"));
    }
}
