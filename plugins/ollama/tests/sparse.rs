//! Servers that imitate the API leave fields out, or send `null` or another kind of value. Each field of a full answer
//! and of each line of a full stream is tried in turn: what is said must arrive, whichever it is.

use ollama::Ollama;
use serde_json::{Value, json};
use sluice_sdk::testing::Host;
use sluice_sdk::testing::sparse::members;
use sluice_sdk::{Event, NoSettings, Plugin, ProviderAdapter, Target};

/// Fields without which there is nothing to hand on.
const NEEDED: [&str; 6] = ["message", "content", "thinking", "tool_calls", "function", "name"];

fn adapter(is_streaming: bool) -> Ollama {
    let request = json!({"messages": [{"role": "user", "content": "Hi"}], "stream": is_streaming});
    Host {
        body: request.to_string().into_bytes(),
        ..Host::default()
    }
    .install();
    let mut adapter = Ollama::new(NoSettings {}).unwrap();
    let target = Target {
        provider: "ollama".into(),
        model: "llama3.2".into(),
    };
    adapter.open(&target).map_err(|failure| failure.message).unwrap();
    adapter
}

/// The document with each member that is not needed left out, and of each kind, in turn.
fn variants(document: &Value) -> Vec<(String, Value)> {
    let mut paths = Vec::new();
    members(document, "", &mut paths);
    let kinds = [
        json!(null),
        json!(5),
        json!(-1.5),
        json!("x"),
        json!([]),
        json!([1]),
        json!({}),
        json!(true),
    ];
    let mut variants = Vec::new();
    for path in paths {
        let (parent, name) = path.rsplit_once('/').unwrap();
        // A line that says `done` is the last one.
        let is_going_on = document["done"] == json!(false) && path == "/done";
        if NEEDED.contains(&name) {
            continue;
        }
        let mut without = document.clone();
        let object = without.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        object.remove(name);
        variants.push((format!("{path} left out"), without));
        for kind in kinds.iter().filter(|kind| !is_going_on || **kind != json!(true)) {
            let mut changed = document.clone();
            *changed.pointer_mut(&path).unwrap() = kind.clone();
            variants.push((format!("{path}: {kind}"), changed));
        }
    }
    variants
}

fn logprobs() -> Value {
    let token = json!({"token": "Hello", "logprob": -0.5, "bytes": [72]});
    json!([{"token": "Hello", "logprob": -0.5, "bytes": [72], "top_logprobs": [token]}])
}

fn last(message: &Value) -> Value {
    json!({
        "model": "llama3.2", "created_at": "2026-11-20T14:13:43.416799Z", "message": message, "done": true,
        "done_reason": "stop", "total_duration": 9, "load_duration": 1, "prompt_eval_count": 9,
        "prompt_eval_duration": 1, "eval_count": 2, "eval_duration": 1,
    })
}

fn call() -> Value {
    json!({"id": "call_1", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}})
}

#[test]
fn whole_answers_may_lack_what_is_not_needed() {
    let message = json!({
        "role": "assistant", "content": "Hello", "thinking": "Hm", "images": null, "tool_calls": [call()],
    });
    let mut answer = last(&message);
    answer["logprobs"] = logprobs();
    let all = variants(&answer);
    assert!(all.len() > 150, "{}", all.len());
    for (what, answer) in all {
        let translated = adapter(false).whole(answer.to_string().into_bytes());
        let translated = translated.unwrap_or_else(|failure| panic!("{what}: {}", failure.message));
        let translated: Value = serde_json::from_slice(&translated).unwrap_or_else(|error| panic!("{what}: {error}"));
        let message = &translated["choices"][0]["message"];
        assert_eq!(message["content"], "Hello", "{what}");
        assert_eq!(message["reasoning_content"], "Hm", "{what}");
        assert_eq!(message["tool_calls"][0]["function"]["name"], "f", "{what}");
        assert_eq!(translated["choices"][0]["finish_reason"], "tool_calls", "{what}");
        for text in [&translated["id"], &translated["model"], &message["tool_calls"][0]["id"]] {
            assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{what}");
        }
    }
}

fn stream() -> Vec<Value> {
    let line = |message: Value| json!({"model": "llama3.2", "created_at": "2026-11-20T14:13:43Z", "message": message, "done": false});
    let mut text = line(json!({"role": "assistant", "content": "Hello", "images": null}));
    text["logprobs"] = logprobs();
    vec![
        line(json!({"role": "assistant", "content": "", "thinking": "Hm"})),
        text,
        line(json!({"role": "assistant", "content": "", "tool_calls": [call()]})),
        last(&json!({"role": "assistant", "content": ""})),
    ]
}

/// What the chunks of a stream come to: text, thoughts, tool, why it ended.
fn joined(chunks: &[u8], what: &str) -> [String; 4] {
    let mut all = [const { String::new() }; 4];
    for line in std::str::from_utf8(chunks).unwrap().lines() {
        let Some(json) = line.strip_prefix("data: ").filter(|json| *json != "[DONE]") else {
            continue;
        };
        let chunk: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{what}: {error}"));
        let choice = &chunk["choices"][0];
        let parts = [
            &choice["delta"]["content"],
            &choice["delta"]["reasoning_content"],
            &choice["delta"]["tool_calls"][0]["function"]["name"],
            &choice["finish_reason"],
        ];
        for (all, part) in all.iter_mut().zip(parts) {
            all.push_str(part.as_str().unwrap_or_default());
        }
    }
    all
}

#[test]
fn lines_may_lack_what_is_not_needed() {
    let lines = stream();
    let mut tried = 0;
    for (place, line) in lines.iter().enumerate() {
        for (what, changed) in variants(line) {
            let batch = lines.iter().enumerate().map(|(index, line)| Event {
                name: String::new(),
                data: if index == place { &changed } else { line }.to_string().into_bytes(),
            });
            let mut adapter = adapter(true);
            let what = format!("line {place}, {what}");
            let chunks = adapter.events(batch.collect());
            let mut chunks = chunks.unwrap_or_else(|failure| panic!("{what}: {}", failure.message));
            let end = adapter.finish();
            chunks.extend(end.unwrap_or_else(|failure| panic!("{what}: {}", failure.message)));
            assert_eq!(joined(&chunks, &what), ["Hello", "Hm", "f", "tool_calls"], "{what}");
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
}
