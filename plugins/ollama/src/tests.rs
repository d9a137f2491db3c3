//! What cases cannot express: the providers that the host gets at load, paths, and one instance over several attempts.

use sluice_sdk::testing::Host;

use super::*;

fn plugin() -> Ollama {
    Ollama::new(NoSettings {}).unwrap()
}

fn open(plugin: &mut Ollama, request: &str) {
    Host {
        body: request.as_bytes().to_vec(),
        ..Host::default()
    }
    .install();
    let target = Target {
        provider: "ollama".into(),
        model: "llama3.2".into(),
    };
    plugin.open(&target).map_err(|failure| failure.message).unwrap();
}

fn line(data: &str) -> Event {
    Event {
        name: String::new(),
        data: data.as_bytes().to_vec(),
    }
}

#[test]
fn both_prefixes_are_one_server_of_ones_own() {
    let providers = plugin().providers();
    let names: Vec<_> = providers.iter().map(|provider| provider.name.as_str()).collect();
    assert_eq!(names, ["ollama", "ollama_chat"]);
    assert!(providers.iter().all(|provider| provider.credential_is_optional));
    assert!(
        providers
            .iter()
            .all(|provider| provider.api_base == "http://localhost:11434")
    );
}

#[test]
fn a_path_that_the_base_has_is_not_said_twice() {
    assert_eq!(path_under(None, "/chat"), "/api/chat");
    assert_eq!(path_under(Some("http://ollama:11434/"), "/embed"), "/api/embed");
    assert_eq!(path_under(Some("http://ollama/api/"), "/chat"), "/chat");
    // The host does not repeat what the base already ends with.
    assert_eq!(path_under(Some("http://ollama/api/chat"), "/chat"), "/api/chat");
}

#[test]
fn an_attempt_leaves_nothing_behind() {
    let mut plugin = plugin();
    let request = r#"{"messages":[{"role":"user","content":"Hi"}],"stream":true}"#;
    open(&mut plugin, request);
    let call = r#"{"message":{"content":"<th","tool_calls":[{"function":{"name":"f"}}]}}"#;
    plugin
        .events(vec![line(call)])
        .map_err(|failure| failure.message)
        .unwrap();
    open(&mut plugin, request);
    let last = line(r#"{"message":{"content":"Hello"},"done":true,"done_reason":"stop"}"#);
    let chunks = plugin.events(vec![last]).map_err(|failure| failure.message).unwrap();
    let chunks = String::from_utf8(chunks).unwrap();
    assert!(chunks.contains(r#"{"role":"assistant","content":"Hello"}"#), "{chunks}");
    assert!(chunks.contains(r#""finish_reason":"stop""#), "{chunks}");
}
