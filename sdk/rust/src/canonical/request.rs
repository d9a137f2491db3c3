//! The request of a chat completion.

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

use super::message::Message;
use super::text::{Text, kind};
use super::view::{deserialize_object, view, words};

view! {
    /// A chat completion's request. What only some providers know (`seed`, `logit_bias`, `top_k`, …) is in `rest`.
    Request {
        /// The model group, until the adapter puts the deployment's model in its place.
        "model" model: Text<'a>,
        /// The conversation, oldest first.
        "messages" messages: Vec<Message<'a>>,
        /// Whether the answer comes in chunks.
        "stream" stream: bool,
        /// How it comes in chunks.
        "stream_options" stream_options: StreamOptions<'a>,
        /// Most tokens to answer with; the older name.
        "max_tokens" max_tokens: &'a RawValue,
        /// Most tokens to answer with, reasoning included.
        "max_completion_tokens" max_completion_tokens: &'a RawValue,
        /// 0 to 2.
        "temperature" temperature: &'a RawValue,
        /// 0 to 1.
        "top_p" top_p: &'a RawValue,
        /// Texts that end the answer.
        "stop" stop: Stop<'a>,
        /// What the assistant may call.
        "tools" tools: Vec<Tool<'a>>,
        /// Whether it must.
        "tool_choice" tool_choice: ToolChoice<'a>,
        /// Whether it may call several at once.
        "parallel_tool_calls" parallel_tool_calls: bool,
        /// Text or JSON.
        "response_format" response_format: ResponseFormat<'a>,
        /// How long to think.
        "reasoning_effort" reasoning_effort: ReasoningEffort<'a>,
        /// The client's own name for the person it acts for.
        "user" user: Text<'a>,
        /// The client's notes; never sent to a provider that does not know them.
        "metadata" metadata: &'a RawValue,
    }
}

impl<'a> Request<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// A sentence for the client: not JSON, or a field of the wrong type.
    pub fn parse(body: &'a [u8]) -> Result<Self, String> {
        // Checking UTF-8 once is cheaper than serde_json's check of every raw value.
        let text = std::str::from_utf8(body).map_err(|error| format!("the request is not UTF-8: {error}"))?;
        serde_json::from_str(text).map_err(|error| format!("the request cannot be read: {error}"))
    }
}

view! {
    /// How an answer comes in chunks.
    StreamOptions {
        /// Whether a last chunk says the usage.
        "include_usage" include_usage: bool,
    }
}

view! {
    /// Something the assistant may call.
    Tool {
        /// `function`, `custom`, or a provider's own kind.
        "type" kind: Text<'a>,
        /// The function, where it is one.
        "function" function: FunctionTool<'a>,
        /// Ends a prefix that the provider should cache.
        "cache_control" cache_control: &'a RawValue,
    }
}

view! {
    /// A function the assistant may call.
    FunctionTool {
        /// Its name.
        "name" name: Text<'a>,
        /// What it does, for the model.
        "description" description: Text<'a>,
        /// JSON Schema of its arguments.
        "parameters" parameters: &'a RawValue,
        /// Whether the arguments must fit the schema exactly.
        "strict" strict: bool,
        /// Ends a prefix that the provider should cache.
        "cache_control" cache_control: &'a RawValue,
    }
}

view! {
    /// What form the answer takes.
    ResponseFormat {
        /// Which.
        "type" kind: ResponseKind<'a>,
        /// Of [`ResponseKind::JsonSchema`].
        "json_schema" json_schema: JsonSchema<'a>,
        /// A schema where [`ResponseKind::JsonObject`] stands; an extension.
        "response_schema" response_schema: &'a RawValue,
    }
}

words! {
    /// Text or JSON.
    ResponseKind {
        "text" Text,
        /// Any JSON object.
        "json_object" JsonObject,
        /// JSON that fits a schema.
        "json_schema" JsonSchema,
    }
}

view! {
    /// A schema with a name.
    JsonSchema {
        /// Its name.
        "name" name: Text<'a>,
        /// What it is for.
        "description" description: Text<'a>,
        /// JSON Schema.
        "schema" schema: &'a RawValue,
        /// Whether the answer must fit it exactly.
        "strict" strict: bool,
    }
}

deserialize_object!(Request StreamOptions Tool FunctionTool ResponseFormat JsonSchema);

/// Texts that end an answer: one string or a list of them.
#[derive(Debug, Clone)]
pub struct Stop<'a>(pub Vec<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Stop<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'a RawValue>::deserialize(deserializer)?;
        match Text::of(raw) {
            Some(text) => Ok(Self(vec![text])),
            None => serde_json::from_str(raw.get()).map(Self).map_err(D::Error::custom),
        }
    }
}

/// Whether tools must be called.
#[derive(Debug, Clone)]
pub enum ToolChoice<'a> {
    /// As the model sees fit.
    Auto,
    /// None.
    None,
    /// At least one.
    Required,
    /// This function.
    Named(Text<'a>),
    /// Something else, as it stands.
    Other(&'a RawValue),
}

impl<'de: 'a, 'a> Deserialize<'de> for ToolChoice<'a> {
    /// Words, `{"type": "function", "function": {"name"}}`, and words as `{"type": word}`, which some clients send.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow, default, rename = "type")]
            kind: Option<Text<'a>>,
            #[serde(borrow, default)]
            function: Option<Function<'a>>,
        }
        #[derive(Deserialize)]
        struct Function<'a> {
            #[serde(borrow)]
            name: Text<'a>,
        }

        let raw = <&'a RawValue>::deserialize(deserializer)?;
        if let Some(word) = Text::of(raw) {
            return Ok(Self::word(&word).unwrap_or(Self::Other(raw)));
        }
        let named: Named = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        Ok(match (named.function, named.kind) {
            (Some(function), _) => Self::Named(function.name),
            (None, Some(kind)) => Self::word(&kind).unwrap_or(Self::Other(raw)),
            (None, None) => Self::Other(raw),
        })
    }
}

impl ToolChoice<'_> {
    fn word(word: &Text) -> Option<Self> {
        match word.escaped() {
            "auto" => Some(Self::Auto),
            "none" => Some(Self::None),
            "required" | "any" => Some(Self::Required),
            _ => None,
        }
    }
}

/// How long to think: `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`.
#[derive(Debug, Clone)]
pub struct ReasoningEffort<'a>(pub Text<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for ReasoningEffort<'a> {
    /// A word, or `{"effort": word}` as the Responses API has it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Detailed<'a> {
            #[serde(borrow)]
            effort: Text<'a>,
        }

        let raw = <&'a RawValue>::deserialize(deserializer)?;
        if let Some(word) = Text::of(raw) {
            return Ok(Self(word));
        }
        let expected = || format!("reasoning_effort is a word, not {}", kind(raw));
        serde_json::from_str::<Detailed>(raw.get())
            .map(|detailed| Self(detailed.effort))
            .map_err(|_| D::Error::custom(expected()))
    }
}
