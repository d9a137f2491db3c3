//! Thinking (<https://docs.cohere.com/docs/reasoning>). Models that can think do so unless the request turns thinking
//! off, and without a limit unless it gives a budget of tokens.

use sluice_sdk::adapter::Parameters;
use sluice_sdk::canonical::{Fields, Object, RawValue, Request, Text};
use sluice_sdk::{Failure, Fault};

use super::fields::Own;
use crate::model;

/// Budgets in tokens for the efforts below the highest, as in LiteLLM.
const BUDGETS: [(&str, u64); 3] = [("minimal", 1024), ("low", 1024), ("medium", 2048)];

/// Efforts without a budget.
const UNBOUNDED: [&str; 3] = ["high", "xhigh", "max"];

/// What to send about thinking.
pub enum Thinking<'a> {
    /// Nothing: the model uses its own default.
    Silent,
    Disabled,
    Enabled {
        budget: Option<u64>,
    },
    /// The client's own fields, with Anthropic's names replaced by Cohere's.
    Asked(Fields<'a>),
}

impl<'a> Thinking<'a> {
    /// `thinking` takes precedence over `reasoning_effort`.
    pub fn plan(request: &Request<'a>, own: &Own<'a>, model: &str, parameters: &Parameters) -> Result<Self, Failure> {
        let (name, asked) = match (own.thinking, &request.reasoning_effort) {
            (Some(raw), _) => ("thinking", Self::asked(raw)?),
            (None, Some(effort)) => ("reasoning_effort", Self::by_effort(effort.0.escaped())?),
            (None, None) => return Ok(Self::Silent),
        };
        if model::thinks(model) {
            return Ok(asked);
        }
        if asked.is_on() {
            parameters.drop_or_refuse(name, "this model does not think")?;
        }
        Ok(Self::Silent)
    }

    fn asked(raw: &'a RawValue) -> Result<Self, Failure> {
        let fields = serde_json::from_str(raw.get());
        fields.map(Self::Asked).map_err(|error| {
            let message = format!("`thinking` cannot be read: {error}");
            Failure::new(Fault::BadRequest, message).parameter("thinking")
        })
    }

    fn by_effort(word: &str) -> Result<Self, Failure> {
        if word == "none" {
            return Ok(Self::Disabled);
        }
        if UNBOUNDED.contains(&word) {
            return Ok(Self::Enabled { budget: None });
        }
        let budget = BUDGETS.into_iter().find(|(known, _)| *known == word);
        let (_, budget) = budget.ok_or_else(|| {
            let message = "`reasoning_effort` is one of none, minimal, low, medium, high, xhigh, max";
            Failure::bad_request("reasoning_effort", message)
        })?;
        Ok(Self::Enabled { budget: Some(budget) })
    }

    fn is_on(&self) -> bool {
        match self {
            Self::Silent | Self::Disabled => false,
            Self::Enabled { .. } => true,
            Self::Asked(fields) => fields.get("type").map(RawValue::get) != Some(r#""disabled""#),
        }
    }

    pub fn write(&self, to: &mut Object) {
        match self {
            Self::Silent => {}
            Self::Disabled => {
                to.object("thinking").string("type", "disabled");
            }
            Self::Enabled { budget } => {
                let mut thinking = to.object("thinking");
                thinking.string("type", "enabled");
                if let Some(tokens) = budget {
                    thinking.number("token_budget", *tokens);
                }
            }
            Self::Asked(fields) => write_asked(&mut to.object("thinking"), fields),
        }
    }
}

/// Writes the client's fields. Clients of LiteLLM use Anthropic's form for all providers:
/// `{"type": "enabled" or "adaptive", "budget_tokens"}`. `display` is left out, since Cohere does not have it.
fn write_asked(to: &mut Object, fields: &Fields) {
    for (name, value) in &fields.0 {
        match (&**name, value.get()) {
            (_, "null") | ("display", _) => {}
            ("type", r#""adaptive""#) => {
                to.string("type", "enabled");
            }
            ("budget_tokens", _) => {
                to.raw("token_budget", value);
            }
            _ => {
                to.raw(Text::from_decoded(name).escaped(), value);
            }
        }
    }
}
