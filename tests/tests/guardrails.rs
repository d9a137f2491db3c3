//! Guardrails: on what goes in, on what comes out, on streams, and when they are missing.

use sluice_tests::prelude::*;

/// A filter of these settings before the group `chat`.
async fn filtered(upstream: &Upstream, mode: Value, settings: Value) -> Gateway {
    let mut params = json!({ "guardrail": "content-filter", "mode": mode });
    for (name, value) in settings.as_object().unwrap() {
        params[name] = value.clone();
    }
    Gateway::start(&Config::new().openai("chat", upstream).guardrail("words", params)).await
}

fn word(keyword: &str, action: &str) -> Value {
    json!({ "blocked_words": [{ "keyword": keyword, "action": action }] })
}

#[tokio::test]
async fn a_request_that_names_a_blocked_word_does_not_reach_the_upstream() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = filtered(&upstream, json!("pre_call"), word("forbidden", "BLOCK")).await;
    for streamed in [false, true] {
        let mut question = openai::ask("chat", "something Forbidden please");
        question["stream"] = streamed.into();
        let answer = gateway.client().chat(&question).await;
        let _ = answer.error(400);
        assert!(
            answer
                .header("x-litellm-applied-guardrails")
                .is_some_and(|names| names.contains("words"))
        );
    }
    assert_eq!(upstream.count(), 0);
    let answer = gateway.ask("chat", "something allowed").await;
    assert_eq!(answer.content(), "hello");
    assert_eq!(answer.header("x-litellm-applied-guardrails"), Some("words"));
    assert_eq!(
        gateway
            .metric("litellm_guardrail_requests_total", &["words", "guardrail_intervened"])
            .await,
        2.0
    );
}

#[tokio::test]
async fn a_masked_word_reaches_the_upstream_masked() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = filtered(&upstream, json!("pre_call"), word("secret", "MASK")).await;
    assert_eq!(gateway.ask("chat", "the secret plan").await.content(), "hello");
    let text = upstream.request().await.json()["messages"][0]["content"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        !text.contains("secret") && text.starts_with("the ") && text.ends_with(" plan"),
        "{text}"
    );
}

#[tokio::test]
async fn parts_and_tool_results_are_looked_at_too() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = filtered(&upstream, json!("pre_call"), word("forbidden", "BLOCK")).await;
    let parts = json!([{ "type": "text", "text": "fine" }, { "type": "text", "text": "forbidden" }]);
    for messages in [
        json!([{ "role": "user", "content": parts }]),
        json!([{ "role": "user", "content": "a" }, { "role": "tool", "tool_call_id": "1", "content": "forbidden" }]),
        json!([{ "role": "system", "content": "forbidden" }, { "role": "user", "content": "a" }]),
    ] {
        let answer = gateway
            .client()
            .chat(&json!({ "model": "chat", "messages": messages }))
            .await;
        assert_eq!(answer.status, 400, "{messages}");
    }
}

