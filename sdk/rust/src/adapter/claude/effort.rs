//! The values of OpenAI's `reasoning_effort`, and the token budgets that they stand for.

use crate::Failure;

/// The smallest thinking budget that Claude accepts, in tokens.
pub(super) const BUDGET_MIN: u64 = 1024;

/// A value of `reasoning_effort`, and its thinking budget in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// `minimal`, `low`, `medium`, `high`, `xhigh` or `max`.
    pub word: &'static str,
    pub(super) tokens: u64,
}

impl Effort {
    /// The budgets are LiteLLM's, but `minimal` is the smallest budget that Claude accepts.
    const ALL: [(&str, u64); 6] = [
        ("minimal", BUDGET_MIN),
        ("low", 1024),
        ("medium", 2048),
        ("high", 4096),
        ("xhigh", 8192),
        ("max", 16384),
    ];

    /// Reads the value that the client sent. `none` is `None`.
    ///
    /// # Errors
    /// The word is not a value of `reasoning_effort`.
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

    /// The word whose budget is nearest to `tokens` from below; `low` for all smaller budgets.
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
