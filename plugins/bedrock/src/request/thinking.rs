//! How long to think: by a budget of tokens, by a word, or in words of the model's own
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/inference-reasoning.html>,
//! <https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html>). Whichever the client asks for, the
//! model is told in the form it takes.

use sluice_sdk::Failure;
use sluice_sdk::adapter::Parameters;
use sluice_sdk::adapter::claude::{self, Ability, Asked, Effort};
use sluice_sdk::canonical::{Fields, Object, RawValue, Request};

use super::fields::Own;
use crate::model::{Family, Model, Thinking as Told};

/// Tokens to answer with beside what is thought, where the client sets no limit: LiteLLM's.
const ANSWER_TOKENS: u64 = 4096;

/// Why a model is told nothing.
const CANNOT: &str = "this model cannot be told to think";

/// What the model is told.
#[derive(Default)]
pub struct Thinking<'a> {
    form: Form<'a>,
    /// Whether it is Claude, which says how much it thought.
    counts: bool,
}

enum Form<'a> {
    /// `thinking` and `output_config.effort`, or nothing.
    AsClaude(claude::Thinking<'a>),
    /// `reasoning_effort`.
    Effort(&'static str),
    /// Nova's `reasoningConfig`; without a word it is off.
    ReasoningConfig(Option<&'static str>),
}

impl Default for Form<'_> {
    fn default() -> Self {
        Self::AsClaude(claude::Thinking::default())
    }
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
        let form = match (own.thinking, &request.reasoning_effort) {
            (Some(raw), _) => asked(raw, model, max_tokens, parameters)?,
            (None, Some(effort)) => by_effort(effort.0.escaped(), request, model, max_tokens, parameters)?,
            (None, None) => Form::default(),
        };
        let mut thinking = Self { form, counts: false };
        thinking.counts = thinking.is_on() && model.family == Family::Claude;
        Ok(thinking)
    }

    /// Whether the model will think, in a way that keeps it from being forced to call tools.
    pub fn is_on(&self) -> bool {
        matches!(&self.form, Form::AsClaude(thinking) if thinking.is_on())
    }

    /// Whether the model can say how much it thought.
    pub fn counts(&self) -> bool {
        self.counts
    }

    /// The limit to set where the client sets none: it includes what is thought.
    pub fn max_tokens(&self) -> Option<u64> {
        match &self.form {
            Form::AsClaude(thinking) if thinking.is_on() => {
                thinking.budget().map(|budget| budget.saturating_add(ANSWER_TOKENS))
            }
            _ => None,
        }
    }

    /// Writes the model's fields, and `output_config` of Claude with what the client put there.
    pub fn write(&self, to: &mut Object, output_config: Option<&RawValue>, is_ours: impl Fn(&str) -> bool) {
        let mut word = None;
        match &self.form {
            Form::AsClaude(thinking) => {
                word = thinking.effort();
                if is_ours("thinking") {
                    thinking.write(to);
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
            Form::Effort(_) | Form::ReasoningConfig(_) => {}
        }
        if is_ours("output_config") {
            write_output_config(to, word, output_config);
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

/// `thinking` as the client wrote it.
fn asked<'a>(
    raw: &'a RawValue,
    model: Model,
    max_tokens: Option<u64>,
    parameters: &Parameters,
) -> Result<Form<'a>, Failure> {
    let asked: Asked = serde_json::from_str(raw.get()).map_err(|_| {
        let message = "`thinking` is an object with a `type` and, where that is `enabled`, its `budget_tokens`";
        Failure::bad_request("thinking", message)
    })?;
    let word = three_words(Effort::word_of(asked.budget_tokens.unwrap_or(2048)));
    let is_off = asked.kind() == "disabled";
    Ok(match model.thinking {
        Told::AsClaude(Ability::Never) if is_off => Form::default(),
        Told::AsClaude(Ability::Never) => {
            parameters.drop_or_refuse("thinking", CANNOT)?;
            Form::default()
        }
        Told::AsClaude(ability) => {
            let thinking = claude::Thinking::asked(raw, asked, ability, model.always_thinks, max_tokens);
            Form::AsClaude(thinking)
        }
        Told::Effort => Form::Effort(if is_off { "low" } else { word }),
        Told::ReasoningConfig => Form::ReasoningConfig((!is_off).then_some(word)),
    })
}

fn by_effort<'a>(
    word: &str,
    request: &Request,
    model: Model,
    max_tokens: Option<u64>,
    parameters: &Parameters,
) -> Result<Form<'a>, Failure> {
    let Some(effort) = Effort::read(word)? else {
        return Ok(match model.thinking {
            // It cannot but think; this is the least.
            Told::Effort => Form::Effort("low"),
            Told::ReasoningConfig => Form::ReasoningConfig(None),
            Told::AsClaude(_) => Form::default(),
        });
    };
    Ok(match model.thinking {
        Told::AsClaude(Ability::Never) => {
            parameters.drop_or_refuse("reasoning_effort", CANNOT)?;
            Form::default()
        }
        Told::AsClaude(ability) => {
            let thinking = claude::Thinking::by_effort(effort, request, ability, max_tokens);
            Form::AsClaude(thinking)
        }
        Told::Effort => Form::Effort(three_words(effort.word)),
        Told::ReasoningConfig => Form::ReasoningConfig(Some(three_words(effort.word))),
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
