//! Exchanges that go well: every operation, every path, every adapter.

use hyper::Method;
use sluice_tests::prelude::*;

/// A gateway with one group a dialect, each at an upstream of its own.
struct Three {
    gateway: Gateway,
    openai: Upstream,
    azure: Upstream,
    anthropic: Upstream,
}

impl Three {
    async fn start() -> Self {
        let (openai, azure, anthropic) = (
            Upstream::start().await,
            Upstream::start().await,
            Upstream::start().await,
        );
        let config = Config::new()
            .openai("openai", &openai)
            .azure("azure", &azure)
            .anthropic("anthropic", &anthropic);
        Self {
            gateway: Gateway::start(&config).await,
            openai,
            azure,
            anthropic,
        }
    }
}

#[tokio::test]
async fn openai_is_asked_by_its_own_name_and_answers_under_the_clients() {
    let three = Three::start().await;
    three.openai.always(openai::says("hello"));
    let answer = three.gateway.ask("openai", "hi").await;
    assert_eq!(answer.content(), "hello");
    assert_eq!(answer.json()["model"], "openai");
    assert_eq!(answer.json()["usage"], openai::usage());
    assert_eq!(
        answer.json()["system_fingerprint"],
        "fp_scripted",
        "what the gateway does not know passes"
    );

    let asked = three.openai.request().await;
    assert_eq!(asked.path, "/v1/chat/completions");
    assert_eq!(
        asked.header("authorization"),
        Some(format!("Bearer {UPSTREAM_KEY}").as_str())
    );
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(asked.json(), openai::ask("upstream-model", "hi"));
}

#[tokio::test]
async fn azure_is_asked_at_its_deployment() {
    let three = Three::start().await;
    three.azure.always(openai::says("hello"));
    assert_eq!(three.gateway.ask("azure", "hi").await.content(), "hello");
    let asked = three.azure.request().await;
    assert_eq!(
        asked.path,
        "/openai/deployments/upstream-model/chat/completions?api-version=2024-10-21"
    );
    assert_eq!(asked.header("api-key"), Some(UPSTREAM_KEY));
    assert_eq!(asked.header("authorization"), None);
}

#[tokio::test]
async fn anthropic_is_asked_in_messages_and_answers_in_chat() {
    let three = Three::start().await;
    three.anthropic.always(anthropic::says("hello"));
    let request = json!({
        "model": "anthropic",
        "max_tokens": 50,
        "messages": [{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "hi" }],
    });
    let answer = three.gateway.client().chat(&request).await;
    assert_eq!(answer.content(), "hello");
    assert_eq!(answer.json()["object"], "chat.completion");
    assert_eq!(answer.json()["model"], "anthropic");
    assert_eq!(answer.json()["choices"][0]["finish_reason"], "stop");
    assert_eq!(answer.json()["usage"]["total_tokens"], 18);

    let asked = three.anthropic.request().await;
    assert_eq!(asked.path, "/v1/messages");
    assert_eq!(asked.header("x-api-key"), Some(UPSTREAM_KEY));
    assert_eq!(asked.header("anthropic-version"), Some("2023-06-01"));
    let body = asked.json();
    assert_eq!(
        (&body["model"], &body["max_tokens"]),
        (&json!("claude-upstream"), &json!(50))
    );
    assert!(body["system"].to_string().contains("Be brief."), "{body}");
    assert_eq!(body["messages"].as_array().map(Vec::len), Some(1), "{body}");
}

#[tokio::test]
async fn streams_are_relayed_and_translated() {
    let three = Three::start().await;
    three.openai.always(openai::streams(&["hel", "lo"]));
    three.azure.always(openai::streams(&["hel", "lo"]));
    three.anthropic.always(anthropic::streams(&["hel", "lo"]));
    for group in ["openai", "azure", "anthropic"] {
        let stream = three
            .gateway
            .client()
            .chat_stream(&openai::ask_streamed(group, "hi"))
            .await;
        assert_eq!(stream.header("cache-control"), Some("no-cache"));
        assert_eq!(stream.header("x-litellm-model-group"), Some(group));
        let chunks = stream.chunks().await;
        assert_eq!(openai::text_of(&chunks), "hello", "{group}");
        assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "stop", "{group}");
        assert!(
            chunks.iter().all(|chunk| chunk["model"] == group),
            "{group}: {chunks:?}"
        );
        assert!(
            chunks.iter().all(|chunk| chunk["id"] == chunks[0]["id"]),
            "{group}: {chunks:?}"
        );
    }
}

