//! Hostile guests: whatever one does, it is stopped and counted, its failure policy applies, and the gateway goes on.

use sluice_tests::prelude::*;

/// Short where the guest would use all of it; otherwise long enough that time is not what stops it.
fn time_limit(settings: &Value) -> u32 {
    if settings["do"] == "loop" { 100 } else { 10_000 }
}

/// How many calls of a plugin were stopped for this reason.
async fn stopped(gateway: &Gateway, plugin: &str, kind: &str) -> f64 {
    let labels = [format!("plugin=\"{plugin}\""), format!("kind=\"{kind}\"")];
    gateway
        .metric("sluice_plugin_failures_total", &[&labels[0], &labels[1]])
        .await
}

/// A group of two deployments behind a strategy that does this.
async fn with_strategy(settings: Value) -> Gateway {
    let config = Config::new()
        .mock("demo", "hello")
        .mock("demo", "hello")
        .time_limit("probe-strategy", time_limit(&settings))
        .strategy("probe-strategy", settings);
    Setup::new(&config).plugin(guests::STRATEGY).start().await
}

#[tokio::test]
async fn a_strategy_that_misbehaves_is_stopped_and_the_default_ranks() {
    for (misdeed, kind) in [
        ("loop", "time"),
        ("bomb", "memory"),
        ("trap", "trap"),
        ("recurse", "trap"),
        ("sleep", "trap"),
        ("exit", "trap"),
        ("call-host", "trap"),
    ] {
        let gateway = with_strategy(json!({ "do": misdeed })).await;
        // It is asked once without candidates when it is loaded.
        let before = stopped(&gateway, "probe-strategy", kind).await;
        for _ in 0..3 {
            assert_eq!(gateway.ask("demo", "hi").await.content(), "hello", "{misdeed}");
        }
        assert_eq!(
            stopped(&gateway, "probe-strategy", kind).await - before,
            3.0,
            "{misdeed}"
        );
        let listing = gateway.plugins().await;
        let probe = listing["plugins"]
            .as_array()
            .unwrap()
            .iter()
            .find(|plugin| plugin["name"] == "probe-strategy");
        let said = probe.unwrap()["last_error"].as_str().unwrap_or_default().to_owned();
        assert!(said.contains("probe-strategy"), "{misdeed}: {said}");
    }
}

#[tokio::test]
async fn a_ranking_that_breaks_the_contract_is_not_used() {
    for (rank, kind) in [("out-of-range", "contract"), ("gigantic", "output")] {
        let gateway = with_strategy(json!({ "rank": rank })).await;
        let before = stopped(&gateway, "probe-strategy", kind).await;
        assert_eq!(gateway.ask("demo", "hi").await.content(), "hello", "{rank}");
        assert_eq!(stopped(&gateway, "probe-strategy", kind).await - before, 1.0, "{rank}");
    }
}

#[tokio::test]
async fn time_that_a_strategy_spends_in_the_host_counts() {
    let config = Config::new()
        .mock("demo", "hello")
        .mock("demo", "hello")
        .strategy("probe-strategy", json!({ "rank": "questions-in-a-row" }))
        .time_limit("probe-strategy", 1);
    let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
    let before = stopped(&gateway, "probe-strategy", "time").await;
    let mut question = openai::ask("demo", "hi");
    for number in 0..500 {
        question[format!("field_{number}")] = json!(number);
    }
    assert_eq!(gateway.client().chat(&question).await.content(), "hello");
    assert_eq!(stopped(&gateway, "probe-strategy", "time").await - before, 1.0);
}

#[tokio::test]
async fn a_ranking_that_repeats_itself_counts_once() {
    let gateway = with_strategy(json!({ "rank": "repeated" })).await;
    let before = stopped(&gateway, "probe-strategy", "contract").await;
    assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
    assert_eq!(stopped(&gateway, "probe-strategy", "contract").await - before, 0.0);
}

#[tokio::test]
async fn a_strategy_may_find_none_suitable() {
    for rank in ["refused", "nothing"] {
        let gateway = with_strategy(json!({ "rank": rank })).await;
        let answer = gateway.ask("demo", "hi").await;
        assert!((400..600).contains(&answer.status), "{rank}: {}", answer.status);
        let _ = answer.message(answer.status);
    }
}

