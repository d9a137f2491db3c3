//! Providers whose wire format is not OpenAI's: a deployment of each, and what it answers.

use serde_json::{Value, json};
use sluice::plugin::kinds::adapter::Event;

use crate::samples::{WORDS, prose};

/// An adapter that translates, by one provider of its.
#[derive(Clone, Copy)]
pub struct Provider {
    /// The plugin's name, and that of the model group of its one deployment.
    pub adapter: &'static str,
    pub model: &'static str,
    /// A whole answer with so many bytes of text.
    pub answer: fn(usize) -> Value,
    /// A stream up to its first text.
    pub beginning: fn() -> Vec<Event>,
    /// A few words of a stream.
    pub words: fn() -> Event,
}

pub const PROVIDERS: [Provider; 5] = [
    Provider {
        adapter: "anthropic",
        model: "anthropic/claude-sonnet-4-5",
        answer: anthropic_answer,
        beginning: anthropic_beginning,
        words: || {
            let delta = json!({ "type": "text_delta", "text": WORDS });
            event(
                "content_block_delta",
                &json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
            )
        },
    },
    Provider {
        adapter: "gemini",
        model: "gemini/gemini-2.5-flash",
        answer: |bytes| gemini(&prose(bytes), Some("STOP")),
        beginning: || vec![event("", &gemini("So", None))],
        words: || event("", &gemini(WORDS, None)),
    },
    Provider {
        adapter: "bedrock",
        model: "bedrock/us.amazon.nova-pro-v1:0",
        answer: |bytes| {
            json!({
                "output": { "message": { "role": "assistant", "content": [{ "text": prose(bytes) }] } },
                "stopReason": "end_turn",
                "usage": { "inputTokens": 210, "outputTokens": bytes / 4, "totalTokens": 210 + bytes / 4 },
                "metrics": { "latencyMs": 870 },
            })
        },
        beginning: || vec![event("messageStart", &json!({ "role": "assistant", "p": "abcdefgh" }))],
        words: || {
            let delta = json!({ "contentBlockIndex": 0, "delta": { "text": WORDS }, "p": "abcdefghijkl" });
            event("contentBlockDelta", &delta)
        },
    },
    Provider {
        adapter: "cohere",
        model: "cohere/command-a-03-2025",
        answer: |bytes| {
            json!({
                "id": "c14c80c3-18eb-4519-9460-6c92edd8cfb4",
                "finish_reason": "COMPLETE",
                "message": { "role": "assistant", "content": [{ "type": "text", "text": prose(bytes) }] },
                "usage": {
                    "billed_units": { "input_tokens": 200, "output_tokens": bytes / 4 },
                    "tokens": { "input_tokens": 210, "output_tokens": bytes / 4 },
                },
            })
        },
        beginning: || {
            let message =
                json!({ "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": [] });
            let start = json!({ "type": "message-start", "id": "29f14a5a", "delta": { "message": message } });
            vec![event("message-start", &start)]
        },
        words: || {
            let delta = json!({ "message": { "content": { "text": WORDS } } });
            event(
                "content-delta",
                &json!({ "type": "content-delta", "index": 0, "delta": delta }),
            )
        },
    },
    Provider {
        adapter: "ollama",
        model: "ollama/llama3.2",
        answer: |bytes| {
            let mut answer = ollama(&prose(bytes));
            answer["done"] = true.into();
            answer["done_reason"] = "stop".into();
            answer["prompt_eval_count"] = 210.into();
            answer["eval_count"] = (bytes / 4).into();
            answer
        },
        beginning: || vec![event("", &ollama("So"))],
        words: || event("", &ollama(WORDS)),
    },
];

/// Anthropic's, which is measured by itself too.
pub const ANTHROPIC: Provider = PROVIDERS[0];

fn event(name: &str, data: &Value) -> Event {
    Event {
        name: name.into(),
        data: data.to_string().into(),
    }
}

fn anthropic_answer(bytes: usize) -> Value {
    json!({
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [{ "type": "text", "text": prose(bytes) }],
        "stop_reason": "end_turn",
        "stop_sequence": null,
        "usage": { "input_tokens": 210, "output_tokens": bytes / 4 },
    })
}

fn anthropic_beginning() -> Vec<Event> {
    let mut message = anthropic_answer(0);
    message["content"] = json!([]);
    message["stop_reason"] = Value::Null;
    let block = json!({ "type": "text", "text": "" });
    vec![
        event("message_start", &json!({ "type": "message_start", "message": message })),
        event(
            "content_block_start",
            &json!({ "type": "content_block_start", "index": 0, "content_block": block }),
        ),
    ]
}

fn gemini(text: &str, finish_reason: Option<&str>) -> Value {
    let mut candidate = json!({ "content": { "role": "model", "parts": [{ "text": text }] }, "index": 0 });
    if let Some(reason) = finish_reason {
        candidate["finishReason"] = reason.into();
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": 210,
            "candidatesTokenCount": text.len() / 4,
            "totalTokenCount": 210 + text.len() / 4,
            "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": 210 }],
        },
        "modelVersion": "gemini-2.5-flash",
        "responseId": "mAitaLmkHPPlz7IPvtfUqQ4",
    })
}

fn ollama(text: &str) -> Value {
    json!({
        "model": "llama3.2",
        "created_at": "2026-11-20T14:13:43.416799Z",
        "message": { "role": "assistant", "content": text },
        "done": false,
    })
}
