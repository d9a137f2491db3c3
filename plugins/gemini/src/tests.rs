//! What cases cannot express: the providers that the host gets at load, retry delays of the provider, and one instance
//! over several attempts.

use sluice_sdk::testing::Host;

use super::*;

fn plugin() -> Gemini {
    Gemini::new(NoSettings {}).unwrap()
}

fn target(provider: &str, model: &str) -> Target {
    Target {
        provider: provider.into(),
        model: model.into(),
    }
}

fn open(plugin: &mut Gemini, operation: &str, request: &str) -> Result<UpstreamRequest, Failure> {
    Host {
        body: request.as_bytes().to_vec(),
        operation: operation.into(),
        ..Host::default()
    }
    .install();
    plugin.open(&target("gemini", "gemini-2.5-flash"))
}

fn event(data: &str) -> Event {
    Event {
        name: String::new(),
        data: data.as_bytes().to_vec(),
    }
}

const HI: &str = r#"{"messages":[{"role":"user","content":"Hi"}],"stream":true}"#;

#[test]
fn the_host_is_told_where_and_how() {
    let providers = plugin().providers();
    let names: Vec<&str> = providers.iter().map(|provider| provider.name.as_str()).collect();
    assert_eq!(names, ["gemini", "vertex_ai", "vertex_ai_beta"]);
    for provider in &providers {
        assert_eq!(provider.operations, ["chat-completions", "embeddings"]);
    }
    let [studio, vertex, _] = &providers[..] else {
        unreachable!()
    };
    assert!(matches!(&studio.auth, Auth::Header((header, key)) if header == "x-goog-api-key" && key == "api_key"));
    assert!(matches!(&vertex.auth, Auth::GoogleOauth(scope) if scope == vertex::SCOPE));
    let addresses: Vec<&str> = vertex.api_base.split(' ').collect();
    assert!(addresses.iter().all(|address| address.starts_with("https://")) && addresses.len() == 4);
}

#[test]
fn a_pause_is_read_to_the_millisecond() {
    let pause = |delay: &str| {
        let body = format!(
            r#"{{"error":{{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{{"retryDelay":"{delay}"}}]}}}}"#
        );
        plugin()
            .refuse(&target("gemini", "m"), 429, body.into_bytes())
            .retry_after_ms
    };
    assert_eq!(pause("34.5s"), Some(34_500));
    assert_eq!(pause("0.0001s"), Some(1));
    assert_eq!(pause("7s"), Some(7000));
    for nonsense in ["", "s", "-1s", "7", "NaNs"] {
        assert_eq!(pause(nonsense), None, "{nonsense}");
    }
}

#[test]
fn an_attempt_knows_nothing_of_the_one_before() {
    let mut plugin = plugin();
    open(&mut plugin, "chat-completions", HI)
        .map_err(|failure| failure.message)
        .unwrap();
    plugin
        .events(vec![event(
            r#"{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}]}"#,
        )])
        .unwrap();
    open(&mut plugin, "chat-completions", HI)
        .map_err(|failure| failure.message)
        .unwrap();
    assert_eq!(plugin.finish().unwrap_err().fault, Fault::MalformedAnswer);
    open(&mut plugin, "embeddings", r#"{"input":"a"}"#)
        .map_err(|failure| failure.message)
        .unwrap();
    open(&mut plugin, "chat-completions", HI)
        .map_err(|failure| failure.message)
        .unwrap();
    assert!(plugin.embeddings.is_none());
}

#[test]
fn other_operations_are_refused() {
    let failure = open(&mut plugin(), "audio-speech", HI).err().unwrap();
    assert_eq!(
        (failure.fault, failure.message.as_str()),
        (Fault::Unsupported, "Gemini is not served for `audio-speech`")
    );
}

#[test]
fn nothing_is_logged_and_errors_do_not_repeat_what_was_said() {
    let mut plugin = plugin();
    let failure = open(
        &mut plugin,
        "chat-completions",
        r#"{"messages":[{"role":"user","content":{"text":"secret"}}]}"#,
    );
    let failure = failure.err().unwrap();
    assert!(!failure.message.contains("secret"), "{}", failure.message);
    plugin.whole(b"{\"secret\":1}".to_vec()).unwrap_err();
    assert_eq!(Host::logged(), Vec::<String>::new());
}

#[test]
fn a_schema_that_grows_without_end_is_refused() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let definitions: Vec<String> = names
        .windows(2)
        .map(|pair| {
            let next = format!(r##"{{"$ref":"#/$defs/{}"}}"##, pair[1]);
            let ten: Vec<String> = (0..10).map(|number| format!(r#""{number}":{next}"#)).collect();
            format!(
                r#""{}":{{"type":"object","properties":{{{}}}}}"#,
                pair[0],
                ten.join(",")
            )
        })
        .collect();
    let schema = format!(r##"{{"$defs":{{{}}},"$ref":"#/$defs/a"}}"##, definitions.join(","));
    let request = format!(
        r#"{{"messages":[{{"role":"user","content":"Hi"}}],"tools":[{{"type":"function","function":{{"name":"f","parameters":{schema}}}}}]}}"#
    );
    let failure = open(&mut plugin(), "chat-completions", &request).err().unwrap();
    assert_eq!(failure.parameter.as_deref(), Some("tools"));
}
