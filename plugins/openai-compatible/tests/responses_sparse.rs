//! Servers that imitate the Responses API leave fields out, or send `null` or a value of another type. The tests change
//! each single field in turn: the answer must stay the same as far as possible, whole and streamed.

use openai_compatible::{OpenAiCompatible, Settings};
use sluice_sdk::Plugin;
use sluice_sdk::serde_json::{self, Value, json};
use sluice_sdk::testing::sparse;

/// An adapter after `open`, waiting for the answer.
fn adapter(is_streaming: bool) -> OpenAiCompatible {
    let settings: Settings = serde_json::from_value(json!({})).unwrap();
    let adapter = OpenAiCompatible::new(settings).unwrap();
    sparse::opened(adapter, "openai", "responses/gpt-5", is_streaming)
}

/// The content of an answer, which cannot be reconstructed if it is missing.
const NEEDED: [&str; 8] = [
    "text",
    "name",
    "arguments",
    "delta",
    "output",
    "content",
    "item",
    "response",
];

/// Pointers to all fields, except for those that hold the content.
fn places(document: &Value, at: &str, found: &mut Vec<String>) {
    match document {
        Value::Object(fields) => {
            for (name, value) in fields {
                let place = format!("{at}/{name}");
                places(value, &place, found);
                if !NEEDED.contains(&name.as_str()) && !is_kind_of_an_item(&place) {
                    found.push(place);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// The type of an item; the kinds of messages and calls can also be told by their fields.
fn is_kind_of_an_item(place: &str) -> bool {
    matches!(place, "/output/0/type" | "/item/type" | "/type")
}

/// The variants of the document in which one field is missing, null or of another type.
fn variants(document: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    places(document, "", &mut found);
    let mut variants = Vec::new();
    for place in found {
        let (parent, name) = place.rsplit_once('/').unwrap();
        let mut without = document.clone();
        without
            .pointer_mut(parent)
            .and_then(Value::as_object_mut)
            .unwrap()
            .remove(name);
        variants.push((format!("without {place}"), without));
        // An `error` of any type is an error, and a type of another type is replaced by what the item's fields tell.
        let kinds = if matches!(name, "error") {
            vec![json!(null)]
        } else {
            vec![json!(null), json!(true), json!(-1.5), json!([[]]), json!({"x": {}})]
        };
        for kind in kinds {
            let mut changed = document.clone();
            *changed.pointer_mut(&place).unwrap() = kind.clone();
            variants.push((format!("{place}: {kind}"), changed));
        }
    }
    variants
}

fn usage() -> Value {
    json!({"input_tokens": 9, "input_tokens_details": {"cached_tokens": 1}, "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 1}, "total_tokens": 12})
}

fn items() -> [Value; 3] {
    [
        json!({"type": "reasoning", "id": "rs_1", "encrypted_content": "g",
            "summary": [{"type": "summary_text", "text": "Hm"}]}),
        json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "phase": "final_answer",
            "content": [{"type": "output_text", "text": "Hello", "logprobs": [{}], "annotations": [{"type": "x"}]}]}),
        json!({"type": "function_call", "id": "fc_1", "call_id": "call_a", "name": "f", "arguments": "{}",
            "namespace": "n", "status": "completed"}),
    ]
}

#[test]
fn whole_answers_may_lack_what_is_not_needed() {
    let answer = json!({
        "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "error": null,
        "incomplete_details": null, "model": "m", "output": items(), "usage": usage(), "service_tier": "default",
    });
    let all = variants(&answer);
    assert!(all.len() > 150, "{}", all.len());
    for (what, answer) in all {
        let translated = sparse::whole(adapter(false), &answer, &what);
        let choice = &translated["choices"][0];
        let message = &choice["message"];
        assert_eq!(message["content"], "Hello", "{what}");
        if !what.contains("summary") {
            assert_eq!(message["reasoning_content"], "Hm", "{what}");
        }
        assert_eq!(
            message["tool_calls"][0]["function"],
            json!({"name": "f", "arguments": "{}"}),
            "{what}"
        );
        for text in [&translated["id"], &translated["model"], &message["tool_calls"][0]["id"]] {
            assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{what}");
        }
        // Details of any type count as a reason, though not as a known one.
        if !what.contains("incomplete_details") {
            assert_eq!(choice["finish_reason"], "tool_calls", "{what}");
        }
    }
}

fn stream() -> Vec<Value> {
    let [thoughts, message, _] = items();
    vec![
        json!({"type": "response.created", "response": {"id": "resp_1", "created_at": 1, "model": "m", "output": []}}),
        json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "Hm"}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": thoughts}),
        json!({"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "Hello",
            "logprobs": [{}]}),
        json!({"type": "response.output_item.done", "output_index": 1, "item": message}),
        json!({"type": "response.output_item.added", "output_index": 2,
            "item": {"type": "function_call", "id": "fc_1", "call_id": "call_a", "name": "f", "status": "in_progress"}}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 2, "item_id": "fc_1", "delta": "{}"}),
        json!({"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "output": [],
            "error": null, "usage": usage(), "service_tier": "default"}}),
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
    assert!(tried.len() > 150, "{}", tried.len());
    for (what, said) in tried {
        assert_eq!(said, ["Hello", "Hm", "f", "{}", "tool_calls"], "{what}");
    }
}