#[tokio::test]
async fn every_path_that_sdks_use_reaches_the_same_group() {
    let three = Three::start().await;
    three.openai.always(openai::says("hello"));
    let client = three.gateway.client();
    let question = openai::ask("openai", "hi");
    for path in [
        "/v1/chat/completions",
        "/chat/completions",
        "/openai/deployments/openai/chat/completions?api-version=2024-10-21",
        "/openai/deployments/openai/chat/completions",
        "/engines/openai/chat/completions",
    ] {
        assert_eq!(client.post(path, &question).await.content(), "hello", "{path}");
    }
}

#[tokio::test]
async fn a_path_names_the_model_where_the_body_does_not() {
    let three = Three::start().await;
    three.openai.always(openai::says("hello"));
    let question = json!({ "messages": [{ "role": "user", "content": "hi" }] });
    let path = "/openai/deployments/openai/chat/completions?api-version=2024-10-21";
    let answer = three.gateway.client().post(path, &question).await;
    assert_eq!(answer.content(), "hello");
    assert_eq!(three.openai.request().await.json()["model"], "upstream-model");
}

#[tokio::test]
async fn completions_have_their_own_form() {
    let three = Three::start().await;
    three
        .openai
        .always(Script::json(200, &openai::completion("upon a time")));
    let client = three.gateway.client();
    for path in [
        "/v1/completions",
        "/completions",
        "/engines/openai/completions",
        "/openai/deployments/openai/completions",
    ] {
        let answer = client.post(path, &json!({ "model": "openai", "prompt": "once" })).await;
        assert_eq!(answer.json()["choices"][0]["text"], "upon a time", "{path}");
        assert_eq!(answer.json()["model"], "openai", "{path}");
    }
    let asked = three.openai.request().await;
    assert_eq!(
        (asked.path.as_str(), &asked.json()["prompt"]),
        ("/v1/completions", &json!("once"))
    );
}

#[tokio::test]
async fn embeddings_have_their_own_form() {
    let three = Three::start().await;
    three.openai.always(Script::json(200, &openai::embeddings(2)));
    three.azure.always(Script::json(200, &openai::embeddings(2)));
    let client = three.gateway.client();
    for (group, path) in [
        ("openai", "/v1/embeddings"),
        ("openai", "/embeddings"),
        ("openai", "/engines/openai/embeddings"),
        ("azure", "/openai/deployments/azure/embeddings?api-version=2024-10-21"),
    ] {
        let answer = client.post(path, &json!({ "model": group, "input": ["a", "b"] })).await;
        assert_eq!(answer.json()["data"][1]["embedding"], json!([0.25, -0.5]), "{path}");
        assert_eq!(answer.json()["model"], group, "{path}");
    }
    assert_eq!(three.openai.request().await.path, "/v1/embeddings");
    let expected = "/openai/deployments/upstream-model/embeddings?api-version=2024-10-21";
    assert_eq!(three.azure.request().await.path, expected);
}

#[tokio::test]
async fn tools_go_out_and_calls_come_back() {
    let three = Three::start().await;
    let arguments = json!({ "city": "Zürich" });
    three.openai.always(Script::json(
        200,
        &openai::tool_answer(&[("weather", arguments.clone())]),
    ));
    three.anthropic.always(Script::json(
        200,
        &anthropic::tool_message(&[("weather", arguments.clone())]),
    ));
    let function = json!({ "name": "weather", "parameters": { "type": "object", "properties": {} } });
    for group in ["openai", "anthropic"] {
        let mut question = openai::ask(group, "weather?");
        question["tools"] = json!([{ "type": "function", "function": function }]);
        let answer = three.gateway.client().chat(&question).await.json();
        let call = &answer["choices"][0]["message"]["tool_calls"][0]["function"];
        assert_eq!(call["name"], "weather", "{group}: {answer}");
        let given: Value = serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap();
        assert_eq!(given, arguments, "{group}");
        assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls", "{group}");
    }
    assert_eq!(
        three.openai.request().await.json()["tools"][0]["function"]["name"],
        "weather"
    );
    assert_eq!(three.anthropic.request().await.json()["tools"][0]["name"], "weather");
}

#[tokio::test]
async fn a_mocked_group_answers_whole_and_streamed_without_an_upstream() {
    let gateway = Gateway::start(&Config::new().mock("demo", "Hello there")).await;
    let answer = gateway.ask("demo", "hi").await;
    assert_eq!(answer.content(), "Hello there");
    assert!(answer.json()["usage"]["total_tokens"].is_u64(), "{}", answer.text());
    let chunks = gateway
        .client()
        .chat_stream(&openai::ask_streamed("demo", "hi"))
        .await
        .chunks()
        .await;
    assert_eq!(openai::text_of(&chunks), "Hello there");
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "stop");
}

