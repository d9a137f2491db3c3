//! A scripted upstream as a program, for clients in other languages: OpenAI, Azure and Anthropic on one port, answers
//! chosen by the name of the model. It prints its address on the first line and stops when its standard input closes.
//!
//! | model | answer |
//! |---|---|
//! | `good…` | text, or a call of each tool offered |
//! | `status-401` and so on | an error of that status |
//! | `rate-limited` | 429 with `retry-after: 7` |
//! | `breaks-off` | a stream that ends in the middle |
//! | `hangs` | nothing, ever |
//! | `resets` | a connection that is reset |
//! | `chaos` | [`sluice_tests::chaos::WORDS`], or one of its failures; a GET of `/chaos` counts them |
//!
//! Where the model cannot be chosen, a path that begins with `/as/<model>/` stands for it.
//!
//! What is posted to `/records`, as JSON arrays, is kept; a GET answers all of it.

use std::io::Read;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use sluice_tests::chaos::Chaos;
use sluice_tests::dialect::{anthropic, openai};
use sluice_tests::upstream::{Gate, Request, Script, Upstream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let upstream = Upstream::start().await;
    let records = Mutex::new(Vec::new());
    let chaos = Chaos::new(42);
    upstream.decides(move |request| match request.path.as_str() {
        "/chaos" => Script::json(200, &json!(chaos.injected())),
        "/records" => keep(&mut records.lock().unwrap_or_else(PoisonError::into_inner), request),
        _ => answer(request, &chaos),
    });
    println!("{}", upstream.base());
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    ended.await.expect("reading does not panic").map(drop)
}

/// A receiver of records, for the webhook callback.
fn keep(records: &mut Vec<Value>, request: &Request) -> Script {
    if request.method == "POST" {
        records.extend(request.json().as_array().cloned().unwrap_or_default());
        return Script::json(200, &json!({}));
    }
    Script::json(200, &json!(records))
}

/// Which wire format a request speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    OpenAi,
    Anthropic,
}

fn answer(request: &Request, chaos: &Chaos) -> Script {
    let forced = request.path.strip_prefix("/as/").and_then(|rest| rest.split_once('/'));
    let path = forced.map_or(request.path.as_str(), |(_, path)| path);
    let dialect = if path.ends_with("v1/messages") {
        Dialect::Anthropic
    } else {
        Dialect::OpenAi
    };
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let model = forced.map_or_else(|| model_of(request, &body), |(model, _)| model.to_owned());
    if let Some(status) = model.strip_prefix("status-").and_then(|status| status.parse().ok()) {
        return refusal(dialect, status);
    }
    match model.as_str() {
        "rate-limited" => refusal(dialect, 429).header("retry-after", "7"),
        "breaks-off" => breaking_off(dialect),
        "hangs" => good(dialect, &body).held(&Gate::new()),
        "resets" => Script::resets(),
        "chaos" => chaos.answer(&body),
        _ if request.path.contains("/embeddings") => Script::json(200, &openai::embeddings(inputs(&body))),
        _ if body["prompt"].is_string() => Script::json(200, &openai::completion("Once upon a time")),
        _ => good(dialect, &body),
    }
}

/// Azure names its deployment in the path.
fn model_of(request: &Request, body: &Value) -> String {
    let deployment = request
        .path
        .strip_prefix("/openai/deployments/")
        .and_then(|rest| rest.split('/').next());
    deployment
        .or_else(|| body["model"].as_str())
        .unwrap_or_default()
        .to_owned()
}

fn inputs(body: &Value) -> usize {
    body["input"].as_array().map_or(1, Vec::len)
}

fn refusal(dialect: Dialect, status: u16) -> Script {
    let message = format!("refused with {status} on command");
    match dialect {
        Dialect::OpenAi => Script::json(status, &openai::error("scripted", "scripted_code", &message)),
        Dialect::Anthropic => {
            let kind = match status {
                400 => "invalid_request_error",
                401 => "authentication_error",
                403 => "permission_error",
                404 => "not_found_error",
                429 => "rate_limit_error",
                529 => "overloaded_error",
                _ => "api_error",
            };
            Script::json(status, &anthropic::error(kind, &message))
        }
    }
}

fn breaking_off(dialect: Dialect) -> Script {
    let events = match dialect {
        Dialect::OpenAi => openai::pieces(&["half an "]),
        Dialect::Anthropic => anthropic::pieces(&["half an "]),
    };
    Script::events(events).then_breaks_off()
}

/// Calls each tool that is offered, or answers in words when there is none or its result is there already.
fn good(dialect: Dialect, body: &Value) -> Script {
    const WORDS: [&str; 3] = ["Grüße ", "from ", "the upstream"];
    let calls = calls(body);
    match (dialect, calls.is_empty(), body["stream"] == true) {
        (Dialect::OpenAi, true, false) => openai::says(&WORDS.concat()),
        (Dialect::OpenAi, true, true) => openai::streams(&WORDS),
        (Dialect::OpenAi, false, false) => Script::json(200, &openai::tool_answer(&calls)),
        (Dialect::OpenAi, false, true) => Script::events(openai::tool_stream(&calls)),
        (Dialect::Anthropic, true, false) => anthropic::says(&WORDS.concat()),
        (Dialect::Anthropic, true, true) => anthropic::streams(&WORDS),
        (Dialect::Anthropic, false, false) => Script::json(200, &anthropic::tool_message(&calls)),
        (Dialect::Anthropic, false, true) => Script::events(anthropic::tool_stream(&calls)),
    }
}

/// A call of each tool that is offered; none when the conversation holds results already.
fn calls(body: &Value) -> Vec<(&str, Value)> {
    if has_results(body) {
        return Vec::new();
    }
    let tools = body["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
    tools
        .iter()
        .filter_map(|tool| tool["function"]["name"].as_str().or_else(|| tool["name"].as_str()))
        .map(|name| (name, json!({ "city": "Zürich", "days": 3 })))
        .collect()
}

/// OpenAI has messages of the role `tool`, Anthropic blocks of the type `tool_result`.
fn has_results(body: &Value) -> bool {
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    messages.iter().any(|message| {
        let blocks = message["content"].as_array().map(Vec::as_slice).unwrap_or_default();
        message["role"] == "tool" || blocks.iter().any(|block| block["type"] == "tool_result")
    })
}
