//! Provider adapter for Google's Gemini models at AI Studio (<https://ai.google.dev/api/generate-content>) and Vertex
//! AI (<https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference>).
//!
//! `request` translates a chat completion to a `generateContent` request; `answer` translates a whole answer back, and
//! `stream` a streamed one, event by event; `embeddings` translates both for embeddings; `error` translates non-2xx
//! answers; `place` has the paths. The README lists how fields are mapped, and what is refused.
//!
//! Cost: the adapter reads the whole request, so an instance serves only one exchange. Text is copied once and never
//! unescaped. A stream keeps a few numbers and words for each candidate, so its memory does not grow with its length.

mod annotations;
mod answer;
mod candidates;
mod embeddings;
mod error;
mod model;
mod parts;
mod place;
mod request;
mod signature;
mod stream;
mod usage;
mod wire;

use sluice_sdk::adapter::{Batches, Origin, vertex};
use sluice_sdk::{
    Auth, Continuation, Event, Failure, Fault, Framing, Manifest, NoSettings, Plugin, ProviderAdapter, ProviderInfo,
    Reading, RequestBody, Target, UpstreamRequest, exchange,
};

use embeddings::Embeddings;
use place::Place;
use stream::Stream;

const STUDIO: &str = "https://generativelanguage.googleapis.com";

/// The adapter, and the state of the current attempt.
pub struct Gemini {
    origin: Origin,
    stream: Batches<Stream>,
    /// Set if the current attempt is for embeddings.
    embeddings: Option<Embeddings>,
}

impl Plugin for Gemini {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new(
            "gemini",
            env!("CARGO_PKG_VERSION"),
            "speaks Google's Gemini API, by AI Studio and Vertex AI",
        )
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self {
            origin: Origin::default(),
            stream: Batches::default(),
            embeddings: None,
        })
    }
}

impl ProviderAdapter for Gemini {
    fn providers(&mut self) -> Vec<ProviderInfo> {
        let oauth = Auth::GoogleOauth(vertex::SCOPE.into());
        let of_studio = [
            ("api_key", "GEMINI_API_KEY"),
            ("api_key", "GOOGLE_API_KEY"),
            ("api_base", "GEMINI_API_BASE"),
        ];
        vec![
            provider(
                "gemini",
                STUDIO,
                Auth::Header(("x-goog-api-key".into(), "api_key".into())),
                &of_studio,
            ),
            provider(vertex::NAME, vertex::ADDRESSES, oauth.clone(), &vertex::ENVIRONMENT),
            provider("vertex_ai_beta", vertex::ADDRESSES, oauth, &vertex::ENVIRONMENT),
        ]
    }

    fn open(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        let place = Place::of_provider(&target.provider);
        self.origin = Origin::of_model(&target.model);
        self.stream = Batches::default();
        self.embeddings = None;
        match exchange::operation().as_str() {
            "chat-completions" => open_chat(target, place),
            "embeddings" => {
                let (embeddings, sent) = Embeddings::open(target, place)?;
                self.embeddings = Some(embeddings);
                Ok(sent)
            }
            operation => Err(Failure::new(
                Fault::Unsupported,
                format!("Gemini is not served for `{operation}`"),
            )),
        }
    }

    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        match &self.embeddings {
            Some(embeddings) => embeddings.translate(&body, &self.origin),
            None => answer::translate(&body, &self.origin),
        }
    }

    fn events(&mut self, batch: Vec<Event>) -> Result<Vec<u8>, Failure> {
        self.stream
            .translate(&batch, |stream, event, out| stream.event(event, &self.origin, out))
    }

    fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        self.stream.finish(Stream::finish)
    }

    fn refuse(&mut self, _target: &Target, status: u16, body: Vec<u8>) -> Failure {
        error::of_answer(status, &body)
    }
}

fn provider(name: &str, api_base: &str, auth: Auth, environment: &[(&str, &str)]) -> ProviderInfo {
    ProviderInfo {
        environment: environment
            .iter()
            .map(|(parameter, variable)| ((*parameter).into(), (*variable).into()))
            .collect(),
        operations: vec!["chat-completions".into(), "embeddings".into()],
        continuation: Continuation::Instructed,
        ..ProviderInfo::new(name, api_base, auth)
    }
}

fn open_chat(target: &Target, place: Place) -> Result<UpstreamRequest, Failure> {
    let translated = request::translate(&exchange::body(), &target.model, place)?;
    let (method, reading) = if translated.streaming {
        ("streamGenerateContent", Reading::Events(Framing::ServerSentEvents))
    } else {
        ("generateContent", Reading::Whole)
    };
    let mut path = place.path(&target.model, method)?;
    if translated.streaming {
        path.push_str("?alt=sse");
    }
    Ok(post(path, translated.body, reading))
}

/// A request with a JSON body.
fn post(path_and_query: String, body: Vec<u8>, reading: Reading) -> UpstreamRequest {
    UpstreamRequest {
        method: "POST".into(),
        path_and_query,
        headers: Vec::new(),
        body: RequestBody::Bytes(body),
        reading,
        auth: None,
        extras: Vec::new(),
    }
}

sluice_sdk::export!(Gemini: ProviderAdapter);

#[cfg(test)]
mod tests;
