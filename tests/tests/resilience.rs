//! What the gateway does when deployments fail: cooldowns, retries, fallbacks; and which deployments are asked at all.

use sluice_tests::prelude::*;

fn broken() -> Script {
    Script::json(500, &openai::error("server_error", "oops", "broken"))
}

/// A group `chat` of two deployments, the first of which is tried first.
async fn pair(settings: Value) -> (Gateway, Upstream, Upstream) {
    let (first, second) = (Upstream::start().await, Upstream::start().await);
    first.always(openai::says("first"));
    second.always(openai::says("second"));
    let config = Config::new()
        .openai("chat", &first)
        .openai("chat", &second)
        .strategy("probe-strategy", json!({ "rank": "in-order" }))
        .retries(1)
        .set("router_settings", settings);
    let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
    (gateway, first, second)
}

/// Groups `one`, `two` and `three`, a deployment each.
async fn three(settings: Value) -> (Gateway, [Upstream; 3]) {
    let upstreams = [
        Upstream::start().await,
        Upstream::start().await,
        Upstream::start().await,
    ];
    let names = ["one", "two", "three"];
    let mut config = Config::new().retries(0).set("router_settings", settings);
    for (name, upstream) in names.into_iter().zip(&upstreams) {
        upstream.always(openai::says(name));
        config = config.openai(name, upstream);
    }
    (Gateway::start(&config).await, upstreams)
}

#[tokio::test]
async fn a_rate_limited_deployment_sits_out_as_long_as_it_asked_for() {
    let (gateway, first, second) = pair(json!({})).await;
    first.then(openai::rate_limited(60));
    for _ in 0..5 {
        assert_eq!(gateway.ask("chat", "hi").await.content(), "second");
    }
    assert_eq!((first.count(), second.count()), (1, 5));
    let health = gateway.client().get("/health").await.json();
    assert_eq!(
        (&health["healthy_count"], &health["unhealthy_count"]),
        (&json!(1), &json!(1))
    );
    let cooldown = &health["unhealthy_endpoints"][0]["cooldown"];
    assert_eq!(
        (&cooldown["kind"], &cooldown["seconds"]),
        (&json!("RateLimit"), &json!(60.0))
    );
    assert!(cooldown["error"].as_str().unwrap().contains("slow down"), "{cooldown}");
    let metrics = gateway.client().get("/metrics").await.text();
    let counted = metrics
        .lines()
        .find(|line| line.starts_with("litellm_deployment_cooled_down_total{"));
    assert!(
        counted.is_some_and(|line| line.contains("exception_status=\"429\"") && line.ends_with(" 1")),
        "{counted:?}"
    );
}

#[tokio::test]
async fn a_refused_credential_takes_a_deployment_out_at_once() {
    let (gateway, first, _second) = pair(json!({ "cooldown_time": 60 })).await;
    first.then(Script::json(
        401,
        &openai::error("auth", "invalid_api_key", "wrong key"),
    ));
    for _ in 0..3 {
        assert_eq!(gateway.ask("chat", "hi").await.content(), "second");
    }
    assert_eq!(first.count(), 1);
}

#[tokio::test]
async fn a_clients_mistake_never_counts() {
    let (gateway, first, second) = pair(json!({ "allowed_fails": 0 })).await;
    for _ in 0..3 {
        first.then(Script::json(400, &openai::error("invalid_request_error", "x", "wrong")));
        let _ = gateway.ask("chat", "hi").await.error(400);
    }
    assert_eq!(gateway.ask("chat", "hi").await.content(), "first");
    assert_eq!(second.count(), 0);
}

#[tokio::test]
async fn a_time_limit_of_the_clients_own_never_counts() {
    let (gateway, first, _second) = pair(json!({ "allowed_fails": 0 })).await;
    let gate = Gate::new();
    first.then(openai::says("late").held(&gate));
    let mut question = openai::ask("chat", "hi");
    question["timeout"] = json!(0.1);
    assert_eq!(gateway.client().chat(&question).await.content(), "second");
    assert_eq!(gateway.ask("chat", "hi").await.content(), "first");
}

