//! Upstream answers that are wrong somewhere, through the whole gateway: valid ones of each adapter and operation, changed
//! at random from fixed seeds.
//!
//! Whatever comes, there is an answer in time: a 200 holds the content that was sent, a stream that lacks some of it says so,
//! and the credential is nowhere.

use std::collections::BTreeSet;

use sluice_sdk::testing::cases::mutations::Random;
use sluice_tests::prelude::*;

use super::{CHANGES, HANGS_AFTER, KEY, assert_log_is_clean, tells_key, watch_log};

const PIECES: [&str; 3] = ["first-piece ", "second-piece ", "third-piece"];

/// An operation at a deployment, and an answer to it that is right.
struct Subject {
    provider: &'static str,
    path: &'static str,
    question: Value,
    answer: Valid,
}

enum Valid {
    /// A document, where the content stands in it, and where in the client's.
    Whole(Value, &'static str, &'static str),
    /// Events, and where the text stands in one of the client's chunks.
    Stream(Vec<Event>, &'static str),
}

/// A changed answer, and what of its content was not changed.
struct Changed {
    script: Script,
    content: BTreeSet<String>,
    /// What is no JSON is passed on as it is.
    is_json: bool,
}

impl Subject {
    fn new(provider: &'static str, path: &'static str, question: Value, answer: Valid) -> Self {
        Self {
            provider,
            path,
            question,
            answer,
        }
    }

    fn change(&self, random: &mut Random) -> Changed {
        if random.below(4) == 0 {
            return refusal(random);
        }
        let mut changed = match &self.answer {
            Valid::Whole(document, place, _) => whole(document, place, random),
            Valid::Stream(events, _) => stream(events, random),
        };
        if random.below(4) == 0 {
            changed.script = changed.script.echoing_credentials();
        }
        changed
    }

    async fn run(self) {
        watch_log();
        let upstream = Upstream::start().await;
        let params = json!({
            "model": format!("{}/some-model", self.provider),
            "api_base": upstream.base(),
            "api_key": KEY,
            "api_version": "2025-01-01",
        });
        let config = Config::new().deployment("chat", params).retries(0).without_cooldowns();
        let gateway = Gateway::start(&config).await;
        for number in 0..CHANGES {
            let changed = self.change(&mut Random::new(number));
            upstream.always(changed.script);
            let client = gateway.client();
            let asked = client.post(self.path, &self.question);
            let answer = tokio::time::timeout(HANGS_AFTER, asked).await;
            let answer = answer.unwrap_or_else(|_| panic!("change {number} hangs"));
            let wrong = self.wrong(&answer, &changed.content, changed.is_json);
            assert_eq!(wrong, None, "change {number}: {} {}", answer.status, answer.text());
        }
        assert_log_is_clean();
    }

    /// What is wrong with an answer, to one that was sent with this content.
    fn wrong(&self, answer: &Answer, content: &BTreeSet<String>, is_json: bool) -> Option<&'static str> {
        let text = answer.text();
        if tells_key(answer) {
            return Some("the client is told the credential");
        }
        if answer.status != 200 {
            let is_told = serde_json::from_str::<Value>(&text).is_ok_and(|body| body["error"]["message"].is_string());
            return (!is_told || answer.status < 400).then_some("an error without a message");
        }
        match &self.answer {
            Valid::Whole(_, _, place) => {
                let Ok(body) = serde_json::from_str::<Value>(&text) else {
                    return Some("no JSON");
                };
                let given = body.pointer(place).map(Value::to_string).unwrap_or_default();
                (!content.iter().all(|sent| given.contains(sent))).then_some("content is missing")
            }
            Valid::Stream(_, place) => wrong_stream(&text, place, content, is_json),
        }
    }
}

fn wrong_stream(text: &str, place: &str, content: &BTreeSet<String>, is_json: bool) -> Option<&'static str> {
    let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    let (Some(&"[DONE]"), Some(chunks)) = (data.last(), data.get(..data.len().saturating_sub(1))) else {
        return Some("a stream without an end");
    };
    let mut given = String::new();
    for chunk in chunks {
        let Ok(chunk) = serde_json::from_str::<Value>(chunk) else {
            if is_json {
                return Some("a chunk that is no JSON");
            }
            continue;
        };
        if chunk["error"]["message"].is_string() {
            return None;
        }
        given += chunk.pointer(place).and_then(Value::as_str).unwrap_or_default();
    }
    (!content.iter().all(|sent| given.contains(sent))).then_some("content is missing and no error is told")
}

/// An error that repeats the credential.
fn refusal(random: &mut Random) -> Changed {
    let status = [400, 401, 403, 404, 408, 429, 500, 503][random.below(8)];
    let said = openai::error("some_error", "some_code", &format!("wrong key {KEY}"));
    let body = random.mutate(&said);
    Changed {
        script: Script::text(status, "application/json", &String::from_utf8_lossy(&body)),
        content: BTreeSet::new(),
        is_json: true,
    }
}

