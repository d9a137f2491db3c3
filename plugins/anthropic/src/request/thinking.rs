//! How long to think (<https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking>): by a budget of tokens
//! on older models, by a word on newer ones. Whichever the client asks for, the model is told in the form it takes.

use serde::Deserialize;
use sluice_sdk::adapter::Parameters;
use sluice_sdk::canonical::{Content, Message, Object, PartKind, RawValue, Request, Role, Text};
use sluice_sdk::{Failure, Fault};

use super::fields::Own;
use crate::model::{Model, Thinking as Ability};

/// Tokens for each word, as LiteLLM has them; `minimal` is the least Anthropic takes.
const BUDGETS: [(&str, u64); 6] = [
    ("minimal", BUDGET_MIN),
    ("low", 1024),
    ("medium", 2048),
    ("high", 4096),
    ("xhigh", 8192),
    ("max", 16384),
];

/// Anthropic's least budget.
const BUDGET_MIN: u64 = 1024;

/// What the model is told.
#[derive(Default)]
pub struct Thinking<'a> {
    form: Form<'a>,
    effort: Option<&'static str>,
}

#[derive(Default)]
enum Form<'a> {
    /// Nothing: the model does as it does by default.
    #[default]
    Silent,
    /// As the client wrote it.
    Verbatim {
        raw: &'a RawValue,
        thinks: bool,
        budget: Option<u64>,
    },
    Budget(u64),
    /// As the model sees fit, and said in short unless the client says otherwise.
    Adaptive {
        display: Option<Text<'a>>,
    },
}

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<Text<'a>>,
    #[serde(default)]
    budget_tokens: Option<u64>,
    #[serde(borrow, default)]
    display: Option<Text<'a>>,
}

impl<'a> Thinking<'a> {
    /// `thinking` counts before `reasoning_effort`.
    pub fn plan(
        request: &Request<'a>,
        own: &Own<'a>,
        model: Model,
        max_tokens: Option<u64>,
        parameters: &Parameters,
    ) -> Result<Self, Failure> {
        if let Some(raw) = own.thinking {
            return Self::asked(raw, model, max_tokens, parameters);
        }
        match &request.reasoning_effort {
            Some(effort) => Self::by_effort(effort.0.escaped(), request, model, max_tokens, parameters),
            None => Ok(Self::default()),
        }
    }

    fn asked(
        raw: &'a RawValue,
        model: Model,
        max_tokens: Option<u64>,
        parameters: &Parameters,
    ) -> Result<Self, Failure> {
        let asked: Asked = serde_json::from_str(raw.get()).map_err(|error| {
            Failure::new(Fault::BadRequest, format!("`thinking` cannot be read: {error}")).parameter("thinking")
        })?;
        let kind = asked.kind.as_ref().map_or("", |kind| kind.escaped());
        let form = match (kind, model.thinking) {
            ("enabled" | "adaptive", Ability::Never) => {
                parameters.drop_or_refuse("thinking", "this model does not think")?;
                Form::Silent
            }
            ("adaptive", Ability::Budget) => budget(2048, max_tokens),
            ("enabled", Ability::Adaptive) => {
                let effort = Some(effort_of(asked.budget_tokens.unwrap_or(0)));
                return Ok(Self {
                    form: Form::Adaptive { display: asked.display },
                    effort,
                });
            }
            ("disabled", _) if model.always_thinks => Form::Silent,
            _ => Form::Verbatim {
                raw,
                thinks: kind != "disabled",
                budget: asked.budget_tokens,
            },
        };
        Ok(Self { form, effort: None })
    }

    fn by_effort(
        word: &str,
        request: &Request,
        model: Model,
        max_tokens: Option<u64>,
        parameters: &Parameters,
    ) -> Result<Self, Failure> {
        if word == "none" {
            return Ok(Self::default());
        }
        let Some((word, tokens)) = BUDGETS.into_iter().find(|(known, _)| *known == word) else {
            let message = "`reasoning_effort` is one of none, minimal, low, medium, high, xhigh, max";
            return Err(Failure::new(Fault::BadRequest, message).parameter("reasoning_effort"));
        };
        match model.thinking {
            Ability::Never => parameters
                .drop_or_refuse("reasoning_effort", "this model does not think")
                .map(|()| Self::default()),
            Ability::Budget if ends_in_unsigned_call(request) => Ok(Self::default()),
            Ability::Budget => Ok(Self {
                form: budget(tokens, max_tokens),
                effort: None,
            }),
            Ability::Either | Ability::Adaptive => {
                let effort = Some(if word == "minimal" { "low" } else { word });
                Ok(Self {
                    form: Form::Adaptive {
                        display: Some(Text::from_decoded("summarized")),
                    },
                    effort,
                })
            }
        }
    }

    /// Whether the model will think.
    pub fn is_on(&self) -> bool {
        match self.form {
            Form::Silent => false,
            Form::Verbatim { thinks, .. } => thinks,
            Form::Budget(_) | Form::Adaptive { .. } => true,
        }
    }

    /// Tokens set apart for it.
    pub fn budget(&self) -> Option<u64> {
        match self.form {
            Form::Budget(tokens) => Some(tokens),
            Form::Verbatim { budget, .. } => budget,
            Form::Silent | Form::Adaptive { .. } => None,
        }
    }

    /// For `output_config`.
    pub fn effort(&self) -> Option<&'static str> {
        self.effort
    }

    pub fn write(&self, to: &mut Object) {
        match &self.form {
            Form::Silent => {}
            Form::Verbatim { raw, .. } => {
                to.raw("thinking", raw);
            }
            Form::Budget(tokens) => {
                to.object("thinking")
                    .string("type", "enabled")
                    .number("budget_tokens", *tokens);
            }
            Form::Adaptive { display } => {
                let mut thinking = to.object("thinking");
                thinking.string("type", "adaptive");
                if let Some(display) = display {
                    thinking.text("display", display);
                }
            }
        }
    }
}

/// A budget below the answer's limit, as it must be, or none where not even the least fits.
fn budget<'a>(tokens: u64, max_tokens: Option<u64>) -> Form<'a> {
    match max_tokens {
        Some(max) if max <= BUDGET_MIN => Form::Silent,
        Some(max) => Form::Budget(tokens.min(max - 1)),
        None => Form::Budget(tokens),
    }
}

/// The word that comes nearest to a budget.
fn effort_of(tokens: u64) -> &'static str {
    match tokens {
        8192.. => "xhigh",
        4096.. => "high",
        2048.. => "medium",
        _ => "low",
    }
}

/// Whether the last thing the assistant did was to call tools without a signed thought before it, as a conversation
/// begun on another provider has it. With a budget Anthropic refuses that, and an effort is a wish, no order.
fn ends_in_unsigned_call(request: &Request) -> bool {
    let messages = request.messages.as_deref().unwrap_or_default();
    let last = messages
        .iter()
        .rev()
        .find(|message| message.role == Some(Role::Assistant));
    last.is_some_and(|message| {
        let calls = message.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty());
        calls && message.thinking_blocks.is_none() && !thinks_in_content(message)
    })
}

fn thinks_in_content(message: &Message) -> bool {
    let Some(Content::Parts(parts)) = &message.content else {
        return false;
    };
    parts
        .iter()
        .any(|part| matches!(&part.kind, Some(PartKind::Other(kind)) if kind.ends_with("thinking")))
}
