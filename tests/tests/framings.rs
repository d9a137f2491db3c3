//! Streams that are framed as lines of JSON or as AWS event streams, for adapters that ask for it.

use sluice_tests::prelude::*;
use sluice_tests::upstream::aws_message as message;

const LINES: &str = "json-lines";
const AWS: &str = "aws-event-stream";

/// A chunk in OpenAI's form, which the probe adapter passes on.
fn chunk(text: &str, finish_reason: Option<&str>) -> String {
    let delta = json!({ "content": text });
    json!({ "id": "c", "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }] }).to_string()
}

fn chunks() -> [String; 3] {
    [chunk("Hello", None), chunk(" there", None), chunk("", Some("stop"))]
}

fn messages(chunks: &[String]) -> Vec<u8> {
    chunks
        .iter()
        .flat_map(|chunk| message(":event-type", "chunk", chunk))
        .collect()
}

fn lines(chunks: &[String]) -> Vec<u8> {
    chunks
        .iter()
        .flat_map(|chunk| format!("{chunk}\n").into_bytes())
        .collect()
}

/// A body in pieces that break events anywhere.
fn answer(content_type: &str, body: &[u8]) -> Script {
    Script::segments(body.chunks(7)).header("content-type", content_type)
}

struct Probe {
    gateway: Gateway,
    upstream: Upstream,
}

impl Probe {
    async fn start(framing: &str) -> Self {
        let upstream = Upstream::start().await;
        let config = Config::new()
            .probe("chat", &upstream, json!({ "framing": framing }))
            .retries(0)
            .without_cooldowns();
        let gateway = Setup::new(&config).plugin(guests::ADAPTER).start().await;
        Self { gateway, upstream }
    }

    /// The text of the streamed answer, and its error.
    async fn ask(&self, script: Script) -> (String, Option<Value>) {
        self.upstream.always(script);
        let question = openai::ask_streamed("chat", "hi");
        // An error that arrives with the first event is the whole answer.
        let answer = self.gateway.client().chat(&question).await.text();
        let data = answer.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
        let events = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
        let (mut text, mut error) = (String::new(), None);
        for event in events {
            text += event["choices"][0]["delta"]["content"].as_str().unwrap_or_default();
            error = event.get("error").cloned().or(error);
        }
        (text, error)
    }
}

#[tokio::test]
async fn lines_of_json_are_events() {
    let probe = Probe::start(LINES).await;
    for content_type in [
        "application/x-ndjson",
        "application/stream+json; charset=utf-8",
        "text/plain",
    ] {
        let told = probe.ask(answer(content_type, &lines(&chunks()))).await;
        assert_eq!(told, ("Hello there".to_owned(), None), "{content_type}");
    }
    // The last line may lack its end.
    let mut body = lines(&chunks());
    body.pop();
    assert_eq!(
        probe.ask(answer("application/x-ndjson", &body)).await,
        ("Hello there".to_owned(), None)
    );
}

#[tokio::test]
async fn messages_of_an_aws_event_stream_are_events() {
    let probe = Probe::start(AWS).await;
    let told = probe
        .ask(answer("application/vnd.amazon.eventstream", &messages(&chunks())))
        .await;
    assert_eq!(told, ("Hello there".to_owned(), None));
}

#[tokio::test]
async fn what_breaks_such_a_stream_is_said() {
    let probe = Probe::start(AWS).await;
    let begun = messages(&chunks()[..1]);
    let exception = message(":exception-type", "throttlingException", "{}");
    let mut wrong = message(":event-type", "chunk", &chunk("x", None));
    let last = wrong.len() - 1;
    wrong[last] ^= 1;
    for (rest, status, said) in [
        (exception, "429", "throttlingException"),
        (wrong, "500", "checksum"),
        (messages(&chunks()[1..2])[..20].to_vec(), "500", "broke off"),
    ] {
        let body = [begun.clone(), rest].concat();
        let (text, error) = probe.ask(answer("application/vnd.amazon.eventstream", &body)).await;
        let error = error.unwrap_or_default();
        assert!(
            "Hello".starts_with(&text) && error["code"] == *status,
            "{text}: {error}"
        );
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
}

#[tokio::test]
async fn an_event_without_end_is_cut_at_the_bound() {
    let upstream = Upstream::start().await;
    let config = Config::new()
        .probe("chat", &upstream, json!({ "framing": LINES }))
        .retries(0)
        .set("sluice", json!({ "upstream": { "event_bytes_max": 1 << 20 } }));
    let gateway = Setup::new(&config).plugin(guests::ADAPTER).start().await;
    let endless = vec![b'x'; 2 << 20];
    upstream.always(Script::segments([lines(&chunks()[..1]), endless]).header("content-type", "application/x-ndjson"));
    let question = openai::ask_streamed("chat", "hi");
    let told = gateway.client().chat(&question).await.text();
    assert!(told.contains("longer than"), "{told}");
}
