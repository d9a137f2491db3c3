//! Health, metrics, and the list of plugins.

use hyper::Method;
use sluice_tests::prelude::*;

#[tokio::test]
async fn liveness_and_readiness_say_what_probes_look_for() {
    let gateway = Gateway::start(&Config::new().mock("demo", "hello").with_key()).await;
    let probe = Client::new(gateway.address());
    for path in ["/health/liveliness", "/health/liveness"] {
        assert!(probe.get(path).await.text().contains("I'm alive!"), "{path}");
        assert_eq!(probe.send(Method::HEAD, path, "").await.status, 200, "{path}");
    }
    assert_eq!(probe.get("/health/readiness").await.json()["status"], "healthy");
}

/// What `sluice health` finds at this port.
async fn checked(port: u16) -> Result<(), String> {
    let text = "model_list: []".to_owned();
    let directory = std::path::PathBuf::new();
    let mut options = sluice::Options::new(sluice::Source::Text { text, directory }, sluice_bundled::PLUGINS);
    options.port = Some(port);
    let checked = tokio::task::spawn_blocking(move || sluice::health(&options)).await;
    checked.unwrap().map_err(|error| error.to_string())
}

#[tokio::test]
async fn the_health_command_tells_whether_a_gateway_serves() {
    let gateway = Gateway::start(&Config::new().mock("demo", "hello").with_key()).await;
    let port = gateway.address().port();
    assert_eq!(checked(port).await, Ok(()));
    tokio::task::spawn_blocking(move || drop(gateway)).await.unwrap();
    let reason = checked(port).await.unwrap_err();
    assert!(reason.contains(&format!("127.0.0.1:{port}")), "{reason}");
}

#[tokio::test]
async fn health_shows_deployments_only_to_who_has_a_key() {
    let upstream = Upstream::that_answers(openai::says("2")).await;
    let config = Config::new().openai("chat", &upstream).set("sluice", asking());
    let gateway = Gateway::start(&config.with_key()).await;
    let bare = Client::new(gateway.address()).get("/health").await;
    assert_eq!(bare.status, 200);
    assert!(!bare.text().contains("upstream-model"), "{}", bare.text());

    let shown = gateway.client().get("/health").await.json();
    assert_eq!(shown["healthy_count"], 1);
    assert_eq!(shown["healthy_endpoints"][0]["model"], "openai/upstream-model");
    assert!(!shown.to_string().contains(UPSTREAM_KEY), "{shown}");
    assert_eq!(upstream.count(), 1, "whoever has no key has nobody asked");
}

#[tokio::test]
async fn metrics_have_the_names_that_dashboards_ask_for() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let params = json!({ "model": "openai/gpt-4o-mini", "api_base": format!("{}/v1", upstream.base()) });
    let gateway = Gateway::start(&Config::new().deployment("chat", params)).await;
    assert_eq!(gateway.ask("chat", "hi").await.status, 200);
    upstream.always(openai::rate_limited(1));
    assert_eq!(gateway.ask("chat", "hi").await.status, 429);

    let text = gateway.metrics().await;
    for name in [
        "litellm_proxy_total_requests_metric_total",
        "litellm_proxy_failed_requests_metric_total",
        "litellm_requests_metric_total",
        "litellm_total_tokens_metric_total",
        "litellm_input_tokens_metric_total",
        "litellm_output_tokens_metric_total",
        "litellm_spend_metric_total",
        "litellm_request_total_latency_metric_bucket",
        "litellm_llm_api_latency_metric_bucket",
        "litellm_overhead_latency_metric_bucket",
        "litellm_deployment_total_requests_total",
        "litellm_deployment_success_responses_total",
        "litellm_deployment_failure_responses_total",
        "litellm_deployment_state",
        "litellm_in_flight_requests",
        "sluice_plugin_calls_total",
    ] {
        assert!(text.lines().any(|line| line.starts_with(name)), "no {name}");
    }
    let chat = "requested_model=\"chat\"";
    assert_eq!(
        gateway
            .metric("litellm_proxy_total_requests_metric_total", &[chat])
            .await,
        2.0
    );
    assert_eq!(
        gateway
            .metric(
                "litellm_proxy_total_requests_metric_total",
                &[chat, "status_code=\"429\""]
            )
            .await,
        1.0
    );
    assert_eq!(gateway.metric("litellm_input_tokens_metric_total", &[chat]).await, 11.0);
    assert_eq!(gateway.metric("litellm_output_tokens_metric_total", &[chat]).await, 7.0);
    assert!(gateway.metric("litellm_spend_metric_total", &[chat]).await > 0.0);
}

