//! One provider as `config/providers.json` and the plugin's settings describe it; `config/CATALOGUES.md` says what
//! each field means.
//!
//! `build.rs` compiles this file too: it checks the table with the same code that checks an operator's own entries, and
//! writes the entries out as constants. Hence `Cow`: borrowed in the table, owned in the settings.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

pub type Text = Cow<'static, str>;
pub type List<T> = Cow<'static, [T]>;

/// A JSON object as pairs, in the order written: short lists are faster to walk than maps, and can be constants.
#[derive(Debug, Clone)]
pub struct Pairs<T: Clone + 'static>(pub List<(Text, T)>);

/// A JSON value as its text.
#[derive(Debug, Clone)]
pub struct Json(pub Text);

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub name: Text,
    pub base_url: Text,
    #[serde(default)]
    pub key_env: List<Text>,
    #[serde(default)]
    pub base_env: Option<Text>,
    #[serde(default)]
    pub parameter_env: Pairs<List<Text>>,
    #[serde(default)]
    pub path_prefix: Option<Text>,
    #[serde(default)]
    pub model_prefix: Option<Text>,
    /// Patterns, when it serves some of the provider's models only and other adapters the rest.
    #[serde(default)]
    pub serves: List<Text>,
    #[serde(default)]
    pub auth: Proof,
    #[serde(default)]
    pub token_parameter: Option<Text>,
    #[serde(default)]
    pub token_exchange: Option<Json>,
    pub operations: List<Text>,
    #[serde(default)]
    pub drop: List<Text>,
    #[serde(default)]
    pub unsupported: List<Text>,
    #[serde(default)]
    pub takes: List<Text>,
    #[serde(default)]
    pub rename: Pairs<Text>,
    #[serde(default)]
    pub clamp: Pairs<Bounds>,
    #[serde(default)]
    pub values: Pairs<Pairs<Text>>,
    #[serde(default)]
    pub set: Pairs<Json>,
    #[serde(default)]
    pub no_stream_options: bool,
    #[serde(default)]
    pub content_to_string: bool,
    #[serde(default)]
    pub tool_content_to_string: bool,
    #[serde(default)]
    pub strip_message_name: bool,
    #[serde(default)]
    pub name_for: List<Text>,
    #[serde(default)]
    pub plain_messages: bool,
    #[serde(default)]
    pub document_parts: bool,
    #[serde(default)]
    pub cache_control_in_parts: bool,
    #[serde(default)]
    pub required_choice_is_asked: bool,
    #[serde(default)]
    pub strip_from_messages: List<Text>,
    #[serde(default)]
    pub strip_from_tools: List<Text>,
    #[serde(default)]
    pub function_tools_only: bool,
    #[serde(default)]
    pub tools_need_parameters: bool,
    #[serde(default)]
    pub defaults: Pairs<Json>,
    #[serde(default)]
    pub headers: Pairs<Text>,
    #[serde(default)]
    pub thinking: Option<Thinking>,
    #[serde(default)]
    pub replay: Option<Replay>,
    #[serde(default)]
    pub answer: List<AnswerPatch>,
    #[serde(default)]
    pub models: List<ModelRule>,
}

/// What differs for some models of the provider; added to what the entry says.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRule {
    /// The rule is for models whose name has one of these in it, in lower case…
    pub names: List<Text>,
    /// …and none of these.
    #[serde(default)]
    pub except: List<Text>,
    #[serde(default)]
    pub drop: List<Text>,
    #[serde(default)]
    pub unsupported: List<Text>,
    #[serde(default)]
    pub values: Pairs<Pairs<Text>>,
    #[serde(default)]
    pub set: Pairs<Json>,
    /// Type of the tool that stands for `web_search_options`.
    #[serde(default)]
    pub web_search_tool: Option<Text>,
    /// How a JSON schema is sent.
    #[serde(default)]
    pub schema: Option<SchemaBy>,
    #[serde(default)]
    pub thinking: Option<Thinking>,
    #[serde(default)]
    pub replay: Option<Replay>,
}

/// How the provider is asked to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thinking {
    /// `thinking: {"type": "enabled"}` or `"disabled"`, without a budget; `reasoning_effort` turns it on or off too.
    Switch,
    /// `reasoning_effort`, never `thinking`.
    Effort,
    /// `thinking` with a budget of tokens, never `reasoning_effort`.
    Budget,
}

/// What a JSON schema becomes, where models know none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchemaBy {
    /// A tool whose arguments are the answer.
    Tool,
    /// A last message, with `response_format: {"type": "json_object"}`.
    Prompt,
}

