//! The fields other than the conversation: those that only Ollama has, its options, those that it does not support, and
//! those meant for a gateway.

use std::borrow::Cow;

use serde::Deserialize;
use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, changes_nothing, is_for_gateway};
use sluice_sdk::canonical::{self, Object, RawValue, Request, Text};

use crate::answer::Form;

/// OpenAI's parameters that Ollama does not have. As in LiteLLM they are refused, or dropped with `drop_params`; a
/// value without effect is always dropped.
const UNSUPPORTED: [&str; 16] = [
    "n",
    "best_of",
    "echo",
    "logit_bias",
    "modalities",
    "audio",
    "prediction",
    "verbosity",
    "web_search_options",
    "include_server_side_tool_invocations",
    "store",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "extra_headers",
];

/// Ollama's fields outside of `options` that both endpoints accept. With `_debug_render_only` the answer is the prompt.
const COMMON: [&str; 4] = ["keep_alive", "truncate", "shift", "_debug_render_only"];

/// Fields that only `/api/generate` accepts.
const GENERATE: [&str; 9] = [
    "suffix", "system", "template", "context", "raw", "images", "width", "height", "steps",
];

/// The fields of a request, sorted by where they go.
#[derive(Default)]
pub struct Fields<'a> {
    /// For text completions.
    pub prompt: Option<&'a RawValue>,
    /// For chats: the system message before all messages.
    pub system: Option<Text<'a>>,
    /// The format in Ollama's own form.
    pub format: Option<&'a RawValue>,
    pub functions: Option<&'a RawValue>,
    pub function_call: Option<&'a RawValue>,
    /// The client's `extra_body`, which is applied to the finished request.
    pub extra_body: Option<&'a RawValue>,
    think: Option<Cow<'a, str>>,
    logprobs: bool,
    top_logprobs: Option<&'a RawValue>,
    /// Fields outside of `options`.
    fields: Vec<(&'static str, &'a RawValue)>,
    /// Fields of `options`: <https://github.com/ollama/ollama/blob/main/docs/modelfile.md#valid-parameters-and-values>.
    options: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// Sorts the fields that the canonical form does not know. As in LiteLLM, an unknown field becomes an option: all
    /// parameters of a model are options (`num_ctx`, `top_k`, `min_p`, …).
    pub fn sort(request: &mut Request<'a>, model: &str, form: Form, parameters: &Parameters) -> Result<Self, Failure> {
        let mut fields = Self::default();
        let mut others = Vec::new();
        let mut thinking = None;
        for (name, value) in std::mem::take(&mut request.rest) {
            match &*name {
                _ if value.get() == "null" || is_for_gateway(&name) => {}
                "prompt" if form == Form::Completion => fields.prompt = Some(value),
                "system" if form == Form::Chat => fields.system = Some(system(value)?),
                "format" => fields.format = Some(value),
                "functions" if form == Form::Chat => fields.functions = Some(value),
                "function_call" if form == Form::Chat => fields.function_call = Some(value),
                "extra_body" => fields.extra_body = Some(value),
                "think" => fields.think = Some(Cow::Borrowed(value.get())),
                "thinking" => thinking = Some(value),
                "logprobs" => fields.ask_for_logprobs(value),
                "top_logprobs" => fields.top_logprobs = Some(value).filter(|value| value.get() != "0"),
                "options" => fields.options.extend(options(value)?),
                unsupported if UNSUPPORTED.contains(&unsupported) && !parameters.allows(unsupported) => {
                    if !is_default(unsupported, value.get()) {
                        parameters.drop_or_refuse(unsupported, "its API has no such parameter")?;
                    }
                }
                known => match own(known) {
                    Some((own, is_common)) if is_common || form == Form::Completion => fields.fields.push((own, value)),
                    Some((own, _)) => parameters.drop_or_refuse(own, "chats do not take it, only completions do")?,
                    None => others.push((name, value)),
                },
            }
        }
        fields.think = match fields.think.take() {
            Some(think) => Some(think),
            None => think(thinking, request, model)?,
        };
        // The client's own `options` take precedence, then Ollama's names, then OpenAI's.
        for (name, value) in others {
            fields.option(name, Some(value));
        }
        fields.option("temperature".into(), request.temperature);
        fields.option("top_p".into(), request.top_p);
        fields.option(
            "num_predict".into(),
            request.max_completion_tokens.or(request.max_tokens),
        );
        Ok(fields)
    }

    fn has_option(&self, name: &str) -> bool {
        self.options.iter().any(|(known, _)| known == name)
    }

    fn option(&mut self, name: Cow<'a, str>, value: Option<&'a RawValue>) {
        if let Some(value) = value.filter(|_| !self.has_option(&name)) {
            self.options.push((name, value));
        }
    }

    /// Reads `logprobs`: a boolean in chats, and in text completions the number of most likely tokens to list.
    fn ask_for_logprobs(&mut self, value: &'a RawValue) {
        match value.get() {
            "false" => {}
            "true" => self.logprobs = true,
            count => {
                self.logprobs = true;
                self.top_logprobs = Some(value).filter(|_| count != "0");
            }
        }
    }

    /// Writes all fields but the conversation and OpenAI's `response_format`.
    pub fn write(&self, to: &mut Object, request: &Request) {
        to.maybe_raw("format", self.format);
        if let Some(think) = &self.think {
            to.json("think", think);
        }
        if self.logprobs {
            to.json("logprobs", "true");
        }
        to.maybe_raw("top_logprobs", self.top_logprobs);
        for (name, value) in &self.fields {
            to.raw(name, value);
        }
        let stop = request.stop.as_ref().filter(|_| !self.has_option("stop"));
        if self.options.is_empty() && stop.is_none() {
            return;
        }
        let mut options = to.object("options");
        options.rest(&self.options);
        if let Some(stop) = stop {
            let mut list = options.list("stop");
            for text in &stop.0 {
                let out = list.item();
                out.push(b'"');
                out.extend_from_slice(text.escaped().as_bytes());
                out.push(b'"');
            }
        }
    }
}

