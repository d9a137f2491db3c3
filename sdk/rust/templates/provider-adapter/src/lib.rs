//! Sample provider adapter. Tern does not exist; its API has the parts that most APIs have, under names of its own:
//!
//! ```text
//! POST /v1/talk {"model", "system", "turns": [{"by", "say", "use", "of"}], "tools", "limit", "live"}
//!
//! whole     {"say": "…", "use": [{"id", "tool", "with": {…}}], "end": "done", "spent": {"in": 9, "out": 2}}
//! streamed  data: {"say": "…"}     data: {"use": [{…}]}     data: {"end": "done", "spent": {…}}
//! failed    {"fault": {"sort": "busy", "why": "…", "wait": 2}}     with any status, or as an event
//! ```
//!
//! `request` translates the request, `answer` translates answers and streams, `error` translates failures.

mod answer;
mod error;
mod request;

use sluice_sdk::adapter::{Batches, Origin};
use sluice_sdk::{
    Auth, Continuation, Event, Failure, Framing, Manifest, NoSettings, Plugin, ProviderAdapter, ProviderInfo, Reading,
    RequestBody, Target, UpstreamRequest, exchange,
};

use answer::Stream;

/// The adapter, and the state of the current attempt.
#[derive(Default)]
pub struct MyAdapter {
    origin: Origin,
    stream: Batches<Stream>,
}

impl Plugin for MyAdapter {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new("my-adapter", env!("CARGO_PKG_VERSION"), "speaks Tern's API").outbound("api.tern.example")
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self::default())
    }
}

impl ProviderAdapter for MyAdapter {
    fn providers(&mut self) -> Vec<ProviderInfo> {
        vec![ProviderInfo {
            environment: vec![("api_key".into(), "TERN_API_KEY".into())],
            // Tern's models can continue a partial answer that they are shown.
            continuation: Continuation::Instructed,
            // The prefix in `model: tern/arctic`.
            ..ProviderInfo::new(
                "tern",
                "https://api.tern.example",
                Auth::Header(("x-tern-key".into(), "api_key".into())),
            )
        }]
    }

    fn open(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        let (body, is_streaming) = request::translate(&exchange::body(), &target.model)?;
        // The instance may have served another attempt of this exchange before.
        self.origin = Origin::of_model(&target.model);
        self.stream = Batches::default();
        Ok(UpstreamRequest {
            method: "POST".into(),
            path_and_query: "/v1/talk".into(),
            headers: Vec::new(),
            body: RequestBody::Bytes(body),
            reading: match is_streaming {
                true => Reading::Events(Framing::ServerSentEvents),
                false => Reading::Whole,
            },
            auth: None,
            extras: Vec::new(),
        })
    }

    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        answer::translate(&body, &self.origin)
    }

    fn events(&mut self, batch: Vec<Event>) -> Result<Vec<u8>, Failure> {
        self.stream.translate(&batch, |stream, event, out| {
            stream.event(&event.data, &self.origin, out)
        })
    }

    fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        self.stream.finish(|stream| stream.finish())
    }

    fn refuse(&mut self, _: &Target, status: u16, body: Vec<u8>) -> Failure {
        error::of_answer(status, &body)
    }
}

sluice_sdk::export!(MyAdapter: ProviderAdapter);
