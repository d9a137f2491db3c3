//! What no guest may do: see a credential, reach a host, or carry what one client wrote to another. Shown by guests that
//! try, and by the same guests where the operator allows it, so that each test could fail.

use sluice_tests::prelude::*;

/// A gateway whose group `chat` goes through the adapter under test.
async fn probed(upstream: &Upstream, settings: Value) -> Gateway {
    let config = Config::new().probe("chat", upstream, settings).with_key();
    Setup::new(&config)
        .plugin(guests::ADAPTER)
        .variable("PROBE_SECRET", "an environment secret")
        .start()
        .await
}

/// What neither guest nor upstream nor client may see.
fn assert_no_secret(text: &str) {
    for secret in [UPSTREAM_KEY, MASTER_KEY, "an environment secret"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[tokio::test]
async fn an_adapter_finds_no_credential_anywhere() {
    let upstream = Upstream::that_answers(openai::says("hello").echoing_credentials()).await;
    let gateway = probed(&upstream, json!({ "probe": "credentials" })).await;
    let client = gateway.client().with("x-api-key", MASTER_KEY);
    let mut question = openai::ask("chat", "hi");
    question["user"] = json!("someone");
    let answer = client.chat(&question).await;
    assert_eq!(answer.content(), "hello");

    let asked = upstream.request().await;
    assert_eq!(
        asked.header("authorization"),
        Some(format!("Bearer {UPSTREAM_KEY}").as_str()),
        "the host fills it in"
    );
    let found = asked.json()["metadata"]["found"]
        .as_str()
        .expect("the guest told what it found")
        .to_owned();
    assert_no_secret(&found);
    assert!(found.contains("variables=[]"), "no environment: {found}");
    assert!(
        found.contains("files=[false, false, false, false] listed=false"),
        "no files: {found}"
    );
    let found = answer.json()["found"]
        .as_str()
        .expect("the guest told what it found")
        .to_owned();
    assert_no_secret(&found);
}

#[tokio::test]
async fn an_adapter_reads_what_is_harmless_and_what_the_operator_names() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let mut params = json!({
        "model": "probe/upstream-model", "api_base": upstream.base(), "api_version": "known to be harmless",
        "named_by_the_operator": "named by the operator", "extra_body": { "provider": { "key": "a made-up credential" } },
        "default_headers": { "x-key": "a made-up credential" }, "auth": ["a made-up credential"],
    });
    for name in [
        "authorization",
        "jwt",
        "cookie",
        "passwd",
        "pat",
        "connection_string",
        "API_KEY",
    ] {
        params[name] = json!("a made-up credential");
    }
    let plugin = json!({ "settings": { "probe": "credentials" }, "parameters": ["named_by_the_operator"] });
    let config = Config::new()
        .deployment("chat", params)
        .set("sluice", json!({ "plugins": { "probe-adapter": plugin } }));
    let gateway = Setup::new(&config).plugin(guests::ADAPTER).start().await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
    let asked = upstream.request().await.json();
    let found = asked["metadata"]["found"]
        .as_str()
        .expect("the guest told what it found");
    assert!(!found.contains("a made-up credential"), "{found}");
    assert!(found.contains("named by the operator"), "{found}");
    let health = gateway.client().get("/health").await.text();
    assert!(
        health.contains("`default_headers`") && !health.contains("a made-up credential"),
        "{health}"
    );
}

/// A gateway whose adapter under test reads this variable as the parameter `note`, tells what it finds, and asks for
/// `note` to be sent as a header.
async fn noting(upstream: &Upstream, variable: &str) -> Gateway {
    let settings = json!({
        "speaks_for": { "environment": [["note", variable]] }, "auth_header": ["x-note", "note"], "probe": "credentials",
    });
    let config = Config::new().probe("chat", upstream, settings);
    let setup = Setup::new(&config).plugin(guests::ADAPTER);
    setup.variable(variable, "an environment secret").start().await
}

#[tokio::test]
async fn an_adapter_reads_no_variable_that_is_not_its_providers() {
    for variable in [
        "AWS_SECRET_ACCESS_KEY",
        "LITELLM_MASTER_KEY",
        "DATABASE_URL",
        "PROBE_SECRET",
    ] {
        let upstream = Upstream::that_answers(openai::says("hello")).await;
        let gateway = noting(&upstream, variable).await;
        let answer = gateway
            .client()
            .with_key("an environment secret")
            .chat(&openai::ask("chat", "hi"))
            .await;
        assert!(
            answer.message(500).contains("is not set up to ask this model"),
            "{variable}: {}",
            answer.text()
        );
        assert_eq!(upstream.count(), 0);
    }
}

#[tokio::test]
async fn a_variable_of_its_provider_is_a_credential_whatever_the_adapter_calls_it() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = noting(&upstream, "PROBE_API_KEY").await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
    let asked = upstream.request().await;
    assert_eq!(asked.header("x-note"), Some("an environment secret"), "it is read");
    assert_no_secret(asked.json()["metadata"]["found"].as_str().unwrap());
}