fn whole(document: &Value, place: &str, random: &mut Random) -> Changed {
    let body = random.mutate(document);
    let body = String::from_utf8_lossy(&body);
    let read = serde_json::from_str::<Value>(&body).unwrap_or_default();
    let is_there = read.pointer(place).is_some() && read.pointer(place) == document.pointer(place);
    Changed {
        script: Script::text(200, "application/json", &body),
        content: document
            .pointer(place)
            .filter(|_| is_there)
            .map(|content| content.as_str().map_or_else(|| content.to_string(), str::to_owned))
            .into_iter()
            .collect(),
        is_json: true,
    }
}

fn stream(events: &[Event], random: &mut Random) -> Changed {
    let mut content = BTreeSet::new();
    let mut sent = Vec::new();
    let mut is_json = true;
    for event in events {
        let Ok(document) = serde_json::from_str::<Value>(&event.data) else {
            sent.push(event.clone());
            continue;
        };
        if random.below(4) > 0 {
            let pieces = PIECES.iter().filter(|piece| event.data.contains(*piece));
            content.extend(pieces.map(ToString::to_string));
            sent.push(event.clone());
            continue;
        }
        let data = String::from_utf8_lossy(&random.mutate(&document)).into_owned();
        is_json &= serde_json::from_str::<Value>(&data).is_ok();
        sent.push(Event { data, ..event.clone() });
    }
    Changed {
        script: Script::events(sent),
        content,
        is_json,
    }
}

/// A chat question, streamed or not.
fn chat(streams: bool) -> Value {
    let mut question = openai::ask("chat", "hi");
    question["stream"] = streams.into();
    question
}

fn completion_chunks() -> Vec<Event> {
    let chunk = |text: &str, finish_reason: Option<&str>| {
        let mut chunk = openai::completion(text);
        chunk["choices"][0]["finish_reason"] = finish_reason.into();
        Event::data(&chunk)
    };
    let texts = PIECES.iter().map(|piece| chunk(piece, None));
    texts.chain([chunk("", Some("stop")), Event::done()]).collect()
}

const CHAT: &str = "/v1/chat/completions";
const IN_MESSAGE: &str = "/choices/0/message/content";
const IN_DELTA: &str = "/choices/0/delta/content";
const IN_TEXT: &str = "/choices/0/text";
const IN_VECTORS: &str = "/data/0/embedding";

#[tokio::test]
async fn whole_chats_of_openai() {
    let answer = Valid::Whole(openai::answer("the content"), IN_MESSAGE, IN_MESSAGE);
    Subject::new("openai", CHAT, chat(false), answer).run().await;
}

#[tokio::test]
async fn streamed_chats_of_openai() {
    let answer = Valid::Stream(openai::stream(&PIECES), IN_DELTA);
    Subject::new("openai", CHAT, chat(true), answer).run().await;
}

#[tokio::test]
async fn streamed_chats_of_azure() {
    let answer = Valid::Stream(openai::stream(&PIECES), IN_DELTA);
    Subject::new("azure", CHAT, chat(true), answer).run().await;
}

#[tokio::test]
async fn whole_completions_of_openai() {
    let answer = Valid::Whole(openai::completion("the content"), IN_TEXT, IN_TEXT);
    let question = json!({ "model": "chat", "prompt": "hi" });
    let (provider, path) = ("text-completion-openai", "/v1/completions");
    Subject::new(provider, path, question, answer).run().await;
}

#[tokio::test]
async fn streamed_completions_of_openai() {
    let answer = Valid::Stream(completion_chunks(), IN_TEXT);
    let question = json!({ "model": "chat", "prompt": "hi", "stream": true });
    let (provider, path) = ("text-completion-openai", "/v1/completions");
    Subject::new(provider, path, question, answer).run().await;
}

#[tokio::test]
async fn embeddings_of_openai() {
    let answer = Valid::Whole(openai::embeddings(1), IN_VECTORS, IN_VECTORS);
    let question = json!({ "model": "chat", "input": "hi" });
    let (provider, path) = ("openai", "/v1/embeddings");
    Subject::new(provider, path, question, answer).run().await;
}

#[tokio::test]
async fn whole_chats_of_anthropic() {
    let answer = Valid::Whole(anthropic::message("the content"), "/content/0/text", IN_MESSAGE);
    Subject::new("anthropic", CHAT, chat(false), answer).run().await;
}

#[tokio::test]
async fn streamed_chats_of_anthropic() {
    let answer = Valid::Stream(anthropic::stream(&PIECES), IN_DELTA);
    Subject::new("anthropic", CHAT, chat(true), answer).run().await;
}
