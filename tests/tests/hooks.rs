//! Request hooks: what they change, answer and refuse; what they may not; and notes, which they and other plugins leave for
//! the length of an exchange.

use sluice_tests::prelude::*;

const ALL: [&str; 4] = ["parameters", "messages", "tools", "group"];

/// A hook of these settings, with these grants, before the group `chat`.
fn hooked(upstream: &Upstream, settings: Value, may_change: &[&str]) -> Config {
    Config::new()
        .openai("chat", upstream)
        .set("litellm_settings", json!({ "callbacks": ["probe-hook"] }))
        .set("callback_settings", json!({ "probe-hook": settings }))
        .set(
            "sluice",
            json!({ "plugins": { "probe-hook": { "may_change": may_change } } }),
        )
}

async fn start(config: &Config) -> Gateway {
    Setup::new(config).plugin(guests::HOOK).start().await
}

fn question() -> Value {
    json!({
        "model": "chat", "temperature": 1, "n": 1,
        "messages": [{ "role": "system", "content": "old" }, { "role": "user", "content": "hi" }],
        "tools": [{ "type": "function", "function": { "name": "a", "parameters": {} } }],
    })
}

#[tokio::test]
async fn what_a_hook_changes_reaches_the_upstream() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let settings = json!({
        "set": [["/temperature", 0.5], ["/messages/0/content", "new \"words\""], ["/seed", 7]],
        "insert": [["/messages/-", { "role": "user", "content": "and this" }], ["/tools/0", { "type": "custom" }]],
        "remove": ["/n", "/logit_bias"],
    });
    let gateway = start(&hooked(&upstream, settings, &ALL)).await;
    let answer = gateway.client().chat(&question()).await;
    assert_eq!(answer.content(), "hello");
    let mut sent = upstream.request().await.json();
    sent.as_object_mut().unwrap().remove("model");
    let expected = json!({
        "temperature": 0.5, "seed": 7,
        "messages": [
            { "role": "system", "content": "new \"words\"" },
            { "role": "user", "content": "hi" },
            { "role": "user", "content": "and this" },
        ],
        "tools": [{ "type": "custom" }, { "type": "function", "function": { "name": "a", "parameters": {} } }],
    });
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn guardrails_see_what_a_hook_made() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let settings = json!({ "set": [["/messages/1/content", "a forbidden word"]] });
    let filter = json!({
        "guardrail": "content-filter", "mode": "pre_call",
        "blocked_words": [{ "keyword": "forbidden", "action": "BLOCK" }],
    });
    let gateway = start(&hooked(&upstream, settings, &ALL).guardrail("words", filter)).await;
    let answer = gateway.client().chat(&question()).await;
    let _ = answer.error(400);
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn a_change_needs_its_grant() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let set = |place: &str| json!({ "set": [[place, 1]] });
    let rows = [
        ("parameters", set("/temperature")),
        ("parameters", set("/of_a_provider")),
        ("messages", set("/messages/0/content")),
        ("tools", set("/tool_choice")),
        ("tools", json!({ "remove": ["/tools"] })),
        ("group", json!({ "ask": "chat" })),
    ];
    for (grant, settings) in rows {
        let others: Vec<&str> = ALL.into_iter().filter(|other| *other != grant).collect();
        let gateway = start(&hooked(&upstream, settings.clone(), &others)).await;
        let answer = gateway.client().chat(&question()).await;
        let message = answer.message(500);
        assert!(
            message.contains("request hook `probe-hook` failed"),
            "{settings}: {message}"
        );
        assert_eq!(upstream.count(), 0, "{settings}");
    }
}

