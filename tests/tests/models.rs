//! `/v1/models`: the model groups under the names that clients use.

use sluice_tests::prelude::*;

async fn gateway() -> Gateway {
    let config = Config::new()
        .mock("demo", "hello")
        .mock("demo", "again")
        .mock("team/large", "hello")
        .set(
            "router_settings",
            json!({ "model_group_alias": {
                "shown": "demo",
                "hidden": { "model": "demo", "hidden": true },
            }}),
        );
    Gateway::start(&config).await
}

#[tokio::test]
async fn groups_and_aliases_are_listed_once_each() {
    let gateway = gateway().await;
    for path in ["/v1/models", "/models"] {
        let list = gateway.client().get(path).await.json();
        assert_eq!(list["object"], "list");
        let mut names: Vec<&str> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|model| model["id"].as_str())
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["demo", "shown", "team/large"], "{path}");
        for model in list["data"].as_array().unwrap() {
            assert_eq!(model["object"], "model");
            assert!(model["created"].is_u64() && model["owned_by"].is_string(), "{model}");
        }
    }
}

#[tokio::test]
async fn one_group_can_be_asked_for() {
    let client = gateway().await;
    for path in [
        "/v1/models/demo",
        "/models/demo",
        "/v1/models/team/large",
        "/v1/models/team%2Flarge",
        "/v1/models/hidden",
    ] {
        let answer = client.client().get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.json()["object"], "model");
    }
}

#[tokio::test]
async fn an_unknown_group_is_not_found() {
    let error = gateway().await.client().get("/v1/models/nothing").await.error(404);
    assert!(error["message"].as_str().unwrap().contains("nothing"), "{error}");
}