#[tokio::test]
async fn labels_are_bounded_by_the_configuration() {
    let gateway = Gateway::start(&Config::new().mock("demo", "hello")).await;
    let marker = "made-up-by-a-client";
    for index in 0..20 {
        let name = format!("{marker}-{index}");
        let client = gateway.client().with("user-agent", &name);
        assert_eq!(client.chat(&openai::ask(&name, "hi")).await.status, 400);
        assert_eq!(client.get(&format!("/{name}")).await.status, 404);
    }
    assert!(!gateway.metrics().await.contains(marker));
}

#[tokio::test]
async fn plugins_lists_what_is_loaded_and_what_it_may_do() {
    let receiver = Upstream::start().await;
    let config = Config::new()
        .mock("demo", "hello")
        .outbound("probe-guardrail", &receiver);
    let config = config.guardrail("probe", json!({ "guardrail": "probe-guardrail", "mode": "pre_call" }));
    let gateway = Setup::new(&config).plugin(guests::GUARDRAIL).start().await;
    let listing = gateway.plugins().await;
    let named = |name: &str| {
        let found = listing["plugins"]
            .as_array()
            .unwrap()
            .iter()
            .find(|plugin| plugin["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {listing}")).clone()
    };
    for (name, kind) in [
        ("openai-compatible", "provider-adapter"),
        ("anthropic", "provider-adapter"),
        ("simple-shuffle", "routing-strategy"),
        ("content-filter", "guardrail-check"),
        ("webhook", "logging-callback"),
    ] {
        assert_eq!(
            (&named(name)["kinds"][0], &named(name)["source"]),
            (&json!(kind), &json!("bundled")),
            "{name}"
        );
    }
    let probe = named("probe-guardrail");
    assert_eq!(probe["version"], "0.1.0");
    assert_eq!(probe["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(probe["outbound_asked"], json!(["*"]));
    assert_eq!(probe["outbound_granted"], json!([receiver.base()]));
    let imports = probe["imports"].to_string();
    assert!(
        imports.contains("sluice:plugin/http@0.2.1") && !imports.contains("sluice:plugin/deployment"),
        "{imports}"
    );

    gateway.ask("demo", "hi").await;
    let calls = |listing: &Value| {
        let plugins = listing["plugins"].as_array().unwrap();
        plugins
            .iter()
            .find(|plugin| plugin["name"] == "probe-guardrail")
            .map(|plugin| plugin["calls"].as_u64())
    };
    assert_eq!(calls(&gateway.plugins().await), Some(Some(1)));
}

#[tokio::test]
async fn readiness_says_no_while_a_gateway_that_is_to_stop_still_serves() {
    let server = json!({ "server": { "drain_delay_ms": 0 } });
    let gateway = Gateway::start(&Config::new().mock("demo", "hello").set("sluice", server)).await;
    assert_eq!(gateway.client().get("/health/readiness").await.status, 200);
    gateway.drain();
    assert_eq!(gateway.client().get("/health/readiness").await.status, 503);
    assert_eq!(gateway.client().get("/health/liveliness").await.status, 200);
    assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
}

/// `/health` asks, which configurations of tests do not want elsewhere.
fn asking() -> Value {
    json!({ "server": { "health_max_age_ms": 300_000 } })
}

#[tokio::test]
async fn health_asks_those_of_whom_nothing_was_heard_and_believes_it_for_a_while() {
    let (good, dead) = (Upstream::that_answers(openai::says("2")).await, Upstream::start().await);
    dead.always(Script::json(
        401,
        &openai::error("auth", "invalid_api_key", "wrong key"),
    ));
    let config = Config::new().openai("good", &good).openai("dead", &dead);
    let gateway = Gateway::start(&config.set("sluice", asking())).await;
    for _ in 0..3 {
        let health = gateway.client().get("/health").await.json();
        assert_eq!(
            (&health["healthy_count"], &health["unhealthy_count"]),
            (&json!(1), &json!(1)),
            "{health}"
        );
        assert_eq!(health["unhealthy_endpoints"][0]["model_group"], "dead");
    }
    assert_eq!((good.count(), dead.count()), (1, 1), "the answers are kept");
    let gateway = Gateway::start(&Config::new().openai("good", &good)).await;
    assert_eq!(gateway.client().get("/health").await.json()["healthy_count"], 1);
    assert_eq!(good.count(), 1, "and nobody is asked where the operator says so");
}
