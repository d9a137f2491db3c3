//! Token counts. `tokens` are those that the model read and wrote; `billed_units` exclude what Cohere adds to the
//! prompt. As in LiteLLM, the usage is `tokens`, or `billed_units` if those are missing.

use sluice_sdk::canonical::{Object, RawValue};
use sluice_sdk::wire;

sluice_sdk::wire! {
    /// `usage` of an answer.
    Usage {
        "tokens" tokens: Tokens<'a>,
        "billed_units" billed_units: &'a RawValue,
        "cached_tokens" cached_tokens: u64,
    }

    /// Token counts of the prompt and the answer.
    Tokens {
        "input_tokens" input_tokens: u64,
        "output_tokens" output_tokens: u64,
    }
}

/// The token counts of an answer.
pub struct Counts<'a> {
    prompt: u64,
    completion: u64,
    cached: Option<u64>,
    billed_units: Option<&'a RawValue>,
}

impl<'a> Usage<'a> {
    /// The counts. `None` if Cohere sent none; the gateway then estimates the usage.
    pub fn counts(&self) -> Option<Counts<'a>> {
        let read = |tokens: &Tokens| match (tokens.input_tokens, tokens.output_tokens) {
            (None, None) => None,
            (input, output) => Some((input.unwrap_or(0), output.unwrap_or(0))),
        };
        let billed = || read(&wire::read::<Tokens>(self.billed_units?.get()).ok()?);
        let (prompt, completion) = self.tokens.as_ref().and_then(read).or_else(billed)?;
        Some(Counts {
            prompt,
            completion,
            cached: self.cached_tokens,
            billed_units: self.billed_units,
        })
    }
}

impl Counts<'_> {
    /// Writes the fields of OpenAI's `usage`, and `billed_units`.
    pub fn write(&self, usage: &mut Object) {
        usage
            .number("prompt_tokens", self.prompt)
            .number("completion_tokens", self.completion)
            .number("total_tokens", self.prompt.saturating_add(self.completion));
        if let Some(cached) = self.cached {
            usage.object("prompt_tokens_details").number("cached_tokens", cached);
        }
        usage.maybe_raw("billed_units", self.billed_units);
    }
}
