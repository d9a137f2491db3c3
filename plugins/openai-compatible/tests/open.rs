//! What a case cannot express: settings, authentication, and which parts of the request are read.

use openai_compatible::{OpenAiCompatible, Settings};
use sluice_sdk::serde_json::{self, Value, json};
use sluice_sdk::testing::{Host, sparse};
use sluice_sdk::{Auth, Fault, Plugin, ProviderAdapter, Reading, RequestBody, Target, UpstreamRequest};

fn adapter(settings: Value) -> Result<OpenAiCompatible, String> {
    let settings: Settings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    OpenAiCompatible::new(settings)
}

fn open(settings: Value, model: &str, parameters: Value, credentials: &[&str]) -> UpstreamRequest {
    open_operation("chat-completions", settings, model, parameters, credentials)
}

fn open_operation(
    operation: &str,
    settings: Value,
    model: &str,
    parameters: Value,
    credentials: &[&str],
) -> UpstreamRequest {
    Host {
        operation: operation.into(),
        body: br#"{"model":"group"}"#.to_vec(),
        parameters: serde_json::from_value::<serde_json::Map<String, Value>>(parameters)
            .unwrap()
            .into_iter()
            .map(|(name, value)| (name, value.to_string()))
            .collect(),
        credentials: credentials.iter().map(|name| (*name).to_owned()).collect(),
        ..Host::default()
    }
    .install();
    let (provider, model) = model.split_once('/').unwrap();
    adapter(settings)
        .unwrap()
        .open(&Target {
            provider: provider.into(),
            model: model.into(),
        })
        .unwrap()
}

fn bearer(auth: Option<Auth>) -> Option<String> {
    match auth {
        Some(Auth::Bearer(parameter)) => Some(parameter),
        Some(other) => panic!("{other:?}"),
        None => None,
    }
}

