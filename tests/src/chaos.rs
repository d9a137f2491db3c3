//! A deployment that fails at random, in every way a connection can, and otherwise says [`WORDS`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::dialect::openai;
use crate::upstream::{Event, Gate, Script};

/// Of a hundred attempts so many fail.
const FAILING: u64 = 25;

/// Ways in which they fail.
pub const WAYS: usize = 14;

/// The answer to every question, in the pieces of a stream.
pub const WORDS: [&str; 8] = ["one ", "two ", "three ", "four ", "five ", "six ", "seven ", "eight"];

/// Numbers that look random and are the same in each run (<https://prng.di.unimi.it/splitmix64.c>, the constants).
struct Dice(AtomicU64);

impl Dice {
    fn roll(&self, sides: u64) -> u64 {
        let mut mixed = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// What fails, how often it was made to, and what with.
pub struct Chaos {
    dice: Dice,
    injected: Mutex<BTreeMap<&'static str, u64>>,
    /// Never opened.
    never: Gate,
}

impl Chaos {
    /// The same failures for the same number.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            dice: Dice(AtomicU64::new(seed)),
            injected: Mutex::default(),
            never: Gate::new(),
        }
    }

    /// How often it failed, by the way in which.
    #[must_use]
    pub fn injected(&self) -> BTreeMap<&'static str, u64> {
        self.injected.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The answer to a question of OpenAI's chat.
    pub fn answer(&self, question: &Value) -> Script {
        let left = left_to_say(question);
        let is_stream = question["stream"] == true;
        if self.dice.roll(100) >= FAILING {
            return if is_stream {
                openai::streams(&left)
            } else {
                openai::says(&left.concat())
            };
        }
        let (way, script) = match self.dice.roll(if is_stream { 14 } else { 10 }) {
            0 => ("hangs up", Script::hangs_up()),
            1 => ("resets", Script::resets()),
            2 => ("hangs before the head", openai::says("late").held(&self.never)),
            3 if self.dice.roll(20) == 0 => ("429 with Retry-After", openai::rate_limited(1)),
            3 | 4 => ("429", status(429, "rate_limit_exceeded")),
            5 => ("401", status(401, "invalid_api_key")),
            6 => ("500", status(500, "broken")),
            7 => ("529", status(529, "overloaded_error")),
            8 => ("HTML", Script::text(200, "text/html", "<html>sign in</html>")),
            9 => (
                "half a JSON",
                Script::text(200, "application/json", "{\"id\": \"x\", \"cho"),
            ),
            10 => ("breaks off in the stream", self.part_of(&left).then_breaks_off()),
            11 => ("ends without saying so", self.part_of(&left)),
            12 => (
                "an error in the stream",
                self.part_of(&left)
                    .then_events([Event::data(&openai::error("server_error", "oops", "broken"))]),
            ),
            _ => ("hangs in the stream", self.part_of(&left).then_holds(&self.never)),
        };
        let mut injected = self.injected.lock().unwrap_or_else(PoisonError::into_inner);
        *injected.entry(way).or_default() += 1;
        script
    }

    fn part_of(&self, words: &[&str]) -> Script {
        let count = 1 + self.dice.roll(words.len().max(1) as u64) as usize;
        Script::events(openai::pieces(&words[..count.min(words.len())]))
    }
}

fn status(status: u16, code: &str) -> Script {
    Script::json(status, &openai::error("error", code, "made to fail"))
}

/// A question may show what was said already: then the rest is the answer.
fn left_to_say(question: &Value) -> Vec<&'static str> {
    let messages = question["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let said = messages.iter().find(|message| message["role"] == "assistant");
    let said = said.and_then(|message| message["content"].as_str()).unwrap_or_default();
    let mut length = 0;
    let rest = WORDS.into_iter().skip_while(|word| {
        length += word.len();
        length <= said.len()
    });
    rest.collect()
}
