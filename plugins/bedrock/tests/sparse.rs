//! What stands in front of Bedrock may leave fields out of its answers, or send `null` or another kind of value. Each
//! field of a full answer and of each event of a full stream is tried in turn: what is said must arrive, whichever it is.

use bedrock::Bedrock;
use serde_json::{Value, json};
use sluice_sdk::Plugin;
use sluice_sdk::testing::sparse;

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
    let adapter = Bedrock::new(serde_json::from_str("{}").unwrap()).unwrap();
    sparse::opened(
        adapter,
        "bedrock",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        is_streaming,
    )
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
        let translated = sparse::whole(adapter(false), &answer, &what);
        sparse::assert_says_all(&translated, &what);
        assert_eq!(
            translated["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"], "{}",
            "{what}"
        );
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
    let (names, documents): (Vec<_>, Vec<_>) = stream().into_iter().unzip();
    let tried = sparse::streams(
        &documents,
        variants,
        |place, document| sparse::event(names[place], document),
        || adapter(true),
    );
    assert!(tried.len() > 100, "{}", tried.len());
    for (what, said) in tried {
        assert_eq!(said, ["Hello", "Hm", "f", "{}", "tool_calls"], "{what}");
    }
}