#[tokio::test]
async fn completions_and_embeddings_are_looked_at_too() {
    let upstream = Upstream::start().await;
    let gateway = filtered(&upstream, json!("pre_call"), word("forbidden", "BLOCK")).await;
    let client = gateway.client();
    let prompt = json!({ "model": "chat", "prompt": "forbidden" });
    assert_eq!(client.post("/v1/completions", &prompt).await.status, 400);
    let input = json!({ "model": "chat", "input": ["fine", "forbidden"] });
    assert_eq!(client.post("/v1/embeddings", &input).await.status, 400);
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn an_answer_with_a_blocked_word_does_not_reach_the_client() {
    let upstream = Upstream::that_answers(openai::says("a forbidden answer")).await;
    let gateway = filtered(&upstream, json!("post_call"), word("forbidden", "BLOCK")).await;
    let answer = gateway.ask("chat", "hi").await;
    let _ = answer.error(400);
    assert!(!answer.text().contains("forbidden answer"), "{}", answer.text());
}

#[tokio::test]
async fn a_masked_word_reaches_the_client_masked() {
    let upstream = Upstream::that_answers(openai::says("the secret plan")).await;
    let gateway = filtered(&upstream, json!("post_call"), word("secret", "MASK")).await;
    let text = gateway.ask("chat", "hi").await.content();
    assert!(
        !text.contains("secret") && text.starts_with("the ") && text.ends_with(" plan"),
        "{text}"
    );
}

#[tokio::test]
async fn a_word_split_over_chunks_is_masked_in_a_stream() {
    let upstream = Upstream::that_answers(openai::streams(&["the se", "c", "ret plan"])).await;
    let gateway = filtered(&upstream, json!("post_call"), word("secret", "MASK")).await;
    let chunks = gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .chunks()
        .await;
    let text = openai::text_of(&chunks);
    assert!(
        !text.contains("secret") && text.starts_with("the ") && text.ends_with(" plan"),
        "{text}"
    );
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "stop");
}

#[tokio::test]
async fn a_word_split_over_chunks_ends_a_stream_when_it_is_blocked() {
    let upstream = Upstream::that_answers(openai::streams(&["a for", "bid", "den answer"])).await;
    let gateway = filtered(&upstream, json!("post_call"), word("forbidden", "BLOCK")).await;
    let data = gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .rest()
        .await;
    assert_eq!(data.last().map(String::as_str), Some("[DONE]"));
    assert!(data[data.len() - 2].contains("\"error\""), "{data:?}");
    let chunks: Vec<Value> = data.iter().filter_map(|data| serde_json::from_str(data).ok()).collect();
    let text = openai::text_of(&chunks);
    assert!(!text.contains("forbid") && !text.contains("answer"), "{text}");
}

#[tokio::test]
async fn a_blocked_stream_cancels_the_upstream() {
    let gate = Gate::new();
    let script = Script::events(openai::pieces(&["forbidden ", "and more "])).then_holds(&gate);
    let upstream = Upstream::that_answers(script).await;
    let gateway = filtered(&upstream, json!("post_call"), word("forbidden", "BLOCK")).await;
    let answer = gateway.client().chat(&openai::ask_streamed("chat", "hi")).await;
    assert!(answer.text().contains("\"error\""), "{}", answer.text());
    upstream.abandoned(1).await;
}

#[tokio::test]
async fn what_is_harmless_flows_through_a_filtered_stream_unchanged() {
    let texts = ["Zürich ", "is a ", "city. ", "🦀 ", "Nothing to see."];
    let upstream = Upstream::that_answers(openai::streams(&texts)).await;
    let gateway = filtered(&upstream, json!(["pre_call", "post_call"]), word("forbidden", "BLOCK")).await;
    let chunks = gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .chunks()
        .await;
    assert_eq!(openai::text_of(&chunks), texts.concat());
}

#[tokio::test]
async fn translated_answers_are_looked_at_too() {
    let upstream = Upstream::that_answers(anthropic::streams(&["the se", "cret plan"])).await;
    let params = json!({ "guardrail": "content-filter", "mode": "post_call", "blocked_words": [
        { "keyword": "secret", "action": "MASK" }] });
    let gateway = Gateway::start(&Config::new().anthropic("chat", &upstream).guardrail("words", params)).await;
    let chunks = gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .chunks()
        .await;
    assert!(!openai::text_of(&chunks).contains("secret"), "{chunks:?}");
    upstream.always(anthropic::says("the secret plan"));
    assert!(!gateway.ask("chat", "hi").await.content().contains("secret"));
}

#[tokio::test]
async fn litellms_name_of_the_filter_means_the_bundled_one() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let mut params = word("forbidden", "BLOCK");
    params["guardrail"] = json!("litellm_content_filter");
    params["mode"] = json!("pre_call");
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream).guardrail("words", params)).await;
    assert_eq!(gateway.ask("chat", "forbidden").await.status, 400);
}