#[test]
fn the_patch_of_a_plain_exchange_is_a_few_bytes_and_the_answer_is_relayed() {
    let sent = open(json!({}), "openai/gpt-4o", json!({}), &["api_key"]);
    assert!(
        matches!(&sent.body, RequestBody::MergePatch(patch) if patch == br#"{"model":"gpt-4o"}"#),
        "{sent:?}"
    );
    assert!(matches!(sent.reading, Reading::Relay));
    assert!(sent.auth.is_none() && sent.headers.is_empty());
}

#[test]
fn azure_sends_the_key_and_the_token_only_where_there_is_no_key() {
    let azure = json!({"api_base": "https://res.openai.azure.com"});
    let auth = |credentials: &[&str]| bearer(open(json!({}), "azure/gpt-4o", azure.clone(), credentials).auth);
    assert_eq!(auth(&["api_key"]), None);
    assert_eq!(auth(&["azure_ad_token"]).as_deref(), Some("azure_ad_token"));
    assert_eq!(auth(&["api_key", "azure_ad_token"]), None);
}

#[test]
fn foundry_sends_the_bare_key_to_azures_own_hosts_only() {
    let auth = |base: &str, credentials: &[&str]| {
        bearer(open(json!({}), "azure_ai/m", json!({"api_base": base}), credentials).auth)
    };
    assert_eq!(auth("https://r.services.ai.azure.com", &["api_key"]), None);
    assert_eq!(
        auth("https://r.services.ai.azure.com", &["azure_ad_token"]).as_deref(),
        Some("azure_ad_token")
    );
    assert_eq!(
        auth("https://ml.eastus.models.ai.azure.com", &["api_key"]).as_deref(),
        Some("api_key")
    );
}

#[test]
fn a_server_without_keys_is_sent_one_where_it_is_given() {
    assert_eq!(bearer(open(json!({}), "hosted_vllm/m", json!({}), &[]).auth), None);
    assert_eq!(
        bearer(open(json!({}), "hosted_vllm/m", json!({}), &["api_key"]).auth).as_deref(),
        Some("api_key")
    );
}

#[test]
fn an_operator_adds_a_provider_and_replaces_one() {
    let settings = json!({"providers": [
        {"name": "own", "base_url": "https://llm.example.com/v1", "key_env": ["OWN_KEY"],
         "operations": ["chat-completions"], "set": {"store": false}},
        {"name": "groq", "base_url": "https://groq.example.com", "operations": ["embeddings"]},
    ]});
    let providers = adapter(settings.clone()).unwrap().providers();
    let own = providers.iter().find(|provider| provider.name == "own").unwrap();
    assert_eq!(
        (own.api_base.as_str(), own.environment.len()),
        ("https://llm.example.com/v1", 1)
    );
    let groq: Vec<_> = providers.iter().filter(|provider| provider.name == "groq").collect();
    assert_eq!((groq.len(), groq[0].api_base.as_str()), (1, "https://groq.example.com"));
    let sent = open(settings, "own/m", json!({}), &[]);
    let expected = br#"{"model":"m","store":false}"#;
    assert!(
        matches!(&sent.body, RequestBody::MergePatch(patch) if patch == expected),
        "{sent:?}"
    );
}

#[test]
fn azures_version_can_be_set_for_all_deployments() {
    let azure = json!({"api_base": "https://res.openai.azure.com"});
    let sent = open(json!({"azure_api_version": "2024-10-21"}), "azure/d", azure, &[]);
    assert_eq!(
        sent.path_and_query,
        "/openai/deployments/d/chat/completions?api-version=2024-10-21"
    );
}

#[test]
fn settings_that_make_no_sense_are_refused_with_the_mend() {
    #[track_caller]
    fn check(entry: Value, expected: &str) {
        let mut provider = json!({"name": "p", "base_url": "", "operations": ["embeddings"]});
        provider
            .as_object_mut()
            .unwrap()
            .extend(entry.as_object().unwrap().clone());
        let error = adapter(json!({"providers": [provider]})).err().expect("refused");
        assert!(error.contains(expected), "{error}");
    }
    check(json!({"frobnicate": 1}), "unknown field `frobnicate`");
    check(json!({"auth": "basic"}), "unknown variant `basic`");
    check(
        json!({"name": "a/b"}),
        "provider `a/b`: `name` is the part of `model` before its first `/`",
    );
    check(
        json!({"base_url": "example.com"}),
        "`base_url` is `example.com`; it begins with https:// or http://",
    );
    check(
        json!({"operations": []}),
        "provider `p`: `operations` is empty; name at least one",
    );
    check(
        json!({"parameter_env": {"region": ["R"]}}),
        "`base_url` has no `{region}`",
    );
    check(json!({"path_prefix": "v1"}), "`path_prefix` begins with `/`");
    check(
        json!({"clamp": {"temperature": {"min": 2, "max": 1}}}),
        "`clamp` of `temperature` needs",
    );
    check(json!({"clamp": {"temperature": {}}}), "`clamp` of `temperature` needs");
    check(json!({"set": {"store": null}}), "name it under `drop`");
}

#[test]
fn an_unknown_provider_is_refused() {
    Host::default().install();
    let target = Target {
        provider: "nobody".into(),
        model: "m".into(),
    };
    let failure = adapter(json!({})).unwrap().open(&target).unwrap_err();
    assert_eq!(failure.fault, Fault::Unsupported);
    assert_eq!(failure.message, "openai-compatible knows no provider `nobody`");
}

/// The schema is written by hand; this test fails if a field is missing in the schema or in the type.
#[test]
fn the_schema_knows_every_field_of_an_entry() {
    let schema: Value = serde_json::from_str(&OpenAiCompatible::manifest().settings_schema).unwrap();
    let known = schema["$defs"]["provider"]["properties"].as_object().unwrap();
    let refusal = adapter(json!({"providers": [{"no such field": 1}]})).err().unwrap();
    let (_, expected) = refusal.split_once("expected one of ").unwrap();
    let mut fields: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    fields.sort_unstable();
    assert_eq!(known.keys().map(String::as_str).collect::<Vec<_>>(), fields);
}

#[test]
fn audio_has_paths_of_its_own_and_is_relayed() {
    let azure = json!({"api_base": "https://res.openai.azure.com", "api_version": "2024-10-21"});
    for (operation, model, parameters, path) in [
        ("audio-speech", "openai/tts-1", json!({}), "/audio/speech"),
        (
            "audio-transcriptions",
            "groq/whisper-large-v3",
            json!({}),
            "/audio/transcriptions",
        ),
        (
            "audio-translations",
            "azure/whisper",
            azure,
            "/openai/deployments/whisper/audio/translations?api-version=2024-10-21",
        ),
    ] {
        let sent = open_operation(operation, json!({}), model, parameters, &["api_key"]);
        assert_eq!(sent.path_and_query, path);
        assert!(matches!(sent.reading, Reading::Relay));
        let (_, own) = model.split_once('/').unwrap();
        let expected = json!({ "model": own }).to_string();
        assert!(
            matches!(&sent.body, RequestBody::MergePatch(patch) if *patch == expected.as_bytes()),
            "{sent:?}"
        );
    }
}

#[test]
fn an_attempt_knows_nothing_of_the_one_before() {
    let mut adapter = adapter(json!({})).unwrap();
    let open = |adapter: &mut OpenAiCompatible, model: &str| {
        Host {
            body: br#"{"stream":true,"messages":[{"role":"user","content":"Hi"}]}"#.to_vec(),
            ..Host::default()
        }
        .install();
        let target = Target {
            provider: "openai".into(),
            model: model.into(),
        };
        adapter.open(&target).unwrap().reading
    };
    let event = |data: Value| sluice_sdk::Event {
        name: String::new(),
        data: data.to_string().into_bytes(),
    };
    assert!(matches!(open(&mut adapter, "gpt-5-codex"), Reading::Events(_)));
    let created = json!({"type": "response.created", "response": {"id": "resp_1"}});
    adapter.events(vec![event(created)]).unwrap();
    assert!(matches!(open(&mut adapter, "gpt-5-codex"), Reading::Events(_)));
    let text = json!({"type": "response.output_text.delta", "delta": "Hello"});
    let chunks = String::from_utf8(adapter.events(vec![event(text)]).unwrap()).unwrap();
    assert!(chunks.contains("assistant") && !chunks.contains("resp_1"), "{chunks}");
    assert!(matches!(open(&mut adapter, "gpt-4o"), Reading::Relay));
    assert_eq!(adapter.finish().unwrap_err().fault, Fault::Unsupported);
}

#[test]
fn completed_text_comes_before_the_error_behind_it() {
    let model = "gpt-3.5-turbo-instruct";
    let mut adapter = sparse::opened(adapter(json!({})).unwrap(), "text-completion-openai", model, true);
    let text = json!({"choices": [{"index": 0, "text": "Hello"}]});
    let error = json!({"error": {"message": "down"}});
    let batch = vec![sparse::event("", &text), sparse::event("", &error)];
    let chunks = String::from_utf8(adapter.events(batch).unwrap()).unwrap();
    assert!(chunks.contains("Hello"), "{chunks}");
    assert_eq!(adapter.finish().unwrap_err().message, "down");
}