/// What becomes of the reasoning in earlier messages of the assistant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replay {
    /// Messages with tool calls need a `reasoning_content`: a space where there is none.
    FillCalls,
    /// The same for all of the assistant's messages, while the model thinks.
    FillAll,
    /// It becomes a part of type `thinking` before the others.
    Parts,
}

/// How an answer differs from OpenAI's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerPatch {
    /// Content is a list with parts of type `thinking`.
    ThinkingParts,
    /// Reasoning tokens are not part of `completion_tokens`.
    ReasoningOutside,
    /// `citations` and `search_results` stand beside the choices, and the text refers to them as `[1]`.
    Citations,
}

/// How the host proves who we are.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    #[default]
    Bearer,
    /// Bearer when a key is given, nothing otherwise: servers of one's own.
    None,
    /// The bare key in the header of this name.
    Header(Text),
    /// An access token of Google's, for Vertex AI.
    Google,
}

/// The range that a number is brought into; at least one end is given.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    #[serde(default)]
    pub min: Option<f64>,
    #[serde(default)]
    pub max: Option<f64>,
}

/// The path of an operation below the base, the same at every provider: its words, as
/// <https://platform.openai.com/docs/api-reference> has them.
pub fn operation_path(operation: &str) -> String {
    format!("/{}", operation.replacen('-', "/", 1))
}

impl Entry {
    /// What the types do not rule out.
    ///
    /// # Errors
    /// A sentence that names the entry, the field and the mend.
    pub fn check(&self) -> Result<(), String> {
        let fail = |sentence: String| Err(format!("provider `{}`: {sentence}", self.name));
        if self.name.is_empty() || self.name.contains('/') {
            return fail(
                "`name` is the part of `model` before its first `/`, so it is not empty and has no `/`".into(),
            );
        }
        if !(self.base_url.is_empty() || self.base_url.starts_with("https://") || self.base_url.starts_with("http://"))
        {
            return fail(format!(
                "`base_url` is `{}`; it begins with https:// or http://, or is empty",
                self.base_url
            ));
        }
        if self.operations.is_empty() {
            return fail("`operations` is empty; name at least one".into());
        }
        if let Some((parameter, _)) = self.parameter_env.iter().find(|(name, _)| !self.has_placeholder(name)) {
            return fail(format!(
                "`parameter_env` names `{parameter}`, but `base_url` has no `{{{parameter}}}`"
            ));
        }
        if self
            .path_prefix
            .as_ref()
            .is_some_and(|prefix| !prefix.starts_with('/') || prefix.ends_with('/'))
        {
            return fail("`path_prefix` begins with `/` and does not end with it".into());
        }
        if let Some((field, _)) = self.clamp.iter().find(|(_, bounds)| !bounds.make_sense()) {
            return fail(format!(
                "`clamp` of `{field}` needs a `min` or a `max`, and `min` not over `max`"
            ));
        }
        if let Some((field, _)) = self.set.iter().find(|(_, value)| value.0 == "null") {
            return fail(format!(
                "`set` gives `{field}` no value; to remove a field, name it under `drop`"
            ));
        }
        if self.models.iter().any(|rule| rule.names.is_empty()) {
            return fail("a rule of `models` needs `names`: parts of the names of the models it is for".into());
        }
        Ok(())
    }

    /// The rules for this model.
    pub fn rules<'a>(&'a self, model: &str) -> impl Iterator<Item = &'a ModelRule> {
        let model = if self.models.is_empty() {
            String::new()
        } else {
            model.to_ascii_lowercase()
        };
        self.models.iter().filter(move |rule| {
            let is_named = |names: &[Text]| names.iter().any(|name| model.contains(name.as_ref()));
            is_named(&rule.names) && !is_named(&rule.except)
        })
    }

    fn has_placeholder(&self, parameter: &str) -> bool {
        self.base_url.contains(&format!("{{{parameter}}}"))
    }
}

impl Bounds {
    fn make_sense(&self) -> bool {
        match (self.min, self.max) {
            (Some(min), Some(max)) => min <= max,
            (min, max) => min.is_some() || max.is_some(),
        }
    }
}

impl<T: Clone + 'static> Pairs<T> {
    pub fn iter(&self) -> std::slice::Iter<'_, (Text, T)> {
        self.0.iter()
    }
}

impl<T: Clone + 'static> Default for Pairs<T> {
    fn default() -> Self {
        Self(Cow::Borrowed(&[]))
    }
}

impl<'de, T: Clone + Deserialize<'de> + 'static> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

/// Reads an object's members in the order written.
struct InOrder<T>(PhantomData<T>);

impl<'de, T: Clone + Deserialize<'de> + 'static> Visitor<'de> for InOrder<T> {
    type Value = Pairs<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = members.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(Cow::Owned(pairs)))
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(Cow::Owned(value.get().to_owned())))
    }
}
