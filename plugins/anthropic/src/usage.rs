//! Token counts. Anthropic counts tokens read from and written to its cache separately from the input; OpenAI counts
//! them as part of the prompt.

use sluice_sdk::canonical::{Object, Text};

sluice_sdk::wire! {
    /// `usage` of an answer or an event. An event may leave out counts that an earlier one had.
    Counts {
        "input_tokens" input_tokens: u64,
        "output_tokens" output_tokens: u64,
        "cache_creation_input_tokens" cache_creation_input_tokens: u64,
        "cache_read_input_tokens" cache_read_input_tokens: u64,
        "cache_creation" cache_creation: CacheCreation<'a>,
        "output_tokens_details" output_tokens_details: OutputDetails<'a>,
        "server_tool_use" server_tool_use: ServerTools<'a>,
        "service_tier" service_tier: Text<'a>,
        "inference_geo" inference_geo: Text<'a>,
        /// One entry for each sampling of the model (compaction). Their sums are the usage, and not the last entry.
        "iterations" iterations: Vec<Counts<'a>>,
    }

    /// Tokens written to the cache, by how long they are kept.
    CacheCreation {
        "ephemeral_5m_input_tokens" five_minutes: u64,
        "ephemeral_1h_input_tokens" one_hour: u64,
    }

    OutputDetails {
        "thinking_tokens" thinking_tokens: u64,
    }

    ServerTools {
        "web_search_requests" web_search_requests: u64,
    }
}

/// The counts known so far.
#[derive(Default)]
pub struct Usage {
    /// Whether any count came; absent counts do not mean zero.
    known: bool,
    input: u64,
    output: u64,
    cache_written: u64,
    cache_read: u64,
    /// Tokens written to the cache: for five minutes, and for an hour.
    written_by_age: Option<(u64, u64)>,
    thinking: Option<u64>,
    web_searches: Option<u64>,
    service_tier: Option<String>,
    /// The region in which the answer was made.
    inference_geo: Option<String>,
}

impl Usage {
    /// Counts are running totals, so later ones replace earlier ones; absent ones change nothing.
    pub fn update(&mut self, counts: &Counts) {
        self.known |= counts.input_tokens.or(counts.output_tokens).is_some();
        if let Some(iterations) = counts.iterations.as_deref().filter(|list| !list.is_empty()) {
            let sum =
                |count: fn(&Counts) -> Option<u64>| iterations.iter().filter_map(count).fold(0, u64::saturating_add);
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
        if let Some(written) = &counts.cache_creation {
            self.written_by_age = Some((written.five_minutes.unwrap_or(0), written.one_hour.unwrap_or(0)));
        }
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
        if let Some(geo) = &counts.inference_geo {
            self.inference_geo = Some(geo.decoded().into_owned());
        }
    }

    /// Whether the provider sent counts. If not, no usage is written, and the gateway estimates it.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// Writes the fields of OpenAI's `usage`, and further ones under the names that LiteLLM's clients and price lists
    /// use.
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
        if let Some(geo) = &self.inference_geo {
            usage.string("inference_geo", geo);
        }
    }

    fn write_prompt_details(&self, details: &mut Object) {
        details
            .number("cached_tokens", self.cache_read)
            .number("cache_creation_tokens", self.cache_written);
        if let Some((five_minutes, one_hour)) = self.written_by_age {
            let mut by_age = details.object("cache_creation_token_details");
            by_age.number("ephemeral_5m_input_tokens", five_minutes);
            by_age.number("ephemeral_1h_input_tokens", one_hour);
        }
    }
}
