//! Bad input and bad upstreams: a clear error in OpenAI's shape with LiteLLM's status, and the process goes on.

use hyper::Method;
use sluice_tests::prelude::*;

async fn gateway() -> Gateway {
    Gateway::start(&Config::new().mock("demo", "hello").mock("chat-large", "hello")).await
}

/// The error for a chat body as it stands.
async fn refused(body: &str, status: u16) -> Value {
    let gateway = gateway().await;
    let answer = gateway
        .client()
        .send(Method::POST, "/v1/chat/completions", body.to_owned())
        .await;
    let error = answer.error(status);
    assert!(
        answer.header("x-request-id").is_some(),
        "a client can name the exchange that failed"
    );
    assert_eq!(
        gateway.ask("demo", "hi").await.content(),
        "hello",
        "the process goes on"
    );
    error
}

#[tokio::test]
async fn what_is_no_json_is_a_bad_request() {
    for body in [
        "",
        "{",
        "nonsense",
        "[]",
        "\"text\"",
        "{\"model\": \"demo\",}",
        "{\"model\": \"demo\"} trailing",
        "\u{feff}{",
    ] {
        refused(body, 400).await;
    }
}

#[tokio::test]
async fn what_is_no_utf8_is_a_bad_request() {
    let answer = gateway()
        .await
        .client()
        .send(Method::POST, "/v1/chat/completions", b"{\"model\": \"\xff\"}".to_vec())
        .await;
    let _ = answer.error(400);
}

