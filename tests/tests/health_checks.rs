//! Health checks: what the gateway asks deployments by itself, what it tells of the answers, and what routing makes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sluice_tests::prelude::*;
use sluice_tests::upstream::Request;

/// Checks so often that a test need not wait, and so seldom that a debug build has time for anything else.
fn often() -> Value {
    json!({ "background_health_checks": true, "health_check_interval": 0.05 })
}

/// Only once: there is no second one before the test is over.
fn once() -> Value {
    json!({ "background_health_checks": true, "health_check_interval": 3600 })
}

fn is_check(request: &Request) -> bool {
    request.json()["messages"][0]["content"] == "What's 1 + 1?"
}

/// An upstream that says its name, and fails with this status while it is ill.
struct Patient {
    upstream: Upstream,
    is_ill: Arc<AtomicBool>,
}

impl Patient {
    async fn called(name: &'static str, status: u16) -> Self {
        let upstream = Upstream::start().await;
        let is_ill = Arc::new(AtomicBool::new(false));
        let illness = Arc::clone(&is_ill);
        upstream.decides(move |request| {
            if is_check(request) && illness.load(Ordering::SeqCst) {
                let message = format!("no good: {UPSTREAM_KEY}");
                return Script::json(status, &openai::error("error", "broken", &message));
            }
            openai::says(name)
        });
        Self { upstream, is_ill }
    }

    fn falls_ill(&self) {
        self.is_ill.store(true, Ordering::SeqCst);
    }

    fn recovers(&self) {
        self.is_ill.store(false, Ordering::SeqCst);
    }
}

/// What `/health` says, once it lists so many unhealthy ones.
async fn health_with(gateway: &Gateway, unhealthy: usize, healthy: usize) -> Value {
    eventually("the checks to find out", async || {
        let health = gateway.client().get("/health").await.json();
        let checks = health["healthy_endpoints"].as_array()?;
        let all_were_asked = checks.iter().all(|endpoint| !endpoint["health_check"].is_null());
        let counts = (&health["unhealthy_count"], &health["healthy_count"]);
        (all_were_asked && counts == (&json!(unhealthy), &json!(healthy))).then_some(health)
    })
    .await
}

/// A group `chat` of two deployments, of which the first is tried first.
async fn pair(first: &Patient, second: &Patient, general: Value) -> Gateway {
    let config = Config::new()
        .openai("chat", &first.upstream)
        .openai("chat", &second.upstream)
        .strategy("probe-strategy", json!({ "rank": "in-order" }))
        .set("general_settings", general);
    Setup::new(&config).plugin(guests::STRATEGY).start().await
}

fn with(mut settings: Value, more: &Value) -> Value {
    let (all, more) = (settings.as_object_mut().unwrap(), more.as_object().unwrap());
    all.extend(more.clone());
    settings
}

#[tokio::test]
async fn health_tells_what_a_check_found_and_no_secret() {
    let patient = Patient::called("chat", 401).await;
    patient.falls_ill();
    let config = Config::new().openai("chat", &patient.upstream);
    let gateway = Gateway::start(&config.set("general_settings", often())).await;
    let health = health_with(&gateway, 1, 0).await;
    let endpoint = &health["unhealthy_endpoints"][0];
    assert!(
        endpoint["error"].as_str().unwrap().starts_with("no good: ****"),
        "{endpoint}"
    );
    let check = &endpoint["health_check"];
    assert_eq!(
        (&check["passed"], &check["status"], &check["kind"]),
        (&json!(false), &json!(401), &json!("AuthenticationError"))
    );
    assert!(!health.to_string().contains(UPSTREAM_KEY));

    patient.recovers();
    let health = health_with(&gateway, 0, 1).await;
    let endpoint = &health["healthy_endpoints"][0];
    assert!(endpoint["error"].is_null() && endpoint["health_check"]["passed"] == true);
    assert_eq!(gateway.metric("sluice_health_check_passed", &[]).await, 1.0);
    for (outcome, class) in [("passed", ""), ("failed", "AuthenticationError")] {
        let labels = [format!("outcome=\"{outcome}\""), format!("exception_class=\"{class}\"")];
        let labels = labels.each_ref().map(String::as_str);
        assert!(gateway.metric("sluice_health_checks_total", &labels).await > 0.0);
    }
}

