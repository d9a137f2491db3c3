//! Requests that are wrong somewhere.
//!
//! Whatever comes, there is an answer in time. What the upstream is asked holds all that the client still said, and
//! nothing that a guardrail masks; a request that cannot be asked is the client's fault, never the gateway's.

use hyper::Method;
use sluice_sdk::testing::cases::mutations::Random;
use sluice_tests::prelude::*;

use super::{CHANGES, HANGS_AFTER, KEY, assert_log_is_clean, tells_key, watch_log};

/// In every text of a request; masked in each.
const MASKED: &str = "hush-hush";

/// Texts of a request; each is followed by the word that is masked.
const SAID: [&str; 6] = [
    "said-by-system",
    "said-in-part",
    "said-in-arguments",
    "said-by-tool",
    "said-last",
    "said-of-function",
];

/// Headers that tell the gateway something, and values that make no sense of them.
const HEADERS: [&str; 6] = [
    "x-litellm-timeout",
    "x-litellm-stream-timeout",
    "x-litellm-num-retries",
    "x-litellm-tags",
    "traceparent",
    "content-type",
];
const VALUES: [&str; 6] = ["", "-1", "1e300", "\"{", "00-0-0-0", ","];

fn chat() -> Value {
    json!({
        "model": "chat",
        "messages": [
            { "role": "system", "content": text(0) },
            { "role": "user", "content": [
                { "type": "text", "text": text(1) },
                { "type": "image_url", "image_url": { "url": "data:image/png;base64,iVBORw0KGgo=" } },
            ] },
            { "role": "assistant", "content": null, "tool_calls": [
                { "id": "call_1", "type": "function", "function": { "name": "f", "arguments": json!({ "a": text(2) }).to_string() } },
            ] },
            { "role": "tool", "tool_call_id": "call_1", "content": text(3) },
            { "role": "user", "content": text(4) },
        ],
        "tools": [
            { "type": "function", "function": { "name": "f", "description": text(5), "parameters": { "type": "object", "properties": {} } } },
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": false,
        "response_format": { "type": "text" },
        "reasoning_effort": "low",
        "stop": ["a", "b"],
        "temperature": 0.5,
        "top_p": 0.5,
        "max_tokens": 10,
        "stream": false,
        "stream_options": { "include_usage": true },
        "user": "me",
        "metadata": { "tags": ["a"], "trace_id": "1" },
        "num_retries": 1,
        "timeout": 20,
        "fallbacks": ["chat"],
        "guardrails": ["words"],
        "drop_params": false,
        "additional_drop_params": ["top_p", "tools[*].x"],
        "extra_body": { "own": 1 },
    })
}

fn completion() -> Value {
    json!({ "model": "chat", "prompt": text(4), "suffix": text(0), "max_tokens": 10, "stop": "a", "stream": true, "n": 1 })
}

fn embeddings() -> Value {
    json!({ "model": "chat", "input": [text(3), text(4)], "encoding_format": "float", "dimensions": 3, "user": "me" })
}

fn text(number: usize) -> String {
    format!("{} {MASKED}", SAID[number])
}

/// What an upstream answers that everything suits.
fn agrees(provider: &str, path: &str, asked: &Value) -> Script {
    let streams = asked["stream"] == true;
    match (provider, path) {
        (_, "/v1/embeddings") => Script::json(200, &openai::embeddings(2)),
        (_, "/v1/completions") if streams => Script::events([Event::data(&openai::completion("ok")), Event::done()]),
        (_, "/v1/completions") => Script::json(200, &openai::completion("ok")),
        ("anthropic", _) if streams => Script::events(anthropic::stream(&["ok"])),
        ("anthropic", _) => Script::json(200, &anthropic::message("ok")),
        _ if streams => openai::streams(&["ok"]),
        _ => openai::says("ok"),
    }
}

async fn run(provider: &'static str, path: &'static str, valid: Value) {
    watch_log();
    let upstream = Upstream::start().await;
    upstream.decides(move |request| {
        let asked = serde_json::from_slice(&request.body).unwrap_or_default();
        agrees(provider, path, &asked)
    });
    let params = json!({
        "model": format!("{provider}/some-model"),
        "api_base": upstream.base(),
        "api_key": KEY,
        "api_version": "2025-01-01",
    });
    let words = json!([{ "keyword": MASKED, "action": "MASK" }]);
    let params_of_words =
        json!({ "guardrail": "content-filter", "mode": "pre_call", "blocked_words": words, "default_on": true });
    let config = Config::new()
        .deployment("chat", params)
        .guardrail("words", params_of_words)
        .without_cooldowns();
    let gateway = Gateway::start(&config).await;
    let places = places(&valid);
    let mut answered = 0;
    for number in 0..CHANGES {
        let mut random = Random::new(number);
        let body = random.mutate(&valid);
        let mut client = gateway.client();
        if random.below(8) == 0 {
            client = client.with(HEADERS[random.below(HEADERS.len())], VALUES[random.below(VALUES.len())]);
        }
        let before = upstream.count();
        let asked = client.send(Method::POST, path, body.clone());
        let answer = tokio::time::timeout(HANGS_AFTER, asked).await;
        let answer = answer.unwrap_or_else(|_| panic!("change {number} hangs"));
        answered += u64::from(answer.status == 200);
        let received = upstream.requests().split_off(before);
        let sent: Vec<String> = received
            .iter()
            .map(|request| String::from_utf8_lossy(&request.body).into_owned())
            .collect();
        let wrong = wrong(&answer, &still_said(&places, &body), &sent);
        let body = String::from_utf8_lossy(&body);
        assert_eq!(
            wrong,
            None,
            "change {number}: {body}\n-> {sent:?}\n-> {} {}",
            answer.status,
            answer.text()
        );
    }
    assert!(answered > CHANGES / 10, "hardly any change is understood");
    assert_log_is_clean();
}

/// Where the texts of a request stand.
fn places(valid: &Value) -> Vec<(String, &'static str)> {
    fn walk(value: &Value, place: &str, found: &mut Vec<(String, &'static str)>) {
        match value {
            Value::String(text) => {
                found.extend(
                    SAID.iter()
                        .filter(|said| text.contains(**said))
                        .map(|said| (place.to_owned(), *said)),
                );
            }
            Value::Array(list) => (0..)
                .zip(list)
                .for_each(|(index, value)| walk(value, &format!("{place}/{index}"), found)),
            Value::Object(object) => object
                .iter()
                .for_each(|(name, value)| walk(value, &format!("{place}/{name}"), found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(valid, "", &mut found);
    assert!(!found.is_empty(), "{valid}");
    found
}

/// The texts that stand where they stood.
fn still_said(places: &[(String, &'static str)], body: &[u8]) -> Vec<&'static str> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let is_there = |place: &str, said: &str| {
        body.pointer(place)
            .and_then(Value::as_str)
            .is_some_and(|text| text.contains(said))
    };
    places
        .iter()
        .filter(|(place, said)| is_there(place, said))
        .map(|(_, said)| *said)
        .collect()
}

/// What is wrong with an answer to a request that said this, of which the upstream got that.
fn wrong(answer: &Answer, said: &[&str], sent: &[String]) -> Option<&'static str> {
    if tells_key(answer) {
        return Some("the client is told the credential");
    }
    if sent.iter().any(|sent| sent.contains(MASKED) || sent.contains(KEY)) {
        return Some("the upstream gets what is masked");
    }
    if answer.status != 200 {
        let is_told =
            serde_json::from_slice::<Value>(&answer.body).is_ok_and(|body| body["error"]["message"].is_string());
        return (!is_told || !(400..500).contains(&answer.status)).then_some("no error of the client's");
    }
    let Some(sent) = sent.last() else {
        return Some("an answer without a question");
    };
    let is_lost = said.iter().any(|said| !sent.contains(said));
    is_lost.then_some("the upstream lacks what was said")
}

const CHAT: &str = "/v1/chat/completions";

#[tokio::test]
async fn chats_at_openai() {
    run("openai", CHAT, chat()).await;
}

#[tokio::test]
async fn chats_at_azure() {
    run("azure", CHAT, chat()).await;
}

#[tokio::test]
async fn chats_at_anthropic() {
    run("anthropic", CHAT, chat()).await;
}

#[tokio::test]
async fn streamed_chats_at_openai() {
    let mut streamed = chat();
    streamed["stream"] = true.into();
    run("openai", CHAT, streamed).await;
}

#[tokio::test]
async fn completions_at_openai() {
    run("text-completion-openai", "/v1/completions", completion()).await;
}

#[tokio::test]
async fn embeddings_at_openai() {
    run("openai", "/v1/embeddings", embeddings()).await;
}

#[tokio::test]
async fn embeddings_at_azure() {
    run("azure", "/v1/embeddings", embeddings()).await;
}