#[tokio::test]
async fn the_least_bad_one_is_tried_when_all_are_out() {
    let (gateway, first, second) = pair(json!({})).await;
    first.then(openai::rate_limited(60));
    second.then(openai::rate_limited(50));
    let _ = gateway.ask("chat", "hi").await.error(429);
    assert_eq!(gateway.ask("chat", "hi").await.content(), "second", "it is due first");
}

#[tokio::test]
async fn an_operator_may_have_exchanges_refused_when_all_are_out() {
    let upstream = Upstream::start().await;
    upstream.always(Script::json(
        401,
        &openai::error("auth", "invalid_api_key", "wrong key"),
    ));
    let config = Config::new()
        .openai("chat", &upstream)
        .set("router_settings", json!({ "cooldown_time": 60 }))
        .set("sluice", json!({ "cooldown": { "when_all_are_out": "refuse" } }));
    let gateway = Gateway::start(&config).await;
    let _ = gateway.ask("chat", "hi").await.error(401);
    let refused = gateway.ask("chat", "hi").await;
    assert!(refused.message(429).contains("no deployments available"));
    assert_eq!(refused.header("retry-after"), Some("60"));
    assert_eq!(upstream.count(), 1);
}

#[tokio::test]
async fn the_same_deployment_is_tried_again_after_a_while() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    upstream.then(broken());
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream).retries(1)).await;
    let begun = std::time::Instant::now();
    let answer = gateway.ask("chat", "hi").await;
    assert_eq!(answer.content(), "hello");
    assert_eq!(answer.header("x-litellm-attempted-retries"), Some("1"));
    assert!(
        begun.elapsed().as_millis() >= 500,
        "it waited for {:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_retry_policy_goes_over_the_number_of_retries() {
    let policy = json!({ "retry_policy": { "BadRequestErrorRetries": 1, "InternalServerErrorRetries": 0 } });
    let (gateway, first, second) = pair(policy).await;
    first.then(Script::json(400, &openai::error("invalid_request_error", "x", "wrong")));
    assert_eq!(gateway.ask("chat", "hi").await.content(), "second");
    first.then(broken());
    let _ = gateway.ask("chat", "hi").await.error(500);
    assert_eq!(second.count(), 1);
}

#[tokio::test]
async fn a_group_that_fails_leads_on_to_its_fallbacks() {
    let (gateway, [one, two, three]) = three(json!({ "fallbacks": [{ "one": ["two", "three"] }] })).await;
    one.always(broken());
    let answer = gateway.ask("one", "hi").await;
    assert_eq!(answer.content(), "two");
    assert_eq!(answer.json()["model"], "two");
    assert_eq!(answer.header("x-litellm-attempted-fallbacks"), Some("1"));
    assert_eq!(answer.header("x-litellm-model-group"), Some("two"));
    two.always(openai::rate_limited(9));
    assert_eq!(gateway.ask("one", "hi").await.content(), "three");
    three.always(Script::hangs_up());
    let refused = gateway.ask("one", "hi").await;
    assert!(
        refused.message(500).contains("broken"),
        "what the client asked for is what it is told about"
    );
    assert_eq!(refused.header("x-litellm-attempted-fallbacks"), Some("2"));
}

#[tokio::test]
async fn a_stream_falls_back_before_its_first_content() {
    let (gateway, [one, two, _]) = three(json!({ "default_fallbacks": ["two"] })).await;
    one.always(broken());
    two.always(openai::streams(&["from ", "two"]));
    let chunks = gateway
        .client()
        .chat_stream(&openai::ask_streamed("one", "hi"))
        .await
        .chunks()
        .await;
    assert_eq!(openai::text_of(&chunks), "from two");
}

