//! The published versions of the plugin contract: their folders do not change, and what was built for one loads.

use std::collections::HashSet;
use std::path::Path;

use sluice_tests::prelude::*;

/// The published versions, with the checksum of their folder.
const PUBLISHED: [(&str, u32); 1] = [("0.2", 0x0b5d_e2ca)];

/// The checksum of all files of a folder, with their names.
fn checksum(folder: &Path) -> u32 {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut hash = crc32fast::Hasher::new();
    for file in files {
        hash.update(file.file_name().unwrap().as_encoded_bytes());
        hash.update(&std::fs::read(&file).unwrap());
    }
    hash.finalize()
}

#[test]
fn a_published_version_does_not_change() {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    for (version, expected) in PUBLISHED {
        let found = checksum(&wit.join(version));
        assert!(
            found == expected,
            "wit/{version} was changed (checksum {found:#x}): make a new version, as wit/README.md says"
        );
    }
}

#[tokio::test]
async fn a_column_that_came_later_is_read_by_its_name() {
    let deployment = |answer: &str, tokens: u32| {
        json!({
            "model_name": "chat",
            "litellm_params": { "model": "openai/m", "api_key": "k", "mock_response": answer },
            "model_info": { "max_input_tokens": tokens },
        })
    };
    let config = Config::new()
        .entry(deployment("a large window", 100_000))
        .entry(deployment("a small window", 1_000));
    for (column, is_known) in [("context-windows", true), ("moon-phases", false)] {
        let config = config
            .clone()
            .strategy("probe-strategy", json!({ "rank": { "measured": column } }));
        let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
        let mut answers = HashSet::new();
        for _ in 0..20 {
            answers.insert(gateway.ask("chat", "hi").await.content().to_owned());
        }
        let expected: &[&str] = match is_known {
            true => &["a small window"],
            // The strategy refuses, and the shuffle ranks in its place.
            false => &["a large window", "a small window"],
        };
        assert_eq!(
            answers,
            expected.iter().map(|text| (*text).to_owned()).collect(),
            "{column}"
        );
    }
}

#[tokio::test]
async fn a_component_of_every_kind_for_0_2_without_the_sdk_works() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let params = json!({ "model": "contract/m", "api_base": format!("{}/v1", upstream.base()) });
    let config = Config::new()
        .deployment("chat", params.clone())
        .deployment("chat", params)
        .strategy("contract-0-2", json!({}))
        .guardrail(
            "shout",
            json!({ "guardrail": "contract-0-2", "mode": ["pre_call", "post_call"] }),
        );
    let gateway = Setup::new(&config).plugin(guests::CONTRACT_0_2).start().await;
    assert_eq!(gateway.ask("chat", "who is there?").await.content(), "HELLO");
    let asked = upstream.request().await.json();
    assert_eq!(
        (asked["model"].as_str(), asked["messages"][0]["content"].as_str()),
        (Some("m"), Some("WHO IS THERE?"))
    );
    let listed = gateway.plugins().await;
    let plugin = listed["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .find(|plugin| plugin["name"] == "contract-0-2")
        .unwrap();
    assert_eq!(
        plugin["kinds"],
        json!(["routing-strategy", "provider-adapter", "guardrail-check"]),
        "{plugin}"
    );
}
