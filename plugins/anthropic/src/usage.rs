//! Counted tokens. Anthropic counts what it read from and wrote to its cache apart from the input, OpenAI as part of it.

use serde::Deserialize;
use sluice_sdk::canonical::{Object, Text};

/// `usage` of an answer or an event. An event may leave out what an earlier one said.
#[derive(Default, Deserialize)]
pub struct Counts<'a> {
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens: Option<u64>,
    #[serde(default)]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default)]
    cache_read_input_tokens: Option<u64>,
    #[serde(default)]
    cache_creation: Option<CacheCreation>,
    #[serde(default)]
    output_tokens_details: Option<OutputDetails>,
    #[serde(default)]
    server_tool_use: Option<ServerTools>,
    #[serde(borrow, default)]
    service_tier: Option<Text<'a>>,
    /// Where the model was sampled several times (compaction): the sums count, not the last one.
    #[serde(borrow, default)]
    iterations: Option<Vec<Counts<'a>>>,
}

#[derive(Clone, Copy, Deserialize)]
struct CacheCreation {
    #[serde(default)]
    ephemeral_5m_input_tokens: u64,
    #[serde(default)]
    ephemeral_1h_input_tokens: u64,
}

#[derive(Deserialize)]
struct OutputDetails {
    #[serde(default)]
    thinking_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct ServerTools {
    #[serde(default)]
    web_search_requests: Option<u64>,
}

/// What is known so far.
#[derive(Default)]
pub struct Usage {
    input: u64,
    output: u64,
    cache_written: u64,
    cache_read: u64,
    cache_creation: Option<CacheCreation>,
    thinking: Option<u64>,
    web_searches: Option<u64>,
    service_tier: Option<String>,
}

impl Usage {
    /// Later counts are running totals and stand in place of earlier ones; absent ones change nothing.
    pub fn update(&mut self, counts: &Counts) {
        if let Some(iterations) = counts.iterations.as_deref().filter(|list| !list.is_empty()) {
            let sum = |count: fn(&Counts) -> Option<u64>| iterations.iter().filter_map(count).sum();
            self.input = sum(|counts| counts.input_tokens);
            self.output = sum(|counts| counts.output_tokens);
            self.cache_written = sum(|counts| counts.cache_creation_input_tokens);
            self.cache_read = sum(|counts| counts.cache_read_input_tokens);
        } else {
            self.input = counts.input_tokens.unwrap_or(self.input);
            self.output = counts.output_tokens.unwrap_or(self.output);
            self.cache_written = counts.cache_creation_input_tokens.unwrap_or(self.cache_written);
            self.cache_read = counts.cache_read_input_tokens.unwrap_or(self.cache_read);
        }
        self.cache_creation = counts.cache_creation.or(self.cache_creation);
        let thinking = counts
            .output_tokens_details
            .as_ref()
            .and_then(|details| details.thinking_tokens);
        self.thinking = thinking.or(self.thinking);
        let searches = counts
            .server_tool_use
            .as_ref()
            .and_then(|tools| tools.web_search_requests);
        self.web_searches = searches.or(self.web_searches);
        if let Some(tier) = &counts.service_tier {
            self.service_tier = Some(tier.decoded().into_owned());
        }
    }

    /// The fields of OpenAI's `usage`, with the names beside them that LiteLLM's clients and price sheets use.
    pub fn write(&self, usage: &mut Object) {
        let prompt = self
            .input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_written);
        usage
            .number("prompt_tokens", prompt)
            .number("completion_tokens", self.output);
        usage.number("total_tokens", prompt.saturating_add(self.output));
        self.write_prompt_details(&mut usage.object("prompt_tokens_details"));
        if let Some(thinking) = self.thinking {
            usage
                .object("completion_tokens_details")
                .number("reasoning_tokens", thinking);
        }
        usage.number("cache_creation_input_tokens", self.cache_written);
        usage.number("cache_read_input_tokens", self.cache_read);
        if let Some(searches) = self.web_searches {
            usage.object("server_tool_use").number("web_search_requests", searches);
        }
        if let Some(tier) = &self.service_tier {
            usage.string("service_tier", tier);
        }
    }

    fn write_prompt_details(&self, details: &mut Object) {
        details
            .number("cached_tokens", self.cache_read)
            .number("cache_creation_tokens", self.cache_written);
        if let Some(split) = self.cache_creation {
            let mut by_age = details.object("cache_creation_token_details");
            by_age.number("ephemeral_5m_input_tokens", split.ephemeral_5m_input_tokens);
            by_age.number("ephemeral_1h_input_tokens", split.ephemeral_1h_input_tokens);
        }
    }
}