#[tokio::test]
async fn a_check_is_no_exchange() {
    let patient = Patient::called("chat", 500).await;
    patient.falls_ill();
    let config = Config::new().openai("chat", &patient.upstream);
    let gateway = Gateway::start(&config.set("general_settings", often())).await;
    patient.upstream.asked(5).await;
    let health = health_with(&gateway, 1, 0).await;
    let endpoint = &health["unhealthy_endpoints"][0];
    assert_eq!(
        (&endpoint["failure_rate"], &endpoint["requests_this_minute"]),
        (&json!(0.0), &json!(0))
    );
    assert!(endpoint["cooldown"].is_null() && endpoint["latency_seconds"].is_null());
    for name in [
        "litellm_proxy_total_requests_metric_total",
        "litellm_deployment_total_requests_total",
        "litellm_deployment_failure_responses_total",
        "litellm_total_tokens_metric_total",
    ] {
        assert_eq!(gateway.metric(name, &[]).await, 0.0, "{name}");
    }
    assert_eq!(
        gateway.ask("chat", "hi").await.content(),
        "chat",
        "without routing by checks it serves"
    );
}

#[tokio::test]
async fn what_is_asked_is_tiny_and_what_the_model_is_for() {
    let upstreams = [
        Upstream::start().await,
        Upstream::start().await,
        Upstream::start().await,
    ];
    upstreams[0].always(openai::says("2"));
    upstreams[1].always(Script::json(200, &openai::embeddings(1)));
    upstreams[2].always(openai::says("2"));
    let entry = |model: &str, upstream: &Upstream, info: Value| {
        let base = format!("{}/v1", upstream.base());
        let params = json!({ "model": model, "api_base": base, "api_key": UPSTREAM_KEY });
        json!({ "model_name": model, "litellm_params": params, "model_info": info })
    };
    let config = Config::new()
        .entry(entry(
            "openai/own",
            &upstreams[0],
            json!({ "health_check_max_tokens": 1 }),
        ))
        .entry(entry("openai/text-embedding-3-small", &upstreams[1], json!({})))
        .entry(entry(
            "openai/*",
            &upstreams[2],
            json!({ "health_check_model": "openai/gpt-4o-mini" }),
        ));
    let _gateway = Gateway::start(&config.set("general_settings", often())).await;
    let chat = upstreams[0].request().await;
    assert_eq!(chat.path, "/v1/chat/completions");
    let messages = json!([{ "role": "user", "content": "What's 1 + 1?" }]);
    assert_eq!(
        chat.json(),
        json!({ "model": "own", "messages": messages, "max_tokens": 1 })
    );
    let embedding = upstreams[1].request().await;
    assert_eq!(embedding.path, "/v1/embeddings");
    assert_eq!(
        embedding.json(),
        json!({ "model": "text-embedding-3-small", "input": ["What's 1 + 1?"] })
    );
    assert_eq!(upstreams[2].request().await.json()["model"], "gpt-4o-mini");
}

#[tokio::test]
async fn only_whom_the_configuration_names_is_asked() {
    let (asked, opted_out, other) = (
        Upstream::start().await,
        Upstream::start().await,
        Upstream::start().await,
    );
    asked.always(openai::says("2"));
    let base = format!("{}/v1", opted_out.base());
    let config = Config::new()
        .openai("chat", &asked)
        .entry(json!({
            "model_name": "chat",
            "litellm_params": { "model": "openai/a", "api_base": base, "api_key": "sk-x" },
            "model_info": { "disable_background_health_check": true },
        }))
        .openai("other", &other)
        .mock("chat", "written down")
        .set("general_settings", often())
        .set(
            "router_settings",
            json!({ "background_health_check_model_groups": ["chat"] }),
        );
    let gateway = Gateway::start(&config).await;
    asked.asked(3).await;
    assert_eq!((opted_out.count(), other.count()), (0, 0));
    let health = gateway.client().get("/health").await.json();
    assert_eq!(
        health["healthy_count"], 4,
        "what was not asked is taken for healthy: {health:#}"
    );
}

#[tokio::test]
async fn routing_by_checks_leaves_out_whom_a_check_found_ill() {
    let (first, second) = (
        Patient::called("first", 500).await,
        Patient::called("second", 500).await,
    );
    let gateway = pair(
        &first,
        &second,
        with(often(), &json!({ "enable_health_check_routing": true })),
    )
    .await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "first");
    first.falls_ill();
    let health = health_with(&gateway, 1, 1).await;
    assert_eq!(health["unhealthy_endpoints"][0]["share"], 0.0);
    for _ in 0..3 {
        assert_eq!(gateway.ask("chat", "hi").await.content(), "second");
    }
    first.recovers();
    health_with(&gateway, 0, 2).await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "first");
}

