//! Provider adapter for Cohere's v2 API (<https://docs.cohere.com/reference/about>).
//!
//! `request` translates a chat completion to a chat request; `answer` translates a whole answer back, and `stream` a
//! streamed one, event by event; `embed` does the same for embeddings; `error` translates non-2xx answers. The README
//! lists how fields are mapped, and what is refused.
//!
//! Cost: the adapter reads the whole request, so an instance serves only one exchange. Text is copied once and never
//! unescaped. A stream keeps a few numbers and its id, so its memory does not grow with its length.

mod answer;
mod citations;
mod embed;
mod error;
mod logprobs;
mod model;
mod request;
mod stream;
mod usage;
mod wire;

use sluice_sdk::adapter::{Batches, Origin};
use sluice_sdk::{
    Auth, Continuation, Event, Failure, Fault, Framing, Manifest, NoSettings, Plugin, ProviderAdapter, ProviderInfo,
    Reading, RequestBody, Target, UpstreamRequest, deployment, exchange,
};

use stream::Stream;

/// The prefixes. LiteLLM has one for Cohere's older completions and one for its chat, and serves chat under both.
const PROVIDERS: [&str; 2] = ["cohere", "cohere_chat"];

/// The operation of the current attempt.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Operation {
    #[default]
    Chat,
    Embed,
}

impl Operation {
    fn named(name: &str) -> Result<Self, Failure> {
        match name {
            "chat-completions" => Ok(Self::Chat),
            "embeddings" => Ok(Self::Embed),
            _ => Err(Failure::new(
                Fault::Unsupported,
                format!("Cohere does not serve the operation `{name}`"),
            )),
        }
    }

    /// The last segment of the operation's path.
    fn segment(self) -> &'static str {
        match self {
            Self::Chat => "/chat",
            Self::Embed => "/embed",
        }
    }

    /// The operation's path below a base that has no version.
    fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v2/chat",
            Self::Embed => "/v2/embed",
        }
    }
}

/// The adapter, and the state of the current attempt.
#[derive(Default)]
pub struct Cohere {
    operation: Operation,
    origin: Origin,
    stream: Batches<Stream>,
}

impl Plugin for Cohere {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new("cohere", env!("CARGO_PKG_VERSION"), "speaks Cohere's v2 API")
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self::default())
    }
}

impl ProviderAdapter for Cohere {
    fn providers(&mut self) -> Vec<ProviderInfo> {
        let environment = [
            ("api_key", "COHERE_API_KEY"),
            ("api_key", "CO_API_KEY"),
            ("api_base", "COHERE_API_BASE"),
        ];
        let info = |name: &str| ProviderInfo {
            name: name.into(),
            api_base: "https://api.cohere.com".into(),
            auth: Auth::Bearer("api_key".into()),
            environment: environment
                .map(|(parameter, variable)| (parameter.into(), variable.into()))
                .into(),
            operations: vec!["chat-completions".into(), "embeddings".into()],
            continuation: Continuation::Instructed,
            credential_is_optional: false,
            extras: Vec::new(),
        };
        PROVIDERS.map(info).into()
    }

    fn open(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        let operation = Operation::named(&exchange::operation())?;
        let model = model::name(&target.model)?;
        let path = path_under(deployment::text("api_base").as_deref(), operation)?;
        let (body, streaming) = match operation {
            Operation::Chat => {
                let translated = request::translate(&exchange::body(), model)?;
                (translated.body, translated.streaming)
            }
            Operation::Embed => (embed::request::translate(&exchange::body(), model)?, false),
        };
        self.operation = operation;
        self.origin = Origin::of_model(model);
        self.stream = Batches::default();
        Ok(UpstreamRequest {
            method: "POST".into(),
            path_and_query: path.into(),
            headers: Vec::new(),
            body: RequestBody::Bytes(body),
            reading: if streaming {
                Reading::Events(Framing::ServerSentEvents)
            } else {
                Reading::Whole
            },
            auth: None,
            extras: Vec::new(),
        })
    }

    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        match self.operation {
            Operation::Chat => answer::translate(&body, &self.origin),
            Operation::Embed => embed::answer::translate(&body, &self.origin),
        }
    }

    fn events(&mut self, batch: Vec<Event>) -> Result<Vec<u8>, Failure> {
        self.stream
            .translate(&batch, |stream, event, out| stream.event(event, &self.origin, out))
    }

    fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        self.stream.finish(|stream| stream.finish())
    }

    fn refuse(&mut self, _target: &Target, status: u16, body: Vec<u8>) -> Failure {
        error::of_answer(status, &body)
    }
}

/// The path below the base. A base may end with the whole path, with the version or with neither. The host does not
/// repeat a part of the path that the base already ends with.
///
/// # Errors
/// The base belongs to another API or another operation. The adapter can append to a base, but not cut it.
fn path_under(api_base: Option<&str>, operation: Operation) -> Result<&'static str, Failure> {
    let base = api_base.unwrap_or_default().split('?').next().unwrap_or_default();
    let base = base.trim_end_matches('/');
    let refused = |why: &str| {
        let message = format!("the deployment's `api_base` {why}");
        Err(Failure::new(Fault::Unsupported, message).parameter("api_base"))
    };
    let other = match operation {
        Operation::Chat => Operation::Embed,
        Operation::Embed => Operation::Chat,
    };
    if base.contains("/compatibility/") {
        return refused("is Cohere's OpenAI-compatible API; use the prefix `openai/` for it, or leave `api_base` out");
    }
    if base.ends_with("/v1") || base.ends_with("/v1/chat") || base.ends_with("/v1/embed") {
        return refused("is Cohere's v1 API, of which only v2 is spoken; end it in `/v2`, or leave it out");
    }
    if base.ends_with(other.segment()) {
        return refused("names the path of another operation; end it in `/v2`, or leave it out");
    }
    let has_other_path = base.ends_with(operation.segment()) && !base.ends_with(operation.path());
    Ok(if base.ends_with("/v2") || has_other_path {
        operation.segment()
    } else {
        operation.path()
    })
}

sluice_sdk::export!(Cohere: ProviderAdapter);

#[cfg(test)]
mod tests;
