//! Parameters that an operator or a client has dropped: at each place where LiteLLM lets them say so.

use sluice_tests::prelude::*;

/// Where it is said.
#[derive(Debug, Clone, Copy)]
enum Said {
    ForAll,
    ForDeployment,
    ByClient,
}
use Said::*;

/// What the upstream gets of a request, where this is said of the given provider's deployment.
async fn sent(provider: &str, said: &[(Said, &str, Value)], request: Value) -> Value {
    let upstream = Upstream::start().await;
    upstream.always(if provider == "anthropic" {
        anthropic::says("ok")
    } else {
        openai::says("ok")
    });
    let mut params = json!({
        "model": format!("{provider}/some-model"),
        "api_base": upstream.base(),
        "api_key": "k",
        "api_version": "2025-01-01",
    });
    let mut config = Config::new();
    let mut request = request;
    for (place, key, value) in said {
        match place {
            ForAll => config = config.set("litellm_settings", json!({ *key: value })),
            ForDeployment => params[*key] = value.clone(),
            ByClient => request[*key] = value.clone(),
        }
    }
    let gateway = Gateway::start(&config.deployment("chat", params)).await;
    let answer = gateway.client().post("/v1/chat/completions", &request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    upstream.requests()[0].json()
}

fn asked() -> Value {
    json!({
        "model": "chat",
        "messages": [{ "role": "user", "content": "hi", "name": "me" }],
        "temperature": 0.5,
        "metadata": { "a": 1 },
        "tools": [
            { "type": "function", "function": { "name": "f", "strict": true, "parameters": { "type": "object", "x-own": 1.0 } } },
            { "type": "function", "function": { "name": "g" } },
        ],
    })
}

#[tokio::test]
async fn drop_params_drops_what_the_provider_does_not_take() {
    for place in [ForAll, ForDeployment, ByClient] {
        for (provider, field, value) in [
            (
                "openai",
                "thinking",
                json!({ "type": "enabled", "budget_tokens": 1024 }),
            ),
            ("azure", "thinking", json!({ "type": "enabled", "budget_tokens": 1024 })),
            ("openai", "context_management", json!({})),
            ("anthropic", "seed", json!(7)),
        ] {
            let mut request = asked();
            request[field] = value;
            let sent = sent(provider, &[(place, "drop_params", json!(true))], request).await;
            assert_eq!(sent.get(field), None, "{provider}, {field}, said {place:?}");
            assert_eq!(sent.get("drop_params"), None, "{provider}, said {place:?}");
        }
    }
}

#[tokio::test]
async fn what_is_named_is_dropped_wherever_it_stands() {
    for place in [ForDeployment, ByClient] {
        for provider in ["openai", "azure"] {
            let paths = json!([
                "temperature",
                "tools[*].function.strict",
                "tools[0].function.parameters.x-own",
                "messages[0].name"
            ]);
            let sent = sent(provider, &[(place, "additional_drop_params", paths)], asked()).await;
            let tools = json!([
                { "type": "function", "function": { "name": "f", "parameters": { "type": "object" } } },
                { "type": "function", "function": { "name": "g" } },
            ]);
            assert_eq!(sent["tools"], tools, "{provider}, said {place:?}");
            assert_eq!(sent["messages"], json!([{ "role": "user", "content": "hi" }]));
            assert_eq!(sent.get("temperature"), None);
            assert_eq!(sent.get("additional_drop_params"), None);
        }
    }
}

#[tokio::test]
async fn both_lists_count() {
    let said = [
        (ForDeployment, "additional_drop_params", json!(["temperature"])),
        (ByClient, "additional_drop_params", json!(["tools"])),
    ];
    for provider in ["openai", "anthropic"] {
        let sent = sent(provider, &said, asked()).await;
        assert_eq!((sent.get("temperature"), sent.get("tools")), (None, None), "{provider}");
    }
}

#[tokio::test]
async fn a_list_that_is_none_is_refused() {
    let upstream = Upstream::start().await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream)).await;
    for wrong in [json!("seed"), json!([1]), json!({}), json!(vec!["x"; 101])] {
        let mut request = asked();
        request["additional_drop_params"] = wrong;
        let answer = gateway.client().post("/v1/chat/completions", &request).await;
        assert_eq!(answer.error(400)["param"], "additional_drop_params");
    }
    assert_eq!(upstream.count(), 0);
}
