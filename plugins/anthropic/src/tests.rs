//! What cases cannot express: settings, the providers that the host gets at load, and one instance over several
//! attempts.

use sluice_sdk::Auth;
use sluice_sdk::testing::Host;

use super::*;

fn plugin(settings: &str) -> Result<Anthropic, String> {
    let settings = serde_json::from_str(settings).map_err(|error| error.to_string())?;
    Anthropic::new(settings)
}

fn target(model: &str) -> Target {
    Target {
        provider: "anthropic".into(),
        model: model.into(),
    }
}

fn open(plugin: &mut Anthropic, model: &str, request: &str) -> String {
    let host = Host {
        body: request.as_bytes().to_vec(),
        ..Host::default()
    };
    open_on(host, plugin, model)
}

fn open_on(host: Host, plugin: &mut Anthropic, model: &str) -> String {
    host.install();
    let Ok(UpstreamRequest {
        body: RequestBody::Bytes(body),
        ..
    }) = plugin.open(&target(model))
    else {
        panic!("a body of its own");
    };
    String::from_utf8(body).unwrap()
}

fn event(data: &str) -> Event {
    Event {
        name: String::new(),
        data: data.as_bytes().to_vec(),
    }
}

const HI: &str = r#"{"messages":[{"role":"user","content":"Hi"}]}"#;

#[test]
fn the_operators_limit_counts_before_the_models_own() {
    let limit = |settings: &str, of_model: Option<&str>, model: &str, request: &str| {
        let parameters = of_model.map(|tokens| ("max_output_tokens".to_owned(), tokens.to_owned()));
        let host = Host {
            body: request.as_bytes().to_vec(),
            parameters: parameters.into_iter().collect(),
            ..Host::default()
        };
        let body: serde_json::Value =
            serde_json::from_str(&open_on(host, &mut plugin(settings).unwrap(), model)).unwrap();
        body["max_tokens"].as_u64().unwrap()
    };
    let thinks = HI.replacen('{', r#"{"reasoning_effort":"low","#, 1);
    let model = "claude-sonnet-4-5";
    assert_eq!(limit("{}", None, "MiniMax-M2", HI), 4096);
    assert_eq!(limit("{}", None, model, HI), 64000);
    assert_eq!(limit("{}", Some("9000"), model, HI), 9000);
    assert_eq!(limit(r#"{"default_max_tokens":7}"#, Some("64000"), model, HI), 7);
    assert_eq!(limit("{}", None, "MiniMax-M2", &thinks), 4096 + 1024);
    assert_eq!(limit("{}", Some("64000"), model, &thinks), 64000);
    assert_eq!(
        limit(r#"{"default_max_tokens":8000}"#, Some("8192"), model, &thinks),
        8192
    );
    assert_eq!(limit("{}", Some("none"), model, HI), 64000);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let error = |settings| plugin(settings).err().unwrap();
    assert_eq!(
        error(r#"{"default_max_tokens":0}"#),
        "default_max_tokens is 0, which allows no answer; leave it out for the model's own limit"
    );
    assert!(error(r#"{"max_tokens":5}"#).contains("unknown field `max_tokens`"));
}

#[test]
fn the_host_is_told_where_and_how() {
    let provider = plugin("{}").unwrap().providers().remove(0);
    assert_eq!(
        (provider.name.as_str(), provider.api_base.as_str()),
        ("anthropic", "https://api.anthropic.com")
    );
    assert!(matches!(provider.auth, Auth::Header((header, key)) if header == "x-api-key" && key == "api_key"));
    assert!(
        provider
            .environment
            .contains(&("api_key".into(), "ANTHROPIC_API_KEY".into()))
    );
    assert!(Anthropic::manifest().outbound.is_empty());
    assert!(serde_json::from_str::<serde_json::Value>(&Anthropic::manifest().settings_schema).is_ok());
}

#[test]
fn of_bedrock_only_claude_by_invoke_is_served() {
    let providers = plugin("{}").unwrap().providers();
    let bedrock = providers.iter().find(|provider| provider.name == "bedrock").unwrap();
    assert!(matches!(&bedrock.auth, Auth::AwsSigv4(service) if service == "bedrock"));
    assert_eq!(bedrock.operations, ["chat-completions"]);
    assert_eq!(bedrock.extras, [("models".into(), "invoke/*anthropic*".into())]);
}

#[test]
fn an_attempt_knows_nothing_of_the_one_before() {
    let mut plugin = plugin("{}").unwrap();
    let with_tool =
        r#"{"stream":true,"messages":[{"role":"user","content":"Hi"}],"response_format":{"type":"json_object"}}"#;
    open(&mut plugin, "claude-sonnet-4-5", with_tool);
    let start =
        r#"{"type":"message_start","message":{"id":"msg_1","model":"m","usage":{"input_tokens":9,"output_tokens":1}}}"#;
    plugin.events(vec![event(start)]).unwrap();

    open(
        &mut plugin,
        "claude-sonnet-4-5",
        r#"{"stream":true,"messages":[{"role":"user","content":"Hi"}]}"#,
    );
    let failure = plugin.events(vec![event(r#"{"type":"message_stop"}"#)]).unwrap_err();
    assert_eq!(failure.fault, sluice_sdk::Fault::MalformedAnswer);
    assert!(!plugin.json_tool);
}

#[test]
fn nothing_is_logged() {
    let mut plugin = plugin("{}").unwrap();
    open(&mut plugin, "claude-sonnet-4-5", HI);
    plugin.whole(b"{\"secret\":1}".to_vec()).unwrap_err();
    assert_eq!(Host::logged(), Vec::<String>::new());
}

#[test]
fn errors_do_not_repeat_what_was_said() {
    let mut plugin = plugin("{}").unwrap();
    let body = br#"{"messages":[{"role":"user","content":{"text":"secret"}}]}"#.to_vec();
    Host {
        body,
        ..Host::default()
    }
    .install();
    let failure = plugin.open(&target("claude-sonnet-4-5")).err().unwrap();
    assert!(!failure.message.contains("secret"), "{}", failure.message);
}
