//! A stream that breaks after content was sent goes on at another deployment, or says why it cannot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sluice_tests::prelude::*;

/// Two deployments, the first of which is tried first.
struct Pair {
    gateway: Gateway,
    first: Upstream,
    second: Upstream,
}

impl Pair {
    async fn start() -> Self {
        Self::with(json!({})).await
    }

    async fn with(settings: Value) -> Self {
        let (first, second) = (Upstream::start().await, Upstream::start().await);
        second.always(openai::streams(&["and ", "on"]));
        let config = Config::new()
            .openai("chat", &first)
            .openai("chat", &second)
            .strategy("probe-strategy", json!({ "rank": "in-order" }))
            .retries(1)
            .without_cooldowns()
            .set("router_settings", settings);
        let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
        Self { gateway, first, second }
    }

    /// All data of the answer to this question.
    async fn ask(&self, question: &Value) -> Vec<String> {
        self.gateway.client().chat_stream(question).await.rest().await
    }

    async fn ask_with_usage(&self) -> Vec<Value> {
        let mut question = openai::ask_streamed("chat", "hi");
        question["stream_options"] = json!({ "include_usage": true });
        chunks(&self.ask(&question).await)
    }
}

fn chunks(data: &[String]) -> Vec<Value> {
    let data = data.iter().filter(|data| *data != "[DONE]");
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

fn finish_reasons(chunks: &[Value]) -> Vec<&str> {
    let reasons = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["finish_reason"].as_str());
    reasons.collect()
}

/// Some text, then the end of the connection.
fn breaks_after(texts: &[&str]) -> Script {
    Script::events(openai::pieces(texts)).then_breaks_off()
}