/// Whether the adapter under test, which says that it speaks for `openai`, is asked for a deployment of that provider.
async fn takes_over(plugins: Value) -> bool {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let settings = json!({ "speaks_for": { "provider": "openai" }, "probe": "runs" });
    let config = Config::new()
        .openai("chat", &upstream)
        .set(
            "sluice",
            json!({ "plugins": { "probe-adapter": { "settings": settings } } }),
        )
        .set("sluice", json!({ "plugins": plugins }));
    let gateway = Setup::new(&config).plugin(guests::ADAPTER).start().await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
    upstream.request().await.json()["metadata"]["runs"].is_string()
}

#[tokio::test]
async fn an_adapter_takes_no_provider_away_from_another() {
    assert!(!takes_over(json!({})).await);
    assert!(
        takes_over(json!({ "openai-compatible": { "enabled": false } })).await,
        "it tries for real"
    );
}

#[tokio::test]
async fn an_adapter_chooses_an_address_only_where_the_operator_grants_it() {
    for provider in ["probe", "openai"] {
        let evil = Upstream::that_answers(openai::says("hello")).await;
        let settings = json!({ "speaks_for": { "provider": provider, "api_base": evil.base() } });
        let plugins = json!({
            "probe-adapter": { "settings": settings }, "openai-compatible": { "enabled": false },
        });
        let config = Config::new()
            .deployment("chat", json!({ "model": format!("{provider}/upstream-model") }))
            .set("sluice", json!({ "plugins": plugins }));
        let gateway = Setup::new(&config).plugin(guests::ADAPTER).start().await;
        let answer = gateway.ask("chat", "a private question").await;
        assert!(
            (400..600).contains(&answer.status),
            "{provider} became {}",
            answer.status
        );
        assert_eq!(evil.count(), 0, "{provider}");

        let granted = config.outbound("probe-adapter", &evil);
        let gateway = Setup::new(&granted).plugin(guests::ADAPTER).start().await;
        assert_eq!(gateway.ask("chat", "hi").await.content(), "hello", "it tries for real");
        assert_eq!(evil.count(), 1, "{provider}");
    }
}

#[tokio::test]
async fn an_upstreams_echo_of_the_credential_does_not_reach_the_client() {
    let upstream = Upstream::that_answers(openai::says("hello").echoing_credentials()).await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream)).await;
    let answer = gateway.ask("chat", "hi").await;
    assert_eq!(answer.content(), "hello");
    assert_no_secret(&format!("{:?}", answer.headers));
}

/// A gateway whose upstreams repeat its key in what they say; a guardrail that sees the key refuses the answer.
async fn repeating(openai: &Upstream, anthropic: &Upstream) -> Gateway {
    let words = json!([{ "keyword": UPSTREAM_KEY, "action": "BLOCK" }]);
    let params = json!({ "guardrail": "content-filter", "mode": "post_call", "blocked_words": words });
    let config = Config::new().openai("plain", openai).anthropic("translated", anthropic);
    let config = config.guardrail("key", params);
    Gateway::start(&config).await
}

#[tokio::test]
async fn a_credential_in_a_whole_answer_is_masked_before_anybody_sees_it() {
    let said = format!("your key is {UPSTREAM_KEY}, and {UPSTREAM_KEY}!");
    let openai = Upstream::that_answers(openai::says(&said)).await;
    let anthropic = Upstream::that_answers(anthropic::says(&said)).await;
    let gateway = repeating(&openai, &anthropic).await;
    for group in ["plain", "translated"] {
        assert_eq!(gateway.ask(group, "hi").await.content(), "your key is ****, and ****!");
        // Cut into a stream, for a client that asked for one.
        let stream = gateway.client().chat_stream(&openai::ask_streamed(group, "hi")).await;
        assert_eq!(openai::text_of(&stream.chunks().await), "your key is ****, and ****!");
    }
}

/// A stream that is cut after each byte.
fn in_bytes(wire: String) -> Script {
    Script::segments(wire.into_bytes().chunks(1))
}

fn wire(events: &[Event]) -> String {
    events.iter().map(|event| event.framed("\n")).collect()
}

