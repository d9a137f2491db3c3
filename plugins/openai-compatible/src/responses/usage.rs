//! Token counts. Both APIs count in the same way, under different names.

use sluice_sdk::canonical::Object;

sluice_sdk::wire! {
    /// `usage` of an answer.
    Counts {
        "input_tokens" input_tokens: u64,
        "output_tokens" output_tokens: u64,
        "total_tokens" total_tokens: u64,
        "input_tokens_details" input_tokens_details: InputDetails<'a>,
        "output_tokens_details" output_tokens_details: OutputDetails<'a>,
    }

    InputDetails {
        "cached_tokens" cached_tokens: u64,
        "cache_write_tokens" cache_write_tokens: u64,
    }

    OutputDetails {
        "reasoning_tokens" reasoning_tokens: u64,
    }
}

impl Counts<'_> {
    /// Whether the provider sent counts. If not, no usage is written, and the gateway estimates it.
    pub fn is_known(&self) -> bool {
        self.input_tokens.or(self.output_tokens).is_some()
    }

    /// Writes the fields of a chat completion's `usage`.
    pub fn write(&self, usage: &mut Object) {
        let (prompt, completion) = (self.input_tokens.unwrap_or(0), self.output_tokens.unwrap_or(0));
        usage
            .number("prompt_tokens", prompt)
            .number("completion_tokens", completion)
            .number(
                "total_tokens",
                self.total_tokens.unwrap_or(prompt.saturating_add(completion)),
            );
        if let Some(details) = &self.input_tokens_details {
            let mut to = usage.object("prompt_tokens_details");
            to.number("cached_tokens", details.cached_tokens.unwrap_or(0));
            // With most models, writing to the cache is free of charge and not counted.
            if let Some(written) = details.cache_write_tokens.filter(|written| *written > 0) {
                to.number("cache_creation_tokens", written);
            }
        }
        if let Some(reasoning) = self
            .output_tokens_details
            .as_ref()
            .and_then(|details| details.reasoning_tokens)
        {
            usage
                .object("completion_tokens_details")
                .number("reasoning_tokens", reasoning);
        }
    }
}
