//! Ten thousand exchanges before deployments that fail at random, in every way a connection can: none is answered wrong, and
//! none fails.

use std::sync::Arc;

use sluice_tests::chaos::{Chaos, WAYS, WORDS};
use sluice_tests::prelude::*;
use tokio::task::JoinSet;

const EXCHANGES: u64 = 10_000;
const DEPLOYMENTS: u64 = 5;
const CLIENTS: u64 = 32;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_is_answered_wrong_and_none_fails() {
    let chaos = Arc::new(Chaos::new(42));
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
    let injected = chaos.injected();
    for (way, count) in &injected {
        println!("{count:6} {way}");
    }
    assert!(injected.len() >= WAYS);
}
