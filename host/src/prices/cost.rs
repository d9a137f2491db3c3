//! Usage times prices.
//!
//! The rules are LiteLLM's (`litellm_core_utils/llm_cost_calc/utils.py`, version 1.109.1), so that spend stays
//! comparable:
//! - a rate that is not given falls back to the plainer one, an explicit 0 is free;
//! - a prompt over a threshold moves the *whole* request to the higher rates, prompt and answer;
//! - a service tier names only the rates it changes, and a threshold's rate stands over a service tier's unless the
//!   service tier has that threshold too.

use std::ops::Add;

use serde::Serialize;

use super::decimal::PicoDollars;
use super::model::{Prices, Rates, Tier, UnitPrices};
use crate::usage::Usage;

/// What the tokens of an exchange cost, each token under one entry, and the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// The prompt, but for what the cache had a part in.
    pub input: PicoDollars,
    /// Prompt tokens read from the provider's cache.
    pub cache_read: PicoDollars,
    /// Prompt tokens written to it.
    pub cache_write: PicoDollars,
    /// The answer, but for reasoning.
    pub output: PicoDollars,
    pub reasoning: PicoDollars,
    /// What the provider's own tools did, such as searches of the web.
    pub tools: PicoDollars,
    pub total: PicoDollars,
}

impl Prices {
    /// The cost of this usage.
    ///
    /// `service_tier` is what the *answer* says it was served in (`flex`, `priority`, …): upstreams may serve in another
    /// than was asked. One without rates of its own, such as `default`, costs the base rates. A usage added up from
    /// several attempts must be priced attempt by attempt, since thresholds go by one prompt.
    pub fn cost(&self, usage: &Usage, service_tier: Option<&str>) -> Cost {
        let rates = FullRates::from(self.rates_for(usage.prompt_tokens, service_tier));
        let permille = self.units.us_permille.filter(|_| usage.is_of_us);
        let charge = |tokens, rate| uplifted(charge(tokens, rate), permille);
        let (prompt, answer) = (usage.input, usage.output);
        let input = charge(prompt.text, rates.input)
            + charge(prompt.audio, rates.audio_input)
            + charge(prompt.image, rates.image_input)
            + self.units.cost(usage);
        let cache_read = charge(prompt.cached, rates.cached_input);
        let cache_write =
            charge(prompt.cache_write_5m, rates.cache_write) + charge(prompt.cache_write_1h, rates.cache_write_1h);
        let output = charge(answer.text, rates.output)
            + charge(answer.audio, rates.audio_output)
            + charge(answer.image, rates.image_output);
        let reasoning = charge(answer.reasoning, rates.reasoning);
        let tools = self::charge(usage.searches, self.units.per_search.unwrap_or(0));
        Cost {
            input,
            cache_read,
            cache_write,
            output,
            reasoning,
            tools,
            total: input + cache_read + cache_write + output + reasoning + tools,
        }
    }

    /// The rates for a prompt of this length, as given: fallbacks are not filled in.
    pub fn rates_for(&self, prompt_tokens: u64, service_tier: Option<&str>) -> Rates {
        let service = service_tier.and_then(|name| self.services.get(rate_name(name)));
        let no_tier = Tier::default();
        let service = service.unwrap_or(&no_tier);
        let rates = self.base.rates.overlaid(&service.rates);
        let crossed = self.base.crossed(prompt_tokens).chain(service.crossed(prompt_tokens));
        crossed.fold(rates, |rates, higher| rates.overlaid(higher))
    }

    /// Whether nothing at all is charged by: not the same as free.
    pub fn are_unknown(&self) -> bool {
        *self == Prices::default()
    }

    /// US dollars per million prompt tokens, for choosing by price and never for charging; NaN when unknown.
    pub fn input_per_million(&self) -> f64 {
        per_million(self.base.rates.input)
    }

    /// The same for tokens of the answer.
    pub fn output_per_million(&self) -> f64 {
        per_million(self.base.rates.output)
    }
}

impl Cost {
    /// All the prompt cost, cache included: what LiteLLM's records call the input cost.
    pub fn of_prompt(&self) -> PicoDollars {
        self.input + self.cache_read + self.cache_write
    }

    /// All the answer cost, reasoning included: what LiteLLM's records call the output cost.
    pub fn of_completion(&self) -> PicoDollars {
        self.output + self.reasoning
    }
}

impl Add for Cost {
    type Output = Cost;

    fn add(self, other: Cost) -> Cost {
        Cost {
            input: self.input + other.input,
            cache_read: self.cache_read + other.cache_read,
            cache_write: self.cache_write + other.cache_write,
            output: self.output + other.output,
            reasoning: self.reasoning + other.reasoning,
            tools: self.tools + other.tools,
            total: self.total + other.total,
        }
    }
}

impl UnitPrices {
    /// What is charged by characters and by time. Audio has one price a second, which catalogues give as one of input, of
    /// output or of both.
    fn cost(&self, usage: &Usage) -> PicoDollars {
        let a_second = self.per_input_second.or(self.per_second).unwrap_or(0);
        let PicoDollars(audio) = charge(usage.audio_ms, a_second);
        charge(usage.characters, self.per_input_character.unwrap_or(0)) + PicoDollars(audio / 1000)
    }
}

impl Tier {
    fn crossed(&self, prompt_tokens: u64) -> impl Iterator<Item = &Rates> {
        self.thresholds
            .iter()
            .filter(move |threshold| prompt_tokens > threshold.above)
            .map(|threshold| &threshold.rates)
    }
}

/// Rates with the fallbacks of [`Rates`] filled in; what is not known at all is charged nothing.
struct FullRates {
    input: u64,
    output: u64,
    cached_input: u64,
    cache_write: u64,
    cache_write_1h: u64,
    reasoning: u64,
    audio_input: u64,
    audio_output: u64,
    image_input: u64,
    image_output: u64,
}

impl From<Rates> for FullRates {
    fn from(rates: Rates) -> FullRates {
        let input = rates.input.unwrap_or(0);
        let output = rates.output.or(rates.image_output).unwrap_or(0);
        let cache_write = rates.cache_write.unwrap_or(input);
        FullRates {
            input,
            output,
            cached_input: rates.cached_input.unwrap_or(input),
            cache_write,
            cache_write_1h: rates.cache_write_1h.unwrap_or(cache_write),
            reasoning: rates.reasoning.unwrap_or(output),
            audio_input: rates.audio_input.unwrap_or(input),
            audio_output: rates.audio_output.unwrap_or(output),
            image_input: rates.image_input.unwrap_or(input),
            image_output: rates.image_output.unwrap_or(output),
        }
    }
}

/// The name that a service tier's rates stand under.
fn rate_name(service_tier: &str) -> &str {
    match service_tier {
        "fast" => "priority",
        other => other,
    }
}

/// Cannot overflow: both are below 2^64.
fn charge(tokens: u64, rate: u64) -> PicoDollars {
    PicoDollars(u128::from(tokens) * u128::from(rate))
}

fn uplifted(PicoDollars(cost): PicoDollars, permille: Option<u64>) -> PicoDollars {
    PicoDollars(permille.map_or(cost, |permille| cost * u128::from(permille) / 1000))
}

fn per_million(rate: Option<u64>) -> f64 {
    // A pico-dollar a token is a micro-dollar per million tokens.
    rate.map_or(f64::NAN, |rate| rate as f64 / 1e6)
}
