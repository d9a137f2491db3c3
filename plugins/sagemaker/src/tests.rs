//! What cases cannot express: the providers that the host gets at load, parts that end within a character, and one
//! instance over several attempts.

use sluice_sdk::testing::Host;

use super::*;

fn plugin() -> SageMaker {
    SageMaker::new(NoSettings {}).unwrap()
}

fn open(plugin: &mut SageMaker, provider: &str) {
    let request = r#"{"messages":[{"role":"user","content":"Hi"}],"stream":true}"#;
    Host {
        body: request.as_bytes().to_vec(),
        ..Host::default()
    }
    .install();
    let target = Target {
        provider: provider.into(),
        model: "endpoint".into(),
    };
    plugin.open(&target).map_err(|failure| failure.message).unwrap();
}

fn part(bytes: &[u8]) -> Event {
    Event {
        name: "PayloadPart".into(),
        data: bytes.to_vec(),
    }
}

fn events(plugin: &mut SageMaker, parts: &[&[u8]]) -> String {
    let batch = parts.iter().map(|bytes| part(bytes)).collect();
    let chunks = plugin.events(batch).map_err(|failure| failure.message).unwrap();
    String::from_utf8(chunks).unwrap()
}

#[test]
fn the_host_is_told_where_and_how() {
    let providers = plugin().providers();
    let names: Vec<_> = providers.iter().map(|provider| provider.name.as_str()).collect();
    assert_eq!(names, ["sagemaker", "sagemaker_chat", "sagemaker_nova"]);
    for provider in &providers {
        assert!(matches!(&provider.auth, Auth::AwsSigv4(service) if service == "sagemaker"));
        assert!(
            provider
                .api_base
                .ends_with("https://runtime.sagemaker.{aws_region_name}.amazonaws.com")
        );
        assert!(
            provider
                .environment
                .contains(&("aws_region_name".into(), "AWS_REGION".into()))
        );
    }
    assert_eq!(providers[0].operations, [CHAT, EMBEDDINGS]);
    assert_eq!(providers[1].operations, [CHAT]);
    assert!(SageMaker::manifest().outbound.is_empty());
}

#[test]
fn a_key_counts_before_a_signature() {
    let auth_with = |credentials: &[&str]| {
        Host {
            credentials: credentials.iter().map(|name| (*name).into()).collect(),
            ..Host::default()
        }
        .install();
        auth()
    };
    assert!(auth_with(&["aws_access_key_id"]).is_none());
    assert!(matches!(auth_with(&["api_key"]), Some(Auth::Bearer(key)) if key == "api_key"));
}

#[test]
fn a_character_may_be_cut() {
    let chat = "data: {\"choices\":[{\"delta\":{\"content\":\"Grüße 🙂\"}}]}\n\n";
    let text = "data:{\"token\":{\"text\":\"Grüße 🙂\",\"special\":false}}\n\n";
    for (provider, stream) in [("sagemaker_chat", chat), ("sagemaker", text)] {
        for at in 0..=stream.len() {
            let mut plugin = plugin();
            open(&mut plugin, provider);
            let (before, after) = stream.as_bytes().split_at(at);
            let chunks = events(&mut plugin, &[before, after]);
            assert!(
                chunks.contains("\"content\":\"Grüße 🙂\"") && chunks.ends_with("\n\n"),
                "{at}: {chunks}"
            );
        }
    }
}

#[test]
fn an_attempt_leaves_nothing_behind() {
    let mut plugin = plugin();
    open(&mut plugin, "sagemaker");
    events(
        &mut plugin,
        &[b"data:{\"token\":{\"text\":\"a\"},\"generated_text\":\"a\"}\n\ndata:{\"tok"],
    );
    open(&mut plugin, "sagemaker_chat");
    let chunk = "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n";
    assert_eq!(events(&mut plugin, &[chunk.as_bytes()]), chunk);
}