#[tokio::test]
async fn some_fields_are_nobodys_to_change() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    for field in [
        "model",
        "stream",
        "user",
        "metadata",
        "api_base",
        "api_key",
        "aws_secret_access_key",
        "guardrails",
        "fallbacks",
        "mock_response",
        "extra_headers",
    ] {
        let settings = json!({ "set": [[format!("/{field}"), "x"]] });
        let gateway = start(&hooked(&upstream, settings, &ALL)).await;
        let answer = gateway.client().chat(&question()).await;
        assert_eq!(answer.status, 500, "{field}: {}", answer.text());
    }
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn a_change_that_does_not_fit_is_no_change() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    for edit in [
        json!({ "set": [["temperature", 1]] }),
        json!({ "set": [["", {}]] }),
        json!({ "set": [["/messages/9/content", "x"]] }),
        json!({ "set": [["/temperature/x", 1]] }),
        json!({ "insert": [["/logit_bias/0", 1]] }),
        json!({ "set": [["/temperature", "raw:1,\"model\":\"other\""]] }),
        json!({ "set": [["/temperature", "raw:"]] }),
        json!({ "ask": "nobody" }),
    ] {
        let config = hooked(&upstream, edit.clone(), &ALL);
        let gateway = start(&config).await;
        assert_eq!(gateway.client().chat(&question()).await.status, 500, "{edit}");
        assert_eq!(upstream.count(), 0, "{edit}");
    }
    let config = hooked(&upstream, json!({ "ask": "nobody", "set": [["/seed", 1]] }), &ALL)
        .set("callback_settings", json!({ "probe-hook": { "fail_on_error": false } }));
    let gateway = start(&config).await;
    assert_eq!(gateway.client().chat(&question()).await.content(), "hello");
    assert_eq!(upstream.request().await.json()["seed"], Value::Null);
}

#[tokio::test]
async fn another_group_is_asked() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let config = hooked(&upstream, json!({ "ask": "cheap" }), &ALL).mock("cheap", "from the cheap one");
    let gateway = start(&config).await;
    let answer = gateway.client().chat(&question()).await;
    assert_eq!(answer.content(), "from the cheap one");
    assert_eq!(answer.header("x-litellm-model-group"), Some("cheap"));
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn an_answer_in_place_of_a_model_costs_nothing() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = start(&hooked(&upstream, json!({ "answer": "from the hook" }), &[])).await;
    let answer = gateway.client().chat(&question()).await;
    assert_eq!(answer.content(), "from the hook");
    let body = answer.json();
    assert_eq!(
        (&body["model"], &body["usage"]["total_tokens"]),
        (&json!("chat"), &json!(0))
    );
    assert_eq!(answer.header("x-litellm-response-cost"), None);
    let mut streamed = question();
    streamed["stream"] = true.into();
    let chunks = gateway.client().chat_stream(&streamed).await.chunks().await;
    assert_eq!(openai::text_of(&chunks), "from the hook");
    assert_eq!(upstream.count(), 0);
    let embeddings = json!({ "model": "chat", "input": "hi" });
    let answer = gateway.client().post("/v1/embeddings", &embeddings).await;
    assert_eq!(answer.status, 500, "a text is no embedding: {}", answer.text());
}

#[tokio::test]
async fn guardrails_of_answers_see_the_answer_of_a_hook() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let filter = json!({
        "guardrail": "content-filter", "mode": "post_call",
        "blocked_words": [{ "keyword": "forbidden", "action": "BLOCK" }],
    });
    let config = hooked(&upstream, json!({ "answer": "a forbidden answer" }), &[]).guardrail("words", filter);
    let _ = start(&config).await.client().chat(&question()).await.error(400);
}

#[tokio::test]
async fn a_refusal_has_the_hooks_status_code_and_time() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    for (asked, given) in [
        (400, 400),
        (401, 401),
        (402, 402),
        (403, 403),
        (404, 404),
        (409, 409),
        (413, 413),
        (422, 422),
        (429, 429),
        (451, 451),
        (503, 503),
        (200, 400),
        (302, 400),
        (500, 400),
    ] {
        let settings = json!({ "refuse": [asked, "quota.daily", "Come back tomorrow.", 1500] });
        let config =
            hooked(&upstream, settings, &[]).set("router_settings", json!({ "fallbacks": [{ "chat": ["other"] }] }));
        let gateway = start(&config.mock("other", "never")).await;
        let answer = gateway.client().chat(&question()).await;
        let error = answer.error(given);
        assert_eq!(error["message"], "Come back tomorrow.", "{asked}");
        assert_eq!(error["provider_specific_fields"]["code"], "quota.daily", "{asked}");
        assert_eq!(answer.header("retry-after"), Some("2"), "{asked}");
    }
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn hooks_run_in_the_order_of_the_list() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let of = |value: u32| json!({ "callback_type": "probe-hook", "set": [["/seed", value]] });
    let config = hooked(&upstream, json!({}), &ALL)
        .set("litellm_settings", json!({ "callbacks": ["second", "first"] }))
        .set("callback_settings", json!({ "first": of(1), "second": of(2) }));
    let gateway = start(&config).await;
    assert_eq!(gateway.client().chat(&question()).await.content(), "hello");
    assert_eq!(upstream.request().await.json()["seed"], 1);
}

