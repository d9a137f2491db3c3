//! Who may ask: the master key, in every header that clients send it in.

use sluice_tests::prelude::*;

async fn locked() -> Gateway {
    Gateway::start(&Config::new().mock("demo", "hello").with_key()).await
}

#[tokio::test]
async fn the_key_is_taken_from_every_header_that_clients_use() {
    let gateway = locked().await;
    let bearer = format!("Bearer {MASTER_KEY}");
    for (name, value) in [
        ("authorization", bearer.as_str()),
        ("authorization", &format!("bearer {MASTER_KEY}")),
        ("api-key", MASTER_KEY),
        ("x-api-key", MASTER_KEY),
        ("x-goog-api-key", MASTER_KEY),
        ("ocp-apim-subscription-key", MASTER_KEY),
        ("x-litellm-api-key", MASTER_KEY),
        ("x-litellm-api-key", &bearer),
    ] {
        let client = Client::new(gateway.address()).with(name, value);
        assert_eq!(
            client.chat(&openai::ask("demo", "hi")).await.status,
            200,
            "{name}: {value}"
        );
    }
}

#[tokio::test]
async fn litellms_own_header_wins_over_authorization() {
    let gateway = locked().await;
    let client = Client::new(gateway.address()).with_key("sk-for-someone-else");
    let client = client.with("x-litellm-api-key", MASTER_KEY);
    assert_eq!(client.chat(&openai::ask("demo", "hi")).await.status, 200);
}

#[tokio::test]
async fn without_a_right_key_nothing_is_served() {
    let gateway = locked().await;
    let nobody = Client::new(gateway.address());
    let strangers = [
        nobody.clone(),
        nobody.clone().with_key("sk-wrong"),
        nobody.clone().with_key(&MASTER_KEY[..MASTER_KEY.len() - 1]),
        nobody.clone().with_key(&format!("{MASTER_KEY}0")),
        nobody.clone().with("authorization", "Bearer "),
        nobody.clone().with("authorization", "Basic c2s6"),
        nobody.with("cookie", MASTER_KEY),
    ];
    for stranger in strangers {
        let error = stranger.chat(&openai::ask("demo", "hi")).await.error(401);
        assert_eq!(error["type"], "authentication_error");
        assert!(!error.to_string().contains(MASTER_KEY));
        for path in ["/v1/models", "/v1/models/demo", "/metrics", "/plugins"] {
            let _ = stranger.get(path).await.error(401);
        }
    }
}

#[tokio::test]
async fn a_stranger_does_not_learn_which_models_there_are() {
    let gateway = locked().await;
    let stranger = Client::new(gateway.address());
    let known = stranger.chat(&openai::ask("demo", "hi")).await.message(401);
    let unknown = stranger.chat(&openai::ask("no-such-model", "hi")).await.message(401);
    assert_eq!(known, unknown);
}

#[tokio::test]
async fn health_needs_no_key() {
    let gateway = locked().await;
    let stranger = Client::new(gateway.address());
    for path in ["/health", "/health/liveliness", "/health/liveness", "/health/readiness"] {
        assert_eq!(stranger.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn on_loopback_no_key_is_needed_where_none_is_configured() {
    let gateway = Gateway::start(&Config::new().mock("demo", "hello")).await;
    assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
    let client = gateway.client().with_key("sk-anything");
    assert_eq!(
        client.chat(&openai::ask("demo", "hi")).await.status,
        200,
        "SDKs always send one"
    );
}

#[tokio::test]
async fn the_key_may_come_from_the_environment() {
    let config = Config::new().mock("demo", "hello");
    let gateway = Setup::new(&config)
        .variable("LITELLM_MASTER_KEY", MASTER_KEY)
        .start()
        .await;
    let _ = gateway.ask("demo", "hi").await.error(401);
    let client = gateway.client().with_key(MASTER_KEY);
    assert_eq!(client.chat(&openai::ask("demo", "hi")).await.status, 200);
}

#[tokio::test]
async fn metrics_may_be_open_to_all() {
    let settings = json!({ "require_auth_for_metrics_endpoint": false });
    let gateway = Gateway::start(
        &Config::new()
            .mock("demo", "hello")
            .with_key()
            .set("litellm_settings", settings),
    )
    .await;
    assert_eq!(Client::new(gateway.address()).get("/metrics").await.status, 200);
}

#[tokio::test]
async fn a_clients_key_goes_no_further() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream).with_key()).await;
    let client = gateway
        .client()
        .with("x-api-key", MASTER_KEY)
        .with("cookie", "session=1");
    assert_eq!(client.chat(&openai::ask("chat", "hi")).await.status, 200);
    let asked = upstream.request().await;
    assert!(!format!("{asked:?}").contains(MASTER_KEY), "{asked:?}");
    assert_eq!(asked.header("cookie"), None);
}