#[tokio::test]
async fn a_credential_in_a_stream_is_masked_wherever_its_reads_are_cut() {
    let said = format!("your key is {UPSTREAM_KEY}!");
    let openai = Upstream::that_answers(in_bytes(wire(&openai::stream(&[&said])))).await;
    let anthropic = Upstream::that_answers(in_bytes(wire(&anthropic::stream(&[&said])))).await;
    let gateway = repeating(&openai, &anthropic).await;
    for group in ["plain", "translated"] {
        let stream = gateway.client().chat_stream(&openai::ask_streamed(group, "hi")).await;
        assert_eq!(openai::text_of(&stream.chunks().await), "your key is ****!");
    }
}

#[tokio::test]
async fn a_credential_in_a_streams_comment_is_masked_too() {
    let comment = format!(": {UPSTREAM_KEY}\n\n");
    let script = in_bytes(comment + &wire(&openai::stream(&["hello"])));
    let upstream = Upstream::that_answers(script).await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream)).await;
    let mut stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    assert_eq!(stream.comment().await, "****");
    assert_eq!(openai::text_of(&stream.chunks().await), "hello");
}

#[tokio::test]
async fn a_key_that_is_a_word_changes_nothing_that_a_model_says() {
    let upstream = Upstream::that_answers(openai::says("anything goes")).await;
    let params = json!({
        "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()), "api_key": "anything",
    });
    let gateway = Gateway::start(&Config::new().deployment("chat", params)).await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "anything goes");
}

#[tokio::test]
async fn parameters_that_look_like_credentials_do_not_cross_either() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let params = json!({
        "model": "probe/upstream-model", "api_base": upstream.base(), "made_up_secret_key": "a made-up credential",
    });
    let config = Config::new().deployment("chat", params);
    let settings = json!({ "plugins": { "probe-adapter": { "settings": { "probe": "credentials" } } } });
    let gateway = Setup::new(&config.set("sluice", settings))
        .plugin(guests::ADAPTER)
        .start()
        .await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
    let asked = String::from_utf8(upstream.request().await.body).unwrap();
    assert!(!asked.contains("a made-up credential"), "{asked}");
}