#[tokio::test]
async fn floods_of_log_lines_are_cut_and_counted() {
    for flood in ["flood-log", "flood-output"] {
        let gateway = with_strategy(json!({ "do": flood })).await;
        assert_eq!(gateway.ask("demo", "hi").await.content(), "hello", "{flood}");
        let dropped = gateway
            .metric("sluice_plugin_log_lines_dropped_total", &["probe-strategy"])
            .await;
        assert!(dropped >= 400.0, "{flood}: {dropped} lines dropped");
    }
}

/// A group that is tried first through an adapter that does this, and then without it.
async fn with_adapter(upstream: &Upstream, settings: Value, retries: u32) -> Gateway {
    let config = Config::new()
        .time_limit("probe-adapter", time_limit(&settings))
        .probe("chat", upstream, settings)
        .mock("chat", "failed over")
        .strategy("probe-strategy", json!({}))
        .retries(retries);
    Setup::new(&config)
        .plugin(guests::ADAPTER)
        .plugin(guests::STRATEGY)
        .start()
        .await
}

#[tokio::test]
async fn an_adapter_that_asks_for_what_it_may_not_fails_over() {
    let flood: Vec<_> = (0..40_000).map(|number| json!([format!("x-{number}"), "v"])).collect();
    for settings in [
        json!({ "headers": flood }),
        json!({ "headers": [["x-long", "v".repeat(40_000)]] }),
        json!({ "headers": [["Authorization", "Bearer x"]] }),
        json!({ "headers": [["Content-Length", "1"]] }),
        json!({ "path": "/../admin" }),
        json!({ "path": "/x/%2e%2E/%2e%2e/admin" }),
        json!({ "path": "/..%252fadmin" }),
        json!({ "auth_header": ["cookie", "api_key"] }),
        json!({ "auth_header": ["User-Agent", "api_key"] }),
        json!({ "auth_header": ["te", "api_key"] }),
    ] {
        let upstream = Upstream::that_answers(openai::says("hello")).await;
        let gateway = with_adapter(&upstream, settings.clone(), 1).await;
        let shown: String = settings.to_string().chars().take(80).collect();
        assert_eq!(gateway.ask("chat", "hi").await.content(), "failed over", "{shown}");
        assert_eq!(upstream.count(), 0, "{shown}");
    }
}

#[tokio::test]
async fn an_adapter_that_is_busy_with_a_long_text_holds_up_nobody_else() {
    const LIMIT_MS: u32 = 1_500;
    let long = "so many words ".repeat(200_000);
    for at in ["open", "whole"] {
        let upstream = Upstream::that_answers(openai::says(&long)).await;
        let config = Config::new()
            .probe("busy", &upstream, json!({ "at": at, "do": "loop" }))
            .mock("demo", "hello")
            .time_limit("probe-adapter", LIMIT_MS)
            .set("sluice", json!({ "server": { "workers": 1 } }));
        let gateway = Setup::new(&config).plugin(guests::ADAPTER).start().await;
        let question = openai::ask("busy", if at == "open" { &long } else { "hi" });
        let client = gateway.client();
        let busy = tokio::spawn(async move { client.chat(&question).await });
        let mut answered = 0;
        while !busy.is_finished() {
            assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
            answered += 1;
        }
        assert!(busy.await.unwrap().status >= 500);
        // One worker, which the loop would have held for all of its time: a few got in before it.
        assert!(answered > 50, "{at}: {answered} others were answered meanwhile");
    }
}

#[tokio::test]
async fn an_adapter_that_misbehaves_in_any_export_fails_over() {
    for at in ["open", "whole", "refuse"] {
        for (misdeed, kind) in [
            ("loop", "time"),
            ("bomb", "memory"),
            ("trap", "trap"),
            ("recurse", "trap"),
            ("call-host", "trap"),
        ] {
            let script = if at == "refuse" {
                openai::rate_limited(1)
            } else {
                openai::says("hello")
            };
            let upstream = Upstream::that_answers(script).await;
            let gateway = with_adapter(&upstream, json!({ "at": at, "do": misdeed }), 1).await;
            assert_eq!(
                gateway.ask("chat", "hi").await.content(),
                "failed over",
                "{misdeed} in {at}"
            );
            assert_eq!(stopped(&gateway, "probe-adapter", kind).await, 1.0, "{misdeed} in {at}");
        }
    }
}

#[tokio::test]
async fn an_adapter_that_traps_before_the_first_chunk_fails_over() {
    let upstream = Upstream::that_answers(openai::streams(&["hel", "lo"])).await;
    let gateway = with_adapter(&upstream, json!({ "at": "events", "do": "trap" }), 1).await;
    let chunks = gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .chunks()
        .await;
    assert_eq!(openai::text_of(&chunks), "failed over");
}

