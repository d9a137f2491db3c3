//! What an exchange used: tokens, and the units that speech is charged by.
//!
//! Providers report overlapping numbers: `prompt_tokens` includes the cached ones, which may include audio. They are
//! taken apart here, once, into kinds that do not overlap, so that pricing is a sum and nothing is billed twice. What is
//! read is the canonical form (OpenAI's `usage`, of chat completions and of the newer operations), with the extra
//! fields that Anthropic and DeepSeek are known by.
//!
//! Sources: OpenAI API reference, "The chat completion object", `usage`; Anthropic API, "Messages", `usage`.

mod report;

use std::ops::{Add, AddAssign};

use serde::Serialize;

use report::Report;

/// The most tokens believed of one number in a report. A thousand times the largest context window there is; it keeps
/// a nonsensical answer from a nonsensical spend. Larger numbers count as this.
pub const TOKENS_MAX: u64 = 1_000_000_000;

/// The same of seconds of audio: a day.
const SECONDS_MAX: f64 = 86_400.0;

/// Tokens of one attempt, or of several added up.
///
/// The kinds of [`input`](Usage::input) add up to `prompt_tokens` and those of [`output`](Usage::output) to
/// `completion_tokens`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// All tokens of the prompt, cached ones included.
    pub prompt_tokens: u64,
    /// All tokens of the answer, reasoning included.
    pub completion_tokens: u64,
    /// As reported; the sum of the two where nothing is reported. Some upstreams count more than prompt and answer.
    pub total_tokens: u64,
    pub input: InputTokens,
    pub output: OutputTokens,
    /// Characters that were spoken.
    #[serde(skip_serializing_if = "is_zero")]
    pub characters: u64,
    /// Milliseconds of audio that were read, where the upstream counts time and not tokens.
    #[serde(skip_serializing_if = "is_zero")]
    pub audio_ms: u64,
    /// Searches of the web that the provider made for the answer.
    #[serde(skip_serializing_if = "is_zero")]
    pub searches: u64,
    /// The answer was made in the United States and nowhere else, as asked: some charge more for that.
    #[serde(skip)]
    pub is_of_us: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Tokens of a prompt, each counted under one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InputTokens {
    /// What no other kind counts.
    pub text: u64,
    /// Read from the provider's prompt cache, whatever they are made of.
    pub cached: u64,
    /// Written to the prompt cache for the shorter time, or for a time the report does not say.
    pub cache_write_5m: u64,
    /// Written to the prompt cache for an hour.
    pub cache_write_1h: u64,
    pub audio: u64,
    pub image: u64,
}

/// Tokens of an answer, each counted under one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutputTokens {
    /// What no other kind counts.
    pub text: u64,
    pub reasoning: u64,
    pub audio: u64,
    pub image: u64,
}

impl Usage {
    /// Reads the JSON text of a `usage` object.
    ///
    /// `none` when it is not an object or names no count of prompt, answer or total, and no seconds: nothing was reported,
    /// which is not the same as zero. Details that make no sense (negative, not a number, larger than the total) are cut to fit.
    pub fn from_json(json: &[u8]) -> Option<Usage> {
        if json.trim_ascii_start().first() != Some(&b'{') {
            return None;
        }
        let report: Report = serde_json::from_slice(json).ok()?;
        let Some((prompt_tokens, completion_tokens)) = report.totals() else {
            return report.seconds.0.map(Usage::of_audio);
        };
        Some(Usage {
            prompt_tokens,
            completion_tokens,
            total_tokens: report.total().unwrap_or(prompt_tokens + completion_tokens),
            input: report.input(prompt_tokens),
            output: report.output(completion_tokens),
            searches: report.searches(),
            is_of_us: report.is_of_us(),
            ..Usage::default()
        })
    }

    /// Audio of so many seconds, charged by its length.
    #[must_use]
    pub fn of_audio(seconds: f64) -> Usage {
        Usage {
            audio_ms: (seconds.clamp(0.0, SECONDS_MAX) * 1e3).round() as u64,
            ..Usage::default()
        }
    }

    /// Plain text in and out, no cache: for an upstream that reports nothing, counted by the gateway.
    pub fn of_text(prompt_tokens: u64, completion_tokens: u64) -> Usage {
        Usage {
            prompt_tokens,
            completion_tokens,
            total_tokens: prompt_tokens.saturating_add(completion_tokens),
            input: InputTokens {
                text: prompt_tokens,
                ..InputTokens::default()
            },
            output: OutputTokens {
                text: completion_tokens,
                ..OutputTokens::default()
            },
            ..Usage::default()
        }
    }
}

impl Add for Usage {
    type Output = Usage;

    fn add(self, other: Usage) -> Usage {
        Usage {
            prompt_tokens: self.prompt_tokens.saturating_add(other.prompt_tokens),
            completion_tokens: self.completion_tokens.saturating_add(other.completion_tokens),
            total_tokens: self.total_tokens.saturating_add(other.total_tokens),
            input: self.input + other.input,
            output: self.output + other.output,
            characters: self.characters.saturating_add(other.characters),
            audio_ms: self.audio_ms.saturating_add(other.audio_ms),
            searches: self.searches.saturating_add(other.searches),
            is_of_us: self.is_of_us || other.is_of_us,
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Usage) {
        *self = *self + other;
    }
}

impl Add for InputTokens {
    type Output = InputTokens;

    fn add(self, other: InputTokens) -> InputTokens {
        InputTokens {
            text: self.text.saturating_add(other.text),
            cached: self.cached.saturating_add(other.cached),
            cache_write_5m: self.cache_write_5m.saturating_add(other.cache_write_5m),
            cache_write_1h: self.cache_write_1h.saturating_add(other.cache_write_1h),
            audio: self.audio.saturating_add(other.audio),
            image: self.image.saturating_add(other.image),
        }
    }
}

impl Add for OutputTokens {
    type Output = OutputTokens;

    fn add(self, other: OutputTokens) -> OutputTokens {
        OutputTokens {
            text: self.text.saturating_add(other.text),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            audio: self.audio.saturating_add(other.audio),
            image: self.image.saturating_add(other.image),
        }
    }
}

#[cfg(test)]
mod tests;
