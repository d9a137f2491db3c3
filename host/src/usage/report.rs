//! A provider's usage report as it comes, and how it is taken apart.
//!
//! Nothing in a report is trusted: every number may be missing, null, negative, of another type, or larger than what it
//! is part of. Such a number counts as not given, or is cut to fit; the rest of the report stands.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

use super::{InputTokens, OutputTokens, TOKENS_MAX};

/// The fields read, in the names of every dialect that may stand in a canonical answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Report {
    prompt_tokens: Count,
    completion_tokens: Count,
    total_tokens: Count,
    prompt_tokens_details: Lenient<Details>,
    completion_tokens_details: Lenient<Details>,

    // The names of OpenAI's newer operations (Responses, images), and of Anthropic.
    input_tokens: Count,
    output_tokens: Count,
    input_tokens_details: Lenient<Details>,
    output_tokens_details: Lenient<Details>,

    // Anthropic.
    cache_read_input_tokens: Count,
    cache_creation_input_tokens: Count,
    cache_creation: Lenient<Lifetimes>,
    server_tool_use: Lenient<ToolUse>,
    /// Where the answer was made, as it is written.
    inference_geo: Option<Box<RawValue>>,

    // DeepSeek.
    prompt_cache_hit_tokens: Count,

    // OpenAI, for audio that is charged by its length.
    pub(super) seconds: Number,
}

/// Parts of a total. Only those that may have a price of their own are read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    cached_tokens: Count,
    /// Written to the cache.
    cache_creation_tokens: Count,
    /// The same, in the name OpenRouter uses.
    cache_write_tokens: Count,
    /// The same by lifetime, in the form LiteLLM hands on.
    cache_creation_token_details: Lenient<Lifetimes>,
    audio_tokens: Count,
    image_tokens: Count,
    reasoning_tokens: Count,
    /// In the form LiteLLM hands on.
    web_search_requests: Count,
}

/// Uses of the provider's own tools.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ToolUse {
    web_search_requests: Count,
}

/// Tokens written to the cache, by how long they are kept.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Lifetimes {
    ephemeral_5m_input_tokens: Count,
    ephemeral_1h_input_tokens: Count,
}

impl Report {
    /// Prompt and answer, each whole. `none` when the report names neither, nor a total.
    pub(super) fn totals(&self) -> Option<(u64, u64)> {
        let prompt = self.prompt_tokens.or(self.whole_input_tokens());
        let completion = self.completion_tokens.or(self.output_tokens);
        match (prompt.0, completion.0, self.total_tokens.0) {
            (None, None, None) => None,
            (Some(prompt), None, Some(total)) => Some((prompt, total.saturating_sub(prompt))),
            (None, completion, Some(total)) => {
                let completion = completion.unwrap_or(0);
                Some((total.saturating_sub(completion), completion))
            }
            (prompt, completion, _) => {
                let (prompt, completion) = (prompt.unwrap_or(0), completion.unwrap_or(0));
                Some((prompt, completion + self.reasoning_left_out(prompt, completion)))
            }
        }
    }

    /// The total as reported.
    pub(super) fn total(&self) -> Option<u64> {
        self.total_tokens.0
    }

    /// The prompt's tokens by kind. Reports overlap (cached audio is both), so the kinds take their part in order, each at
    /// most what is left: the cache first, since it is the one that decides the price.
    pub(super) fn input(&self, prompt_tokens: u64) -> InputTokens {
        let mut left = prompt_tokens;
        let cached = take(&mut left, self.cached());
        let written = take(&mut left, self.cache_written());
        let audio = take(&mut left, self.of_prompt(|details| details.audio_tokens));
        let image = take(&mut left, self.of_prompt(|details| details.image_tokens));
        let cache_write_1h = self.cache_written_for_an_hour().0.unwrap_or(0).min(written);
        InputTokens {
            text: left,
            cached,
            cache_write_5m: written - cache_write_1h,
            cache_write_1h,
            audio,
            image,
        }
    }

    /// The answer's tokens by kind, in the same way.
    pub(super) fn output(&self, completion_tokens: u64) -> OutputTokens {
        let mut left = completion_tokens;
        let reasoning = take(&mut left, self.of_completion(|details| details.reasoning_tokens));
        let audio = take(&mut left, self.of_completion(|details| details.audio_tokens));
        let image = take(&mut left, self.of_completion(|details| details.image_tokens));
        OutputTokens {
            text: left,
            reasoning,
            audio,
            image,
        }
    }

    pub(super) fn searches(&self) -> u64 {
        let in_details = self.of_prompt(|details| details.web_search_requests);
        self.server_tool_use.0.web_search_requests.or(in_details).0.unwrap_or(0)
    }

