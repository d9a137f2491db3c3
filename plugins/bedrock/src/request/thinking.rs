//! How long to think: by a budget of tokens, by a word, or in words of the model's own
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/inference-reasoning.html>,
//! <https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html>). Whichever the client asks for, the
//! model is told in the form it takes.

use serde::Deserialize;
use sluice_sdk::adapter::Parameters;
use sluice_sdk::canonical::{Content, Fields, Message, Object, PartKind, RawValue, Request, Role, Text};
use sluice_sdk::{Failure, Fault};

use super::fields::Own;
use crate::model::{Family, Model, Thinking as Ability};

/// Tokens for each word, as LiteLLM has them; `minimal` is the least Claude takes.
const BUDGETS: [(&str, u64); 6] = [
    ("minimal", BUDGET_MIN),
    ("low", 1024),
    ("medium", 2048),
    ("high", 4096),
    ("xhigh", 8192),
    ("max", 16384),
];

/// Claude's least budget.
const BUDGET_MIN: u64 = 1024;

/// Tokens to answer with beside what is thought, where the client sets no limit: LiteLLM's.
const ANSWER_TOKENS: u64 = 4096;

/// What the model is told.
#[derive(Default)]
pub struct Thinking<'a> {
    form: Form<'a>,
    /// Claude's `output_config.effort`.
    effort: Option<&'static str>,
    /// Whether it is Claude, which says how much it thought.
    counts: bool,
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
    /// `reasoning_effort`.
    Effort(&'static str),
    /// Nova's `reasoningConfig`; without a word it is off.
    ReasoningConfig(Option<&'static str>),
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
        let (form, effort) = match (own.thinking, &request.reasoning_effort) {
            (Some(raw), _) => asked(raw, model, max_tokens, parameters)?,
            (None, Some(effort)) => by_effort(effort.0.escaped(), request, model, max_tokens, parameters)?,
            (None, None) => (Form::Silent, None),
        };
        let mut thinking = Self {
            form,
            effort,
            counts: false,
        };
        thinking.counts = thinking.is_on() && model.family == Family::Claude;
        Ok(thinking)
    }

    /// Whether the model will think, in a way that keeps it from being forced to call tools.
    pub fn is_on(&self) -> bool {
        match self.form {
            Form::Silent | Form::Effort(_) | Form::ReasoningConfig(_) => false,
            Form::Verbatim { thinks, .. } => thinks,
            Form::Budget(_) | Form::Adaptive { .. } => true,
        }
    }

    /// Whether the model can say how much it thought.
    pub fn counts(&self) -> bool {
        self.counts
    }

    /// The limit to set where the client sets none: it includes what is thought.
    pub fn max_tokens(&self) -> Option<u64> {
        match self.form {
            Form::Budget(budget)
            | Form::Verbatim {
                budget: Some(budget),
                thinks: true,
                ..
            } => Some(budget.saturating_add(ANSWER_TOKENS)),
            _ => None,
        }
    }

    /// Writes the model's fields, and `output_config` of Claude with what the client put there.
    pub fn write(&self, to: &mut Object, output_config: Option<&RawValue>, is_ours: impl Fn(&str) -> bool) {
        match &self.form {
            Form::Verbatim { raw, .. } if is_ours("thinking") => {
                to.raw("thinking", raw);
            }
            Form::Budget(tokens) if is_ours("thinking") => {
                to.object("thinking")
                    .string("type", "enabled")
                    .number("budget_tokens", *tokens);
            }
            Form::Adaptive { display } if is_ours("thinking") => {
                let mut thinking = to.object("thinking");
                thinking.string("type", "adaptive");
                if let Some(display) = display {
                    thinking.text("display", display);
                }
            }
            Form::Effort(word) if is_ours("reasoning_effort") => {
                to.string("reasoning_effort", word);
            }
            Form::ReasoningConfig(word) if is_ours("reasoningConfig") => {
                let mut config = to.object("reasoningConfig");
                match word {
                    Some(word) => config.string("type", "enabled").string("maxReasoningEffort", word),
                    None => config.string("type", "disabled"),
                };
            }
            _ => {}
        }
        if is_ours("output_config") {
            write_output_config(to, self.effort, output_config);
        }
    }
}

