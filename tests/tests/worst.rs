//! Requests that cost far more than they are worth: whoever sends one waits for it, and nobody else does.

use std::time::{Duration, Instant};

use hyper::Method;
use sluice_tests::prelude::*;

/// What takes no longer than this holds up nobody who would notice.
const NOTICED: Duration = Duration::from_millis(100);

/// One of each kind, as bodies.
fn worst() -> Vec<(&'static str, Vec<u8>)> {
    let asked = |change: &dyn Fn(&mut Value)| {
        let mut question = openai::ask("demo", "hi");
        change(&mut question);
        question.to_string().into_bytes()
    };
    let message = |text: &str| json!({ "role": "user", "content": text });
    let prose = "many words and an address of someone@example.com, ";
    let escaped = format!(
        r#"{{"model": "demo", "messages": [{{"role": "user", "content": "{}"}}]}}"#,
        r"\u006d\u0061".repeat(600_000)
    );
    vec![
        (
            "a long text",
            asked(&|it| it["messages"][0]["content"] = prose.repeat(250_000).into()),
        ),
        ("a long text of escapes", escaped.into_bytes()),
        (
            "many messages",
            asked(&|it| it["messages"] = vec![message("hi"); 100_000].into()),
        ),
        (
            "many parts",
            asked(&|it| it["messages"][0]["content"] = vec![json!({ "type": "text", "text": "hi" }); 100_000].into()),
        ),
        (
            "many tools",
            asked(&|it| {
                let tool =
                    json!({ "type": "function", "function": { "name": "f", "parameters": { "type": "object" } } });
                it["tools"] = vec![tool; 50_000].into();
            }),
        ),
        (
            "many fields",
            asked(&|it| (0..60_000).for_each(|number| it[format!("field_{number}")] = number.into())),
        ),
        (
            "many members",
            asked(&|it| {
                let members: serde_json::Map<_, _> =
                    (0..200_000).map(|number| (number.to_string(), json!("x"))).collect();
                it["metadata"] = members.into();
            }),
        ),
        (
            "many fallbacks",
            asked(&|it| it["fallbacks"] = (0..20_000).map(|one| one.to_string()).collect()),
        ),
        (
            "a long name",
            asked(&|it| it["model"] = "demo".repeat(1_000_000).into()),
        ),
        (
            "disguised words",
            asked(&|it| it["messages"][0]["content"] = "ｈｕｓｈ\u{200B} һush ".repeat(200_000).into()),
        ),
    ]
}

#[tokio::test]
async fn the_costliest_requests_hold_up_nobody_else() {
    let params = json!({
        "guardrail": "content-filter", "mode": ["pre_call", "post_call"], "words": ["hush"], "patterns": ["email", "us_ssn"],
        "action": "mask",
    });
    let config = Config::new()
        .mock("demo", "hello")
        .guardrail("filter", params)
        .set("sluice", json!({ "server": { "workers": 1 } }));
    let gateway = Gateway::start(&config).await;
    for (name, body) in worst() {
        let client = gateway.client();
        let begun = Instant::now();
        let busy = tokio::spawn(async move { client.send(Method::POST, "/v1/chat/completions", body).await.status });
        let mut longest = Duration::ZERO;
        while !busy.is_finished() {
            let asked = Instant::now();
            assert_eq!(gateway.client().get("/health/liveness").await.status, 200, "{name}");
            longest = longest.max(asked.elapsed());
        }
        let took = begun.elapsed();
        let status = busy.await.unwrap();
        assert!((200..500).contains(&status), "{name}: {status}");
        // One worker: if the request were worked on there, nobody would be answered before its end.
        assert!(
            longest < NOTICED.max(took / 3),
            "{name} took {took:?}, and someone else waited {longest:?}"
        );
    }
}