#[tokio::test]
async fn a_missing_model_is_named() {
    assert_eq!(refused(r#"{"messages": []}"#, 400).await["param"], "model");
    for body in [r#"{"model": null}"#, r#"{"model": 4}"#, r#"{"model": ""}"#] {
        assert_eq!(refused(body, 400).await["param"], "model", "{body}");
    }
}

#[tokio::test]
async fn an_unknown_model_is_refused_with_near_names() {
    let error = refused(r#"{"model": "chat-larg", "messages": []}"#, 400).await;
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("chat-larg") && message.contains("chat-large"),
        "{message}"
    );
    assert_eq!(error["param"], "model");
}

#[tokio::test]
async fn a_stream_flag_that_is_no_boolean_is_named() {
    assert_eq!(
        refused(r#"{"model": "demo", "messages": [], "stream": "yes"}"#, 400).await["param"],
        "stream"
    );
}

#[tokio::test]
async fn duplicate_keys_are_refused_rather_than_guessed() {
    let error = refused(r#"{"model": "demo", "messages": [], "model": "chat-large"}"#, 400).await;
    assert!(error["message"].as_str().unwrap().contains("model"), "{error}");
}

#[tokio::test]
async fn deep_nesting_is_refused() {
    let deep = format!(
        r#"{{"model": "demo", "messages": {}{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    refused(&deep, 400).await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let config = Config::new()
        .mock("demo", "hello")
        .set("sluice", json!({ "server": { "body_bytes_max": 4096 } }));
    let gateway = Gateway::start(&config).await;
    let _ = gateway.ask("demo", &"long ".repeat(2_000)).await.error(413);
    assert_eq!(gateway.ask("demo", "short").await.content(), "hello");
}

#[tokio::test]
async fn litellms_size_limit_is_honoured() {
    let config = Config::new()
        .mock("demo", "hello")
        .set("general_settings", json!({ "max_request_size_mb": 0.01 }));
    let gateway = Gateway::start(&config).await;
    let _ = gateway.ask("demo", &"long ".repeat(4_000)).await.error(413);
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let client = gateway().await;
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let asking = client.client().with("content-type", content_type);
        let error = asking.chat(&openai::ask("demo", "hi")).await.error(415);
        assert!(
            error["message"].as_str().unwrap().contains("application/json"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_told_apart() {
    let gateway = gateway().await;
    let client = gateway.client();
    for path in [
        "/",
        "/v2/chat/completions",
        "/v1/chat/completion",
        "/v1/chat/completions/more",
        "/openai/deployments/",
    ] {
        let _ = client.send(Method::POST, path, "{}").await.error(404);
    }
    let get = client.get("/v1/chat/completions").await;
    let _ = get.error(405);
    assert_eq!(get.header("allow"), Some("POST"));
    let _ = client.post("/v1/models", &json!({})).await.error(405);
    let _ = client.send(Method::DELETE, "/v1/embeddings", "").await.error(405);
}

#[tokio::test]
async fn headers_over_the_limit_are_refused() {
    let config = Config::new()
        .mock("demo", "hello")
        .set("sluice", json!({ "server": { "header_bytes_max": 8192 } }));
    let gateway = Gateway::start(&config).await;
    let answer = gateway
        .client()
        .with("x-long", &"x".repeat(20_000))
        .get("/health/liveliness")
        .await;
    assert_eq!(answer.status, 431);
    assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
}

/// What the client gets when the only upstream answers this.
async fn answer_to(script: Script) -> Answer {
    let upstream = Upstream::that_answers(script).await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream)).await;
    let answer = gateway.ask("chat", "hi").await;
    upstream.always(openai::says("hello"));
    assert_eq!(
        gateway.ask("chat", "hi").await.content(),
        "hello",
        "the process goes on"
    );
    answer
}

#[tokio::test]
async fn an_upstreams_refusal_keeps_its_status_and_its_words() {
    for status in [400, 401, 403, 404, 429] {
        let script = Script::json(status, &openai::error("some_type", "some_code", "refused on purpose"));
        let message = answer_to(script).await.message(status);
        assert!(message.contains("refused on purpose"), "{status}: {message}");
    }
    for status in [500, 502, 503] {
        let answer = answer_to(Script::json(
            status,
            &openai::error("some_type", "some_code", "broken on purpose"),
        ))
        .await;
        assert!((500..600).contains(&answer.status), "{status} became {}", answer.status);
        assert!(answer.message(answer.status).contains("broken on purpose"));
    }
}

#[tokio::test]
async fn an_upstream_that_answers_a_page_is_an_error() {
    let page = "<html><body>Bad Gateway</body></html>";
    for status in [200, 502] {
        let answer = answer_to(Script::text(status, "text/html", page)).await;
        assert!((500..600).contains(&answer.status), "{status} became {}", answer.status);
        let message = answer.message(answer.status);
        assert!(
            !message.contains("<html>"),
            "the page is no business of the client's: {message}"
        );
    }
}

#[tokio::test]
async fn half_a_json_is_an_error() {
    let whole = openai::answer("hello").to_string();
    let answer = answer_to(Script::text(200, "application/json", &whole[..whole.len() / 2])).await;
    assert!((500..600).contains(&answer.status), "{}", answer.text());
    let _ = answer.message(answer.status);
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_an_error() {
    let answer = answer_to(openai::says("hello").then_breaks_off()).await;
    assert!((500..600).contains(&answer.status), "{}", answer.text());
    let _ = answer.message(answer.status);
}

#[tokio::test]
async fn an_upstream_that_hangs_up_or_resets_is_an_error() {
    for script in [Script::hangs_up(), Script::resets()] {
        let answer = answer_to(script).await;
        assert_eq!(answer.status, 500, "{}", answer.text());
        let _ = answer.message(500);
    }
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_an_error() {
    let gone = Upstream::start().await;
    let config = Config::new().openai("chat", &gone);
    drop(gone);
    let answer = Gateway::start(&config).await.ask("chat", "hi").await;
    let _ = answer.message(500);
}

#[tokio::test]
async fn an_answer_over_the_limit_is_an_error() {
    let upstream = Upstream::that_answers(openai::says(&"x".repeat(100_000))).await;
    let limits = json!({ "upstream": { "answer_bytes_max": 50_000 } });
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream).set("sluice", limits)).await;
    let answer = gateway.ask("chat", "hi").await;
    assert!((500..600).contains(&answer.status), "{}", answer.status);
    let _ = answer.message(answer.status);
}

#[tokio::test]
async fn an_upstream_that_thinks_too_long_is_a_timeout() {
    let gate = Gate::new();
    let upstream = Upstream::that_answers(openai::says("late").held(&gate)).await;
    let params =
        json!({ "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()), "timeout": 0.2 });
    let gateway = Gateway::start(&Config::new().deployment("chat", params)).await;
    let _ = gateway.ask("chat", "hi").await.message(408);
    upstream.abandoned(1).await;
}

#[tokio::test]
async fn no_error_shows_a_credential() {
    let echo = format!("Incorrect API key provided: {UPSTREAM_KEY}");
    let answer = answer_to(Script::json(
        401,
        &openai::error("invalid_request_error", "invalid_api_key", &echo),
    ))
    .await;
    assert!(!answer.text().contains(UPSTREAM_KEY), "{}", answer.text());
}