fn write_output_config(to: &mut Object, effort: Option<&str>, clients: Option<&RawValue>) {
    let Some(effort) = effort else {
        to.maybe_raw("output_config", clients);
        return;
    };
    let Fields(clients) = clients
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default();
    let mut config = to.object("output_config");
    config.string("effort", effort);
    for field in clients.iter().filter(|(name, _)| name != "effort") {
        config.rest(std::slice::from_ref(field));
    }
}

type Told<'a> = (Form<'a>, Option<&'static str>);

/// `thinking` as the client wrote it.
fn asked<'a>(
    raw: &'a RawValue,
    model: Model,
    max_tokens: Option<u64>,
    parameters: &Parameters,
) -> Result<Told<'a>, Failure> {
    let asked: Asked = serde_json::from_str(raw.get()).map_err(|_| {
        let message = "`thinking` is an object with a `type` and, where that is `enabled`, its `budget_tokens`";
        Failure::bad_request("thinking", message)
    })?;
    let kind = asked.kind.as_ref().map_or("", |kind| kind.escaped());
    let word = || effort_of(asked.budget_tokens.unwrap_or(2048));
    let is_off = kind == "disabled";
    let form = match model.thinking {
        Ability::Never if is_off => Form::Silent,
        Ability::Never => {
            parameters.drop_or_refuse("thinking", "this model cannot be told to think")?;
            Form::Silent
        }
        Ability::Effort => Form::Effort(if is_off { "low" } else { three_words(word()) }),
        Ability::ReasoningConfig => Form::ReasoningConfig((!is_off).then(|| three_words(word()))),
        Ability::Budget if kind == "adaptive" => budget(2048, max_tokens),
        Ability::Adaptive if kind == "enabled" => {
            let effort = effort_of(asked.budget_tokens.unwrap_or(0));
            return Ok((Form::Adaptive { display: asked.display }, Some(effort)));
        }
        _ if is_off && model.always_thinks => Form::Silent,
        Ability::Budget | Ability::Either | Ability::Adaptive => Form::Verbatim {
            raw,
            thinks: !is_off,
            budget: asked.budget_tokens,
        },
    };
    Ok((form, None))
}

fn by_effort<'a>(
    word: &str,
    request: &Request,
    model: Model,
    max_tokens: Option<u64>,
    parameters: &Parameters,
) -> Result<Told<'a>, Failure> {
    if word == "none" {
        return Ok(match model.thinking {
            // It cannot but think; this is the least.
            Ability::Effort => (Form::Effort("low"), None),
            Ability::ReasoningConfig => (Form::ReasoningConfig(None), None),
            _ => (Form::Silent, None),
        });
    }
    let Some((word, tokens)) = BUDGETS.into_iter().find(|(known, _)| *known == word) else {
        let message = "`reasoning_effort` is one of none, minimal, low, medium, high, xhigh, max";
        return Err(Failure::new(Fault::BadRequest, message).parameter("reasoning_effort"));
    };
    Ok(match model.thinking {
        Ability::Never => {
            parameters.drop_or_refuse("reasoning_effort", "this model cannot be told to think")?;
            (Form::Silent, None)
        }
        Ability::Effort => (Form::Effort(three_words(word)), None),
        Ability::ReasoningConfig => (Form::ReasoningConfig(Some(three_words(word))), None),
        Ability::Budget if ends_in_unsigned_call(request) => (Form::Silent, None),
        Ability::Budget => (budget(tokens, max_tokens), None),
        Ability::Either | Ability::Adaptive => {
            let display = Some(Text::from_decoded("summarized"));
            (
                Form::Adaptive { display },
                Some(if word == "minimal" { "low" } else { word }),
            )
        }
    })
}

/// For models that know three words only.
fn three_words(word: &'static str) -> &'static str {
    match word {
        "minimal" => "low",
        "xhigh" | "max" => "high",
        word => word,
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
/// begun on another provider has it. With a budget Claude refuses that, and an effort is a wish, no order.
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

/// Whether thoughts stand among the parts of a message.
pub fn thinks_in_content(message: &Message) -> bool {
    let Some(Content::Parts(parts)) = &message.content else {
        return false;
    };
    parts
        .iter()
        .any(|part| matches!(&part.kind, Some(PartKind::Other(kind)) if kind.ends_with("thinking")))
}
