//! Servers that imitate the API leave fields out, or send `null` or a value of another type. The tests change each
//! field of a full answer and of each event of a full stream in turn: the content must still reach the client.

use anthropic::Anthropic;
use serde_json::{Value, json};
use sluice_sdk::Plugin;
use sluice_sdk::testing::sparse;

/// Fields that hold the content itself, or the type of the value next to them; the tests leave these unchanged.
const NEEDED: [&str; 5] = ["type", "text", "thinking", "name", "partial_json"];

fn adapter(is_streaming: bool) -> Anthropic {
    let adapter = Anthropic::new(serde_json::from_str("{}").unwrap()).unwrap();
    sparse::opened(adapter, "anthropic", "claude-sonnet-4-5", is_streaming)
}

fn usage() -> Value {
    json!({
        "input_tokens": 9, "output_tokens": 2, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 4,
        "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 0},
        "output_tokens_details": {"thinking_tokens": 1}, "server_tool_use": {"web_search_requests": 1},
        "service_tier": "standard", "iterations": [{"input_tokens": 9, "output_tokens": 2}],
    })
}

/// The variants of the document in which one field, except for those needed, is missing or of another type.
fn variants(document: &Value) -> Vec<(String, Value)> {
    sparse::variants(document, |path, name| {
        NEEDED.contains(&name) || path == "/content" || path == "/delta" || path == "/content_block"
    })
}

#[test]
fn whole_answers_may_lack_what_is_not_needed() {
    let answer = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
        "stop_sequence": null, "stop_details": {"type": "refusal", "explanation": "no"},
        "container": {"id": "c"}, "context_management": {}, "usage": usage(),
        "content": [
            {"type": "thinking", "thinking": "Hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "d"},
            {"type": "text", "text": "Hello", "citations": [{"type": "page"}]},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
        ],
    });
    let all = variants(&answer);
    assert!(all.len() > 200, "{}", all.len());
    for (what, answer) in all {
        let translated = sparse::whole(adapter(false), &answer, &what);
        sparse::assert_says_all(&translated, &what);
    }
}

fn stream() -> Vec<Value> {
    vec![
        json!({"type": "message_start", "message": {"id": "msg_1", "model": "m", "content": [], "usage": usage()}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "H"}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "m"}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hello"}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "citations_delta", "citation": {"a": 1}}}),
        json!({"type": "content_block_stop", "index": 1}),
        json!({"type": "content_block_start", "index": 2,
            "content_block": {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}}),
        json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{}"}}),
        json!({"type": "content_block_stop", "index": 2}),
        json!({"type": "message_delta", "usage": usage(), "delta": {
            "stop_reason": "tool_use", "stop_details": {"explanation": "no"}, "container": {"id": "c"}}}),
        json!({"type": "message_stop"}),
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
