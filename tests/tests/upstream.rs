//! The scripted upstream itself: it must do as it is told, or the other tests prove nothing.

use serde_json::json;
use sluice_tests::prelude::*;

fn client(upstream: &Upstream) -> Client {
    Client::new(upstream.address())
}

#[tokio::test]
async fn whole_answers_and_requests_are_as_written() {
    let upstream = Upstream::that_answers(Script::json(201, &json!({ "a": 1 })).header("x-extra", "yes")).await;
    let answer = client(&upstream)
        .with("x-asked", "1")
        .post("/path?query=1", &json!({ "b": 2 }))
        .await;
    assert_eq!(
        (answer.status, answer.json(), answer.header("x-extra")),
        (201, json!({ "a": 1 }), Some("yes"))
    );
    let request = upstream.request().await;
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/path?query=1")
    );
    assert_eq!(
        (request.json(), request.header("x-asked")),
        (json!({ "b": 2 }), Some("1"))
    );
}

#[tokio::test]
async fn queued_scripts_go_before_the_standing_one() {
    let upstream = Upstream::that_answers(Script::json(200, &json!("always"))).await;
    upstream.then(Script::json(200, &json!("first")));
    let client = client(&upstream);
    for expected in ["first", "always", "always"] {
        assert_eq!(client.get("/").await.json(), json!(expected));
    }
}

#[tokio::test]
async fn a_gate_holds_a_stream_until_it_is_opened() {
    let gate = Gate::new();
    let script = Script::events(openai::pieces(&["one"]))
        .then_holds(&gate)
        .then_events(openai::ending());
    let upstream = Upstream::that_answers(script).await;
    let mut stream = client(&upstream).stream("/", &json!({})).await;
    assert_eq!(stream.text().await.as_deref(), Some("one"));
    gate.open();
    assert_eq!(stream.chunks().await.len(), 2, "finish reason and usage are left");
}

#[tokio::test]
async fn a_client_that_goes_away_is_noticed() {
    let gate = Gate::new();
    let upstream = Upstream::that_answers(Script::events(openai::pieces(&["one"])).then_holds(&gate)).await;
    let mut stream = client(&upstream).stream("/", &json!({})).await;
    stream.text().await;
    drop(stream);
    upstream.abandoned(1).await;
}

#[tokio::test]
async fn a_stream_that_breaks_off_has_no_end() {
    let upstream = Upstream::that_answers(Script::events(openai::pieces(&["one"])).then_breaks_off()).await;
    let mut stream = client(&upstream).stream("/", &json!({})).await;
    while stream.data().await.is_some() {}
    assert!(stream.is_broken);
}