#[tokio::test]
async fn an_adapter_cannot_choose_its_host() {
    let (upstream, evil) = (
        Upstream::start().await,
        Upstream::that_answers(openai::says("caught")).await,
    );
    let host = evil.address();
    for path in [
        format!("//{host}/chat/completions"),
        format!("///{host}/chat/completions"),
        format!("http://{host}/chat/completions"),
        format!("@{host}/chat/completions"),
        format!(".{host}/chat/completions"),
        format!(":{}/chat/completions", host.port()),
        format!("\\\\{host}/chat/completions"),
        format!("/\\{host}/chat/completions"),
        format!("/x HTTP/1.1\r\nhost: {host}\r\n\r\n"),
        "relative".to_owned(),
        String::new(),
        "/a b".to_owned(),
        "/caf\u{e9}".to_owned(),
    ] {
        upstream.always(openai::says("hello"));
        let gateway = probed(&upstream, json!({ "path": path })).await;
        let answer = gateway.ask("chat", "a private question").await;
        assert!(matches!(answer.status, 200 | 400..=599), "{path:?}");
        assert_eq!(evil.count(), 0, "{path:?} reached another host");
        for asked in upstream.requests() {
            assert_eq!(
                asked.header("host"),
                Some(upstream.address().to_string().as_str()),
                "{path:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_adapter_cannot_set_the_headers_that_are_the_hosts() {
    for (name, value) in [
        ("host", "evil.example.com"),
        ("authorization", "Bearer mine"),
        ("Proxy-Authorization", "Basic mine"),
        ("content-length", "3"),
        ("transfer-encoding", "chunked"),
        ("connection", "upgrade"),
        ("cookie", "session=1"),
        ("x-fine", "a\r\nhost: evil.example.com"),
        ("x-fine\r\nhost", "evil.example.com"),
    ] {
        let upstream = Upstream::that_answers(openai::says("hello")).await;
        let gateway = probed(&upstream, json!({ "headers": [[name, value]] })).await;
        let answer = gateway.ask("chat", "hi").await;
        assert!(
            (400..600).contains(&answer.status),
            "{name}: {value:?} became {}",
            answer.status
        );
        let _ = answer.message(answer.status);
        assert_eq!(upstream.count(), 0, "{name}: {value:?} was sent");
    }
}

#[tokio::test]
async fn an_adapter_may_name_a_credential_and_still_not_see_it() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = probed(
        &upstream,
        json!({ "auth_header": ["x-key", "api_key"], "probe": "credentials" }),
    )
    .await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
    let asked = upstream.request().await;
    assert_eq!(asked.header("x-key"), Some(UPSTREAM_KEY));
    assert_no_secret(asked.json()["metadata"]["found"].as_str().unwrap());
}

/// What the adapter under test remembers of one exchange when the next one comes.
async fn remembered(isolation: &str, probe: &str) -> String {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let config = Config::new().probe("chat", &upstream, json!({ "probe": probe })).set(
        "sluice",
        json!({ "server": { "workers": 1 }, "plugins": { "probe-adapter": { "isolation": isolation } } }),
    );
    let gateway = Setup::new(&config).plugin(guests::ADAPTER).start().await;
    for question in ["the first client's secret", "the second client's question"] {
        assert_eq!(gateway.ask("chat", question).await.content(), "hello");
    }
    upstream.request().await.json()["metadata"].to_string()
}

#[tokio::test]
async fn an_adapter_that_has_read_one_client_serves_no_other() {
    let known = remembered("exchange", "memory").await;
    assert!(!known.contains("secret") && !known.contains("hello"), "{known}");
    let known = remembered("call", "memory").await;
    assert!(!known.contains("secret"), "{known}");
}

#[tokio::test]
async fn where_the_operator_shares_instances_the_same_adapter_remembers() {
    let known = remembered("shared", "memory").await;
    assert!(
        known.contains("the first client's secret"),
        "the guest tries for real: {known}"
    );
}

/// Which of two deployments answers two exchanges, under a strategy that changes its mind once it remembers something.
async fn ranked(isolation: &str, rank: &str) -> [String; 2] {
    let (first, second) = (Upstream::start().await, Upstream::start().await);
    first.always(openai::says("first"));
    second.always(openai::says("second"));
    let config = Config::new()
        .openai("chat", &first)
        .openai("chat", &second)
        .strategy("probe-strategy", json!({ "rank": rank }))
        .set(
            "sluice",
            json!({ "server": { "workers": 1 }, "plugins": { "probe-strategy": { "isolation": isolation } } }),
        );
    let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
    [
        gateway.ask("chat", "one").await.content(),
        gateway.ask("chat", "two").await.content(),
    ]
}

#[tokio::test]
async fn a_strategy_that_has_read_one_client_serves_no_other() {
    assert_eq!(
        ranked("exchange", "reversed-once-it-has-read-content").await,
        ["first", "first"]
    );
    assert_eq!(
        ranked("shared", "reversed-once-it-has-read-content").await,
        ["first", "second"],
        "it tries for real"
    );
}

#[tokio::test]
async fn a_strategy_that_reads_nothing_is_used_again() {
    assert_eq!(
        ranked("exchange", "reversed-once-it-has-run").await,
        ["first", "second"]
    );
    assert_eq!(
        ranked("call", "reversed-once-it-has-run").await,
        ["first", "first"],
        "unless every call is fresh"
    );
}

/// What a guardrail that tells all it has been shown, or has kept, tells the second client.
async fn revealed(judge: &str, isolation: &str) -> String {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let params = json!({ "guardrail": "probe-guardrail", "mode": "pre_call", "judge": judge });
    let config = Config::new().openai("chat", &upstream).guardrail("probe", params).set(
        "sluice",
        json!({ "server": { "workers": 1 }, "plugins": { "probe-guardrail": { "isolation": isolation } } }),
    );
    let gateway = Setup::new(&config).plugin(guests::GUARDRAIL).start().await;
    for question in ["the first client's secret", "the second client's question"] {
        assert_eq!(gateway.ask("chat", question).await.content(), "hello");
    }
    upstream.request().await.json()["messages"][0]["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_guardrail_that_has_read_one_client_serves_no_other() {
    assert_eq!(
        revealed("reveal", "exchange").await,
        "the second client's question remembered=[]"
    );
    assert!(
        revealed("reveal", "shared").await.contains("secret"),
        "it tries for real"
    );
}

#[tokio::test]
async fn what_a_guardrail_has_read_does_not_outlive_its_exchange_in_the_store() {
    assert_eq!(
        revealed("keep", "exchange").await,
        "the second client's question kept=None"
    );
    assert!(revealed("keep", "shared").await.contains("secret"), "it tries for real");
}

/// A guardrail that posts to whatever URL a client writes, and tells what came of it in place of the URL.
fn reaching(chat: &Upstream) -> Config {
    let params = json!({ "guardrail": "probe-guardrail", "mode": "pre_call", "judge": "reach" });
    Config::new().openai("chat", chat).guardrail("probe", params)
}

async fn came_of_it(config: &Config, chat: &Upstream, url: &str) -> String {
    let gateway = Setup::new(config).plugin(guests::GUARDRAIL).start().await;
    assert_eq!(gateway.ask("chat", url).await.content(), "hello");
    chat.request().await.json()["messages"][0]["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_guardrail_reaches_no_host_that_was_not_granted() {
    let chat = Upstream::that_answers(openai::says("hello")).await;
    let (evil, other) = (
        Upstream::that_answers(Script::json(200, &json!({}))).await,
        Upstream::start().await,
    );
    let url = format!("{}/stolen", evil.base());
    let denied = "not reached: Error::AccessDenied";
    assert_eq!(came_of_it(&reaching(&chat), &chat, &url).await, denied);
    let elsewhere = reaching(&chat).outbound("probe-guardrail", &other);
    assert_eq!(
        came_of_it(&elsewhere, &chat, &url).await,
        denied,
        "a grant of another port is none"
    );
    for trick in [
        format!("{}@{}/stolen", other.base(), evil.address()),
        format!("{}#@{}/stolen", evil.base(), other.address()),
        format!("http://localhost:{}/stolen", evil.address().port()),
        format!("http://127.1:{}/stolen", evil.address().port()),
        format!("http://[::ffff:127.0.0.1]:{}/stolen", evil.address().port()),
    ] {
        let said = came_of_it(&elsewhere, &chat, &trick).await;
        assert!(said.starts_with("not reached"), "{trick}: {said}");
    }
    assert_eq!(evil.count(), 0);
    let granted = reaching(&chat).outbound("probe-guardrail", &evil);
    assert_eq!(
        came_of_it(&granted, &chat, &url).await,
        "reached: 200",
        "it tries for real"
    );
    assert_eq!(evil.count(), 1);
}

#[tokio::test]
async fn a_guardrail_sends_so_many_requests_in_one_call_and_no_more() {
    let chat = Upstream::that_answers(openai::says("hello")).await;
    let granted = Upstream::start().await;
    granted.always(Script::json(200, &json!({})));
    let config = reaching(&chat).outbound("probe-guardrail", &granted);
    let gateway = Setup::new(&config).plugin(guests::GUARDRAIL).start().await;
    let mut question = openai::ask("chat", "hi");
    question["messages"] = vec![json!({ "role": "user", "content": granted.base() }); 65].into();
    assert_eq!(gateway.client().chat(&question).await.content(), "hello");
    let asked = chat.request().await.json();
    assert_eq!(asked["messages"][63]["content"], "reached: 200");
    let last = asked["messages"][64]["content"].as_str().unwrap();
    assert!(last.contains("one call may send 64 requests"), "{last}");
    assert_eq!(granted.count(), 64);
}

#[tokio::test]
async fn a_redirect_does_not_widen_a_grant() {
    let chat = Upstream::that_answers(openai::says("hello")).await;
    let evil = Upstream::that_answers(Script::json(200, &json!({}))).await;
    let there = format!("{}/stolen", evil.base());
    let granted = Upstream::that_answers(Script::json(307, &json!({})).header("location", &there)).await;
    let config = reaching(&chat).outbound("probe-guardrail", &granted);
    assert_eq!(came_of_it(&config, &chat, &granted.base()).await, "reached: 307");
    assert_eq!(evil.count(), 0);
}

#[tokio::test]
async fn a_guardrail_finds_no_credential_anywhere() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let params = json!({ "guardrail": "probe-guardrail", "mode": "pre_call", "judge": "seek" });
    let config = Config::new()
        .openai("chat", &upstream)
        .guardrail("probe", params)
        .with_key();
    let gateway = Setup::new(&config)
        .plugin(guests::GUARDRAIL)
        .variable("PROBE_SECRET", "an environment secret");
    let client = gateway.start().await;
    let answer = client
        .client()
        .with("x-api-key", MASTER_KEY)
        .chat(&openai::ask("chat", "hi"))
        .await;
    assert_eq!(answer.content(), "hello");
    let found = upstream.request().await.json()["messages"][0]["content"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(found.contains("variables=[]") && found.contains("root=Err"), "{found}");
    assert_no_secret(&found);
}

#[tokio::test]
async fn listings_and_metrics_show_no_credential() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = probed(&upstream, json!({ "probe": "credentials" })).await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
    assert_no_secret(&gateway.plugins().await.to_string());
    assert_no_secret(&gateway.metrics().await);
    assert_no_secret(&gateway.client().get("/health").await.text());
}