    /// <https://docs.claude.com/en/docs/build-with-claude/data-residency>
    pub(super) fn is_of_us(&self) -> bool {
        self.inference_geo
            .as_ref()
            .is_some_and(|place| place.get().eq_ignore_ascii_case(r#""us""#))
    }

    /// `input_tokens`, with what Anthropic leaves out of it: there it counts only what the cache had no part in, and the
    /// cache's own fields stand beside it. In OpenAI's reports it is whole, and those fields are absent.
    fn whole_input_tokens(&self) -> Count {
        let cached = self.cache_read_input_tokens.0.unwrap_or(0);
        let written = self.cache_creation_input_tokens.0.unwrap_or(0);
        Count(self.input_tokens.0.map(|uncached| uncached + cached + written))
    }

    /// Reasoning tokens that an upstream (xAI) counts in the total and not in the answer: 0 unless the sum says so exactly.
    fn reasoning_left_out(&self, prompt: u64, completion: u64) -> u64 {
        let reasoning = self.of_completion(|details| details.reasoning_tokens).0.unwrap_or(0);
        let is_outside = self.total_tokens.0 == Some(prompt + completion + reasoning);
        if is_outside { reasoning } else { 0 }
    }

    fn cached(&self) -> Count {
        self.of_prompt(|details| details.cached_tokens)
            .or(self.cache_read_input_tokens)
            .or(self.prompt_cache_hit_tokens)
    }

    fn cache_written(&self) -> Count {
        let lifetimes = &self.cache_creation.0;
        self.of_prompt(|details| details.cache_creation_tokens.or(details.cache_write_tokens))
            .or(self.cache_creation_input_tokens)
            .or(lifetimes
                .ephemeral_5m_input_tokens
                .plus(lifetimes.ephemeral_1h_input_tokens))
    }

    fn cache_written_for_an_hour(&self) -> Count {
        let in_details = self.of_prompt(|details| details.cache_creation_token_details.0.ephemeral_1h_input_tokens);
        self.cache_creation.0.ephemeral_1h_input_tokens.or(in_details)
    }

    fn of_prompt(&self, part: impl Fn(&Details) -> Count) -> Count {
        part(&self.prompt_tokens_details.0).or(part(&self.input_tokens_details.0))
    }

    fn of_completion(&self, part: impl Fn(&Details) -> Count) -> Count {
        part(&self.completion_tokens_details.0).or(part(&self.output_tokens_details.0))
    }
}

/// Takes a part out of what is left, at most all of it.
fn take(left: &mut u64, part: Count) -> u64 {
    let taken = part.0.unwrap_or(0).min(*left);
    *left -= taken;
    taken
}

/// A number of tokens, or nothing sensible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count(Option<u64>);

impl Count {
    /// This, or the other where this says nothing. A zero gives way too: several dialects in one report are often one
    /// filled in and one defaulted.
    fn or(self, other: Count) -> Count {
        match (self.0, other.0) {
            (Some(0), Some(_)) | (None, _) => other,
            _ => self,
        }
    }

    fn plus(self, other: Count) -> Count {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Count(Some(a + b)),
            _ => self.or(other),
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
        let number = Number::deserialize(deserializer)?;
        // A cast cuts fractions off and saturates.
        Ok(Count(number.0.map(|number| (number as u64).min(TOKENS_MAX))))
    }
}

/// A number that is not negative, or nothing sensible.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Number(pub(super) Option<f64>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

/// Takes a number of any kind, and whatever else stands there as nothing.
struct NumberVisitor;

impl<'de> Visitor<'de> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a number")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
        Ok(Number(Some(number as f64)))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Number, E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Number, E> {
        Ok(Number((number >= 0.0).then_some(number)))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Number, E> {
        Ok(Number(None))
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Number, E> {
        Ok(Number(None))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Number, E> {
        Ok(Number(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Number, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Number(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Number, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Number(None))
    }
}

/// An object of that shape, or its default where something else stands.
#[derive(Debug, Default)]
struct Lenient<T>(T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Lenient<T>, D::Error> {
        deserializer.deserialize_any(LenientVisitor(PhantomData))
    }
}

struct LenientVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for LenientVisitor<T> {
    type Value = Lenient<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Lenient<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Lenient)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Lenient<T>, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient::default())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Lenient<T>, E> {
        Ok(Lenient::default())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Lenient<T>, E> {
        Ok(Lenient::default())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Lenient<T>, E> {
        Ok(Lenient::default())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Lenient<T>, E> {
        Ok(Lenient::default())
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Lenient<T>, E> {
        Ok(Lenient::default())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Lenient<T>, E> {
        Ok(Lenient::default())
    }
}
