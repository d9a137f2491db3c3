//! Servers that imitate a form leave fields out, or send `null` or a value of another type. The tests change each field
//! of a full answer and of each event of a full stream in turn: the content must still reach the client.

use sagemaker::SageMaker;
use serde_json::{Value, json};
use sluice_sdk::testing::sparse::{self, variants};
use sluice_sdk::{Event, NoSettings, Plugin};

/// Fields that hold the content itself, mark the end of the answer, or mark a token as control token; the tests leave
/// these unchanged.
const NEEDED: [&str; 9] = [
    "choices",
    "delta",
    "content",
    "token",
    "text",
    "special",
    "generated_text",
    "details",
    "finish_reason",
];

fn adapter(provider: &str, is_streaming: bool) -> SageMaker {
    let adapter = SageMaker::new(NoSettings {}).unwrap();
    sparse::opened(adapter, provider, "endpoint", is_streaming)
}

#[test]
fn whole_answers_may_lack_what_is_not_needed() {
    let answer = json!({"generated_text": "Hello", "details": {
        "finish_reason": "eos_token", "generated_tokens": 2, "input_length": 9, "seed": null, "tokens": [{"id": 1}],
    }});
    let all = variants(&answer, |_, name| name == "generated_text");
    assert!(all.len() > 40, "{}", all.len());
    for (what, answer) in all {
        let translated = sparse::whole(adapter("sagemaker", false), &json!([answer]), &what);
        let choice = &translated["choices"][0];
        assert_eq!(choice["message"]["content"], "Hello", "{what}");
        assert_eq!(choice["finish_reason"], "stop", "{what}");
        assert!(translated["id"].as_str().is_some_and(|id| !id.is_empty()), "{what}");
    }
}

/// Runs each variant of each event of a stream; returns the number of variants.
fn try_all(provider: &str, events: &[Value]) -> usize {
    let variants = |event: &Value| variants(event, |_, name| NEEDED.contains(&name));
    let part = |_, event: &Value| Event {
        name: "PayloadPart".into(),
        data: format!("data: {event}\n\n").into_bytes(),
    };
    let tried = sparse::streams(events, variants, part, || adapter(provider, true));
    for (what, [text, .., reason]) in &tried {
        assert_eq!([&**text, &**reason], ["Hello", "stop"], "{what}");
    }
    tried.len()
}

#[test]
fn events_of_text_may_lack_what_is_not_needed() {
    let token = |text: &str| json!({"index": 1, "token": {"id": 5, "text": text, "logprob": -0.1, "special": false}, "generated_text": null, "details": null});
    let mut last = token("lo");
    last["generated_text"] = json!("Hello");
    last["details"] = json!({"finish_reason": "eos_token", "generated_tokens": 2, "input_length": 9, "seed": 1});
    assert!(try_all("sagemaker", &[token("Hel"), last]) > 60);
}

#[test]
fn chunks_of_a_chat_may_lack_what_is_not_needed() {
    let chunk = |content: &str, reason: Value| {
        let delta = json!({"role": "assistant", "content": content, "tool_calls": null});
        let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason});
        json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice],
            "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}})
    };
    let chunks = [chunk("Hel", Value::Null), chunk("lo", json!("stop"))];
    assert!(try_all("sagemaker_chat", &chunks) > 100);
}