#[tokio::test]
async fn a_hook_that_reads_neutral_fields_is_used_again() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    for (reads, last) in [(false, 3), (true, 1)] {
        let settings = json!({ "tell": ["calls", "medium.image"], "reads": reads });
        let mut config = hooked(&upstream, settings, &ALL);
        config = config.set("sluice", json!({ "server": { "workers": 1 } }));
        let gateway = start(&config).await;
        let mut question = question();
        for _ in 0..2 {
            assert_eq!(gateway.client().chat(&question).await.content(), "hello");
            assert_eq!(upstream.request().await.json()["told_medium_image"], Value::Null);
        }
        question["messages"][1]["content"] =
            json!([{ "type": "image_url", "image_url": { "url": "data:image/png;base64,AA==" } }]);
        assert_eq!(gateway.client().chat(&question).await.content(), "hello");
        let told = upstream.request().await.json();
        assert_eq!(
            (&told["told_calls"], &told["told_medium_image"]),
            (&json!(last), &json!("true")),
            "{reads}"
        );
    }
}

#[tokio::test]
async fn a_hook_that_fails_refuses_unless_it_may_fail() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    for settings in [
        json!({ "fail": "its service is away" }),
        json!({ "do": "trap" }),
        json!({ "do": "loop" }),
        json!({ "do": "bomb" }),
        json!({ "do": "call-host" }),
    ] {
        let config = hooked(&upstream, settings.clone(), &[]);
        let gateway = start(&config).await;
        let answer = gateway.client().chat(&question()).await;
        let message = answer.message(500);
        assert!(
            !message.contains("its service is away"),
            "the reason is for the log: {message}"
        );
        let open = config.set("callback_settings", json!({ "probe-hook": { "fail_on_error": false } }));
        let gateway = start(&open).await;
        assert_eq!(
            gateway.client().chat(&question()).await.content(),
            "hello",
            "{settings}"
        );
    }
}

#[tokio::test]
async fn what_is_named_where_it_sees_no_request_is_told() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let config = Config::new()
        .openai("chat", &upstream)
        .set("litellm_settings", json!({ "success_callback": ["probe-hook"] }))
        .set("callback_settings", json!({ "probe-hook": { "answer": "never" } }));
    let gateway = start(&config).await;
    assert_eq!(gateway.client().chat(&question()).await.content(), "hello");
    let snapshot = gateway.inside().snapshot();
    let told = snapshot
        .faults
        .iter()
        .any(|fault| fault.to_string().contains("sees no request"));
    assert!(told, "{:?}", snapshot.faults);
    assert!(snapshot.hooks.is_empty());
}

/// The record of one exchange with this hook.
async fn recorded(settings: Value, attribution: bool) -> (u16, Value) {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let receiver = Upstream::that_answers(Script::json(200, &json!({}))).await;
    let config = hooked(&upstream, settings, &[])
        .callback(
            "webhook",
            json!({ "endpoint": format!("{}/in", receiver.base()) }),
            &receiver,
        )
        .set("litellm_settings", json!({ "callbacks": ["probe-hook", "webhook"] }))
        .set(
            "sluice",
            json!({ "plugins": { "probe-hook": { "attribution": attribution } } }),
        );
    let gateway = start(&config).await;
    let mut question = question();
    question["user"] = "the client's".into();
    question["tags"] = json!(["client"]);
    let status = gateway.client().chat(&question).await.status;
    let record = eventually("the record", async || {
        receiver.requests().first().map(|request| request.json())
    })
    .await;
    let record = record.as_array().map_or(record.clone(), |batch| batch[0].clone());
    (status, record)
}

#[tokio::test]
async fn what_a_hook_publishes_is_in_the_record() {
    let publish = json!({ "category": { "name": "billing" }, "score": 0.5 });
    let (status, record) = recorded(json!({ "publish": publish }), false).await;
    assert_eq!(status, 200);
    assert_eq!(record["notes"], json!({ "probe-hook": publish }));
    assert_eq!(record["request_hooks"][0]["name"], "probe-hook");
    assert_eq!(record["request_hooks"][0]["decision"], "proceed");
    assert_eq!(
        (&record["end_user"], &record["request_tags"]),
        (&json!("the client's"), &json!(["client"]))
    );
}

