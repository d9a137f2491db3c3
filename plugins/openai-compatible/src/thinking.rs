//! How a provider that differs from OpenAI is asked to think.

use serde_json::value::RawValue;
use sluice_sdk::canonical::{Fields, Object, Text};

use crate::entry::Thinking;
use crate::patch::{self, Patch};

/// Efforts that a provider with a switch accepts next to it. <https://api-docs.deepseek.com/guides/thinking_mode>
const EFFORTS: [&str; 7] = ["minimal", "low", "medium", "high", "xhigh", "max", "ultra"];

/// The smallest budget of each effort, in tokens: LiteLLM's defaults.
const BUDGETS: [(f64, &str); 3] = [(4096.0, "high"), (2048.0, "medium"), (1024.0, "low")];

/// The budget of an effort beyond these, in tokens.
const HIGH_BUDGET: u64 = 4096;

/// Tokens for the answer in addition to the budget.
const ANSWER_TOKENS: u64 = 4096;

pub fn apply(style: Thinking, patch: &mut Patch<'_>) {
    match style {
        Thinking::Switch => switch(patch),
        Thinking::Effort => effort(patch),
        Thinking::Budget => budget(patch),
    }
}

/// Whether the request, as it will be sent, turns thinking on.
pub fn is_asked(patch: &Patch<'_>) -> bool {
    let thinking = patch.value("thinking");
    kind(thinking.as_deref()).as_deref() == Some("enabled")
}

fn switch(patch: &mut Patch<'_>) {
    let thinking = patch.value("thinking").map(std::borrow::Cow::into_owned);
    let effort = effort_asked(patch);
    let asked = kind(thinking.as_deref()).filter(|kind| matches!(kind.as_str(), "enabled" | "disabled"));
    let of_effort = || {
        Some(
            if effort.as_deref()? == "none" {
                "disabled"
            } else {
                "enabled"
            }
            .to_owned(),
        )
    };
    let state = asked.or_else(of_effort);
    match &state {
        Some(state) => patch.put("thinking", only_type(state, thinking.as_deref())),
        None if thinking.is_some() => patch.remove("thinking"),
        None => {}
    }
    let effort = effort.filter(|effort| EFFORTS.contains(&effort.as_str()));
    match effort.filter(|_| state.as_deref() == Some("enabled")) {
        Some(effort) => patch.put("reasoning_effort", patch::text(&effort)),
        None if patch.value("reasoning_effort").is_some() => patch.remove("reasoning_effort"),
        None => {}
    }
}

/// `thinking` with this type only. The merge patch removes the client's other fields.
fn only_type(kind: &str, given: Option<&str>) -> String {
    let fields: Fields = given
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    let mut out = Vec::new();
    let mut to = Object::begin(&mut out);
    for (name, _) in fields.0.iter().filter(|(name, _)| name != "type") {
        to.json(Text::from_decoded(name).escaped(), "null");
    }
    to.string("type", kind);
    drop(to);
    String::from_utf8(out).unwrap_or_default()
}

/// Replaces `reasoning_effort` by a budget, unless the client gives a budget itself.
fn budget(patch: &mut Patch<'_>) {
    let Some(effort) = effort_asked(patch) else {
        return;
    };
    patch.remove("reasoning_effort");
    if patch.value("thinking").is_some() || effort == "none" {
        return;
    }
    // No budget is smaller than that of `low`.
    let effort = if effort == "minimal" { "low" } else { &*effort };
    let found = BUDGETS.iter().find(|(_, name)| *name == effort);
    let tokens = found.map_or(HIGH_BUDGET, |(tokens, _)| *tokens as u64);
    patch.put("thinking", format!(r#"{{"type":"enabled","budget_tokens":{tokens}}}"#));
    // The budget counts towards the limit of the answer, so the default limit could leave no tokens for the answer.
    if patch.value("max_tokens").is_none() && patch.value("max_completion_tokens").is_none() {
        patch.put("max_tokens", (tokens + ANSWER_TOKENS).to_string());
    }
}

fn effort(patch: &mut Patch<'_>) {
    let Some(thinking) = patch.value("thinking").map(std::borrow::Cow::into_owned) else {
        return;
    };
    patch.remove("thinking");
    if patch.value("reasoning_effort").is_some() || kind(Some(&thinking)).as_deref() != Some("enabled") {
        return;
    }
    let fields: Fields = serde_json::from_str(&thinking).unwrap_or_default();
    let budget: f64 = fields
        .get("budget_tokens")
        .and_then(|json| json.get().parse().ok())
        .unwrap_or(0.0);
    let effort = BUDGETS
        .iter()
        .find(|(least, _)| budget >= *least)
        .map_or("minimal", |(_, effort)| effort);
    patch.put("reasoning_effort", patch::text(effort));
}

/// The effort, which may be within an object, as in the Responses API.
fn effort_asked(patch: &Patch<'_>) -> Option<String> {
    let json = patch.value("reasoning_effort")?;
    let of_object = || {
        let fields: Fields = serde_json::from_str(&json).ok()?;
        word(fields.get("effort")?.get())
    };
    word(&json).or_else(of_object)
}

/// The field `type` of `thinking`.
fn kind(thinking: Option<&str>) -> Option<String> {
    let fields: Fields = serde_json::from_str(thinking?).ok()?;
    fields.get("type").map(RawValue::get).and_then(word)
}

fn word(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}
