//! The published configurations, for real: what they promise holds when upstreams break.

use sluice_tests::prelude::*;

/// `gateway.yaml` as it was published, but for where the deployments are and how long a hanging one is waited for.
fn gateway_yaml(bases: &[String; 4]) -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config/published/gateway.yaml");
    let published = std::fs::read_to_string(file).unwrap();
    let [west, east, openai, anthropic] = bases;
    let with_base = |model: &str, base: &str| format!("      model: {model}\n      api_base: {base}\n");
    let mut text = published;
    for (from, to) in [
        ("https://westus-primary.openai.azure.com/", west.clone()),
        ("https://eastus-secondary.openai.azure.com/", east.clone()),
        ("      model: gpt-4o\n", with_base("gpt-4o", &format!("{openai}/v1"))),
        (
            "      model: anthropic/claude-3-5-sonnet-20241022\n",
            with_base("anthropic/claude-3-5-sonnet-20241022", anthropic),
        ),
        ("request_timeout: 120", "request_timeout: 0.3".to_owned()),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, &to);
    }
    let patient: serde_json::Map<String, Value> = ["least-busy", "openai-compatible", "anthropic"]
        .map(|plugin| (plugin.to_owned(), json!({ "time_limit_ms": 10_000 })))
        .into_iter()
        .collect();
    format!("{text}\nsluice: {}\n", json!({ "plugins": patient }))
}

async fn start(upstreams: &[Upstream; 4]) -> Gateway {
    let bases = upstreams.each_ref().map(Upstream::base);
    let mut setup = Setup::new(&Config::new().with_key())
        .file("config.yaml", &gateway_yaml(&bases))
        .variable("LITELLM_MASTER_KEY", MASTER_KEY);
    for name in [
        "AZURE_API_KEY",
        "AZURE_API_KEY_SECONDARY",
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
    ] {
        setup = setup.variable(name, UPSTREAM_KEY);
    }
    setup.start().await
}

/// Three of the four deployments are broken, each in its own way; which of them works changes.
#[tokio::test]
async fn every_exchange_succeeds_while_any_deployment_can() {
    let gate = Gate::new();
    for good in 0..4 {
        let upstreams = [
            Upstream::start().await,
            Upstream::start().await,
            Upstream::start().await,
            Upstream::start().await,
        ];
        let mut ways = vec![
            openai::rate_limited(45),
            openai::says("late").held(&gate),
            if good % 2 == 0 {
                Script::resets()
            } else {
                Script::json(500, &openai::error("server_error", "oops", "broken"))
            },
        ];
        for (index, upstream) in upstreams.iter().enumerate() {
            upstream.always(match index {
                _ if index != good => ways.pop().unwrap(),
                3 => anthropic::says("here"),
                _ => openai::says("here"),
            });
        }
        let gateway = start(&upstreams).await;
        for _ in 0..25 {
            assert_eq!(gateway.ask("gpt-4o", "hi").await.content(), "here");
        }
        let health = gateway.client().get("/health").await.json();
        assert_eq!(health["healthy_count"], 1, "{health:#}");
        for endpoint in health["unhealthy_endpoints"].as_array().unwrap() {
            let cooldown = &endpoint["cooldown"];
            let seconds = if cooldown["kind"] == "RateLimit" { 45.0 } else { 60.0 };
            assert_eq!(cooldown["seconds"], seconds, "{endpoint:#}");
        }
        let asked = upstreams[good].count();
        assert_eq!(gateway.ask("gpt-4o", "hi").await.content(), "here");
        assert_eq!(upstreams[good].count(), asked + 1, "the others are not asked any more");
    }
}

#[tokio::test]
async fn a_stream_survives_too() {
    let upstreams = [
        Upstream::that_answers(openai::rate_limited(45)).await,
        Upstream::that_answers(Script::resets()).await,
        Upstream::that_answers(Script::events(openai::pieces(&["from "])).then_breaks_off()).await,
        Upstream::that_answers(anthropic::streams(&["here"])).await,
    ];
    let gateway = start(&upstreams).await;
    for _ in 0..10 {
        let stream = gateway
            .client()
            .chat_stream(&openai::ask_streamed("gpt-4o", "hi"))
            .await;
        let text = openai::text_of(&stream.chunks().await);
        assert!(text == "here" || text == "from here", "{text}");
    }
}