#[tokio::test]
async fn a_guardrail_that_is_not_always_on_is_asked_for_by_name() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let mut params = word("forbidden", "BLOCK");
    params["guardrail"] = json!("content-filter");
    params["mode"] = json!("pre_call");
    params["default_on"] = json!(false);
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream).guardrail("words", params)).await;
    let mut question = openai::ask("chat", "forbidden");
    assert_eq!(gateway.client().chat(&question).await.status, 200);
    question["guardrails"] = json!(["words"]);
    assert_eq!(gateway.client().chat(&question).await.status, 400);
}

#[tokio::test]
async fn a_guardrail_that_nobody_configured_is_refused_when_asked_for() {
    let gateway = Gateway::start(&Config::new().mock("demo", "hello")).await;
    let mut question = openai::ask("demo", "hi");
    question["guardrails"] = json!(["made-up"]);
    let message = gateway.client().chat(&question).await.message(400);
    assert!(message.contains("made-up"), "{message}");
}

/// A gateway whose only guardrail is the one under test.
async fn probed(params: Value) -> Gateway {
    let mut with_plugin = json!({ "guardrail": "probe-guardrail", "mode": "pre_call" });
    for (name, value) in params.as_object().unwrap() {
        with_plugin[name] = value.clone();
    }
    let config = Config::new().mock("demo", "hello").guardrail("probe", with_plugin);
    Setup::new(&config).plugin(guests::GUARDRAIL).start().await
}

#[tokio::test]
async fn a_guardrail_that_cannot_judge_refuses_unless_the_operator_says_otherwise() {
    let closed = probed(json!({ "judge": "unavailable" })).await;
    let _ = closed.ask("demo", "hi").await.error(503);
    for open in [
        json!({ "unreachable_fallback": "fail_open" }),
        json!({ "fail_on_error": false }),
    ] {
        let mut params = open.clone();
        params["judge"] = json!("unavailable");
        assert_eq!(
            probed(params).await.ask("demo", "hi").await.content(),
            "hello",
            "{open}"
        );
    }
}

#[tokio::test]
async fn a_guardrail_whose_settings_make_no_sense_refuses() {
    let gateway = probed(json!({ "judge": "nonsense" })).await;
    let _ = gateway.ask("demo", "hi").await.error(503);
}

#[tokio::test]
async fn guardrails_run_one_after_the_other_each_on_what_the_last_one_left() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let config = Config::new()
        .openai("chat", &upstream)
        .guardrail(
            "mark",
            json!({ "guardrail": "probe-guardrail", "mode": "pre_call", "judge": "mark" }),
        )
        .guardrail(
            "words",
            json!({ "guardrail": "content-filter", "mode": "pre_call", "blocked_words": [
            { "keyword": "[seen]", "action": "MASK" }] }),
        );
    let gateway = Setup::new(&config).plugin(guests::GUARDRAIL).start().await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
    let text = upstream.request().await.json()["messages"][0]["content"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(text.ends_with(" hi") && !text.contains("[seen]"), "{text}");
}

#[tokio::test]
async fn a_during_call_guardrail_refuses_what_the_upstream_has_answered_already() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = filtered(&upstream, json!("during_call"), word("forbidden", "BLOCK")).await;
    let answer = gateway.ask("chat", "forbidden").await;
    let _ = answer.error(400);
    assert!(!answer.text().contains("hello"));
    assert_eq!(gateway.ask("chat", "allowed").await.content(), "hello");
}

#[tokio::test]
async fn a_logging_only_guardrail_changes_nothing() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = filtered(&upstream, json!("logging_only"), word("forbidden", "BLOCK")).await;
    assert_eq!(gateway.ask("chat", "forbidden").await.content(), "hello");
}

