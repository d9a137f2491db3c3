//! Extended thinking (<https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking>): older models take a
//! budget in tokens, newer ones an effort as a word. The client's form is converted to the one that the model takes.

use serde::Deserialize;

use super::effort::{BUDGET_MIN, Effort};
use crate::canonical::{Content, Message, Object, PartKind, RawValue, Request, Role, Text};

/// The budget in tokens if the client leaves the amount to the model.
const BUDGET_DEFAULT: u64 = 2048;

/// In which form a model is asked to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// The model cannot think: before Claude 3.7.
    Never,
    /// By `thinking` with a budget of tokens: 3.7 to 4.5.
    Budget,
    /// By an effort (`output_config.effort`), or still by a budget: 4.6.
    Either,
    /// By an effort only: 4.7 and later.
    Adaptive,
}

/// The request's field `thinking`.
#[derive(Debug, Deserialize)]
pub struct Asked<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<Text<'a>>,
    /// Maximum number of thinking tokens, if the client gives one.
    #[serde(default)]
    pub budget_tokens: Option<u64>,
    #[serde(borrow, default)]
    display: Option<Text<'a>>,
}

impl Asked<'_> {
    /// The field `type`: `enabled`, `adaptive`, `disabled`, or empty.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.kind.as_ref().map_or("", Text::escaped)
    }
}

/// What to send about thinking. The default sends nothing, so that the model uses its own default.
#[derive(Debug, Default)]
pub struct Thinking<'a> {
    form: Form<'a>,
    effort: Option<&'static str>,
}

#[derive(Debug, Default)]
enum Form<'a> {
    #[default]
    Silent,
    /// Exactly as the client wrote it.
    Verbatim {
        raw: &'a RawValue,
        thinks: bool,
        budget: Option<u64>,
    },
    Budget(u64),
    /// The model decides how long to think. Thoughts are shown as a summary unless the client asks for something else.
    Adaptive {
        display: Option<Text<'a>>,
    },
}

impl<'a> Thinking<'a> {
    /// From the field `thinking`, which the client wrote as `raw`. With [`Ability::Never`] it is sent as the client
    /// wrote it: a caller that wants it refused or dropped must do so before.
    #[must_use]
    pub fn asked(
        raw: &'a RawValue,
        asked: Asked<'a>,
        ability: Ability,
        always_thinks: bool,
        max_tokens: Option<u64>,
    ) -> Self {
        let form = match (asked.kind(), ability) {
            ("adaptive", Ability::Budget) => Form::budget(BUDGET_DEFAULT, max_tokens),
            ("enabled", Ability::Adaptive) => {
                return Self {
                    effort: Some(Effort::word_of(asked.budget_tokens.unwrap_or(0))),
                    form: Form::Adaptive { display: asked.display },
                };
            }
            ("disabled", _) if always_thinks => Form::Silent,
            (kind, _) => Form::Verbatim {
                raw,
                thinks: kind != "disabled",
                budget: asked.budget_tokens,
            },
        };
        Self { form, effort: None }
    }

    /// From `reasoning_effort`. For a model that cannot think, nothing is sent.
    #[must_use]
    pub fn by_effort(effort: Effort, request: &Request, ability: Ability, max_tokens: Option<u64>) -> Self {
        match ability {
            Ability::Never => Self::default(),
            Ability::Budget if ends_in_unsigned_call(request) => Self::default(),
            Ability::Budget => Self {
                form: Form::budget(effort.tokens, max_tokens),
                effort: None,
            },
            Ability::Either | Ability::Adaptive => Self {
                form: Form::Adaptive {
                    display: Some(Text::from_decoded("summarized")),
                },
                effort: Some(if effort.word == "minimal" { "low" } else { effort.word }),
            },
        }
    }

    /// Whether the model will think. A model that thinks cannot be forced to call a tool.
    #[must_use]
    pub fn is_on(&self) -> bool {
        match self.form {
            Form::Silent => false,
            Form::Verbatim { thinks, .. } => thinks,
            Form::Budget(_) | Form::Adaptive { .. } => true,
        }
    }

    /// The thinking budget in tokens, if there is one.
    #[must_use]
    pub fn budget(&self) -> Option<u64> {
        match self.form {
            Form::Budget(tokens) => Some(tokens),
            Form::Verbatim { budget, .. } => budget,
            Form::Silent | Form::Adaptive { .. } => None,
        }
    }

