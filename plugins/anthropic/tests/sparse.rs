//! Servers that imitate the API leave fields out, or send `null` or another kind of value. Each field of a full answer
//! and of each event of a full stream is tried in turn: what is said must arrive, whichever it is.

use anthropic::Anthropic;
use serde_json::{Value, json};
use sluice_sdk::testing::sparse::joined;
use sluice_sdk::testing::{Host, sparse};
use sluice_sdk::{Event, Plugin, ProviderAdapter, Target};

/// Fields without which there is nothing to hand on, or that say what the value beside them is.
const NEEDED: [&str; 5] = ["type", "text", "thinking", "name", "partial_json"];

fn adapter(is_streaming: bool) -> Anthropic {
    let request = json!({"messages": [{"role": "user", "content": "Hi"}], "stream": is_streaming});
    Host {
        body: request.to_string().into_bytes(),
        ..Host::default()
    }
    .install();
    let mut adapter = Anthropic::new(serde_json::from_str("{}").unwrap()).unwrap();
    let target = Target {
        provider: "anthropic".into(),
        model: "claude-sonnet-4-5".into(),
    };
    adapter.open(&target).map_err(|failure| failure.message).unwrap();
    adapter
}

fn usage() -> Value {
    json!({
        "input_tokens": 9, "output_tokens": 2, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 4,
        "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 0},
        "output_tokens_details": {"thinking_tokens": 1}, "server_tool_use": {"web_search_requests": 1},
        "service_tier": "standard", "iterations": [{"input_tokens": 9, "output_tokens": 2}],
    })
}

/// The document with each member that is not needed left out, and of each kind.
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
        let translated = adapter(false).whole(answer.to_string().into_bytes());
        let translated = translated.unwrap_or_else(|failure| panic!("{what}: {}", failure.message));
        let translated: Value = serde_json::from_slice(&translated).unwrap_or_else(|error| panic!("{what}: {error}"));
        let message = &translated["choices"][0]["message"];
        assert_eq!(message["content"], "Hello", "{what}");
        assert_eq!(message["reasoning_content"], "Hm", "{what}");
        assert_eq!(message["tool_calls"][0]["function"]["name"], "f", "{what}");
        for text in [&translated["id"], &translated["model"], &message["tool_calls"][0]["id"]] {
            assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{what}");
        }
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
    let mut tried = 0;
    for (place, event) in events.iter().enumerate() {
        for (what, changed) in variants(event) {
            let batch: Vec<Event> = events
                .iter()
                .enumerate()
                .map(|(index, event)| Event {
                    name: event["type"].as_str().unwrap_or_default().into(),
                    data: if index == place {
                        changed.to_string()
                    } else {
                        event.to_string()
                    }
                    .into_bytes(),
                })
                .collect();
            let mut adapter = adapter(true);
            let what = format!("event {place}, {what}");
            let chunks = adapter.events(batch);
            let mut chunks = chunks.unwrap_or_else(|failure| panic!("{what}: {}", failure.message));
            let end = adapter.finish();
            chunks.extend(end.unwrap_or_else(|failure| panic!("{what}: {}", failure.message)));
            let [text, thoughts, tool, arguments, reason] = joined(&chunks, &what);
            assert_eq!(
                [&*text, &*thoughts, &*tool, &*arguments],
                ["Hello", "Hm", "f", "{}"],
                "{what}"
            );
            assert_eq!(reason, "tool_calls", "{what}");
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
}