/// The name of one of Ollama's fields outside of `options`, and whether both endpoints accept it.
fn own(name: &str) -> Option<(&'static str, bool)> {
    let find = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
    find(&COMMON)
        .map(|name| (name, true))
        .or_else(|| find(&GENERATE).map(|name| (name, false)))
}

fn is_default(name: &str, json: &str) -> bool {
    changes_nothing(name, json)
        || (name == "best_of" && json == "1")
        || (name == "service_tier" && matches!(json, r#""auto""# | r#""default""#))
}

fn system(value: &RawValue) -> Result<Text<'_>, Failure> {
    Text::of(value).ok_or_else(|| Failure::bad_request("system", "`system` is no text"))
}

fn options(value: &RawValue) -> Result<canonical::Rest<'_>, Failure> {
    let fields: Result<canonical::Fields, _> = serde_json::from_str(value.get());
    let Ok(canonical::Fields(options)) = fields else {
        return Err(Failure::bad_request("options", "`options` is no object"));
    };
    Ok(options)
}

/// The value of `think`: whether to think, and for some models how much
/// (<https://docs.ollama.com/capabilities/thinking>).
fn think<'a>(
    thinking: Option<&'a RawValue>,
    request: &Request<'a>,
    model: &str,
) -> Result<Option<Cow<'a, str>>, Failure> {
    #[derive(Deserialize)]
    struct Asked<'a> {
        #[serde(borrow, rename = "type")]
        kind: Text<'a>,
    }
    if let Some(raw) = thinking {
        let asked: Asked = serde_json::from_str(raw.get())
            .map_err(|error| Failure::bad_request("thinking", format!("`thinking` cannot be read: {error}")))?;
        let thinks = asked.kind.escaped() != "disabled";
        return Ok(Some(Cow::Borrowed(if thinks { "true" } else { "false" })));
    }
    let Some(effort) = &request.reasoning_effort else {
        return Ok(None);
    };
    let think = match (effort.0.escaped(), takes_levels(model)) {
        ("none", _) => "false",
        ("minimal" | "low", true) => r#""low""#,
        ("medium", true) => r#""medium""#,
        ("high" | "xhigh" | "max", true) => r#""high""#,
        ("minimal" | "low" | "medium" | "high" | "xhigh" | "max", false) => "true",
        _ => {
            let message = "`reasoning_effort` is one of none, minimal, low, medium, high, xhigh, max";
            return Err(Failure::bad_request("reasoning_effort", message));
        }
    };
    Ok(Some(Cow::Borrowed(think)))
}

/// Whether the model takes a level as `think`; all other thinking models take a boolean.
fn takes_levels(model: &str) -> bool {
    model.to_ascii_lowercase().contains("gpt-oss")
}
