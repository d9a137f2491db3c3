//! What the gateway adds to an adapter's work: what it knows of models, proofs that depend on the credential, and what
//! answers lack that clients rely on.

use sluice_tests::prelude::*;

/// A deployment of Anthropic's at this upstream.
fn anthropic_at(upstream: &Upstream, model: &str) -> Value {
    json!({ "model": format!("anthropic/{model}"), "api_base": upstream.base() })
}

/// The limit that the upstream was asked to keep, by a client that names none.
async fn max_tokens_asked(config: Config, upstream: &Upstream, model: &str) -> Value {
    let gateway = Gateway::start(&config).await;
    gateway.ask(model, "hi").await;
    upstream.request().await.json()["max_tokens"].clone()
}

#[tokio::test]
async fn anthropic_is_given_the_models_own_limit() {
    let upstream = Upstream::that_answers(anthropic::says("hello")).await;
    let config = Config::new().deployment("claude", anthropic_at(&upstream, "claude-sonnet-4-5"));
    assert_eq!(max_tokens_asked(config, &upstream, "claude").await, 64000);
}

#[tokio::test]
async fn a_wildcards_limit_is_that_of_the_model_asked_for() {
    let upstream = Upstream::that_answers(anthropic::says("hello")).await;
    let config = Config::new().deployment("anthropic/*", anthropic_at(&upstream, "*"));
    assert_eq!(
        max_tokens_asked(config, &upstream, "anthropic/claude-opus-4-1").await,
        32000
    );
}

#[tokio::test]
async fn the_configurations_limit_counts_before_the_catalogues() {
    let upstream = Upstream::that_answers(anthropic::says("hello")).await;
    let mut params = anthropic_at(&upstream, "claude-sonnet-4-5");
    params["api_key"] = UPSTREAM_KEY.into();
    let info = json!({ "max_output_tokens": 9000 });
    let config = Config::new().entry(json!({ "model_name": "claude", "litellm_params": params, "model_info": info }));
    assert_eq!(max_tokens_asked(config, &upstream, "claude").await, 9000);
}

#[tokio::test]
async fn an_oauth_token_of_anthropic_is_a_bearer_token() {
    let upstream = Upstream::that_answers(anthropic::says("hello")).await;
    let mut params = anthropic_at(&upstream, "claude-sonnet-4-5");
    params["api_key"] = "sk-ant-oat01-secret".into();
    let gateway = Gateway::start(&Config::new().deployment("claude", params)).await;
    let question = json!({
        "model": "claude",
        "messages": [{ "role": "user", "content": "hi" }],
        "anthropic_beta": ["some-beta-2025-01-01"],
    });
    gateway.client().chat(&question).await;
    let asked = upstream.request().await;
    assert_eq!(asked.header("authorization"), Some("Bearer sk-ant-oat01-secret"));
    assert_eq!(asked.header("x-api-key"), None);
    assert_eq!(
        asked.header("anthropic-beta"),
        Some("some-beta-2025-01-01,oauth-2025-04-20")
    );
}

#[tokio::test]
async fn a_sparse_answer_is_completed() {
    let answer = json!({ "choices": [{
        "message": { "role": "assistant", "content": null, "reasoning": "hm", "tool_calls": [{ "function": { "name": "f" } }] },
        "finish_reason": "stop",
    }] });
    let upstream = Upstream::that_answers(Script::json(200, &answer)).await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream)).await;
    let answer = gateway.ask("chat", "hi").await.json();
    assert_eq!(
        (&answer["object"], &answer["model"]),
        (&json!("chat.completion"), &json!("chat"))
    );
    assert!(answer["id"].is_string() && answer["created"].is_u64(), "{answer}");
    let choice = &answer["choices"][0];
    assert_eq!(
        (&choice["index"], &choice["finish_reason"]),
        (&json!(0), &json!("tool_calls"))
    );
    assert_eq!(choice["message"]["reasoning_content"], "hm");
    assert!(choice["message"]["tool_calls"][0]["id"].is_string());
}

#[tokio::test]
async fn a_sparse_stream_is_completed() {
    let deltas = [
        json!({ "reasoning": "hm" }),
        json!({ "tool_calls": [{ "id": "c1", "function": { "name": "f", "arguments": "{}" } }] }),
    ];
    let chunk = |delta: &Value| Event::data(&json!({ "choices": [{ "delta": delta }] }));
    let last = Event::data(&json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] }));
    let events = deltas.iter().map(chunk).chain([last, Event::done()]);
    let upstream = Upstream::that_answers(Script::events(events)).await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream)).await;
    let mut question = openai::ask_streamed("chat", "hi");
    question["tools"] = json!([{ "type": "function", "function": { "name": "f" } }]);
    let chunks = gateway.client().chat_stream(&question).await.chunks().await;
    for chunk in &chunks {
        assert_eq!(
            (&chunk["object"], &chunk["model"]),
            (&json!("chat.completion.chunk"), &json!("chat"))
        );
        assert_eq!(chunk["id"], chunks[0]["id"]);
        assert!(chunk["id"].is_string() && chunk["created"].is_u64(), "{chunk}");
        assert_eq!(chunk["choices"][0]["index"], 0);
    }
    assert_eq!(chunks[0]["choices"][0]["delta"]["reasoning_content"], "hm");
    assert_eq!(chunks[1]["choices"][0]["delta"]["tool_calls"][0]["index"], 0);
    assert_eq!(chunks[2]["choices"][0]["finish_reason"], "tool_calls");
}

