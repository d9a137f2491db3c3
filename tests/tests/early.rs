//! Clients that wait long for a stream: the head goes out before there is content, and comments follow.

use sluice_tests::prelude::*;

/// A gateway that lets clients wait for no longer than a moment.
async fn impatient(config: Config) -> Gateway {
    let heartbeat = json!({ "server": { "heartbeat_ms": 20 } });
    Gateway::start(&config.set("sluice", heartbeat)).await
}

/// A stream of the group `chat`, which has sent its head and a comment: its upstream is silent.
async fn waiting(gateway: &Gateway) -> sluice_tests::client::Stream {
    let mut stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    assert_eq!(stream.comment().await, "ping");
    stream
}

/// Exchanges that ended with this status.
async fn ended(gateway: &Gateway, status: u16) -> f64 {
    let status = format!("status_code=\"{status}\"");
    gateway
        .metric("litellm_proxy_total_requests_metric_total", &[&status])
        .await
}

fn with_backup(config: Config) -> Config {
    config.set("router_settings", json!({ "fallbacks": [{ "chat": ["backup"] }] }))
}

#[tokio::test]
async fn head_and_comments_come_before_the_content() {
    let gate = Gate::new();
    let upstream = Upstream::that_answers(openai::streams(&["hel", "lo"]).held(&gate)).await;
    let gateway = impatient(Config::new().openai("chat", &upstream)).await;
    let mut stream = waiting(&gateway).await;
    assert_eq!(stream.comment().await, "ping", "as long as it takes");
    assert_eq!(stream.status, 200);
    assert!(stream.header("x-litellm-call-id").is_some());
    assert_eq!(stream.header("x-litellm-model-group"), Some("chat"));
    assert_eq!(stream.header("x-litellm-model-id"), None, "nobody knows it yet");
    gate.open();
    assert_eq!(openai::text_of(&stream.chunks().await), "hello");
    assert_eq!(ended(&gateway, 200).await, 1.0);
}

#[tokio::test]
async fn an_upstream_that_only_says_that_it_works_on_it_holds_nothing_back() {
    let gate = Gate::new();
    let script = Script::segments([": PROCESSING\n\n"])
        .then_holds(&gate)
        .then_events(openai::stream(&["hello"]));
    let upstream = Upstream::that_answers(script).await;
    let gateway = impatient(Config::new().openai("chat", &upstream)).await;
    let stream = waiting(&gateway).await;
    gate.open();
    assert_eq!(openai::text_of(&stream.chunks().await), "hello");
}

#[tokio::test]
async fn a_fallback_answers_a_client_that_has_its_head() {
    let gate = Gate::new();
    let failing = Upstream::that_answers(Script::json(500, &json!({})).held(&gate)).await;
    let good = Upstream::that_answers(openai::streams(&["hello"])).await;
    let config = with_backup(Config::new().openai("chat", &failing).openai("backup", &good));
    let gateway = impatient(config).await;
    let stream = waiting(&gateway).await;
    gate.open();
    assert_eq!(openai::text_of(&stream.chunks().await), "hello");
    assert_eq!(ended(&gateway, 200).await, 1.0);
}

#[tokio::test]
async fn a_client_that_has_its_head_is_told_in_the_stream_when_all_fail() {
    let gate = Gate::new();
    let refusal = openai::error("requests", "rate_limit_exceeded", "slow down");
    let failing = Upstream::that_answers(Script::json(429, &refusal).held(&gate)).await;
    let gateway = impatient(Config::new().openai("chat", &failing)).await;
    let stream = waiting(&gateway).await;
    gate.open();
    let chunks = stream.chunks().await;
    assert_eq!(chunks.len(), 1, "{chunks:?}");
    assert!(
        chunks[0]["error"]["message"].to_string().contains("slow down"),
        "{chunks:?}"
    );
    assert_eq!((ended(&gateway, 429).await, ended(&gateway, 200).await), (1.0, 0.0));
    assert_eq!(gateway.metric("litellm_in_flight_requests", &[]).await, 0.0);
}

#[tokio::test]
async fn a_client_that_hangs_up_while_it_waits_cancels_the_upstream() {
    let gate = Gate::new();
    let upstream = Upstream::that_answers(openai::streams(&["late"]).held(&gate)).await;
    let gateway = impatient(Config::new().openai("chat", &upstream)).await;
    drop(waiting(&gateway).await);
    upstream.abandoned(1).await;
    eventually("the exchange to be counted as 499, and to be over", async || {
        let in_flight = gateway.metric("litellm_in_flight_requests", &[]).await;
        (ended(&gateway, 499).await == 1.0 && in_flight == 0.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_falls_silent_gets_comments_between_its_events() {
    let gate = Gate::new();
    let script = Script::events(openai::pieces(&["one"]))
        .then_holds(&gate)
        .then_events(openai::pieces(&["two"]).split_off(1))
        .then_events(openai::ending());
    let upstream = Upstream::that_answers(script).await;
    let gateway = impatient(Config::new().openai("chat", &upstream)).await;
    let mut stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    assert_eq!(stream.text().await.as_deref(), Some("one"));
    assert_eq!(stream.comment().await, "ping");
    gate.open();
    assert_eq!(stream.text().await.as_deref(), Some("two"));
    assert_eq!(stream.text().await, None);
}
