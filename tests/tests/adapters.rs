//! What the gateway adds to an adapter's work: what it knows of models, and proofs that depend on the credential.

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
