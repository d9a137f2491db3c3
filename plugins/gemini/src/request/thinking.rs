//! Thinking (<https://ai.google.dev/gemini-api/docs/thinking>): Gemini 2.5 takes a budget of tokens, and Gemini 3 and
//! later a word. The client's form is converted to the one that the model takes.

use serde::Deserialize;
use sluice_sdk::Failure;
use sluice_sdk::adapter::Parameters;
use sluice_sdk::canonical::{RawValue, Request, Text};

use crate::model::{Model, Thinking};

/// Budgets in tokens, as in LiteLLM; for `minimal` it is the lowest one that the model accepts.
const BUDGETS: [(&str, u64); 4] = [("minimal", 0), ("low", 1024), ("medium", 2048), ("high", 4096)];

/// The budget with which the model decides itself.
const DYNAMIC: i64 = -1;

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<Text<'a>>,
    #[serde(default)]
    budget_tokens: Option<i64>,
}

/// The JSON of `thinkingConfig`, if there is any. `thinking` takes precedence over `reasoning_effort`.
///
/// # Errors
/// `thinking` cannot be parsed, or the model does not think or does not know this effort.
pub fn config(
    thinking: Option<&RawValue>,
    request: &Request,
    model: Model,
    parameters: &Parameters,
) -> Result<Option<String>, Failure> {
    if let Some(raw) = thinking {
        return asked(raw, model, parameters);
    }
    match &request.reasoning_effort {
        Some(effort) => by_effort(effort.0.escaped(), model, parameters),
        None => Ok(None),
    }
}

fn asked(raw: &RawValue, model: Model, parameters: &Parameters) -> Result<Option<String>, Failure> {
    let asked: Asked = serde_json::from_str(raw.get()).map_err(|_| {
        Failure::bad_request(
            "thinking",
            "`thinking` is an object with a `type` and a `budget_tokens`, a whole number",
        )
    })?;
    let is_off = asked.kind.as_ref().is_some_and(|kind| kind.escaped() == "disabled") || asked.budget_tokens == Some(0);
    let is_adaptive = asked.kind.as_ref().is_some_and(|kind| kind.escaped() == "adaptive");
    Ok(match model.thinking {
        Thinking::Never if is_off => None,
        Thinking::Never => parameters
            .drop_or_refuse("thinking", "this model does not think")
            .map(|()| None)?,
        _ if is_off => off(model),
        Thinking::Budget { .. } => match asked.budget_tokens {
            Some(tokens) => Some(budget(tokens, true)),
            None if is_adaptive => Some(budget(DYNAMIC, true)),
            None => Some(r#"{"includeThoughts":true}"#.into()),
        },
        Thinking::Level { .. } => match asked.budget_tokens {
            Some(tokens) if tokens > 0 => Some(level(level_of(tokens), true)),
            _ => Some(r#"{"includeThoughts":true}"#.into()),
        },
    })
}

fn by_effort(word: &str, model: Model, parameters: &Parameters) -> Result<Option<String>, Failure> {
    let is_off = matches!(word, "none" | "disable");
    let tokens = BUDGETS
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, tokens)| *tokens);
    match (model.thinking, tokens) {
        (Thinking::Never, _) if is_off => Ok(None),
        (Thinking::Never, _) => parameters
            .drop_or_refuse("reasoning_effort", "this model does not think")
            .map(|()| None),
        _ if is_off => Ok(off(model)),
        (Thinking::Budget { least, .. }, Some(tokens)) => {
            Ok(Some(budget(i64::try_from(tokens.max(least)).unwrap_or(DYNAMIC), true)))
        }
        (Thinking::Level { least }, Some(_)) => Ok(Some(level(if word == "minimal" { least } else { word }, true))),
        (_, None) => parameters
            .drop_or_refuse("reasoning_effort", "it has none, minimal, low, medium and high")
            .map(|()| None),
    }
}

/// The least thinking that the model allows.
fn off(model: Model) -> Option<String> {
    match model.thinking {
        Thinking::Never => None,
        Thinking::Budget { may_be_off: true, .. } => Some(budget(0, false)),
        Thinking::Budget { least, .. } => Some(budget(i64::try_from(least).unwrap_or(DYNAMIC), false)),
        Thinking::Level { least } => Some(level(least, false)),
    }
}

fn budget(tokens: i64, includes_thoughts: bool) -> String {
    format!(r#"{{"thinkingBudget":{tokens},"includeThoughts":{includes_thoughts}}}"#)
}

/// `word` must not need escapes.
fn level(word: &str, includes_thoughts: bool) -> String {
    format!(r#"{{"thinkingLevel":"{word}","includeThoughts":{includes_thoughts}}}"#)
}

/// The word for a budget.
fn level_of(tokens: i64) -> &'static str {
    match tokens {
        4096.. => "high",
        2048.. => "medium",
        _ => "low",
    }
}
