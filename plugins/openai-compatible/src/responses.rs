//! Chat completions by OpenAI's Responses API (<https://platform.openai.com/docs/api-reference/responses>), for three
//! groups of models: those marked `responses/<model>`, those of OpenAI and Azure that have no other API, and those that
//! can call functions while they reason only there.
//!
//! `request` translates a chat completion's request; `answer` and `stream` translate the answer to a chat completion.
//! The component reads such exchanges. Text is copied once and never unescaped, and the memory of a stream does not
//! grow with its length.

mod answer;
mod error;
mod output;
mod request;
mod stream;
mod usage;
mod wire;

use sluice_sdk::adapter::{Batches, Origin};
use sluice_sdk::{Event, Failure, Framing, Reading, deployment, exchange};

use crate::entry::Entry;
use crate::{azure, reasoning};
use stream::Stream;

/// The path below the base, for every provider but Azure.
pub const PATH: &str = "/responses";

/// LiteLLM's prefix for models that use the Responses API.
const MARK: &str = "responses/";

/// The model's name without the prefix; `None` if chat completions are used.
pub fn model_of<'m>(entry: &Entry, model: &'m str) -> Option<&'m str> {
    if let Some(bare) = model.strip_prefix(MARK) {
        return Some(bare);
    }
    if !matches!(entry.name.as_ref(), "openai" | "azure" | "azure_ai") {
        return None;
    }
    // The name is checked first: that is cheapest, and most models use chat completions.
    let base_model = reasoning::base_model(&entry.name);
    let known = base_model.as_deref().unwrap_or(model);
    let is_asked = serves_nothing_else(known) || calls_functions_there(entry, known);
    (is_asked && is_openais(entry)).then_some(model)
}

/// Whether the upstream is OpenAI: another server may have models with the same names.
fn is_openais(entry: &Entry) -> bool {
    entry.name != "openai" || deployment::text("api_base").is_none_or(|base| is_at_openai(&base))
}

/// Whether chat completions would refuse the request: since 5.4, gpt models can call functions and reason at once only
/// in the Responses API (<https://platform.openai.com/docs/guides/reasoning>). Whether a model reasons by default
/// depends on its version; a request with the effort `none` uses chat completions.
fn calls_functions_there(entry: &Entry, model: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Tool<'a> {
        #[serde(borrow, default, rename = "type")]
        kind: std::borrow::Cow<'a, str>,
    }
    let is_split = match entry.name.as_ref() {
        "openai" => reasoning::reasons_without_functions(model),
        "azure" => reasoning::reasons_without_functions(model) && azure::has_responses(),
        _ => false,
    };
    if !is_split {
        return false;
    }
    let Some(tools) = exchange::field("tools") else {
        return false;
    };
    let tools: Vec<Tool> = serde_json::from_str(&tools).unwrap_or_default();
    let calls = tools.iter().any(|tool| tool.kind == "function");
    calls && exchange::field("reasoning_effort").as_deref() != Some("\"none\"")
}

/// Whether the base is `https://api.openai.com/v1` or one of its regions.
fn is_at_openai(base: &str) -> bool {
    let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
    let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
    host == "api.openai.com" || host.ends_with(".api.openai.com")
}

/// Codex, the pro models of the o and gpt series, deep research and computer use: the models that LiteLLM's model map
/// lists under `/v1/responses` and not under `/v1/chat/completions`. Names of fine-tuned models (`ft:…`) are not
/// concerned.
fn serves_nothing_else(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    if name.contains(':') {
        return false;
    }
    let is_series = |word: &str| word == "gpt" || matches!(word.as_bytes(), [b'o', digit] if digit.is_ascii_digit());
    let is_of_series = name.split('-').next().is_some_and(is_series);
    let has = |wanted: &str| name.split('-').any(|word| word == wanted);
    (is_of_series && has("pro"))
        || has("codex")
        || name.contains("deep-research")
        || name.starts_with("computer-use-preview")
        || name.starts_with("gpt-daybreak")
}

/// The state of one attempt.
pub struct Attempt {
    origin: Origin,
    /// Whether the answer must be JSON: then its first message is the whole answer.
    is_structured: bool,
    stream: Batches<Stream>,
}

impl Attempt {
    /// Translates the request. Returns the attempt, the body to send, and how the answer is read.
    ///
    /// # Errors
    /// The request cannot be parsed, or asks for something that the Responses API does not support.
    pub fn open(entry: &Entry, model: &str) -> Result<(Self, Vec<u8>, Reading), Failure> {
        let translated = request::translate(&exchange::body(), entry, model)?;
        let attempt = Self {
            origin: Origin::of_model(model),
            is_structured: translated.is_structured,
            stream: Batches::of(Stream::new(translated.is_structured)),
        };
        let reading = if translated.is_streaming {
            Reading::Events(Framing::ServerSentEvents)
        } else {
            Reading::Whole
        };
        Ok((attempt, translated.body, reading))
    }

    /// Translates the whole answer to a chat completion.
    ///
    /// # Errors
    /// The document is an error, or not an answer.
    pub fn whole(&self, body: &[u8]) -> Result<Vec<u8>, Failure> {
        answer::translate(body, self.is_structured, &self.origin)
    }

    /// Translates events to chunks of a chat completion.
    ///
    /// # Errors
    /// An event is an error, or cannot be parsed.
    pub fn events(&mut self, batch: &[Event]) -> Result<Vec<u8>, Failure> {
        self.stream
            .translate(batch, |stream, event, out| stream.event(event, &self.origin, out))
    }

    /// Called when the upstream's stream has ended.
    ///
    /// # Errors
    /// The stream ended before the answer was complete.
    pub fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        self.stream.finish(|stream| stream.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_that_serve_nothing_else_are_told_by_name() {
        for model in [
            "o1-pro",
            "o3-pro-2025-06-10",
            "gpt-5-pro",
            "gpt-5.2-pro-2025-12-11",
            "gpt-5-codex",
            "gpt-5.1-codex-mini",
            "codex-mini-latest",
            "eu/gpt-5.1-codex-max",
            "o4-mini-deep-research",
            "computer-use-preview-2025-03-11",
        ] {
            assert!(serves_nothing_else(model), "{model}");
        }
        for model in [
            "gpt-5",
            "o3-mini",
            "gpt-4o",
            "my-pro",
            "prod-gpt-4o",
            "gpt-5-process",
            "ft:gpt-4o:acme:gpt-pro:1",
            "",
        ] {
            assert!(!serves_nothing_else(model), "{model}");
        }
    }

    #[test]
    fn openai_is_told_by_its_host() {
        for base in [
            "https://api.openai.com/v1",
            "https://eu.api.openai.com/v1/",
            "https://api.openai.com:443",
        ] {
            assert!(is_at_openai(base), "{base}");
        }
        for base in ["http://localhost:8000/v1", "https://api.openai.com.example.com/v1", ""] {
            assert!(!is_at_openai(base), "{base}");
        }
    }
}
