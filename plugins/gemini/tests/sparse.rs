//! Servers that imitate the API leave fields out, or send `null` or another kind of value. Each field of a full answer
//! and of each event of a full stream is tried in turn: what is said must arrive, whichever it is.

use gemini::Gemini;
use serde_json::{Value, json};
use sluice_sdk::testing::Host;
use sluice_sdk::testing::sparse::{joined, members};
use sluice_sdk::{Event, NoSettings, Plugin, ProviderAdapter, Target};

/// Fields without which there is nothing to hand on, or that say what the value beside them is.
const NEEDED: [&str; 7] = [
    "candidates",
    "content",
    "parts",
    "text",
    "thought",
    "functionCall",
    "name",
];

/// Without it, a stream that ended cannot be told from one that broke off.
const END: &str = "finishReason";

fn adapter(is_streaming: bool) -> Gemini {
    let request = json!({"messages": [{"role": "user", "content": "Hi"}], "stream": is_streaming});
    Host {
        body: request.to_string().into_bytes(),
        ..Host::default()
    }
    .install();
    let mut adapter = Gemini::new(NoSettings {}).unwrap();
    let target = Target {
        provider: "gemini".into(),
        model: "gemini-2.5-flash".into(),
    };
    adapter.open(&target).map_err(|failure| failure.message).unwrap();
    adapter
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

/// The document with each member that is not needed left out, and of each kind, in turn.
fn variants(document: &Value, needed: &[&str]) -> Vec<(String, Value)> {
    let mut paths = Vec::new();
    members(document, "", &mut paths);
    let kinds = [
        json!(null),
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
        if NEEDED.contains(&name) || needed.contains(&name) {
            continue;
        }
        let mut without = document.clone();
        without
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(name);
        variants.push((format!("{path} left out"), without));
        for kind in &kinds {
            let mut changed = document.clone();
            *changed.pointer_mut(&path).unwrap() = kind.clone();
            variants.push((format!("{path}: {kind}"), changed));
        }
    }
    variants
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
    let mut tried = 0;
    for (place, event) in events.iter().enumerate() {
        for (what, changed) in variants(event, &[END, "args", "index"]) {
            let batch = events.iter().enumerate().map(|(index, event)| Event {
                name: String::new(),
                data: if index == place { &changed } else { event }.to_string().into_bytes(),
            });
            let mut adapter = adapter(true);
            let what = format!("event {place}, {what}");
            let chunks = adapter.events(batch.collect());
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
