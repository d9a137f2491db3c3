//! Attempts: another deployment of the group is tried as long as nothing has been sent.

use sluice_tests::prelude::*;

/// A group of two deployments, the first of which is tried first.
struct Pair {
    gateway: Gateway,
    first: Upstream,
    second: Upstream,
}

impl Pair {
    async fn start(retries: u32) -> Self {
        let (first, second) = (Upstream::start().await, Upstream::start().await);
        second.always(openai::says("second"));
        let config = Config::new()
            .openai("chat", &first)
            .openai("chat", &second)
            .strategy("probe-strategy", json!({ "rank": "in-order" }))
            .retries(retries)
            .without_cooldowns();
        let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
        Self { gateway, first, second }
    }
}

#[tokio::test]
async fn the_next_deployment_answers_when_the_first_fails() {
    let pair = Pair::start(1).await;
    for script in [
        Script::hangs_up(),
        Script::resets(),
        Script::json(500, &openai::error("server_error", "oops", "broken")),
        Script::json(503, &openai::error("server_error", "oops", "overloaded")),
        Script::json(401, &openai::error("auth", "invalid_api_key", "wrong key")),
        Script::json(404, &openai::error("not_found", "model_not_found", "no such model")),
        Script::text(200, "text/html", "<html>login</html>"),
        openai::rate_limited(7),
    ] {
        pair.first.then(script);
        let answer = pair.gateway.ask("chat", "hi").await;
        assert_eq!(answer.content(), "second");
        assert_eq!(answer.header("x-litellm-attempted-retries"), Some("1"));
    }
    assert_eq!(pair.second.count(), 8);
}

#[tokio::test]
async fn the_next_deployment_streams_when_the_first_fails_before_its_first_chunk() {
    let pair = Pair::start(1).await;
    pair.second.always(openai::streams(&["second"]));
    let nothing: [Event; 0] = [];
    for script in [
        Script::hangs_up(),
        openai::rate_limited(7),
        Script::events(nothing.clone()),
        Script::segments([": only a comment\n\n"]).then_breaks_off(),
        Script::events([Event::data(&openai::error("server_error", "oops", "broken"))]),
    ] {
        pair.first.then(script);
        let chunks = pair
            .gateway
            .client()
            .chat_stream(&openai::ask_streamed("chat", "hi"))
            .await
            .chunks()
            .await;
        assert_eq!(openai::text_of(&chunks), "second");
    }
}

#[tokio::test]
async fn a_clients_mistake_is_not_tried_again() {
    let pair = Pair::start(3).await;
    for (status, code) in [
        (400, "invalid_value"),
        (400, "context_length_exceeded"),
        (400, "content_filter"),
        (422, "x"),
    ] {
        pair.first.then(Script::json(
            status,
            &openai::error("invalid_request_error", code, "wrong"),
        ));
        let _ = pair.gateway.ask("chat", "hi").await.error(status);
    }
    assert_eq!((pair.first.count(), pair.second.count()), (4, 0));
}

#[tokio::test]
async fn without_retries_the_first_failure_is_the_answer() {
    let pair = Pair::start(0).await;
    pair.first.always(openai::rate_limited(7));
    let answer = pair.gateway.ask("chat", "hi").await;
    assert!(answer.message(429).contains("slow down"));
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(pair.second.count(), 0);
}

#[tokio::test]
async fn when_all_fail_the_client_learns_when_to_come_back() {
    let pair = Pair::start(1).await;
    pair.first.always(openai::rate_limited(30));
    pair.second.always(openai::rate_limited(7));
    let answer = pair.gateway.ask("chat", "hi").await;
    let _ = answer.error(429);
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(answer.header("x-litellm-attempted-retries"), Some("1"));
}

#[tokio::test]
async fn a_request_may_ask_for_its_own_number_of_retries() {
    let pair = Pair::start(0).await;
    pair.first.always(Script::hangs_up());
    let mut question = openai::ask("chat", "hi");
    question["num_retries"] = json!(1);
    assert_eq!(pair.gateway.client().chat(&question).await.content(), "second");
    let client = pair.gateway.client().with("x-litellm-num-retries", "1");
    assert_eq!(client.chat(&openai::ask("chat", "hi")).await.content(), "second");
}

#[tokio::test]
async fn a_slow_first_byte_leads_on_to_the_next_deployment() {
    let (slow, quick) = (
        Upstream::start().await,
        Upstream::that_answers(openai::says("quick")).await,
    );
    let gate = Gate::new();
    slow.always(openai::says("slow").held(&gate));
    let params = json!({ "model": "openai/upstream-model", "api_base": format!("{}/v1", slow.base()), "timeout": 0.2 });
    let config = Config::new()
        .deployment("chat", params)
        .openai("chat", &quick)
        .strategy("probe-strategy", json!({}))
        .retries(1);
    let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "quick");
    slow.abandoned(1).await;
}

#[tokio::test]
async fn a_connection_that_was_kept_and_closed_meanwhile_is_no_failure() {
    let upstream = Upstream::start().await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream)).await;
    for _ in 0..20 {
        upstream.then(openai::says("hello").then_closes());
        assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
    }
}

#[tokio::test]
async fn connections_are_used_again() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let config = Config::new()
        .openai("chat", &upstream)
        .set("sluice", json!({ "server": { "workers": 1 } }));
    let gateway = Gateway::start(&config).await;
    for _ in 0..10 {
        assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
    }
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn weights_share_the_traffic() {
    let (often, never) = (Upstream::start().await, Upstream::start().await);
    often.always(openai::says("often"));
    never.always(openai::says("never"));
    let params = |upstream: &Upstream, weight: u32| json!({ "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()), "weight": weight });
    let config = Config::new()
        .deployment("chat", params(&often, 1))
        .deployment("chat", params(&never, 0));
    let gateway = Gateway::start(&config).await;
    for _ in 0..20 {
        assert_eq!(
            gateway.ask("chat", "hi").await.content(),
            "often",
            "a weight of 0 is for when nothing else is left"
        );
    }
}