#[tokio::test]
async fn fallbacks_lead_on_and_loops_are_cut() {
    let loops = json!({ "fallbacks": [{ "one": ["two"] }, { "two": ["three"] }, { "three": ["one"] }] });
    let (gateway, upstreams) = three(loops).await;
    for upstream in &upstreams {
        upstream.always(broken());
    }
    let _ = gateway.ask("one", "hi").await.error(500);
    assert_eq!(upstreams.each_ref().map(Upstream::count), [1, 1, 1]);
}

#[tokio::test]
async fn max_fallbacks_bounds_how_far_they_lead() {
    let short = json!({ "fallbacks": [{ "one": ["two"] }, { "two": ["three"] }], "max_fallbacks": 1 });
    let (gateway, upstreams) = three(short).await;
    for upstream in &upstreams {
        upstream.always(broken());
    }
    let _ = gateway.ask("one", "hi").await.error(500);
    assert_eq!(upstreams.each_ref().map(Upstream::count), [1, 1, 0]);
}

#[tokio::test]
async fn a_group_that_names_itself_tries_what_is_left_of_it() {
    let (gateway, first, second) = pair(json!({ "num_retries": 0, "fallbacks": [{ "chat": ["chat"] }] })).await;
    first.always(broken());
    assert_eq!(gateway.ask("chat", "hi").await.content(), "second");
    second.always(broken());
    let _ = gateway.ask("chat", "hi").await.error(500);
    assert_eq!((first.count(), second.count()), (2, 2));
}

#[tokio::test]
async fn what_failed_decides_where_to_go() {
    let by_kind = json!({
        "fallbacks": [{ "one": ["three"] }],
        "context_window_fallbacks": [{ "one": ["two"] }],
        "content_policy_fallbacks": [{ "two": ["three"] }],
    });
    let (gateway, [one, two, _three]) = three(by_kind).await;
    let refuses = |code: &str| Script::json(400, &openai::error("invalid_request_error", code, "wrong"));
    one.then(refuses("context_length_exceeded"));
    assert_eq!(gateway.ask("one", "hi").await.content(), "two");
    two.then(refuses("content_filter"));
    assert_eq!(gateway.ask("two", "hi").await.content(), "three");
    one.then(refuses("content_filter"));
    let _ = gateway.ask("one", "hi").await.error(400);
    one.then(broken());
    assert_eq!(gateway.ask("one", "hi").await.content(), "three");
}

#[tokio::test]
async fn a_request_may_name_its_own_fallbacks_or_none() {
    let (gateway, [one, two, three]) = three(json!({ "fallbacks": [{ "one": ["two"] }] })).await;
    one.always(broken());
    let mut question = openai::ask("one", "hi");
    question["fallbacks"] = json!(["nowhere", { "model": "three", "messages": [{ "role": "user", "content": "ho" }] }]);
    assert_eq!(gateway.client().chat(&question).await.content(), "three");
    let sent = three.requests()[0].json();
    assert_eq!(sent["messages"][0]["content"], "ho");
    assert_eq!(sent.get("fallbacks"), None);
    question["disable_fallbacks"] = json!(true);
    let _ = gateway.client().chat(&question).await.error(500);
    assert_eq!(two.count(), 0);
}

#[tokio::test]
async fn so_many_fallbacks_of_a_request_are_tried() {
    let (gateway, [one, two, _]) = three(json!({})).await;
    one.always(broken());
    for (nowhere, is_tried) in [(63, true), (64, false)] {
        let mut fallbacks = vec![json!({ "model": "nowhere", "n": 1 }); nowhere];
        fallbacks.push(json!("two"));
        let mut question = openai::ask("one", "hi");
        question["fallbacks"] = fallbacks.into();
        let answer = gateway.client().chat(&question).await;
        assert_eq!(answer.status == 200, is_tried, "{}", answer.text());
    }
    assert_eq!(two.count(), 1);
}

