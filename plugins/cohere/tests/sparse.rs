//! Servers that imitate the API leave fields out, or send `null` or a value of another type. The tests change each
//! field of a full answer and of each event of a full stream in turn: the content must still reach the client.

use cohere::Cohere;
use serde_json::{Value, json};
use sluice_sdk::Plugin;
use sluice_sdk::testing::sparse;

/// Fields that hold the content itself, or the type of the value next to them; the tests leave these unchanged.
const NEEDED: [&str; 10] = [
    "type",
    "text",
    "thinking",
    "name",
    "arguments",
    "message",
    "content",
    "tool_calls",
    "function",
    "delta",
];

fn adapter(is_streaming: bool) -> Cohere {
    let adapter = Cohere::new(serde_json::from_str("{}").unwrap()).unwrap();
    sparse::opened(adapter, "cohere", "command-a-reasoning-08-2025", is_streaming)
}

fn usage() -> Value {
    json!({
        "billed_units": {"input_tokens": 3, "output_tokens": 2},
        "tokens": {"input_tokens": 9, "output_tokens": 2}, "cached_tokens": 4,
    })
}

fn citation() -> Value {
    json!({"start": 0, "end": 5, "text": "Hello", "type": "TEXT_CONTENT", "content_index": 1, "sources": [
        {"type": "document", "id": "d", "document": {"title": "T"}}, {"type": "tool", "id": "t", "tool_output": {}},
    ]})
}

/// The variants of the document in which one field, except for those needed, is missing or of another type. The texts
/// within citations are data, so they are changed too.
fn variants(document: &Value) -> Vec<(String, Value)> {
    sparse::variants(document, |path, name| {
        NEEDED.contains(&name) && !path.contains("/citations")
    })
}

#[test]
fn whole_answers_may_lack_what_is_not_needed() {
    let answer = json!({
        "id": "a1", "finish_reason": "TOOL_CALL", "usage": usage(),
        "logprobs": [{"text": "Hello", "token_ids": [1], "logprobs": [-0.5]}],
        "message": {
            "role": "assistant", "tool_plan": "P", "citations": [citation()],
            "content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hello"}],
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
    });
    let all = variants(&answer);
    assert!(all.len() > 200, "{}", all.len());
    for (what, answer) in all {
        let translated = sparse::whole(adapter(false), &answer, &what);
        sparse::assert_says_all(&translated, &what);
    }
}

fn stream() -> Vec<Value> {
    let piece =
        |kind: &str, index: u64, message: Value| json!({"type": kind, "index": index, "delta": {"message": message}});
    let call = json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}});
    vec![
        json!({"type": "message-start", "id": "a1", "delta": {"message": {
            "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}}}),
        piece(
            "content-start",
            0,
            json!({"content": {"type": "thinking", "thinking": "H"}}),
        ),
        piece("content-delta", 0, json!({"content": {"thinking": "m"}})),
        json!({"type": "content-end", "index": 0}),
        piece("content-start", 1, json!({"content": {"type": "text", "text": ""}})),
        json!({"type": "content-delta", "index": 1, "delta": {"message": {"content": {"text": "Hello"}}},
            "logprobs": {"text": "Hello", "token_ids": [1], "logprobs": [-0.5]}}),
        piece("citation-start", 0, json!({"citations": citation()})),
        json!({"type": "citation-end", "index": 0}),
        json!({"type": "content-end", "index": 1}),
        piece("tool-plan-delta", 0, json!({"tool_plan": "P"})),
        piece("tool-call-start", 0, json!({"tool_calls": call})),
        piece(
            "tool-call-delta",
            0,
            json!({"tool_calls": {"function": {"arguments": "{}"}}}),
        ),
        json!({"type": "tool-call-end", "index": 0}),
        json!({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": usage()}}),
    ]
}

#[test]
fn events_may_lack_what_is_not_needed() {
    let events = stream();
    let tried = sparse::streams(
        &events,
        variants,
        |place, document| sparse::event(events[place]["type"].as_str().unwrap_or_default(), document),
        || adapter(true),
    );
    assert!(tried.len() > 200, "{}", tried.len());
    for (what, said) in tried {
        assert_eq!(said, ["Hello", "Hm", "f", "{}", "tool_calls"], "{what}");
    }
}
