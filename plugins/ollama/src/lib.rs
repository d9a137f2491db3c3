//! Provider adapter for Ollama's own API (<https://github.com/ollama/ollama/blob/main/docs/api.md>).
//!
//! Chats are sent to `/api/chat` and text completions to `/api/generate` (`request`), embeddings to `/api/embed`
//! (`embeddings`). `answer` translates a whole answer back, `stream` a streamed one, line by line, and `error` non-2xx
//! answers. The README lists how fields are mapped, and what is refused.
//!
//! Cost: the adapter reads the whole request, so an instance serves only one exchange. Text is copied once and never
//! unescaped, except for thoughts between tags. A stream keeps a few numbers and at most the beginning of a tag.

mod answer;
mod embeddings;
mod error;
mod logprobs;
mod request;
mod stream;
mod tags;
mod usage;
mod wire;

use sluice_sdk::adapter::{Batches, Origin};
use sluice_sdk::{
    Auth, Continuation, Event, Failure, Fault, Framing, Manifest, NoSettings, Plugin, ProviderAdapter, ProviderInfo,
    Reading, RequestBody, Target, UpstreamRequest, deployment, exchange,
};

use answer::Form;
use stream::Stream;

/// The adapter, and the state of the current attempt.
pub struct Ollama {
    operation: Operation,
    origin: Origin,
    stream: Batches<Stream>,
}

/// The operation of the current attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Chat,
    Completion,
    /// With the encoding of the vectors.
    Embeddings(embeddings::Encoding),
}

impl Operation {
    /// The name of the endpoint, below `/api`.
    fn endpoint(self) -> &'static str {
        match self {
            Self::Chat => "/chat",
            Self::Completion => "/generate",
            Self::Embeddings(_) => "/embed",
        }
    }
}

impl Plugin for Ollama {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new("ollama", env!("CARGO_PKG_VERSION"), "speaks Ollama's own API")
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self {
            operation: Operation::Chat,
            origin: Origin::default(),
            stream: Batches::of(Stream::new(Form::Chat)),
        })
    }
}

impl ProviderAdapter for Ollama {
    fn providers(&mut self) -> Vec<ProviderInfo> {
        ["ollama", "ollama_chat"]
            .map(|name| ProviderInfo {
                environment: [("api_key", "OLLAMA_API_KEY"), ("api_base", "OLLAMA_API_BASE")]
                    .map(|(parameter, variable)| (parameter.into(), variable.into()))
                    .into(),
                operations: ["chat-completions", "completions", "embeddings"]
                    .map(String::from)
                    .into(),
                continuation: Continuation::Instructed,
                credential_is_optional: true,
                ..ProviderInfo::new(name, "http://localhost:11434", Auth::Bearer("api_key".into()))
            })
            .into()
    }

    fn open(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        let body = exchange::body();
        let (operation, body, is_streaming) = match exchange::operation().as_str() {
            "chat-completions" => {
                let translated = request::translate(&body, &target.model, Form::Chat)?;
                (Operation::Chat, translated.body, translated.is_streaming)
            }
            "completions" => {
                let translated = request::translate(&body, &target.model, Form::Completion)?;
                (Operation::Completion, translated.body, translated.is_streaming)
            }
            "embeddings" => {
                let translated = embeddings::translate(&body, &target.model)?;
                (Operation::Embeddings(translated.encoding), translated.body, false)
            }
            other => {
                return Err(Failure::new(
                    Fault::Unsupported,
                    format!("Ollama does not serve {other}"),
                ));
            }
        };
        self.operation = operation;
        self.origin = Origin::of_model(&target.model);
        self.stream = Batches::of(Stream::new(match operation {
            Operation::Completion => Form::Completion,
            Operation::Chat | Operation::Embeddings(_) => Form::Chat,
        }));
        Ok(UpstreamRequest {
            method: "POST".into(),
            path_and_query: path_under(deployment::text("api_base").as_deref(), operation.endpoint()),
            headers: Vec::new(),
            body: RequestBody::Bytes(body),
            reading: if is_streaming {
                Reading::Events(Framing::JsonLines)
            } else {
                Reading::Whole
            },
            auth: None,
            extras: Vec::new(),
        })
    }

    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        match self.operation {
            Operation::Chat => answer::translate(&body, Form::Chat, &self.origin),
            Operation::Completion => answer::translate(&body, Form::Completion, &self.origin),
            Operation::Embeddings(encoding) => embeddings::answer(&body, encoding, &self.origin),
        }
    }

    fn events(&mut self, batch: Vec<Event>) -> Result<Vec<u8>, Failure> {
        self.stream
            .translate(&batch, |stream, event, out| stream.line(&event.data, &self.origin, out))
    }

    fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        self.stream.finish(|stream| stream.finish())
    }

    fn refuse(&mut self, target: &Target, status: u16, body: Vec<u8>) -> Failure {
        error::of_answer(status, &body, &target.model)
    }
}

/// The path below the base. A base may end with `/api`, with the whole path or with neither. The host does not repeat a
/// part of the path that the base already ends with.
fn path_under(api_base: Option<&str>, endpoint: &str) -> String {
    let base = api_base.unwrap_or_default().split('?').next().unwrap_or_default();
    match base.trim_end_matches('/').ends_with("/api") {
        true => endpoint.to_owned(),
        false => format!("/api{endpoint}"),
    }
}

sluice_sdk::export!(Ollama: ProviderAdapter);

#[cfg(test)]
mod tests;
