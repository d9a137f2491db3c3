//! What stands in front of Bedrock may leave fields out of its answers, or send `null` or another kind of value. Each
//! field of a full answer and of each event of a full stream is tried in turn: what is said must arrive, whichever it is.

use bedrock::Bedrock;
use serde_json::{Value, json};
use sluice_sdk::testing::sparse::joined;
use sluice_sdk::testing::{Host, sparse};
use sluice_sdk::{Event, Plugin, ProviderAdapter, Target};

/// Fields without which there is nothing to hand on. A block's own member says what it is.
const NEEDED: [&str; 11] = [
    "text",
    "name",
    "toolUse",
    "reasoningContent",
    "reasoningText",
    "content",
    "output",
    "message",
    "delta",
    "start",
    "input",
];

fn adapter(is_streaming: bool) -> Bedrock {
    let request = json!({"messages": [{"role": "user", "content": "Hi"}], "stream": is_streaming});
    Host {
        body: request.to_string().into_bytes(),
        ..Host::default()
    }
    .install();
    let mut adapter = Bedrock::new(serde_json::from_str("{}").unwrap()).unwrap();
    let target = Target {
        provider: "bedrock".into(),
        model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0".into(),
    };
    adapter.open(&target).map_err(|failure| failure.message).unwrap();
    adapter
}

fn usage() -> Value {
    json!({
        "inputTokens": 9, "outputTokens": 2, "totalTokens": 18, "cacheReadInputTokens": 4, "cacheWriteInputTokens": 3,
        "cacheDetails": [{"ttl": "5m", "inputTokens": 3}],
    })
}

/// The document with each member that is not needed left out, and of each kind.
fn variants(document: &Value) -> Vec<(String, Value)> {
    sparse::variants(document, |_, name| NEEDED.contains(&name))
}

#[test]
fn whole_answers_may_lack_what_is_not_needed() {
    let answer = json!({
        "output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "s"}}},
            {"reasoningContent": {"redactedContent": "ZA=="}},
            {"text": "Hello"},
            {"toolUse": {"toolUseId": "tooluse_1", "name": "f", "input": {}}},
            {"image": {"format": "png", "source": {"bytes": "AAAA"}}},
        ]}},
        "stopReason": "end_turn", "usage": usage(), "metrics": {"latencyMs": 3},
        "trace": {"guardrail": {"actionReason": "x"}}, "serviceTier": {"type": "flex"},
        "performanceConfig": {"latency": "standard"},
        "additionalModelResponseFields": {"usage": {"output_tokens_details": {"thinking_tokens": 1}}},
    });
    let all = variants(&answer);
    assert!(all.len() > 100, "{}", all.len());
    for (what, answer) in all {
        let translated = adapter(false).whole(answer.to_string().into_bytes());
        let translated = translated.unwrap_or_else(|failure| panic!("{what}: {}", failure.message));
        let translated: Value = serde_json::from_slice(&translated).unwrap_or_else(|error| panic!("{what}: {error}"));
        let message = &translated["choices"][0]["message"];
        assert_eq!(message["content"], "Hello", "{what}");
        assert_eq!(message["reasoning_content"], "Hm", "{what}");
        assert_eq!(message["tool_calls"][0]["function"]["name"], "f", "{what}");
        assert_eq!(message["tool_calls"][0]["function"]["arguments"], "{}", "{what}");
        for text in [&translated["id"], &translated["model"], &message["tool_calls"][0]["id"]] {
            assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{what}");
        }
    }
}

fn stream() -> Vec<(&'static str, Value)> {
    vec![
        ("messageStart", json!({"role": "assistant"})),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "Hm"}}}),
        ),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "s"}}}),
        ),
        ("contentBlockStop", json!({"contentBlockIndex": 0})),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": 1, "delta": {"text": "Hello"}}),
        ),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": 1, "delta": {"citation": {"title": "t"}}}),
        ),
        ("contentBlockStop", json!({"contentBlockIndex": 1})),
        (
            "contentBlockStart",
            json!({"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "tooluse_1", "name": "f"}}}),
        ),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": 2, "delta": {"toolUse": {"input": "{}"}}}),
        ),
        ("contentBlockStop", json!({"contentBlockIndex": 2})),
        (
            "messageStop",
            json!({"stopReason": "tool_use", "additionalModelResponseFields": {"usage": {}}}),
        ),
        (
            "metadata",
            json!({"usage": usage(), "metrics": {"latencyMs": 3}, "trace": {}, "serviceTier": {"type": "flex"}}),
        ),
    ]
}

#[test]
fn events_may_lack_what_is_not_needed() {
    let events = stream();
    let mut tried = 0;
    for (place, (_, event)) in events.iter().enumerate() {
        for (what, changed) in variants(event) {
            let batch: Vec<Event> = events
                .iter()
                .enumerate()
                .map(|(index, (name, event))| Event {
                    name: (*name).into(),
                    data: if index == place { &changed } else { event }.to_string().into_bytes(),
                })
                .collect();
            let what = format!("event {place}, {what}");
            let chunks = adapter(true).events(batch);
            let chunks = chunks.unwrap_or_else(|failure| panic!("{what}: {}", failure.message));
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
    assert!(tried > 100, "{tried}");
}
