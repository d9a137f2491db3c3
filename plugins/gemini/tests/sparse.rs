//! Servers that imitate the API leave fields out, or send `null` or a value of another type. The tests change each
//! field of a full answer and of each event of a full stream in turn: the content must still reach the client.

use gemini::Gemini;
use serde_json::{Value, json};
use sluice_sdk::testing::sparse;
use sluice_sdk::{NoSettings, Plugin};

/// Fields that hold the content itself, or the type of the value next to them; the tests leave these unchanged.
const NEEDED: [&str; 7] = [
    "candidates",
    "content",
    "parts",
    "text",
    "thought",
    "functionCall",
    "name",
];

/// The field without which a complete stream cannot be distinguished from an interrupted one.
const END: &str = "finishReason";

fn adapter(is_streaming: bool) -> Gemini {
    let adapter = Gemini::new(NoSettings {}).unwrap();
    sparse::opened(adapter, "gemini", "gemini-2.5-flash", is_streaming)
}

fn answer(parts: &Value) -> Value {
    json!({
        "responseId": "r1", "modelVersion": "m",
        "promptFeedback": {"safetyRatings": []},
        "usageMetadata": {
            "promptTokenCount": 9, "candidatesTokenCount": 2, "thoughtsTokenCount": 1, "cachedContentTokenCount": 4,
            "toolUsePromptTokenCount": 1, "totalTokenCount": 13, "trafficType": "ON_DEMAND",
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 9}],
        },
        "candidates": [{
            "index": 0, "finishReason": "STOP", "finishMessage": "m", "safetyRatings": [{"category": "c"}],
            "citationMetadata": {"citationSources": []}, "urlContextMetadata": {"urlMetadata": []},
            "groundingMetadata": {
                "webSearchQueries": ["q"], "groundingChunks": [{"web": {"uri": "u", "title": "t"}}],
                "groundingSupports": [{"segment": {"startIndex": 0, "endIndex": 2}, "groundingChunkIndices": [0]}],
            },
            "logprobsResult": {
                "chosenCandidates": [{"token": "Hi", "logProbability": -0.1}],
                "topCandidates": [{"candidates": [{"token": "Hi", "logProbability": -0.1}]}],
            },
            "content": {"role": "model", "parts": parts},
        }],
    })
}

/// The variants of the document in which one field, except for those needed, is missing or of another type.
fn variants(document: &Value, needed: &[&str]) -> Vec<(String, Value)> {
    sparse::variants(document, |_, name| NEEDED.contains(&name) || needed.contains(&name))
}

#[test]
fn whole_answers_may_lack_what_is_not_needed() {
    let answer = answer(&json!([
        {"text": "Hm", "thought": true, "thoughtSignature": "c2ln"},
        {"text": "Hello"},
        {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        {"toolCall": {"id": "t1", "toolType": "T", "args": {}}},
        {"toolResponse": {"id": "t1", "toolType": "T", "response": {}}},
    ]));
    let all = variants(&answer, &[]);
    assert!(all.len() > 200, "{}", all.len());
    for (what, answer) in all {
        let translated = sparse::whole(adapter(false), &answer, &what);
        sparse::assert_says_all(&translated, &what);
    }
}

#[test]
fn events_may_lack_what_is_not_needed() {
    let mut events = [
        answer(&json!([{"text": "Hm", "thought": true}])),
        answer(&json!([{"text": "Hello"}])),
        answer(&json!([{"functionCall": {"id": "c1", "name": "f", "args": {}}, "thoughtSignature": "c2ln"}])),
    ];
    for event in events.iter_mut().take(2) {
        event["candidates"][0].as_object_mut().unwrap().remove(END);
    }
    let tried = sparse::streams(
        &events,
        |event| variants(event, &[END, "args", "index"]),
        |_, document| sparse::event("", document),
        || adapter(true),
    );
    assert!(tried.len() > 200, "{}", tried.len());
    for (what, said) in tried {
        assert_eq!(said, ["Hello", "Hm", "f", "{}", "tool_calls"], "{what}");
    }
}
