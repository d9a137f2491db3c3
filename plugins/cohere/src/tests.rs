//! What cases cannot express: the providers that the host gets at load, and one instance over several attempts.

use sluice_sdk::testing::Host;

use super::*;

fn plugin() -> Cohere {
    Cohere::new(NoSettings {}).unwrap()
}

fn target() -> Target {
    Target {
        provider: "cohere".into(),
        model: "command-a-reasoning-08-2025".into(),
    }
}

fn open(plugin: &mut Cohere, request: &str, operation: &str) {
    Host {
        body: request.as_bytes().to_vec(),
        operation: operation.into(),
        ..Host::default()
    }
    .install();
    assert!(plugin.open(&target()).is_ok());
}

fn event(data: &str) -> Event {
    Event {
        name: String::new(),
        data: data.as_bytes().to_vec(),
    }
}

const HI: &str = r#"{"messages":[{"role":"user","content":"Hi"}]}"#;
const STREAMED: &str = r#"{"stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;

#[test]
fn the_host_is_told_where_and_how() {
    let providers = plugin().providers();
    let names: Vec<_> = providers.iter().map(|provider| provider.name.as_str()).collect();
    assert_eq!(names, ["cohere", "cohere_chat"]);
    for provider in providers {
        assert_eq!(provider.api_base, "https://api.cohere.com");
        assert!(matches!(provider.auth, Auth::Bearer(key) if key == "api_key"));
        assert_eq!(provider.operations, ["chat-completions", "embeddings"]);
        for variable in ["COHERE_API_KEY", "CO_API_KEY"] {
            assert!(provider.environment.contains(&("api_key".into(), variable.into())));
        }
    }
    assert!(Cohere::manifest().outbound.is_empty());
}

#[test]
fn paths_fit_the_bases_that_people_write() {
    let path = |base, operation| path_under(base, operation).map_err(|failure| failure.parameter.unwrap_or_default());
    for (base, chat, embed) in [
        (None, Ok("/v2/chat"), Ok("/v2/embed")),
        (Some("https://api.cohere.com"), Ok("/v2/chat"), Ok("/v2/embed")),
        (Some("https://proxy.example/cohere/"), Ok("/v2/chat"), Ok("/v2/embed")),
        (Some("https://api.cohere.com/v2"), Ok("/chat"), Ok("/embed")),
        (Some("https://api.cohere.com/v2/"), Ok("/chat"), Ok("/embed")),
        (Some("https://api.cohere.com/v2/chat"), Ok("/v2/chat"), Err("api_base")),
        (
            Some("https://api.cohere.com/v2/embed"),
            Err("api_base"),
            Ok("/v2/embed"),
        ),
        (Some("https://proxy.example/my/chat"), Ok("/chat"), Err("api_base")),
        (Some("https://api.cohere.com/v1"), Err("api_base"), Err("api_base")),
        (Some("https://api.cohere.com/v1/chat"), Err("api_base"), Err("api_base")),
        (
            Some("https://api.cohere.ai/compatibility/v1"),
            Err("api_base"),
            Err("api_base"),
        ),
    ] {
        assert_eq!(path(base, Operation::Chat), chat.map_err(str::to_owned), "{base:?}");
        assert_eq!(path(base, Operation::Embed), embed.map_err(str::to_owned), "{base:?}");
    }
}

#[test]
fn an_attempt_knows_nothing_of_the_one_before() {
    let mut plugin = plugin();
    open(&mut plugin, STREAMED, "chat-completions");
    let start = r#"{"type":"message-start","id":"a1","delta":{"message":{"role":"assistant"}}}"#;
    let call =
        r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"c","function":{"name":"f"}}}}}"#;
    plugin.events(vec![event(start), event(call)]).unwrap();

    open(&mut plugin, STREAMED, "chat-completions");
    let end = r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#;
    let chunks = String::from_utf8(plugin.events(vec![event(end)]).unwrap()).unwrap();
    assert!(chunks.contains(r#""finish_reason":"stop""#), "{chunks}");
    assert!(!chunks.contains("a1"), "{chunks}");

    open(&mut plugin, r#"{"input":"a"}"#, "embeddings");
    let failure = plugin
        .whole(br#"{"id":"a","message":{"content":[]}}"#.to_vec())
        .unwrap_err();
    assert_eq!(failure.fault, Fault::MalformedAnswer);
}

#[test]
fn nothing_is_logged() {
    let mut plugin = plugin();
    open(&mut plugin, HI, "chat-completions");
    plugin.whole(b"{\"secret\":1}".to_vec()).unwrap_err();
    assert_eq!(Host::logged(), Vec::<String>::new());
}

#[test]
fn errors_do_not_repeat_what_was_said() {
    let body = br#"{"messages":[{"role":"user","content":{"text":"secret"}}]}"#.to_vec();
    Host {
        body,
        ..Host::default()
    }
    .install();
    let failure = plugin().open(&target()).err().unwrap();
    assert!(!failure.message.contains("secret"), "{}", failure.message);
}
