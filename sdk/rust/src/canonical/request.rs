//! The request of a chat completion.

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

use super::message::Message;
use super::text::{Text, kind};
use super::view::{deserialize_object, view, words};

view! {
    /// A chat completion's request. Parameters that only some providers have (`seed`, `logit_bias`, `top_k`, …) are in
    /// `rest`.
    Request {
        /// The model group; the adapter replaces it by the deployment's model.
        "model" model: Text<'a>,
        /// The conversation, oldest first.
        "messages" messages: Vec<Message<'a>>,
        /// Whether to stream the answer. Default: false.
        "stream" stream: bool,
        /// Options for a streamed answer.
        "stream_options" stream_options: StreamOptions<'a>,
        /// Maximum number of tokens in the answer; the older name of `max_completion_tokens`.
        "max_tokens" max_tokens: &'a RawValue,
        /// Maximum number of tokens in the answer, reasoning included.
        "max_completion_tokens" max_completion_tokens: &'a RawValue,
        /// Sampling temperature, 0 to 2.
        "temperature" temperature: &'a RawValue,
        /// Probability mass for nucleus sampling, 0 to 1.
        "top_p" top_p: &'a RawValue,
        /// Texts at which the answer ends.
        "stop" stop: Stop<'a>,
        /// The tools that the assistant may call.
        "tools" tools: Vec<Tool<'a>>,
        /// Whether the assistant must call a tool, and which one.
        "tool_choice" tool_choice: ToolChoice<'a>,
        /// Whether the assistant may call several tools at once.
        "parallel_tool_calls" parallel_tool_calls: bool,
        /// The form of the answer: text or JSON.
        "response_format" response_format: ResponseFormat<'a>,
        /// How much to think before the answer.
        "reasoning_effort" reasoning_effort: ReasoningEffort<'a>,
        /// The client's identifier of its own end user.
        "user" user: Text<'a>,
        /// The client's own data. It is never sent to a provider that does not support it.
        "metadata" metadata: &'a RawValue,
    }
}

impl<'a> Request<'a> {
    /// Parses a request body.
    ///
    /// # Errors
    /// A sentence for the client: the body is not JSON, or a field has the wrong type.
    pub fn parse(body: &'a [u8]) -> Result<Self, String> {
        // Checking UTF-8 once is cheaper than serde_json's check of every raw value.
        let text = std::str::from_utf8(body).map_err(|error| format!("the request is not UTF-8: {error}"))?;
        serde_json::from_str(text).map_err(|error| format!("the request cannot be read: {error}"))
    }
}

view! {
    /// Options for a streamed answer.
    StreamOptions {
        /// Whether the last chunk has the usage. Default: false.
        "include_usage" include_usage: bool,
    }
}

view! {
    /// A tool that the assistant may call.
    Tool {
        /// `function`, `custom`, or a type that only one provider has.
        "type" kind: Text<'a>,
        /// The function, if `type` is `function`.
        "function" function: FunctionTool<'a>,
        /// Marks the end of a prefix that the provider should cache.
        "cache_control" cache_control: &'a RawValue,
    }
}

view! {
    /// A function that the assistant may call.
    FunctionTool {
        /// The name of the function.
        "name" name: Text<'a>,
        /// What the function does, for the model.
        "description" description: Text<'a>,
        /// JSON Schema of the arguments.
        "parameters" parameters: &'a RawValue,
        /// Whether the arguments must fit the schema exactly.
        "strict" strict: bool,
        /// Marks the end of a prefix that the provider should cache.
        "cache_control" cache_control: &'a RawValue,
    }
}

view! {
    /// The form of the answer.
    ResponseFormat {
        /// Text or JSON.
        "type" kind: ResponseKind<'a>,
        /// The schema, for [`ResponseKind::JsonSchema`].
        "json_schema" json_schema: JsonSchema<'a>,
        /// A schema for [`ResponseKind::JsonObject`]; an extension of OpenAI's API.
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
        /// The name of the schema.
        "name" name: Text<'a>,
        /// What the schema is for, for the model.
        "description" description: Text<'a>,
        /// JSON Schema.
        "schema" schema: &'a RawValue,
        /// Whether the answer must fit the schema exactly.
        "strict" strict: bool,
    }
}

deserialize_object!(Request StreamOptions Tool FunctionTool ResponseFormat JsonSchema);

/// Texts at which the answer ends: one string or a list of strings.
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

/// Whether the assistant must call a tool.
#[derive(Debug, Clone)]
pub enum ToolChoice<'a> {
    /// The model decides.
    Auto,
    /// No tool.
    None,
    /// At least one tool.
    Required,
    /// The function with this name.
    Named(Text<'a>),
    /// Any other value, as the client wrote it.
    Other(&'a RawValue),
}

impl<'de: 'a, 'a> Deserialize<'de> for ToolChoice<'a> {
    /// Reads a word, `{"type": "function", "function": {"name"}}`, or `{"type": word}`, which some clients send.
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

/// How much to think: `none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`. Other words are kept too.
#[derive(Debug, Clone)]
pub struct ReasoningEffort<'a>(pub Text<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for ReasoningEffort<'a> {
    /// Reads a word, or `{"effort": word}` as in the Responses API.
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
