//! Periodic tasks: where they run, what strategies get from them, and what becomes of rounds that fail.

use std::time::Duration;

use sluice_tests::prelude::*;

/// The service that a beacon asks.
async fn service(names: &str) -> Upstream {
    Upstream::that_answers(Script::text(200, "text/plain", names)).await
}

/// Two deployments, and a beacon that chooses between them.
fn config(service: &Upstream, settings: Value) -> Config {
    let deployment = |id: &str| {
        json!({
            "model_name": "chat",
            "litellm_params": { "model": "openai/m", "api_key": "k", "mock_response": id },
            "model_info": { "id": id },
        })
    };
    let mut own = json!({ "address": format!("{}/preferred", service.base()) });
    for (name, value) in settings.as_object().unwrap() {
        own[name] = value.clone();
    }
    Config::new()
        .entry(deployment("one"))
        .entry(deployment("two"))
        .strategy("beacon", json!({}))
        .set(
            "sluice",
            json!({ "plugins": { "beacon": { "settings": own, "outbound": [service.base()] } } }),
        )
}

async fn is_asked_for(gateway: &Gateway, id: &str) {
    eventually("the strategy to use what the task has found", async || {
        let mut answers = Vec::new();
        for _ in 0..10 {
            answers.push(gateway.ask("chat", "hi").await.content().to_owned());
        }
        answers.iter().all(|answer| answer == id).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_strategy_uses_what_the_task_of_its_component_found_out() {
    let service = service("two").await;
    let gateway = Setup::new(&config(&service, json!({})))
        .plugin(guests::BEACON)
        .start()
        .await;
    is_asked_for(&gateway, "two").await;
    service.always(Script::text(200, "text/plain", "one"));
    is_asked_for(&gateway, "one").await;
    let plugins = gateway.plugins().await;
    let beacon = plugins["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .find(|plugin| plugin["name"] == "beacon")
        .unwrap();
    assert_eq!(
        beacon["kinds"],
        json!(["routing-strategy", "periodic-task"]),
        "{beacon}"
    );
    assert_eq!(beacon["outbound_granted"], json!([service.base()]), "{beacon}");
}

#[tokio::test]
async fn a_reload_begins_only_what_it_changed() {
    let service = service("one").await;
    let config = |pause_ms: u32| config(&service, json!({ "pause_ms": pause_ms }));
    let gateway = Setup::new(&config(3_600_000)).plugin(guests::BEACON).start().await;
    is_asked_for(&gateway, "one").await;
    let rounds = || service.requests().len();
    assert_eq!(rounds(), 1);
    let other = config(3_600_000).mock("other", "of another group");
    gateway.write_config(&other.text());
    eventually("the reload", async || {
        (gateway.ask("other", "hi").await.status == 200).then_some(())
    })
    .await;
    assert_eq!(rounds(), 1, "the task was begun anew, and nothing of it has changed");
    gateway.write_config(&config(3_600_001).text());
    eventually("a round with the new settings", async || (rounds() == 2).then_some(())).await;
    gateway.write_config(&Config::new().mock("other", "alone").text());
    eventually("the reload", async || {
        (gateway.ask("chat", "hi").await.status != 200).then_some(())
    })
    .await;
    assert!(gateway.inside().snapshot().periodic.is_empty());
}

#[tokio::test]
async fn a_component_that_nobody_named_does_not_work() {
    let service = service("one").await;
    let config = Config::new().mock("chat", "hello");
    let gateway = Setup::new(&config).plugin(guests::BEACON).start().await;
    gateway
        .shows("beacon", |list| list.to_string().contains("periodic-task"))
        .await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
    assert!(gateway.inside().snapshot().periodic.is_empty());
    assert!(service.requests().is_empty());
}

#[tokio::test]
async fn what_one_kind_of_a_component_may_another_may_not() {
    let service = service("two").await;
    let config = config(&service, json!({ "asks_while_ranking": true, "pause_ms": 3_600_000 }));
    let gateway = Setup::new(&config).plugin(guests::BEACON).start().await;
    eventually("the task's round", async || {
        (service.requests().len() == 1).then_some(())
    })
    .await;
    // The shuffle ranks in its place.
    assert_eq!(gateway.ask("chat", "hi").await.status, 200);
    let listed = gateway.plugins().await.to_string();
    assert!(
        listed.contains("as a routing-strategy it may not call `send` of `sluice:plugin/http@0.2.1`"),
        "{listed}"
    );
    assert_eq!(service.requests().len(), 1);
}

#[tokio::test]
async fn a_round_that_fails_costs_nobody_anything() {
    let service = service("one").await;
    for misdeed in ["trap", "loop", "bomb", "call-host", "sleep"] {
        let gateway = Setup::new(&config(&service, json!({ "do": misdeed })).mock("plain", "hello"))
            .plugin(guests::BEACON)
            .start()
            .await;
        if misdeed != "sleep" {
            eventually("the failure to be told", async || {
                let listed = gateway.plugins().await;
                let plugins = listed["plugins"].as_array().unwrap();
                let beacon = plugins.iter().find(|plugin| plugin["name"] == "beacon")?;
                beacon["last_error"].is_string().then_some(())
            })
            .await;
        }
        assert_eq!(gateway.ask("plain", "hi").await.content(), "hello", "{misdeed}");
        let stopped = tokio::time::timeout(Duration::from_secs(20), gateway.stop()).await;
        assert!(stopped.is_ok(), "{misdeed}: the gateway does not stop");
    }
}
