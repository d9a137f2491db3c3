//! What nobody has thought of: random bytes on the wire, and components that are changed at random. Nobody else notices.
//!
//! Seeds are fixed. `SLUICE_RANDOM=10000` tries so many components in place of a few.

use sluice_sdk::testing::cases::mutations::Random;
use sluice_tests::prelude::*;
use sluice_tests::wait::within;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BYTE_STRINGS: u64 = 10_000;

/// Each is loaded in a process of its own, and many are whole enough to be compiled: the whole ten thousand take hours.
const COMPONENTS: u64 = 40;

fn random_bytes(random: &mut Random, count: usize) -> Vec<u8> {
    (0..count).map(|_| random.below(256) as u8).collect()
}

/// The bytes with some of them changed, left out or doubled.
fn changed(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    for _ in 0..=random.below(6) {
        if changed.is_empty() {
            break;
        }
        let at = random.below(changed.len());
        match random.below(4) {
            0 => changed[at] = random.below(256) as u8,
            1 => changed.truncate(at + 1),
            2 => drop(changed.remove(at)),
            _ => {
                let end = (at + 1 + random.below(40)).min(changed.len());
                let part = changed[at..end].to_vec();
                changed.splice(at..at, part);
            }
        }
    }
    changed
}

/// Beginnings that the gateway reads on from.
const REQUESTS: [&[u8]; 4] = [
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 63\r\n\r\n\
      {\"model\": \"demo\", \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}",
    b"GET /v1/models HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nGET /health/liveness HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
    // HTTP/2: the preface, SETTINGS, PING, and HEADERS that are cut off.
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x08\x06\0\0\0\0\0abcdefgh\0\0\x05\x01\x05\0\0\0\x01\x82\x84\x86\x41\x8a",
];

#[tokio::test]
async fn random_bytes_on_the_wire_disturb_nobody() {
    let server = json!({ "server": { "header_timeout_ms": 500, "body_timeout_ms": 500 } });
    let gateway = Gateway::start(&Config::new().mock("demo", "hello").set("sluice", server)).await;
    let address = gateway.address();
    let mut under_way = tokio::task::JoinSet::new();
    for seed in 0..BYTE_STRINGS {
        let mut random = Random::new(seed);
        let bytes = match random.below(4) {
            0 => {
                let count = 1 + random.below(300);
                random_bytes(&mut random, count)
            }
            _ => {
                let request = REQUESTS[random.below(REQUESTS.len())];
                changed(&mut random, request)
            }
        };
        under_way.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            // The gateway may close it at any time, which is an error here and there.
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            let mut answer = Vec::new();
            let closed = stream.read_to_end(&mut answer);
            let _ = within(&format!("the connection of seed {seed} to be closed"), closed).await;
        });
        if under_way.len() >= 100 {
            under_way.join_next().await.unwrap().unwrap();
        }
        if seed % 100 == 0 {
            assert_eq!(gateway.ask("demo", "hi").await.content(), "hello", "after seed {seed}");
        }
    }
    while let Some(one) = under_way.join_next().await {
        one.unwrap();
    }
    assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
}

#[tokio::test]
async fn components_changed_at_random_disturb_nobody() {
    const AT_ONCE: u64 = 10;
    let count = std::env::var("SLUICE_RANDOM").map_or(COMPONENTS, |count| count.parse().unwrap());
    let gateway = Gateway::start(&Config::new().mock("demo", "hello")).await;
    let whole = guests::STRATEGY.bytes();
    for first in (0..count).step_by(AT_ONCE as usize) {
        let names: Vec<_> = (first..first + AT_ONCE)
            .map(|seed| (seed, format!("changed-{seed}")))
            .collect();
        for (seed, name) in &names {
            gateway.install_bytes(name, &changed(&mut Random::new(*seed), &whole));
        }
        let settled = |listing: &Value| {
            let is_listed = |list: &str| listing[list].as_array().map_or(0, Vec::len);
            let loaded = listing["plugins"].as_array().unwrap().iter();
            let loaded = loaded.filter(|plugin| plugin["name"] == guests::STRATEGY.name).count();
            // Of those that load, which have one name, one is in use and the others are failures.
            is_listed("loading") == 0 && is_listed("failures") + loaded >= names.len()
        };
        eventually(
            &format!("the components from {first} on to be loaded or refused"),
            async || {
                assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
                settled(&gateway.plugins().await).then_some(())
            },
        )
        .await;
        for (_, name) in &names {
            gateway.uninstall(name);
        }
        gateway
            .shows("none of them", |listing| {
                listing["failures"].as_array().is_none_or(Vec::is_empty)
            })
            .await;
    }
}