#[tokio::test]
async fn without_a_file_the_demo_group_answers() {
    let gateway = Setup::built_in().start().await;
    assert!(!gateway.ask("demo", "hi").await.content().is_empty());
}

#[tokio::test]
async fn wildcards_put_the_clients_name_upstream() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let params = json!({ "model": "openai/*", "api_base": format!("{}/v1", upstream.base()) });
    let gateway = Gateway::start(&Config::new().deployment("openai/*", params)).await;
    let answer = gateway.ask("openai/gpt-next", "hi").await;
    assert_eq!(answer.content(), "hello");
    assert_eq!(upstream.request().await.json()["model"], "gpt-next");
}

#[tokio::test]
async fn an_alias_means_its_group() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let config = Config::new().openai("chat", &upstream).set(
        "router_settings",
        json!({ "model_group_alias": { "old-name": "chat" } }),
    );
    let gateway = Gateway::start(&config).await;
    assert_eq!(gateway.ask("old-name", "hi").await.content(), "hello");
}

#[tokio::test]
async fn answers_carry_the_headers_that_clients_read() {
    let upstream = Upstream::that_answers(openai::says("hello").header("x-ratelimit-remaining-requests", "99")).await;
    let params = json!({ "model": "openai/gpt-4o-mini", "api_base": format!("{}/v1", upstream.base()) });
    let gateway = Gateway::start(&Config::new().deployment("chat", params)).await;
    let answer = gateway.ask("chat", "hi").await;
    let header = |name: &str| {
        answer
            .header(name)
            .unwrap_or_else(|| panic!("no {name}: {:?}", answer.headers))
    };
    assert_eq!(header("x-request-id"), header("x-litellm-call-id"));
    assert_eq!(header("x-litellm-model-group"), "chat");
    assert!(!header("x-litellm-model-id").is_empty());
    assert_eq!(header("x-litellm-model-api-base"), format!("{}/v1", upstream.base()));
    assert_eq!(
        (
            header("x-litellm-attempted-retries"),
            header("x-litellm-attempted-fallbacks")
        ),
        ("0", "0")
    );
    assert!(
        header("x-litellm-response-cost")
            .parse::<f64>()
            .is_ok_and(|cost| cost > 0.0)
    );
    for name in ["x-litellm-response-duration-ms", "x-litellm-overhead-duration-ms"] {
        assert!(header(name).parse::<f64>().is_ok(), "{name}");
    }
    assert!(!header("x-litellm-version").is_empty());
    assert_eq!(header("llm_provider-x-ratelimit-remaining-requests"), "99");
    assert_eq!(header("x-ratelimit-remaining-requests"), "99");
}

#[tokio::test]
async fn ids_differ_from_exchange_to_exchange() {
    let gateway = Gateway::start(&Config::new().mock("demo", "hello")).await;
    let first = gateway.ask("demo", "hi").await;
    let second = gateway.ask("demo", "hi").await;
    assert_ne!(first.header("x-litellm-call-id"), second.header("x-litellm-call-id"));
}

#[tokio::test]
async fn fields_that_are_the_gateways_own_stay_here() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream)).await;
    let mut question = openai::ask("chat", "hi");
    question["num_retries"] = json!(0);
    question["guardrails"] = json!([]);
    question["temperature"] = json!(0.5);
    question["made_up_by_a_provider"] = json!({ "kept": true });
    assert_eq!(gateway.client().chat(&question).await.status, 200);
    let asked = upstream.request().await.json();
    assert_eq!(
        (asked.get("num_retries"), asked.get("guardrails")),
        (None, None),
        "{asked}"
    );
    assert_eq!(asked["temperature"], json!(0.5));
    assert_eq!(
        asked["made_up_by_a_provider"],
        json!({ "kept": true }),
        "what nobody knows passes"
    );
}

#[tokio::test]
async fn a_content_type_may_name_its_charset() {
    let gateway = Gateway::start(&Config::new().mock("demo", "hello")).await;
    let client = gateway.client().with("content-type", "application/json; charset=utf-8");
    let answer = client
        .send(
            Method::POST,
            "/v1/chat/completions",
            openai::ask("demo", "hi").to_string(),
        )
        .await;
    assert_eq!(answer.content(), "hello");
}