#[tokio::test]
async fn an_adapter_that_traps_at_the_end_of_a_stream_ends_it_with_an_error() {
    let upstream = Upstream::that_answers(openai::streams(&["hel", "lo"])).await;
    let gateway = with_adapter(&upstream, json!({ "at": "finish", "do": "trap" }), 1).await;
    let data = gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .rest()
        .await;
    assert!(data.iter().any(|data| data.contains("\"error\"")), "{data:?}");
    assert_eq!(data.last().map(String::as_str), Some("[DONE]"));
}

#[tokio::test]
async fn an_adapter_that_traps_when_asked_for_its_providers_serves_none() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = with_adapter(&upstream, json!({ "at": "providers", "do": "trap" }), 1).await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "failed over");
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn an_adapters_garbage_does_not_reach_the_client() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = with_adapter(&upstream, json!({ "probe": "garbage" }), 0).await;
    let answer = gateway.ask("chat", "hi").await;
    assert!((500..600).contains(&answer.status), "{}", answer.text());
    let _ = answer.message(answer.status);

    upstream.always(openai::streams(&["hel", "lo"]));
    let answer = gateway.client().chat(&openai::ask_streamed("chat", "hi")).await;
    assert!(answer.text().contains("\"error\""), "{}", answer.text());
}

#[tokio::test]
async fn an_adapters_gigantic_answer_is_stopped() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = with_adapter(&upstream, json!({ "probe": "gigantic" }), 1).await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "failed over");
}

/// A guardrail that does this to every request.
async fn with_guardrail(params: Value, mode: Value) -> Gateway {
    let mut always = json!({ "guardrail": "probe-guardrail", "mode": mode });
    for (name, value) in params.as_object().unwrap() {
        always[name] = value.clone();
    }
    let config = Config::new()
        .mock("demo", "hello")
        .guardrail("probe", always)
        .time_limit("probe-guardrail", time_limit(&params));
    Setup::new(&config).plugin(guests::GUARDRAIL).start().await
}

#[tokio::test]
async fn a_guardrail_that_misbehaves_refuses_the_exchange() {
    for (misdeed, kind) in [
        ("loop", "time"),
        ("bomb", "memory"),
        ("trap", "trap"),
        ("recurse", "trap"),
        ("exit", "trap"),
    ] {
        for mode in ["pre_call", "post_call"] {
            let gateway = with_guardrail(json!({ "do": misdeed }), json!(mode)).await;
            let answer = gateway.ask("demo", "hi").await;
            let _ = answer.error(503);
            assert!(!answer.text().contains("hello"), "{misdeed} at {mode}");
            assert_eq!(
                stopped(&gateway, "probe-guardrail", kind).await,
                1.0,
                "{misdeed} at {mode}"
            );
        }
    }
}

#[tokio::test]
async fn a_guardrail_that_misbehaves_on_a_stream_lets_nothing_unseen_through() {
    let gate = Gate::new();
    for (at, judge) in [("stream-window", "pass"), ("stream-end", "hold-all")] {
        let script = Script::events(openai::pieces(&["unseen"]));
        let script = if at == "stream-window" {
            script.then_holds(&gate)
        } else {
            script.then_events(openai::ending())
        };
        let upstream = Upstream::that_answers(script).await;
        let params = json!({
            "guardrail": "probe-guardrail", "mode": "post_call", "do": "trap", "at": [at], "judge": judge });
        let config = Config::new().openai("chat", &upstream).guardrail("probe", params);
        let gateway = Setup::new(&config).plugin(guests::GUARDRAIL).start().await;
        let text = gateway.client().chat(&openai::ask_streamed("chat", "hi")).await.text();
        assert!(text.contains("\"error\"") && !text.contains("unseen"), "{at}: {text}");
        assert_eq!(stopped(&gateway, "probe-guardrail", "trap").await, 1.0, "{at}");
    }
}

#[tokio::test]
async fn a_guardrail_may_fail_open_where_the_operator_says_so() {
    let params = json!({ "do": "trap", "unreachable_fallback": "fail_open" });
    let gateway = with_guardrail(params, json!("pre_call")).await;
    assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
    assert_eq!(stopped(&gateway, "probe-guardrail", "trap").await, 1.0);
}

