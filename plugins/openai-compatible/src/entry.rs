//! One provider, as in `config/providers.json` and in the plugin's settings. `config/CATALOGUES.md` documents each
//! field.
//!
//! `build.rs` compiles this file too: the table is checked by the same code as an operator's own entries, and is
//! written out as constants. So the fields are `Cow`: borrowed in the table, owned in the settings.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

pub type Text = Cow<'static, str>;
pub type List<T> = Cow<'static, [T]>;

/// A JSON object as a list of pairs, in the order of the document. Short lists are faster to search than maps, and can
/// be constants.
#[derive(Debug, Clone)]
pub struct Pairs<T: Clone + 'static>(pub List<(Text, T)>);

/// A JSON value as text.
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
    /// Patterns of the models that this adapter serves, if other adapters serve the provider's other models.
    #[serde(default)]
    pub serves: List<Text>,
    #[serde(default)]
    pub auth: Proof,
    #[serde(default)]
    pub token_parameter: Option<Text>,
    #[serde(default)]
    pub token_exchange: Option<Json>,
    #[serde(default)]
    pub signed_token: Option<Json>,
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

/// Rules for some models of the provider, in addition to those of the entry.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRule {
    /// Texts in lower case. The rule applies to models whose name contains one of them.
    pub names: List<Text>,
    /// Texts in lower case. The rule does not apply to models whose name contains one of them.
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
    /// The type of the tool that replaces `web_search_options`.
    #[serde(default)]
    pub web_search_tool: Option<Text>,
    /// The replacement of a JSON schema.
    #[serde(default)]
    pub schema: Option<SchemaBy>,
    #[serde(default)]
    pub thinking: Option<Thinking>,
    #[serde(default)]
    pub replay: Option<Replay>,
}

/// In which form the provider is asked to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thinking {
    /// `thinking: {"type": "enabled"}` or `"disabled"`, without a budget. `reasoning_effort` turns thinking on or off
    /// too.
    Switch,
    /// `reasoning_effort`, never `thinking`.
    Effort,
    /// `thinking` with a budget in tokens, never `reasoning_effort`.
    Budget,
}

/// The replacement of a JSON schema, for models that do not support schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchemaBy {
    /// A tool whose arguments are the answer.
    Tool,
    /// A message at the end, with `response_format: {"type": "json_object"}`.
    Prompt,
}

/// What happens to the reasoning in earlier assistant messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replay {
    /// Messages with tool calls get a `reasoning_content`: a space if there is none.
    FillCalls,
    /// All assistant messages get a `reasoning_content` while the model thinks.
    FillAll,
    /// The reasoning becomes a part of type `thinking` before the other parts.
    Parts,
}

/// How the provider's answers differ from OpenAI's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerPatch {
    /// Content is a list with parts of type `thinking`.
    ThinkingParts,
    /// Reasoning tokens are not part of `completion_tokens`.
    ReasoningOutside,
    /// `citations` and `search_results` are next to the choices, and the text refers to them as `[1]`.
    Citations,
}

/// How the host authenticates.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    #[default]
    Bearer,
    /// A bearer token if a key is given, and nothing otherwise: for the operator's own servers.
    None,
    /// The key without a scheme, in the header with this name.
    Header(Text),
    /// A Google access token, for Vertex AI.
    Google,
}

/// The range to which a number is clamped; at least one end is given.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    #[serde(default)]
    pub min: Option<f64>,
    #[serde(default)]
    pub max: Option<f64>,
}

/// The path of an operation below the base, which is the same for every provider: the words of the operation
/// (<https://platform.openai.com/docs/api-reference>).
pub fn operation_path(operation: &str) -> String {
    format!("/{}", operation.replacen('-', "/", 1))
}

impl Entry {
    /// Checks what the types cannot.
    ///
    /// # Errors
    /// A sentence that names the entry, the field and how to fix it.
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

    /// The rules that apply to this model.
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

/// Reads the members of an object in the order of the document.
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