#[tokio::test]
async fn whom_an_exchange_is_counted_for_needs_a_grant() {
    let publish = json!({ "trace_id": "t", "session_id": "s", "end_user": "u", "tags": ["a", "b"] });
    let (status, record) = recorded(json!({ "publish": publish }), true).await;
    assert_eq!(status, 200);
    for (name, expected) in publish.as_object().unwrap() {
        let field = if name == "tags" { "request_tags" } else { name };
        assert_eq!(&record[field], expected, "{name}");
    }
    for (name, value) in publish.as_object().unwrap() {
        let (status, record) = recorded(json!({ "publish": { name: value } }), false).await;
        assert_eq!(status, 500, "{name}");
        assert_eq!(record["notes"], json!({}), "{name}");
        let (status, _) = recorded(json!({ "publish": { name: 1 } }), true).await;
        assert_eq!(status, 500, "{name}: a number is neither a text nor a list");
    }
    let (status, _) = recorded(json!({ "publish": { "fact": "raw:no json" } }), true).await;
    assert_eq!(status, 500);
}

#[tokio::test]
async fn what_a_guardrail_took_out_of_the_request_it_puts_back_into_the_answer() {
    let upstream = Upstream::that_answers(openai::says("of course, <1>!")).await;
    let params = json!({ "guardrail": "probe-hook", "mode": ["pre_call", "post_call"], "word": "Ada" });
    let config = Config::new().openai("chat", &upstream).guardrail("names", params);
    let gateway = start(&config).await;
    let answer = gateway.ask("chat", "I am Ada.").await;
    assert_eq!(answer.content(), "of course, Ada!");
    assert_eq!(upstream.request().await.json()["messages"][0]["content"], "I am <1>.");
    // Another exchange does not know of it.
    let answer = gateway.ask("chat", "I am Bob.").await;
    assert_eq!(answer.content(), "of course, <1>!");
}

#[tokio::test]
async fn it_is_put_back_into_streams_too() {
    let upstream = Upstream::that_answers(openai::streams(&["of course, <", "1", ">!"])).await;
    let params = json!({ "guardrail": "probe-hook", "mode": ["pre_call", "post_call"], "word": "Ada" });
    let config = Config::new().openai("chat", &upstream).guardrail("names", params);
    let gateway = start(&config).await;
    let mut question = openai::ask("chat", "I am Ada.");
    question["stream"] = true.into();
    let chunks = gateway.client().chat_stream(&question).await.chunks().await;
    assert_eq!(openai::text_of(&chunks), "of course, Ada!");
}

#[tokio::test]
async fn the_bundled_rules_act() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let rules = json!([
        { "if": "\"image\" in media", "ask": "vision" },
        { "system": "Be brief.", "at_most": { "max_tokens": 10 } },
        { "if": "headers[\"x-team\"] == \"\"", "refuse": { "status": 403, "code": "team", "message": "Which team?" } },
    ]);
    let config = Config::new()
        .openai("chat", &upstream)
        .mock("vision", "I see")
        .set("litellm_settings", json!({ "callbacks": ["request-rules"] }))
        .set("callback_settings", json!({ "request-rules": { "rules": rules } }))
        .set(
            "sluice",
            json!({ "plugins": { "request-rules": { "may_change": ["messages", "parameters", "group"] } } }),
        );
    let gateway = Gateway::start(&config).await;
    let mut question = openai::ask("chat", "hi");
    question["max_tokens"] = 500.into();
    let refused = gateway.client().chat(&question).await.error(403);
    assert_eq!(refused["provider_specific_fields"]["code"], "team");
    let client = gateway.client().with("x-team", "blue");
    assert_eq!(client.chat(&question).await.content(), "hello");
    let sent = upstream.request().await.json();
    assert_eq!(sent["max_tokens"], 10);
    assert_eq!(sent["messages"][0], json!({ "role": "system", "content": "Be brief." }));
    question["messages"][0]["content"] =
        json!([{ "type": "image_url", "image_url": { "url": "data:image/png;base64,AA==" } }]);
    assert_eq!(client.chat(&question).await.content(), "I see");
}
