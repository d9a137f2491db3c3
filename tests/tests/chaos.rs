//! Ten thousand exchanges before deployments that fail at random, in every way a connection can: none is answered wrong, and
//! none fails.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sluice_tests::prelude::*;
use tokio::task::JoinSet;

const EXCHANGES: u64 = 10_000;
const DEPLOYMENTS: u64 = 5;
const CLIENTS: u64 = 32;

/// Of a hundred attempts so many fail.
const FAILING: u64 = 25;

const WORDS: [&str; 8] = ["one ", "two ", "three ", "four ", "five ", "six ", "seven ", "eight"];

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
struct Chaos {
    dice: Dice,
    injected: Mutex<BTreeMap<&'static str, u64>>,
    /// Never opened.
    never: Gate,
}

impl Chaos {
    fn answer(&self, question: &Value) -> Script {
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
        *self.injected.lock().unwrap().entry(way).or_default() += 1;
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
    let said = question["messages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|message| message["role"] == "assistant")
        .map_or("", |message| message["content"].as_str().unwrap());
    let mut length = 0;
    let rest = WORDS.into_iter().skip_while(|word| {
        length += word.len();
        length <= said.len()
    });
    rest.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_is_answered_wrong_and_none_fails() {
    let chaos = Arc::new(Chaos {
        dice: Dice(AtomicU64::new(42)),
        injected: Mutex::default(),
        never: Gate::new(),
    });
    let mut upstreams = Vec::new();
    let mut config = Config::new().retries(12).set(
        "router_settings",
        json!({ "routing_strategy": "simple-shuffle", "cooldown_time": 0.05, "timeout": 0.4 }),
    );
    for _ in 0..DEPLOYMENTS {
        let upstream = Upstream::start().await;
        let chaos = Arc::clone(&chaos);
        upstream.decides(move |request| chaos.answer(&request.json()));
        config = config.openai("chat", &upstream);
        upstreams.push(upstream);
    }
    let config = config.set(
        "sluice",
        json!({ "upstream": { "chunk_timeout_ms": 400, "attempts_max": 100 }, "cooldown": { "ramp_ms": 50 } }),
    );
    let gateway = Arc::new(Gateway::start(&config).await);
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let gateway = Arc::clone(&gateway);
        clients.spawn(async move {
            for exchange in (number..EXCHANGES).step_by(CLIENTS as usize) {
                let text = if exchange % 2 == 0 {
                    gateway.ask("chat", "hi").await.content()
                } else {
                    let stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
                    openai::text_of(&stream.chunks().await)
                };
                assert_eq!(text, WORDS.concat(), "exchange {exchange}");
            }
        });
    }
    while let Some(done) = clients.join_next().await {
        done.unwrap();
    }
    let attempts: usize = upstreams.iter().map(Upstream::count).sum();
    println!("{EXCHANGES} exchanges survived {attempts} attempts, of which failed by design:");
    for (way, count) in chaos.injected.lock().unwrap().iter() {
        println!("{count:6} {way}");
        assert!(*count > 0);
    }
    assert!(chaos.injected.lock().unwrap().len() >= 14);
}
