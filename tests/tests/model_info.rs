//! `/v1/models`, `/model/info` and `/model_group/info` of wildcards and groups; calls from web pages.

use hyper::Method;
use sluice_tests::prelude::*;

fn wildcard() -> Config {
    let params = json!({ "model": "openai/*", "api_base": "http://127.0.0.1:9/v1", "api_key": UPSTREAM_KEY });
    Config::new().deployment("openai/*", params)
}

fn names(list: &Value, key: &str) -> Vec<String> {
    let names = list["data"].as_array().unwrap().iter();
    names.map(|model| model[key].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_wildcard_is_listed_as_the_models_of_its_provider() {
    let gateway = Gateway::start(&wildcard()).await;
    let listed = names(&gateway.client().get("/v1/models").await.json(), "id");
    assert!(listed.contains(&"openai/gpt-4o".to_owned()), "{listed:?}");
    assert!(
        !listed.iter().any(|name| name.contains('*') || name.contains("dall-e")),
        "{listed:?}"
    );
    let path = "/v1/models?return_wildcard_routes=true";
    let listed = names(&gateway.client().get(path).await.json(), "id");
    assert!(listed.contains(&"openai/*".to_owned()) && listed.contains(&"openai/gpt-4o".to_owned()));
}

#[tokio::test]
async fn model_info_says_limits_prices_and_abilities_and_no_credential() {
    let secret = "hidden-in-metadata-123";
    let config = wildcard().entry(json!({
        "model_name": "chat",
        "litellm_params": {
            "model": "openai/gpt-4o", "api_key": UPSTREAM_KEY, "extra_headers": { "authorization": secret },
        },
        "model_info": { "id": "one", "max_input_tokens": 5, "team": "blue", "nested": { "api_key": secret } },
    }));
    let gateway = Gateway::start(&config).await;
    for path in ["/model/info", "/v1/model/info", "/v2/model/info"] {
        let answer = gateway.client().get(path).await;
        let text = answer.text();
        assert!(!text.contains(secret) && !text.contains(UPSTREAM_KEY), "{text}");
        let list = answer.json();
        let entry = &list["data"][0];
        assert_eq!(entry["model_name"], "chat");
        assert_eq!(entry["litellm_params"]["model"], "openai/gpt-4o");
        let info = &entry["model_info"];
        assert_eq!(
            (&info["id"], &info["max_input_tokens"], &info["team"]),
            (&json!("one"), &json!(5), &json!("blue"))
        );
        assert_eq!(info["supports_vision"], true);
        assert!(info["input_cost_per_token"].as_f64().unwrap() > 0.0);
        assert!(
            names(&list, "model_name").contains(&"openai/gpt-4o".to_owned()),
            "wildcards are expanded"
        );
    }
    let one = gateway.client().get("/model/info?litellm_model_id=one").await.json();
    assert_eq!(names(&one, "model_name"), ["chat"]);
    let _ = gateway
        .client()
        .get("/model/info?litellm_model_id=none")
        .await
        .error(400);
    let groups = gateway.client().get("/model_group/info?model_group=chat").await.json();
    assert_eq!(groups["data"][0]["providers"], json!(["openai"]));
    assert_eq!(groups["data"][0]["max_input_tokens"], 5);
}

#[tokio::test]
async fn a_base_url_that_ends_in_a_slash_is_served() {
    let gateway = Gateway::start(&Config::new().mock("chat", "hello")).await;
    for path in ["//v1/chat/completions", "/v1//chat/completions", "//chat/completions"] {
        let answer = gateway.client().post(path, &openai::ask("chat", "hi")).await;
        assert_eq!(answer.content(), "hello", "{path}");
    }
}

#[tokio::test]
async fn pages_may_call_where_a_master_key_is_set() {
    let gateway = Gateway::start(&Config::new().mock("chat", "hello").with_key()).await;
    let page = gateway
        .client()
        .with("origin", "https://chat.example.com")
        .with("access-control-request-method", "POST")
        .with("access-control-request-headers", "authorization,content-type");
    let answer = page.send(Method::OPTIONS, "/v1/chat/completions", "").await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        answer.header("access-control-allow-headers"),
        Some("authorization,content-type")
    );
    let answer = page.chat(&openai::ask("chat", "hi")).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn pages_may_not_call_from_elsewhere_or_without_a_key() {
    let own = json!({ "server": { "cors_origins": ["https://own.example.com"], "shutdown_timeout_ms": 500 } });
    let keyed = Gateway::start(&Config::new().mock("chat", "hello").with_key().set("sluice", own)).await;
    let open = Gateway::start(&Config::new().mock("chat", "hello")).await;
    for gateway in [keyed, open] {
        let page = gateway
            .client()
            .with("origin", "https://chat.example.com")
            .with("access-control-request-method", "POST");
        let answer = page.send(Method::OPTIONS, "/v1/chat/completions", "").await;
        assert!(answer.status == 405 || answer.status == 403, "{}", answer.status);
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}