#[tokio::test]
async fn text_goes_on_where_it_broke() {
    let pair = Pair::start().await;
    pair.first.then(breaks_after(&["first ", "half "]));
    let chunks = pair.ask_with_usage().await;
    assert_eq!(openai::text_of(&chunks), "first half and on");
    assert_eq!(finish_reasons(&chunks), ["stop"]);
    let ids: Vec<&Value> = chunks.iter().map(|chunk| &chunk["id"]).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert!(chunks.iter().all(|chunk| chunk["model"] == "chat"));
    let roles = chunks
        .iter()
        .filter(|chunk| chunk["choices"][0]["delta"]["role"].is_string());
    assert_eq!(roles.count(), 1, "who speaks is said once");
    let asked = pair.second.requests()[0].json();
    let messages = asked["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 3);
    assert_eq!(messages[1], json!({ "role": "assistant", "content": "first half " }));
    assert_eq!(messages[2]["role"], "user");
}

#[tokio::test]
async fn an_error_in_the_stream_is_a_break_too() {
    let pair = Pair::start().await;
    let gate = Gate::new();
    let error = Event::data(&openai::error("server_error", "oops", "broken"));
    pair.first.then(
        Script::events(openai::pieces(&["half "]))
            .then_holds(&gate)
            .then_events([error]),
    );
    let question = openai::ask_streamed("chat", "hi");
    let mut stream = pair.gateway.client().chat_stream(&question).await;
    assert_eq!(stream.text().await.as_deref(), Some("half "));
    gate.open();
    assert_eq!(openai::text_of(&chunks(&stream.rest().await)), "and on");
}

#[tokio::test]
async fn both_deployments_usage_counts() {
    let pair = Pair::start().await;
    pair.first.then(breaks_after(&["first ", "half "]));
    let chunks = pair.ask_with_usage().await;
    let told = &chunks.last().unwrap()["usage"];
    let of_second = openai::usage();
    let more = |name: &str| told[name].as_u64().unwrap() - of_second[name].as_u64().unwrap();
    assert!(more("completion_tokens") >= 2, "{told}");
    assert!(more("prompt_tokens") > 0, "{told}");
    assert_eq!(more("total_tokens"), more("prompt_tokens") + more("completion_tokens"));
    let counted = pair
        .gateway
        .metric("litellm_total_tokens_metric_total", &["requested_model=\"chat\""])
        .await;
    assert_eq!(counted, told["total_tokens"].as_f64().unwrap());
}

#[tokio::test]
async fn what_is_said_twice_is_sent_once() {
    let pair = Pair::start().await;
    pair.first.then(breaks_after(&["The quick ", "brown f"]));
    pair.second.always(openai::streams(&["brown ", "fox ", "jumps"]));
    let chunks = pair.ask_with_usage().await;
    assert_eq!(openai::text_of(&chunks), "The quick brown fox jumps");
}

#[tokio::test]
async fn before_the_head_and_before_the_first_content_nobody_notices() {
    let pair = Pair::start().await;
    for script in [
        Script::hangs_up(),
        Script::segments([": comment\n\n"]).then_breaks_off(),
        Script::events([Event::data(&openai::chunk(
            &json!({ "role": "assistant", "content": "" }),
            None,
        ))])
        .then_breaks_off(),
    ] {
        pair.first.then(script);
        let chunks = pair.ask_with_usage().await;
        assert_eq!(openai::text_of(&chunks), "and on");
        assert_eq!(chunks.last().unwrap()["usage"], openai::usage());
    }
    let asked = pair.second.requests()[0].json();
    assert_eq!(
        asked["messages"].as_array().unwrap().len(),
        1,
        "there was nothing to continue"
    );
}

#[tokio::test]
async fn a_tool_call_is_never_continued() {
    let pair = Pair::start().await;
    let mut events = openai::tool_stream(&[("weather", json!({ "city": "Paris" }))]);
    events.truncate(2);
    pair.first.then(Script::events(events).then_breaks_off());
    let data = pair.ask(&openai::ask_streamed("chat", "hi")).await;
    let error = data
        .iter()
        .find(|data| data.contains("\"error\""))
        .expect("it says that it broke");
    let error: Value = serde_json::from_str(error).unwrap();
    assert!(error["error"]["delivered_chunks"].as_u64().unwrap() >= 1, "{error}");
    assert_eq!(pair.second.count(), 0);
}

#[tokio::test]
async fn reasoning_is_never_continued() {
    let pair = Pair::start().await;
    let thought = Event::data(&openai::chunk(&json!({ "reasoning_content": "hm" }), None));
    pair.first.then(
        Script::events([thought])
            .then_events(openai::pieces(&["so "]))
            .then_breaks_off(),
    );
    let data = pair.ask(&openai::ask_streamed("chat", "hi")).await;
    assert!(data.iter().any(|data| data.contains("\"error\"")), "{data:?}");
    assert_eq!(pair.second.count(), 0);
}

#[tokio::test]
async fn an_answer_that_has_said_why_it_ends_lacks_nothing() {
    let pair = Pair::start().await;
    let mut events = openai::pieces(&["all of it"]);
    events.push(Event::data(&openai::chunk(&json!({}), Some("stop"))));
    pair.first.then(Script::events(events).then_breaks_off());
    let data = pair.ask(&openai::ask_streamed("chat", "hi")).await;
    assert_eq!(data.last().map(String::as_str), Some("[DONE]"));
    let chunks = chunks(&data);
    assert_eq!(openai::text_of(&chunks), "all of it");
    assert_eq!(finish_reasons(&chunks), ["stop"]);
    assert_eq!(pair.second.count(), 0);
}

#[tokio::test]
async fn a_second_break_is_an_error_that_says_how_much_came() {
    let pair = Pair::start().await;
    pair.first.then(breaks_after(&["one ", "two "]));
    pair.second.always(breaks_after(&["three "]));
    let data = pair.ask(&openai::ask_streamed("chat", "hi")).await;
    let (error, before): (Vec<Value>, Vec<Value>) =
        chunks(&data).into_iter().partition(|data| data.get("error").is_some());
    assert_eq!(openai::text_of(&before), "one two three ");
    assert!(
        error[0]["error"]["delivered_chunks"].as_u64().unwrap() >= 3,
        "{error:?}"
    );
    assert_eq!(data.last().map(String::as_str), Some("[DONE]"));
}

#[tokio::test]
async fn deployments_that_always_break_are_not_asked_for_ever() {
    let (first, second) = (
        Upstream::that_answers(breaks_after(&["half "])).await,
        Upstream::start().await,
    );
    second.always(breaks_after(&["half "]));
    let config = Config::new()
        .openai("chat", &first)
        .openai("chat", &second)
        .without_cooldowns();
    let gateway = Gateway::start(&config.set("sluice", json!({ "upstream": { "attempts_max": 5 } }))).await;
    let data = gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .rest()
        .await;
    let chunks = chunks(&data);
    assert_eq!(openai::text_of(&chunks), "half ");
    assert!(chunks.last().unwrap()["error"].is_object(), "{data:?}");
    assert_eq!(first.count() + second.count(), 5);
}

#[tokio::test]
async fn where_others_refuse_too_the_break_is_what_is_told() {
    let pair = Pair::start().await;
    pair.first.then(breaks_after(&["half "]));
    pair.second.always(openai::rate_limited(3));
    let data = pair.ask(&openai::ask_streamed("chat", "hi")).await;
    let error = chunks(&data)
        .into_iter()
        .find(|data| data.get("error").is_some())
        .unwrap();
    assert_eq!(error["error"]["code"], "500", "{error}");
}

#[tokio::test]
async fn an_operator_may_turn_it_off() {
    let pair = Pair::with(json!({ "enable_mid_stream_fallback_continuation": false })).await;
    pair.first.then(breaks_after(&["half "]));
    let data = pair.ask(&openai::ask_streamed("chat", "hi")).await;
    assert!(data.iter().any(|data| data.contains("\"error\"")), "{data:?}");
    assert_eq!(pair.second.count(), 0);
}

#[tokio::test]
async fn answers_that_are_no_plain_text_are_not_continued() {
    let pair = Pair::start().await;
    for (name, value) in [
        ("response_format", json!({ "type": "json_object" })),
        ("n", json!(2)),
        ("logprobs", json!(true)),
    ] {
        pair.first.then(breaks_after(&["half "]));
        let mut question = openai::ask_streamed("chat", "hi");
        question[name] = value;
        let data = pair.ask(&question).await;
        assert!(data.iter().any(|data| data.contains("\"error\"")), "{name}: {data:?}");
    }
    assert_eq!(pair.second.count(), 0);
}

#[tokio::test]
async fn less_is_asked_for_than_was_left() {
    let pair = Pair::start().await;
    pair.first.then(breaks_after(&["a ", "b "]));
    let mut question = openai::ask_streamed("chat", "hi");
    question["max_tokens"] = json!(100);
    let _ = pair.ask(&question).await;
    let asked = pair.second.requests()[0].json()["max_tokens"].as_u64().unwrap();
    assert!((90..100).contains(&asked), "{asked}");
}

#[tokio::test]
async fn a_claude_goes_on_where_a_gpt_broke() {
    let (first, second) = (Upstream::start().await, Upstream::start().await);
    first.always(breaks_after(&["half "]));
    second.always(anthropic::streams(&["and on"]));
    let config = Config::new()
        .openai("chat", &first)
        .anthropic("chat", &second)
        .strategy("probe-strategy", json!({ "rank": "in-order" }))
        .retries(1);
    let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
    let data = gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .rest()
        .await;
    assert_eq!(openai::text_of(&chunks(&data)), "half and on");
}

/// A group of one deployment whose fallbacks are others'.
async fn with_fallback(fallback: Value, more: Value) -> (Gateway, Upstream, Upstream) {
    let (first, second) = (Upstream::start().await, Upstream::start().await);
    first.always(breaks_after(&["half "]));
    second.always(openai::streams(&["and on"]));
    let config = Config::new()
        .openai("chat", &first)
        .openai("backup", &second)
        .openai("other", &second)
        .retries(0)
        .without_cooldowns()
        .set("router_settings", json!({ "fallbacks": [{ "chat": [fallback] }] }))
        .set("litellm_settings", more);
    (Gateway::start(&config).await, first, second)
}

#[tokio::test]
async fn a_fallback_group_goes_on_where_nobody_of_the_group_can() {
    let (gateway, first, second) = with_fallback(json!("backup"), json!({})).await;
    let data = gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .rest()
        .await;
    assert_eq!(openai::text_of(&chunks(&data)), "half and on");
    assert!(!data.iter().any(|data| data.contains("\"error\"")), "{data:?}");
    assert!(chunks(&data).iter().all(|chunk| chunk["model"] == "chat"), "{data:?}");
    assert_eq!((first.count(), second.count()), (1, 1));
}

#[tokio::test]
async fn a_fallback_of_a_fallback_goes_on_too() {
    let (gateway, first, second) = with_fallback(json!("backup"), json!({ "default_fallbacks": ["other"] })).await;
    let asked = Arc::new(AtomicU32::new(0));
    second.decides(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Script::json(400, &openai::error("e", "c", "cannot")),
        _ => openai::streams(&["and on"]),
    });
    let data = gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .rest()
        .await;
    assert_eq!(openai::text_of(&chunks(&data)), "half and on");
    assert_eq!((first.count(), second.count()), (1, 2));
}

#[tokio::test]
async fn a_request_without_fallbacks_goes_on_nowhere_else() {
    let (gateway, _first, second) = with_fallback(json!("backup"), json!({})).await;
    let mut question = openai::ask_streamed("chat", "hi");
    question["disable_fallbacks"] = true.into();
    let data = gateway.client().chat_stream(&question).await.rest().await;
    assert!(data.iter().any(|data| data.contains("\"error\"")), "{data:?}");
    assert_eq!(second.count(), 0);
}
