//! Servers that imitate the API leave fields out, or send `null` or a value of another type. The tests change each
//! field of a full answer and of each line of a full stream in turn: the content must still reach the client.

use ollama::Ollama;
use serde_json::{Value, json};
use sluice_sdk::testing::sparse;
use sluice_sdk::{NoSettings, Plugin};

/// Fields that hold the content itself; the tests leave these unchanged.
const NEEDED: [&str; 6] = ["message", "content", "thinking", "tool_calls", "function", "name"];

fn adapter(is_streaming: bool) -> Ollama {
    let adapter = Ollama::new(NoSettings {}).unwrap();
    sparse::opened(adapter, "ollama", "llama3.2", is_streaming)
}

/// The variants of the document in which one field, except for those needed, is missing or of another type. A line with
/// `done` set is the last one.
fn variants(document: &Value) -> Vec<(String, Value)> {
    let mut variants = sparse::variants(document, |_, name| NEEDED.contains(&name));
    let goes_on = document["done"] == json!(false);
    variants.retain(|(what, _)| !(goes_on && what == "/done: true"));
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
        let translated = sparse::whole(adapter(false), &answer, &what);
        sparse::assert_says_all(&translated, &what);
        assert_eq!(translated["choices"][0]["finish_reason"], "tool_calls", "{what}");
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

#[test]
fn lines_may_lack_what_is_not_needed() {
    let lines = stream();
    let tried = sparse::streams(
        &lines,
        variants,
        |_, document| sparse::event("", document),
        || adapter(true),
    );
    assert!(tried.len() > 200, "{}", tried.len());
    for (what, said) in tried {
        let [text, thoughts, tool, _, reason] = said;
        assert_eq!(
            [text, thoughts, tool, reason],
            ["Hello", "Hm", "f", "tool_calls"],
            "{what}"
        );
    }
}