#[tokio::test]
async fn tool_arguments_of_a_stream_are_looked_at_like_those_of_a_whole_answer() {
    let calls = [("send", json!({ "text": "the secret plan" }))];
    for script in [
        Script::events(openai::tool_stream(&calls)),
        Script::json(200, &openai::tool_answer(&calls)),
    ] {
        let upstream = Upstream::that_answers(script).await;
        let gateway = filtered(&upstream, json!("post_call"), word("secret", "BLOCK")).await;
        let stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
        let data = stream.rest().await;
        assert!(data[data.len() - 2].contains("\"error\""), "{data:?}");
        assert!(!data.concat().contains("secret"), "{data:?}");
    }
}

/// A request whose own fallback says something else.
fn with_fallback(group: &str, fallback: Value) -> Value {
    let mut question = openai::ask(group, "harmless");
    question["fallbacks"] = json!([fallback]);
    question
}

#[tokio::test]
async fn a_clients_own_fallback_is_a_request_and_looked_at_as_one() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let forbidden = openai::ask("chat", "something forbidden");
    for mode in ["pre_call", "during_call"] {
        let gateway = filtered(&upstream, json!(mode), word("forbidden", "BLOCK")).await;
        let question = with_fallback("no-such-group", forbidden.clone());
        let message = gateway.client().chat(&question).await.message(400);
        assert!(message.contains("block"), "{mode}: {message}");
        let fine = with_fallback("no-such-group", openai::ask("chat", "something fine"));
        assert_eq!(gateway.client().chat(&fine).await.content(), "hello");
    }
}

#[tokio::test]
async fn a_fallback_with_other_words_reaches_no_upstream_before_it_was_looked_at() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = filtered(&upstream, json!("pre_call"), word("forbidden", "BLOCK")).await;
    let question = with_fallback("no-such-group", openai::ask("chat", "something forbidden"));
    let _ = gateway.client().chat(&question).await.error(400);
    assert_eq!(upstream.count(), 0);
    // By a chain of fallbacks as well.
    let question = with_fallback(
        "neither",
        json!({ "no-such-group": [openai::ask("chat", "forbidden")] }),
    );
    let _ = gateway.client().chat(&question).await;
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn a_masked_request_stays_masked_on_its_way_to_a_fallback() {
    let broken = Upstream::that_answers(Script::json(500, &json!({}))).await;
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let params = json!({ "guardrail": "content-filter", "mode": "pre_call",
        "blocked_words": [{ "keyword": "secret", "action": "MASK" }] });
    let config = Config::new()
        .openai("chat", &broken)
        .openai("backup", &upstream)
        .retries(0)
        .set("litellm_settings", json!({ "fallbacks": [{ "chat": ["backup"] }] }))
        .guardrail("words", params);
    let gateway = Gateway::start(&config).await;
    assert_eq!(gateway.ask("chat", "the secret plan").await.content(), "hello");
    let sent = upstream.request().await.json().to_string();
    assert!(!sent.contains("secret") && sent.contains("plan"), "{sent}");
}

/// LiteLLM spreads load over guardrails of one name: an exchange is looked at by one of them.
#[tokio::test]
async fn guardrails_of_one_name_share_the_exchanges() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let params = |keyword: &str| {
        json!({ "guardrail": "content-filter", "mode": "pre_call",
            "blocked_words": [{ "keyword": keyword, "action": "BLOCK" }] })
    };
    let config = Config::new()
        .openai("chat", &upstream)
        .guardrail("words", params("one"))
        .guardrail("words", params("two"));
    let gateway = Gateway::start(&config).await;
    let mut blocked = 0;
    for _ in 0..64 {
        let answer = gateway.ask("chat", "only one of the words").await;
        blocked += u32::from(answer.status == 400);
        // Whoever looks finds the one or the other.
        assert_eq!(gateway.ask("chat", "one and two").await.status, 400);
    }
    assert!((1..64).contains(&blocked), "{blocked} of 64");
}
