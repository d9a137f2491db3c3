//! Counted tokens. Bedrock counts what it read from and wrote to its cache apart from the input, OpenAI as part of it.

use sluice_sdk::canonical::{Object, RawValue, Text};
use sluice_sdk::wire;

sluice_sdk::wire! {
    /// `usage` of an answer or of a stream's `metadata`.
    Counts {
        "inputTokens" input: u64,
        "outputTokens" output: u64,
        "cacheReadInputTokens" cache_read: u64,
        "cacheWriteInputTokens" cache_written: u64,
        /// What was written to the cache, by how long it is kept.
        "cacheDetails" cache_details: Vec<CacheDetail<'a>>,
    }

    CacheDetail {
        "ttl" ttl: Text<'a>,
        "inputTokens" input: u64,
    }

    /// `additionalModelResponseFields`, as far as tokens are counted there: Converse itself does not say what was thought.
    Additional {
        "usage" usage: ModelUsage<'a>,
    }

    ModelUsage {
        "output_tokens_details" details: OutputDetails<'a>,
    }

    OutputDetails {
        "thinking_tokens" thinking: u64,
    }
}

/// Where Claude says what it thought; asked for with `additionalModelResponseFieldPaths`.
pub const THINKING_PATH: &str = "/usage/output_tokens_details";

/// Tokens that the model thought, where it says so.
pub fn thinking_tokens(additional: Option<&RawValue>) -> Option<u64> {
    let additional: Additional = wire::read(additional?.get()).ok()?;
    additional.usage?.details?.thinking
}

impl Counts<'_> {
    /// Whether the provider counted. Where it did not, nothing is written, and the gateway estimates.
    pub fn is_known(&self) -> bool {
        self.input.or(self.output).is_some()
    }

    /// The fields of OpenAI's `usage`, with the names beside them that LiteLLM's clients and price sheets use.
    pub fn write(&self, usage: &mut Object, thinking: Option<u64>) {
        let (read, written) = (self.cache_read.unwrap_or(0), self.cache_written.unwrap_or(0));
        let output = self.output.unwrap_or(0);
        let prompt = self.input.unwrap_or(0).saturating_add(read).saturating_add(written);
        usage
            .number("prompt_tokens", prompt)
            .number("completion_tokens", output)
            .number("total_tokens", prompt.saturating_add(output));
        {
            let mut details = usage.object("prompt_tokens_details");
            details
                .number("cached_tokens", read)
                .number("cache_creation_tokens", written);
            if let Some(list) = self.cache_details.as_deref().filter(|list| !list.is_empty()) {
                let mut by_age = details.object("cache_creation_token_details");
                for (ttl, name) in [("5m", "ephemeral_5m_input_tokens"), ("1h", "ephemeral_1h_input_tokens")] {
                    by_age.number(name, written_for(list, ttl));
                }
            }
        }
        if let Some(thinking) = thinking {
            usage
                .object("completion_tokens_details")
                .number("reasoning_tokens", thinking);
        }
        usage
            .number("cache_creation_input_tokens", written)
            .number("cache_read_input_tokens", read);
    }
}

fn written_for(details: &[CacheDetail], ttl: &str) -> u64 {
    let of_age = details
        .iter()
        .filter(|detail| detail.ttl.as_ref().is_some_and(|it| it.escaped() == ttl));
    of_age.filter_map(|detail| detail.input).fold(0, u64::saturating_add)
}
