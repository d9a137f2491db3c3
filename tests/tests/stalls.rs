//! Upstreams that stop in the middle, or never come to an end: wherever they do, the client is told and the upstream let go.

use sluice_tests::prelude::*;

/// What becomes of an exchange.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Becomes {
    /// An error with a status of its own.
    Refused,
    /// A stream that ends with an error.
    Broken,
    /// A whole stream: what was missing was nothing that a client needs.
    Whole,
}

/// Asks an upstream that follows this script, and never ends by itself.
async fn check(place: &str, is_streamed: bool, script: Script, expected: Becomes) {
    let upstream = Upstream::that_answers(script).await;
    let params = json!({
        "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()), "timeout": 0.3,
    });
    let config = Config::new().deployment("chat", params);
    let config = config.set(
        "sluice",
        json!({ "upstream": { "answer_bytes_max": 1 << 20, "event_bytes_max": 64 << 10 } }),
    );
    let gateway = Gateway::start(&config).await;
    let mut question = openai::ask("chat", "hi");
    question["stream"] = is_streamed.into();
    let answer = gateway.client().chat(&question).await;
    let text = answer.text();
    let has_error = text.contains("\"error\"");
    let became = match (answer.status, text.ends_with("data: [DONE]\n\n")) {
        (200, true) if has_error => Becomes::Broken,
        (200, true) => Becomes::Whole,
        (408 | 500..600, false) if has_error => Becomes::Refused,
        (status, _) => panic!("{place}, streamed {is_streamed}: {status} {text}"),
    };
    assert_eq!(became, expected, "{place}, streamed {is_streamed}: {text}");
    upstream.abandoned(1).await;
}

fn role() -> String {
    Event::data(&openai::chunk(&json!({ "role": "assistant", "content": "" }), None)).framed("\n")
}

/// A chunk of a chunked body.
fn framed(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: ";

#[tokio::test]
async fn an_upstream_that_stops_before_content_is_refused() {
    let never = Gate::new();
    for is_streamed in [false, true] {
        let scripts = [
            ("before the head", Script::bytes("").held(&never)),
            ("in the head", Script::bytes(HEAD).held(&never)),
            (
                "before the body",
                Script::bytes(format!("{HEAD}application/json\r\ncontent-length: 9\r\n\r\n")).held(&never),
            ),
            (
                "in the body",
                Script::bytes(format!("{HEAD}application/json\r\ncontent-length: 9\r\n\r\n{{")).held(&never),
            ),
            ("before the first event", Script::segments([""; 0]).then_holds(&never)),
            ("after a comment", Script::segments([": wait\n\n"]).then_holds(&never)),
            ("in the first event", Script::segments(["data: {"]).then_holds(&never)),
            ("after the role", Script::segments([role()]).then_holds(&never)),
        ];
        for (place, script) in scripts {
            check(place, is_streamed, script, Becomes::Refused).await;
        }
    }
}

#[tokio::test]
async fn an_upstream_that_stops_after_content_breaks_the_stream_unless_it_was_over() {
    let never = Gate::new();
    let half = || Script::events(openai::pieces(&["half an "]));
    check("after content", true, half().then_holds(&never), Becomes::Broken).await;
    let in_event = half().then_segments(["data: {"]).then_holds(&never);
    check("in an event", true, in_event, Becomes::Broken).await;
    let last = [Event::data(&openai::chunk(&json!({}), Some("stop")))];
    let reason = half().then_events(last).then_holds(&never);
    check("after the reason", true, reason, Becomes::Whole).await;
    let done = openai::streams(&["hello"]).then_holds(&never);
    check("after [DONE]", true, done, Becomes::Whole).await;
}

#[tokio::test]
async fn an_upstream_that_never_comes_to_the_point_is_refused() {
    for is_streamed in [false, true] {
        let scripts = [
            ("headers", Script::bytes(HEAD).then_repeats("text/plain\r\nx-more: ")),
            ("one header", Script::bytes(HEAD).then_repeats("x".repeat(1024))),
            (
                "white space",
                Script::bytes(format!("{HEAD}application/json\r\ntransfer-encoding: chunked\r\n\r\n"))
                    .then_repeats(framed(&" ".repeat(1024))),
            ),
            (
                "comments",
                Script::segments([role()]).then_repeats(framed(": wait\n\n")),
            ),
            ("roles", Script::segments([role()]).then_repeats(framed(&role()))),
            (
                "one event",
                Script::segments(["data: "]).then_repeats(framed(&"x".repeat(1024))),
            ),
        ];
        for (place, script) in scripts {
            check(place, is_streamed, script, Becomes::Refused).await;
        }
    }
}

#[tokio::test]
async fn an_upstream_that_goes_on_after_the_end_is_let_go() {
    let script = openai::streams(&["hello"]).then_repeats(framed(": more\n\n"));
    check("after [DONE]", true, script, Becomes::Whole).await;
}