#[tokio::test]
async fn what_a_guardrail_refuses_goes_nowhere_else() {
    let upstreams = [Upstream::start().await, Upstream::start().await];
    let config = Config::new()
        .openai("one", &upstreams[0])
        .openai("two", &upstreams[1])
        .guardrail(
            "filter",
            json!({ "guardrail": "content-filter", "mode": "pre_call", "blocked_words": [{ "keyword": "secret", "action": "BLOCK" }] }),
        )
        .set("router_settings", json!({ "default_fallbacks": ["two"] }));
    let gateway = Gateway::start(&config).await;
    let _ = gateway.ask("one", "the secret").await.error(400);
    assert_eq!(upstreams.each_ref().map(Upstream::count), [0, 0]);
}

#[tokio::test]
async fn a_deadline_holds_for_all_attempts_together() {
    let (first, second) = (Upstream::start().await, Upstream::start().await);
    let gate = Gate::new();
    first.always(openai::says("late").held(&gate));
    second.always(openai::says("late").held(&gate));
    let config = Config::new()
        .openai("chat", &first)
        .openai("chat", &second)
        .set("router_settings", json!({ "timeout": 0.2 }))
        .retries(9)
        .set("sluice", json!({ "upstream": { "deadline_ms": 300 } }));
    let gateway = Gateway::start(&config).await;
    let refused = gateway.ask("chat", "hi").await;
    assert!(refused.message(408).contains("0.3 s"), "{}", refused.text());
    assert_eq!(first.count() + second.count(), 2);
}