/// A deployment whose requests AWS's way of signing proves, with these further parameters.
async fn signed(upstream: &Upstream, parameters: Value) -> Gateway {
    let mut params = json!({ "model": "probe/claude", "api_base": upstream.base() });
    params
        .as_object_mut()
        .unwrap()
        .extend(parameters.as_object().unwrap().clone());
    let settings = json!({ "aws_service": "bedrock", "path": "/model/claude%3A1/converse" });
    let config = Config::new().deployment("chat", params).set(
        "sluice",
        json!({ "plugins": { "probe-adapter": { "settings": settings } } }),
    );
    Setup::new(&config).plugin(guests::ADAPTER).start().await
}

#[tokio::test]
async fn a_request_is_signed_as_aws_asks_for() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let parameters = json!({
        "aws_access_key_id": "AKIDEXAMPLE",
        "aws_secret_access_key": "a-secret-of-forty-characters-or-so",
        "aws_session_token": "a-session",
        "aws_region_name": "eu-central-1",
    });
    let gateway = signed(&upstream, parameters).await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
    let asked = upstream.request().await;
    let proof = asked.header("authorization").unwrap();
    let day = &asked.header("x-amz-date").unwrap()[..8];
    let begins = format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{day}/eu-central-1/bedrock/aws4_request, ");
    assert!(proof.starts_with(&begins), "{proof}");
    let names = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=";
    assert!(proof.contains(names), "{proof}");
    assert_eq!(asked.header("x-amz-security-token"), Some("a-session"));
    assert!(!format!("{asked:?}").contains("a-secret-of"), "{asked:?}");
}

#[tokio::test]
async fn what_a_signature_lacks_is_said_to_the_operator() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let key = json!({ "aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "a-secret-of-forty-characters" });
    for parameters in [json!({ "aws_region_name": "eu-central-1" }), key] {
        let gateway = signed(&upstream, parameters).await;
        let message = gateway.ask("chat", "hi").await.message(500);
        assert!(
            message.contains("the gateway is not set up to ask this model"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn of_several_addresses_the_first_complete_one_counts() {
    let (by_region, general) = (
        Upstream::that_answers(openai::says("by region")).await,
        Upstream::that_answers(openai::says("general")).await,
    );
    let elsewhere = by_region.base().replace("127.0.0.1", "{place}");
    let addresses = format!("{elsewhere} {}", general.base());
    let settings = json!({ "speaks_for": { "api_base": addresses } });
    let outbound = [by_region.base(), general.base()];
    for (parameters, said) in [(json!({ "place": "127.0.0.1" }), "by region"), (json!({}), "general")] {
        let mut params = json!({ "model": "probe/any" });
        params
            .as_object_mut()
            .unwrap()
            .extend(parameters.as_object().unwrap().clone());
        let config = Config::new().deployment("chat", params).set(
            "sluice",
            json!({ "plugins": { "probe-adapter": { "settings": settings, "outbound": outbound } } }),
        );
        let gateway = Setup::new(&config).plugin(guests::ADAPTER).start().await;
        assert_eq!(gateway.ask("chat", "hi").await.content(), said);
    }
}

/// What an adapter of the snapshot serves, and whether its code is in memory.
fn adapter_of(gateway: &Gateway, name: &str) -> (Value, bool) {
    let snapshot = gateway.inside().snapshot();
    let adapter = snapshot.adapters.iter().find(|adapter| adapter.name() == name).unwrap();
    let is_linked = adapter.is_linked();
    (serde_json::to_value(adapter.providers().unwrap()).unwrap(), is_linked)
}

#[tokio::test]
async fn only_adapters_of_deployments_are_in_memory() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream)).await;
    let snapshot = gateway.inside().snapshot();
    let linked = snapshot.adapters.iter().filter(|adapter| adapter.is_linked());
    let linked: Vec<&str> = linked.map(|adapter| adapter.name()).collect();
    assert_eq!(linked, ["openai-compatible"]);
}

#[tokio::test]
async fn a_bundled_adapter_says_the_same_as_when_it_was_built() {
    let gateway = Gateway::start(&Config::new()).await;
    for name in ["anthropic", "bedrock"] {
        let (built, is_linked) = adapter_of(&gateway, name);
        assert!(!is_linked, "{name} was asked at the start");
        let bundled = sluice_bundled::PLUGINS
            .iter()
            .find(|plugin| plugin.name == name)
            .unwrap();
        gateway.install_bytes(name, bundled.bytes);
        let asked = eventually("the file in place of the bundled adapter", async || {
            let (asked, is_linked) = adapter_of(&gateway, name);
            is_linked.then_some(asked)
        })
        .await;
        assert_eq!(asked, built, "{name}");
    }
}
