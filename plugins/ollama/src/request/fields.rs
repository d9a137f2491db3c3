//! Fields beside the conversation: those that Ollama has of its own, its options, those it cannot do, and those meant
//! for a gateway.

use std::borrow::Cow;

use serde::Deserialize;
use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, changes_nothing, is_for_gateway};
use sluice_sdk::canonical::{self, Object, RawValue, Request, Text};

use crate::answer::Form;

/// OpenAI's parameters that Ollama has nothing for. As in LiteLLM they are refused, unless `drop_params` lets them be
/// dropped; a value that changes nothing is dropped in any case.
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

/// Ollama's fields beside `options`, of both endpoints. `_debug_render_only` answers with the prompt.
const COMMON: [&str; 4] = ["keep_alive", "truncate", "shift", "_debug_render_only"];

/// Those of `/api/generate` alone.
const GENERATE: [&str; 9] = [
    "suffix", "system", "template", "context", "raw", "images", "width", "height", "steps",
];

/// A request's fields by where they go.
#[derive(Default)]
pub struct Fields<'a> {
    /// Of a completion.
    pub prompt: Option<&'a RawValue>,
    /// Of a chat: said before all messages.
    pub system: Option<Text<'a>>,
    /// In Ollama's own form.
    pub format: Option<&'a RawValue>,
    pub functions: Option<&'a RawValue>,
    pub function_call: Option<&'a RawValue>,
    /// The client's, which is laid over what is sent.
    pub extra_body: Option<&'a RawValue>,
    think: Option<Cow<'a, str>>,
    logprobs: bool,
    top_logprobs: Option<&'a RawValue>,
    /// Beside `options`.
    fields: Vec<(&'static str, &'a RawValue)>,
    /// Under `options`: <https://github.com/ollama/ollama/blob/main/docs/modelfile.md#valid-parameters-and-values>.
    options: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// Sorts what the canonical form does not know. What nobody here knows becomes an option, as in LiteLLM: so does
    /// every parameter of a model (`num_ctx`, `top_k`, `min_p`, …).
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
        // The client's own `options` count most, then Ollama's names, then OpenAI's.
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

    /// A boolean of chats, and of completions a number: how many of the likeliest tokens to name beside the one chosen.
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

    /// Writes all but the conversation and `format` of OpenAI's form.
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

/// One of Ollama's fields beside `options`, and whether both endpoints take it.
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

/// `think`: whether to, and how hard where the model can tell (<https://docs.ollama.com/capabilities/thinking>).
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

/// Every model that thinks takes a boolean, these a level instead.
fn takes_levels(model: &str) -> bool {
    model.to_ascii_lowercase().contains("gpt-oss")
}