#[tokio::test]
async fn where_all_are_ill_checks_are_not_believed() {
    let (first, second) = (
        Patient::called("first", 500).await,
        Patient::called("second", 500).await,
    );
    first.falls_ill();
    second.falls_ill();
    let gateway = pair(
        &first,
        &second,
        with(often(), &json!({ "enable_health_check_routing": true })),
    )
    .await;
    health_with(&gateway, 2, 0).await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "first");
}

#[tokio::test]
async fn who_is_only_busy_may_stay() {
    let (first, second) = (
        Patient::called("first", 429).await,
        Patient::called("second", 429).await,
    );
    first.falls_ill();
    let lenient = json!({ "enable_health_check_routing": true, "health_check_ignore_transient_errors": true });
    let gateway = pair(&first, &second, with(often(), &lenient)).await;
    health_with(&gateway, 1, 1).await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "first");
}

#[tokio::test]
async fn no_more_checks_are_under_way_than_allowed() {
    let gate = Gate::new();
    let mut upstreams = Vec::new();
    let mut config = Config::new();
    for _ in 0..5 {
        let upstream = Upstream::that_answers(openai::says("2").held(&gate)).await;
        config = config.openai("chat", &upstream);
        upstreams.push(upstream);
    }
    let general = with(often(), &json!({ "health_check_concurrency": 2 }));
    let gateway = Gateway::start(&config.set("general_settings", general)).await;
    let asked = || upstreams.iter().map(Upstream::count).sum::<usize>();
    eventually("two checks", async || (asked() == 2).then_some(())).await;
    // Answering these takes the gateway longer than a third check would.
    for _ in 0..20 {
        gateway.client().get("/health").await;
    }
    assert_eq!(asked(), 2);
    gate.open();
    health_with(&gateway, 0, 5).await;
}

#[tokio::test]
async fn a_check_that_takes_too_long_has_failed() {
    let gate = Gate::new();
    let upstream = Upstream::that_answers(openai::says("2").held(&gate)).await;
    let base = format!("{}/v1", upstream.base());
    let config = Config::new().entry(json!({
        "model_name": "chat",
        "litellm_params": { "model": "openai/a", "api_base": base, "api_key": "sk-x" },
        "model_info": { "health_check_timeout": 0.05 },
    }));
    let gateway = Gateway::start(&config.set("general_settings", often())).await;
    let health = health_with(&gateway, 1, 0).await;
    assert_eq!(health["unhealthy_endpoints"][0]["health_check"]["status"], 408);
}

#[tokio::test]
async fn a_reload_turns_them_on_and_asks_the_ill_again() {
    let patient = Patient::called("chat", 401).await;
    patient.falls_ill();
    let config = Config::new().openai("chat", &patient.upstream);
    let gateway = Gateway::start(&config).await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "chat");
    assert_eq!(patient.upstream.count(), 1, "they are off by default");

    let checked = config.set("general_settings", once());
    gateway.write_config(&checked.text());
    health_with(&gateway, 1, 0).await;
    patient.recovers();
    gateway.write_config(&checked.set("router_settings", json!({ "num_retries": 1 })).text());
    health_with(&gateway, 0, 1).await;
}

#[tokio::test]
async fn health_is_asked_of_one_model() {
    let (ill, well) = (Patient::called("ill", 500).await, Patient::called("well", 500).await);
    ill.falls_ill();
    let config = Config::new()
        .openai("ill", &ill.upstream)
        .openai("well model", &well.upstream);
    let gateway = Gateway::start(&config.set("general_settings", often())).await;
    let health = health_with(&gateway, 1, 1).await;

    let one = gateway.client().get("/health?model=well%20model").await;
    assert_eq!(
        (one.status, &one.json()["healthy_count"], &one.json()["unhealthy_count"]),
        (200, &json!(1), &json!(0))
    );
    let one = gateway.client().get("/health?model=ill").await;
    assert_eq!((one.status, &one.json()["unhealthy_count"]), (503, &json!(1)));
    let id = health["healthy_endpoints"][0]["model_id"].as_str().unwrap();
    let one = gateway.client().get(&format!("/health?model_id={id}")).await;
    assert_eq!((one.status, &one.json()["healthy_count"]), (200, &json!(1)));
    assert_eq!(gateway.client().get("/health?model=nothing").await.status, 503);
}

#[tokio::test]
async fn without_details_health_names_deployments_and_no_more() {
    let config = Config::new().mock("chat", "hello");
    let gateway = Gateway::start(&config.set("general_settings", json!({ "health_check_details": false }))).await;
    let health = gateway.client().get("/health").await.json();
    let endpoint = health["healthy_endpoints"][0].as_object().unwrap();
    assert_eq!(
        endpoint.keys().collect::<Vec<_>>(),
        ["model", "model_group", "model_id"]
    );
}