    /// The value for `output_config.effort`, if there is one.
    #[must_use]
    pub fn effort(&self) -> Option<&'static str> {
        self.effort
    }

    /// Writes the field `thinking`, or nothing if the model's default applies.
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

impl Form<'_> {
    /// The budget must be smaller than `max_tokens`. If not even the smallest budget fits, none is sent.
    fn budget(tokens: u64, max_tokens: Option<u64>) -> Self {
        match max_tokens {
            Some(max) if max <= BUDGET_MIN => Self::Silent,
            Some(max) => Self::Budget(tokens.min(max - 1)),
            None => Self::Budget(tokens),
        }
    }
}

/// One of LiteLLM's `thinking_blocks`. Claude accepts a block only with a signature, or as encrypted data.
#[derive(Debug, Default, Deserialize)]
pub struct Thought<'a> {
    /// The text of the thought.
    #[serde(borrow, default)]
    pub thinking: Option<Text<'a>>,
    /// The signature of a thought in plain text.
    #[serde(borrow, default)]
    pub signature: Option<Text<'a>>,
    /// The content of a redacted thought, which has no other field.
    #[serde(borrow, default)]
    pub data: Option<Text<'a>>,
}

/// Whether the last assistant message called tools and has no signed thought, as in a conversation that began with
/// another provider. Claude refuses such a conversation if a budget is given. An effort is only a preference, so it can
/// be dropped.
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

/// Whether the content already contains thinking blocks, so that adding `thinking_blocks` would send them twice.
#[must_use]
pub fn thinks_in_content(message: &Message) -> bool {
    let Some(Content::Parts(parts)) = &message.content else {
        return false;
    };
    parts
        .iter()
        .any(|part| matches!(&part.kind, Some(PartKind::Other(kind)) if kind.ends_with("thinking")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(thinking: &Thinking) -> String {
        let mut out = Vec::new();
        thinking.write(&mut Object::begin(&mut out));
        String::from_utf8(out).unwrap()
    }

    fn by_effort(word: &str, ability: Ability, max_tokens: Option<u64>) -> (String, Option<&'static str>) {
        let effort = Effort::read(word).unwrap().unwrap();
        let thinking = Thinking::by_effort(effort, &Request::default(), ability, max_tokens);
        (written(&thinking), thinking.effort())
    }

    #[test]
    fn a_budget_stays_below_the_answers_limit() {
        let budget = |max| by_effort("high", Ability::Budget, max).0;
        assert_eq!(budget(None), r#"{"thinking":{"type":"enabled","budget_tokens":4096}}"#);
        assert_eq!(
            budget(Some(3000)),
            r#"{"thinking":{"type":"enabled","budget_tokens":2999}}"#
        );
        assert_eq!(budget(Some(1024)), "{}");
    }

    #[test]
    fn newer_models_are_told_a_word() {
        let (thinking, effort) = by_effort("minimal", Ability::Either, None);
        assert_eq!(thinking, r#"{"thinking":{"type":"adaptive","display":"summarized"}}"#);
        assert_eq!(effort, Some("low"));
        assert_eq!(by_effort("max", Ability::Adaptive, None).1, Some("max"));
    }

    #[test]
    fn what_the_client_wrote_is_put_in_the_models_form() {
        let asked = |json, ability, always_thinks| {
            let asked = serde_json::from_str(json).unwrap();
            let raw = serde_json::from_str(json).unwrap();
            let thinking = Thinking::asked(raw, asked, ability, always_thinks, None);
            (written(&thinking), thinking.effort(), thinking.is_on())
        };
        let budget = r#"{"type":"enabled","budget_tokens":5000}"#;
        let same = format!(r#"{{"thinking":{budget}}}"#);
        assert_eq!(asked(budget, Ability::Either, false), (same, None, true));
        let adaptive = r#"{"thinking":{"type":"adaptive"}}"#.to_owned();
        assert_eq!(asked(budget, Ability::Adaptive, false), (adaptive, Some("high"), true));
        let default = r#"{"thinking":{"type":"enabled","budget_tokens":2048}}"#.to_owned();
        assert_eq!(
            asked(r#"{"type":"adaptive"}"#, Ability::Budget, false),
            (default, None, true)
        );
        let off = r#"{"type":"disabled"}"#;
        assert_eq!(asked(off, Ability::Adaptive, true), ("{}".into(), None, false));
        assert_eq!(
            asked(off, Ability::Adaptive, false),
            (format!(r#"{{"thinking":{off}}}"#), None, false)
        );
    }
}