#[tokio::test]
async fn the_next_order_is_for_when_the_one_before_has_failed() {
    let upstreams = [
        Upstream::start().await,
        Upstream::start().await,
        Upstream::start().await,
    ];
    let names = ["reserve", "first", "rest"];
    let orders = [Some(2), Some(1), None];
    let mut config = Config::new().retries(2);
    for ((upstream, name), order) in upstreams.iter().zip(names).zip(orders) {
        upstream.always(openai::says(name));
        let mut params = json!({ "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()) });
        if let Some(order) = order {
            params["order"] = json!(order);
        }
        config = config.deployment("chat", params);
    }
    let gateway = Gateway::start(&config).await;
    for _ in 0..10 {
        assert_eq!(gateway.ask("chat", "hi").await.content(), "first");
    }
    upstreams[1].always(Script::hangs_up());
    assert_eq!(gateway.ask("chat", "hi").await.content(), "reserve");
    upstreams[0].always(Script::hangs_up());
    assert_eq!(gateway.ask("chat", "hi").await.content(), "rest");
}

#[tokio::test]
async fn a_prompt_that_no_window_takes_leads_to_one_that_does() {
    let (small, large) = (Upstream::start().await, Upstream::start().await);
    small.always(openai::says("small"));
    large.always(openai::says("large"));
    let params = |upstream: &Upstream| json!({ "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()), "api_key": UPSTREAM_KEY });
    let checks = json!({ "enable_pre_call_checks": true, "context_window_fallbacks": [{ "chat": ["big"] }] });
    let config = Config::new()
        .entry(json!({ "model_name": "chat", "litellm_params": params(&small), "model_info": { "max_input_tokens": 100 } }))
        .entry(json!({ "model_name": "big", "litellm_params": params(&large), "model_info": { "max_input_tokens": 10_000 } }))
        .set("router_settings", checks);
    let gateway = Gateway::start(&config).await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "small");
    assert_eq!(gateway.ask("chat", &"long ".repeat(200)).await.content(), "large");
    let refused = gateway.ask("chat", &"long ".repeat(20_000)).await;
    assert!(
        refused.message(400).contains("takes more than 100"),
        "{}",
        refused.text()
    );
    assert_eq!((small.count(), large.count()), (1, 1));
}

/// 600 kB of an image are some hundred tokens, not 200,000.
#[tokio::test]
async fn an_image_is_weighed_as_an_image() {
    let upstream = Upstream::that_answers(openai::says("a cat")).await;
    let params = json!({ "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()), "api_key": UPSTREAM_KEY });
    let config = Config::new()
        .entry(json!({ "model_name": "chat", "litellm_params": params, "model_info": { "max_input_tokens": 128_000 } }))
        .set("router_settings", json!({ "enable_pre_call_checks": true }));
    let gateway = Gateway::start(&config).await;
    let image = format!("data:image/png;base64,{}", "A".repeat(600_000));
    let mut question = openai::ask("chat", "");
    question["messages"][0]["content"] = json!([{ "type": "image_url", "image_url": { "url": image } }]);
    assert_eq!(gateway.client().chat(&question).await.content(), "a cat");
    question["messages"][0]["content"] = "word ".repeat(160_000).into();
    assert!(
        gateway
            .client()
            .chat(&question)
            .await
            .message(400)
            .contains("takes more than 128000")
    );
}

#[tokio::test]
async fn what_a_deployment_takes_a_minute_is_kept() {
    let (first, second) = (Upstream::start().await, Upstream::start().await);
    first.always(openai::says("first"));
    second.always(openai::says("second"));
    let params = |upstream: &Upstream, order: u32, rpm: u32| json!({ "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()), "order": order, "rpm": rpm });
    let config = Config::new()
        .deployment("chat", params(&first, 1, 2))
        .deployment("chat", params(&second, 2, 2))
        .set("router_settings", json!({ "enable_pre_call_checks": true }));
    let gateway = Gateway::start(&config).await;
    // A minute that ends meanwhile begins to count anew.
    let answers: Vec<_> = statuses(&gateway, 5).await;
    let refused = answers.iter().filter(|status| **status == 429).count();
    assert!(
        refused <= 1 && first.count() + second.count() + refused == 5,
        "{answers:?}"
    );
    assert!(second.count() >= 1);
}

/// Statuses of so many answers, one after the other.
async fn statuses(gateway: &Gateway, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(gateway.ask("chat", "hi").await.status);
    }
    statuses
}

#[tokio::test]
async fn tags_lead_to_the_deployments_that_have_them() {
    let upstreams = [
        Upstream::start().await,
        Upstream::start().await,
        Upstream::start().await,
    ];
    let tags = [json!(["free"]), json!(["paid", "eu"]), json!(["default"])];
    let mut config = Config::new().set("router_settings", json!({ "enable_tag_filtering": true }));
    for (upstream, tags) in upstreams.iter().zip(tags) {
        upstream.always(openai::says(tags[0].as_str().unwrap()));
        let params =
            json!({ "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()), "tags": tags });
        config = config.deployment("chat", params);
    }
    let gateway = Gateway::start(&config).await;
    for (asked, answered) in [
        (json!(["free"]), "free"),
        (json!(["eu", "other"]), "paid"),
        (json!(["&eu"]), "paid"),
        (json!(["!paid", "!default"]), "free"),
        (json!(["unknown"]), "default"),
        (json!([]), "default"),
    ] {
        let mut question = openai::ask("chat", "hi");
        question["tags"] = asked.clone();
        assert_eq!(gateway.client().chat(&question).await.content(), answered, "{asked}");
    }
    let mut question = openai::ask("chat", "hi");
    question["metadata"] = json!({ "tags": ["paid"] });
    assert_eq!(gateway.client().chat(&question).await.content(), "paid");
    let client = gateway.client().with("x-litellm-tags", "free, other");
    assert_eq!(client.chat(&openai::ask("chat", "hi")).await.content(), "free");
    assert_eq!(upstreams[0].requests()[0].json().get("tags"), None);
}

#[tokio::test]
async fn tags_that_nobody_has_are_refused() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let params =
        json!({ "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()), "tags": ["paid"] });
    let config = Config::new()
        .deployment("chat", params)
        .set("router_settings", json!({ "enable_tag_filtering": true }));
    let gateway = Gateway::start(&config).await;
    let mut question = openai::ask("chat", "hi");
    question["tags"] = json!(["free"]);
    assert!(
        gateway
            .client()
            .chat(&question)
            .await
            .message(401)
            .contains("by its tags")
    );
    let _ = gateway.ask("chat", "hi").await.error(401);
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn a_client_is_known_by_its_user_agent() {
    let (coding, others) = (Upstream::start().await, Upstream::start().await);
    coding.always(openai::says("coding"));
    others.always(openai::says("others"));
    let config = Config::new()
        .set("router_settings", json!({ "enable_tag_filtering": true }))
        .deployment(
            "chat",
            params(&coding, json!({ "tag_regex": ["^User-Agent: claude-code/"] })),
        )
        .deployment("chat", params(&others, json!({ "tags": ["default"] })));
    let gateway = Gateway::start(&config).await;
    let question = openai::ask("chat", "hi");
    for (agent, answered) in [("claude-code/2.1", "coding"), ("curl/8.0 claude-code/2.1", "others")] {
        let client = gateway.client().with("user-agent", agent);
        assert_eq!(client.chat(&question).await.content(), answered, "{agent}");
    }
    let client = gateway
        .client()
        .with("user-agent", "claude-code/2.1")
        .with("x-litellm-tags", "&default");
    assert_eq!(
        client.chat(&question).await.content(),
        "others",
        "a required tag goes over it"
    );
}

/// `litellm_params` of a deployment at this upstream, and these.
fn params(upstream: &Upstream, more: Value) -> Value {
    let mut params = json!({ "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()) });
    params
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    params
}

#[tokio::test]
async fn a_request_stays_in_its_region() {
    let upstreams = [
        Upstream::start().await,
        Upstream::start().await,
        Upstream::start().await,
    ];
    let regions = [
        json!({}),
        json!({ "region_name": "us-east-1" }),
        json!({ "vertex_location": "europe-west4" }),
    ];
    let mut config = Config::new().set("router_settings", json!({ "enable_pre_call_checks": true }));
    for (upstream, (name, region)) in upstreams.iter().zip(["unknown", "us", "eu"].into_iter().zip(regions)) {
        upstream.always(openai::says(name));
        config = config.deployment("chat", params(upstream, region));
    }
    let gateway = Gateway::start(&config).await;
    for (allowed, answered) in [("eu", "eu"), ("us", "us"), ("europe-west4", "eu")] {
        let mut question = openai::ask("chat", "hi");
        question["allowed_model_region"] = json!(allowed);
        assert_eq!(gateway.client().chat(&question).await.content(), answered, "{allowed}");
    }
    assert_eq!(upstreams[2].requests()[0].json().get("allowed_model_region"), None);
    let mut question = openai::ask("chat", "hi");
    question["metadata"] = json!({ "allowed_model_region": "ap-south-1" });
    let refused = gateway.client().chat(&question).await;
    assert!(
        refused.message(400).contains("region `ap-south-1`"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn a_rule_puts_azure_first_for_premium_users() {
    let (azure, other) = (Upstream::start().await, Upstream::start().await);
    azure.always(openai::says("azure"));
    other.always(openai::says("other"));
    let rules = json!([
        { "if": "model_group == \"chat\" && metadata.plan == \"premium\"", "to": { "provider": "azure" } },
        { "to": { "provider": "openai" } },
    ]);
    let config = Config::new()
        .openai("chat", &other)
        .azure("chat", &azure)
        .retries(1)
        .strategy("conditional", json!({ "rules": rules }));
    let gateway = Gateway::start(&config).await;
    for (plan, answered) in [("premium", "azure"), ("free", "other"), ("premium", "azure")] {
        let mut question = openai::ask("chat", "hi");
        question["metadata"] = json!({ "plan": plan });
        assert_eq!(gateway.client().chat(&question).await.content(), answered, "{plan}");
    }
    azure.always(broken());
    let mut question = openai::ask("chat", "hi");
    question["metadata"] = json!({ "plan": "premium" });
    assert_eq!(
        gateway.client().chat(&question).await.content(),
        "other",
        "the others follow"
    );
}

#[tokio::test]
async fn a_rule_keeps_data_where_it_must_stay() {
    let (eu, us) = (Upstream::start().await, Upstream::start().await);
    eu.always(openai::says("eu"));
    us.always(openai::says("us"));
    let rules = json!([{ "if": "metadata.data == \"eu\"", "to": { "region": "eu" }, "only": true }]);
    let config = Config::new()
        .deployment("chat", params(&us, json!({ "region_name": "us-east-1" })))
        .deployment("chat", params(&eu, json!({ "region_name": "eu-west-1" })))
        .deployment("abroad", params(&us, json!({ "region_name": "us-east-1" })))
        .retries(0)
        .strategy("conditional", json!({ "rules": rules }));
    let gateway = Gateway::start(&config).await;
    let about_eu = |group: &str| {
        let mut question = openai::ask(group, "hi");
        question["metadata"] = json!({ "data": "eu" });
        question
    };
    for _ in 0..8 {
        assert_eq!(gateway.client().chat(&about_eu("chat")).await.content(), "eu");
    }
    let refused = gateway.client().chat(&about_eu("abroad")).await;
    assert!(
        refused.message(429).contains("no deployments available"),
        "{}",
        refused.text()
    );
    // The only one there is out: those elsewhere are no way out.
    eu.always(openai::rate_limited(60));
    for _ in 0..3 {
        let _ = gateway.client().chat(&about_eu("chat")).await.error(429);
    }
    assert_eq!(us.count(), 0);
    assert_eq!(gateway.ask("abroad", "hi").await.content(), "us");
}

#[tokio::test]
async fn rules_that_cannot_be_understood_let_nothing_through() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let rules = json!([{ "if": "usr == \"a\"", "to": { "region": "eu" }, "only": true }]);
    let config = Config::new()
        .openai("chat", &upstream)
        .strategy("conditional", json!({ "rules": rules }));
    let gateway = Gateway::start(&config).await;
    let _ = gateway.ask("chat", "hi").await.error(429);
    let faults = gateway.client().get("/health").await.json()["faults"].to_string();
    assert!(faults.contains("there is no variable `usr`"), "{faults}");
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn a_model_that_cannot_is_not_asked() {
    let (blind, seeing) = (Upstream::start().await, Upstream::start().await);
    blind.always(openai::says("blind"));
    seeing.always(openai::says("seeing"));
    let of = |upstream: &Upstream, more: Value| params(upstream, more);
    let config = Config::new()
        .deployment("chat", of(&blind, json!({ "model": "openai/gpt-4", "order": 1 })))
        .deployment("chat", of(&seeing, json!({ "model": "openai/gpt-4o", "order": 2 })))
        .deployment("old", of(&blind, json!({ "model": "openai/gpt-4" })))
        .set("router_settings", json!({ "enable_pre_call_checks": true }));
    let gateway = Gateway::start(&config).await;
    let image = json!([{ "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } }]);
    let schema = json!({ "type": "json_schema", "json_schema": { "name": "n", "schema": {} } });
    assert_eq!(gateway.ask("chat", "hi").await.content(), "blind");
    for (field, value, missing) in [
        ("messages", json!([{ "role": "user", "content": image }]), "vision"),
        ("response_format", schema, "JSON schema"),
    ] {
        let mut question = openai::ask("chat", "hi");
        question[field] = value;
        assert_eq!(gateway.client().chat(&question).await.content(), "seeing", "{field}");
        question["model"] = json!("old");
        let refused = gateway.client().chat(&question).await;
        assert!(refused.message(400).contains(missing), "{}", refused.text());
    }
}

#[tokio::test]
async fn a_fallback_brings_no_credentials() {
    let (gateway, [one, _, three]) = three(json!({})).await;
    one.always(broken());
    let mut question = openai::ask("one", "hi");
    question["fallbacks"] = json!([{ "model": "three", "api_key": "sk-of-the-client", "max_tokens": 5 }]);
    assert_eq!(gateway.client().chat(&question).await.content(), "three");
    let sent = &three.requests()[0];
    assert_eq!(sent.json()["max_tokens"], 5);
    assert!(!format!("{sent:?}").contains("sk-of-the-client"), "{sent:?}");
}

#[tokio::test]
async fn who_may_ask_and_asks_is_told_what_it_fell_back_from() {
    let fallbacks = json!({ "fallbacks": [{ "one": ["two"] }, { "two": ["three"] }] });
    let question = || {
        let mut question = openai::ask("one", "hi");
        question["include_fallback_errors"] = json!(true);
        question
    };
    for is_allowed in [true, false] {
        let upstreams = [
            Upstream::start().await,
            Upstream::start().await,
            Upstream::start().await,
        ];
        upstreams[0].always(openai::rate_limited(60));
        upstreams[1].always(Script::json(500, &openai::error("server_error", "oops", UPSTREAM_KEY)));
        upstreams[2].always(openai::says("three"));
        let general = json!({ "expose_fallback_errors_to_caller": is_allowed });
        let mut config = Config::new()
            .set("router_settings", fallbacks.clone())
            .set("general_settings", general);
        for (name, upstream) in ["one", "two", "three"].into_iter().zip(&upstreams) {
            config = config.openai(name, upstream);
        }
        let gateway = Gateway::start(&config).await;
        let answer = gateway.client().chat(&question()).await;
        assert_eq!(answer.content(), "three");
        assert!(upstreams[2].request().await.json()["include_fallback_errors"].is_null());
        let told = answer.header("x-litellm-fallback-errors");
        if !is_allowed {
            assert_eq!(told, None);
            continue;
        }
        let told: Value = serde_json::from_str(told.unwrap()).unwrap();
        assert_eq!(
            (&told[0]["type"], &told[0]["code"]),
            (&json!("RateLimitError"), &json!("429"))
        );
        assert_eq!(
            (&told[1]["type"], &told[1]["code"]),
            (&json!("InternalServerError"), &json!("500"))
        );
        assert!(told[2].is_null() && !told.to_string().contains(UPSTREAM_KEY), "{told}");
        assert_eq!(gateway.ask("one", "hi").await.header("x-litellm-fallback-errors"), None);
        let mut streamed = question();
        streamed["stream"] = json!(true);
        let stream = gateway.client().chat_stream(&streamed).await;
        assert!(stream.header("x-litellm-fallback-errors").is_some());
    }
}

#[tokio::test]
async fn waits_before_a_retry_may_be_listed() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    (0..7).for_each(|_| upstream.then(broken()));
    // The waits that are computed would be half a minute together.
    let listed = json!({ "retry_waits_ms": [1], "upstream": { "deadline_ms": 20_000 } });
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream).retries(7).set("sluice", listed)).await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
}

#[tokio::test]
async fn a_model_group_may_have_a_strategy_of_its_own() {
    let (first, second) = (Upstream::start().await, Upstream::start().await);
    first.always(openai::says("first"));
    second.always(openai::says("second"));
    let in_order = json!({ "rank": "in-order" });
    let own = json!({ "models": ["chat"], "routing_strategy": "probe-strategy", "routing_strategy_args": in_order });
    let config = Config::new().openai("chat", &first).openai("chat", &second).set(
        "router_settings",
        json!({ "routing_groups": [own], "model_group_alias": { "bot": "chat" } }),
    );
    let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
    for name in ["chat", "bot"].repeat(8) {
        assert_eq!(gateway.ask(name, "hi").await.content(), "first", "{name}");
    }
}