#[tokio::test]
async fn a_verdict_that_breaks_the_contract_refuses_the_exchange() {
    for judge in ["too-few-edits", "too-many-edits", "hold-too-much"] {
        let gateway = with_guardrail(json!({ "judge": judge }), json!("pre_call")).await;
        let _ = gateway.ask("demo", "hi").await.error(503);
        assert_eq!(stopped(&gateway, "probe-guardrail", "contract").await, 1.0, "{judge}");
    }
}

#[tokio::test]
async fn a_gigantic_verdict_refuses_the_exchange() {
    let params = json!({ "guardrail": "probe-guardrail", "mode": "pre_call", "judge": "gigantic" });
    // Its own memory would stop it before the bound on answers does.
    let roomy = json!({ "plugins": { "probe-guardrail": { "memory_limit_mb": 1_024 } } });
    let config = Config::new()
        .mock("demo", "hello")
        .guardrail("probe", params)
        .set("sluice", roomy);
    let gateway = Setup::new(&config).plugin(guests::GUARDRAIL).start().await;
    let _ = gateway.ask("demo", "hi").await.error(503);
    assert_eq!(stopped(&gateway, "probe-guardrail", "output").await, 1.0);
}

#[tokio::test]
async fn a_callback_that_misbehaves_disturbs_no_exchange() {
    let receiver = Upstream::start().await;
    for misdeed in ["loop", "bomb", "trap", "recurse", "flood-log"] {
        let config = Config::new()
            .mock("demo", "hello")
            .callback("probe-callback", json!({ "do": misdeed }), &receiver)
            .time_limit("probe-callback", time_limit(&json!({ "do": misdeed })));
        let gateway = Setup::new(&config).plugin(guests::CALLBACK).start().await;
        for _ in 0..5 {
            assert_eq!(gateway.ask("demo", "hi").await.content(), "hello", "{misdeed}");
        }
        eventually("the callback to be called", async || {
            let calls = gateway.metric("sluice_plugin_calls_total", &["probe-callback"]).await;
            (calls >= 1.0).then_some(())
        })
        .await;
        assert_eq!(gateway.ask("demo", "hi").await.content(), "hello", "{misdeed}");
    }
}

#[tokio::test]
async fn a_loop_holds_up_no_other_exchange_for_longer_than_its_limit() {
    let config = Config::new()
        .mock("demo", "hello")
        .guardrail(
            "probe",
            json!({ "guardrail": "probe-guardrail", "mode": "pre_call", "do": "loop", "default_on": false }),
        )
        .time_limit("probe-guardrail", 2_000)
        .set("sluice", json!({ "server": { "workers": 1 } }));
    let gateway = Setup::new(&config).plugin(guests::GUARDRAIL).start().await;
    let mut looping = openai::ask("demo", "hi");
    looping["guardrails"] = json!(["probe"]);
    let client = gateway.client();
    let held = tokio::spawn(async move { client.chat(&looping).await });
    eventually("the loop to have begun", async || {
        (gateway.metric("litellm_in_flight_requests", &[]).await >= 1.0).then_some(())
    })
    .await;
    for _ in 0..5 {
        assert_eq!(
            gateway.ask("demo", "hi").await.content(),
            "hello",
            "on the same worker, while the guest loops"
        );
    }
    assert!(!held.is_finished(), "the loop is still held to its own limit");
    let _ = held.await.unwrap().error(503);
}

#[tokio::test]
async fn components_that_ask_for_more_than_their_kind_is_granted_are_not_loaded() {
    for (guest, import) in [
        (guests::SOCKETS, "wasi:sockets"),
        (guests::DIALER, "sluice:plugin/http"),
    ] {
        let gateway = Setup::new(&Config::new().mock("demo", "hello"))
            .plugin(guest)
            .start()
            .await;
        let listing = gateway.plugins().await;
        assert!(
            listing["plugins"]
                .as_array()
                .unwrap()
                .iter()
                .all(|plugin| plugin["name"] != guest.name),
            "{listing}"
        );
        let reason = listing["failures"][0]["reason"].as_str().unwrap_or_default();
        assert!(reason.contains(import), "the reason names {import}: {reason}");
        assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
    }
}

#[tokio::test]
async fn a_component_that_traps_in_describe_is_not_loaded() {
    let gateway = Setup::new(&Config::new().mock("demo", "hello"))
        .plugin(guests::STILLBORN)
        .start()
        .await;
    let listing = gateway.plugins().await;
    let reason = listing["failures"][0]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("describe"), "{listing}");
    assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
}
