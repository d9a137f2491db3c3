//! Provider adapter for Anthropic's Messages API (<https://docs.anthropic.com/en/api/messages>).
//!
//! `request` translates a chat completion to a message request; `answer` translates a whole answer back, and `stream` a
//! streamed one, event by event; `error` translates non-2xx answers. Other services serve Claude in the same format:
//! `place` has the differences, and `invoke` what Bedrock has in addition. The README lists how fields are mapped, and
//! what is refused.
//!
//! Cost: the adapter reads the whole request, so an instance serves only one exchange. Text is copied once and never
//! unescaped. A stream keeps a few numbers and the tool input of the current block, so its memory does not grow with
//! its length.

mod answer;
mod error;
mod invoke;
mod model;
mod place;
mod request;
mod stream;
mod usage;
mod wire;

use serde::Deserialize;
use sluice_sdk::{
    Event, Failure, Header, Manifest, Plugin, ProviderAdapter, ProviderInfo, Reading, RequestBody, Target,
    UpstreamRequest, deployment, exchange,
};

use place::Place;
use request::AnswerLimits;
use sluice_sdk::adapter::claude::Betas;
use sluice_sdk::adapter::{Batches, Origin, bedrock};
use stream::Stream;

/// The wire format's version (<https://docs.anthropic.com/en/api/versioning>).
const VERSION: &str = "2023-06-01";

const SETTINGS_SCHEMA: &str = r#"{
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "default_max_tokens": {
      "type": "integer", "minimum": 1,
      "description": "Most tokens to answer with where the request does not say: Anthropic requires a limit. Default: the model's own limit, or 4096 where that is not known."
    }
  }
}"#;

/// The settings of the operator.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Maximum number of tokens of an answer if the request gives none, since Anthropic requires a limit. Default: the
    /// model's own limit, or 4096 if that is not known.
    #[serde(default)]
    default_max_tokens: Option<u64>,
}

/// The adapter, and the state of the current attempt.
pub struct Anthropic {
    settings: Settings,
    /// Whether the request has a tool that stands for `response_format`: then the tool's input is the content of the
    /// answer.
    json_tool: bool,
    place: Place,
    origin: Origin,
    stream: Batches<Stream>,
}

impl Plugin for Anthropic {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(
            "anthropic",
            env!("CARGO_PKG_VERSION"),
            "speaks Anthropic's Messages API",
        )
        .settings_schema(SETTINGS_SCHEMA)
    }

    fn new(settings: Settings) -> Result<Self, String> {
        if settings.default_max_tokens == Some(0) {
            return Err(
                "default_max_tokens is 0, which allows no answer; leave it out for the model's own limit".into(),
            );
        }
        Ok(Self {
            settings,
            json_tool: false,
            place: Place::default(),
            origin: Origin::default(),
            stream: Batches::default(),
        })
    }
}

impl ProviderAdapter for Anthropic {
    fn providers(&mut self) -> Vec<ProviderInfo> {
        place::providers()
    }

    fn open(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        let place = Place::of(target);
        let limits = AnswerLimits {
            default: self.settings.default_max_tokens,
            of_model: deployment::parameter("max_output_tokens").and_then(|json| json.parse().ok()),
        };
        let model = place.model_name(&target.model)?;
        let translated = request::translate(&exchange::body(), &model, place, limits)?;
        self.json_tool = translated.json_tool;
        self.place = place;
        self.origin = Origin::of_model(&target.model);
        self.stream = Batches::of(Stream::new(translated.json_tool));
        let reading = if translated.streaming {
            Reading::Events(place.framing())
        } else {
            Reading::Whole
        };
        Ok(UpstreamRequest {
            method: "POST".into(),
            path_and_query: place.path(&target.model, translated.streaming)?,
            headers: headers(place, translated.headers, translated.betas),
            body: RequestBody::Bytes(translated.body),
            reading,
            auth: place.auth(),
            extras: Vec::new(),
        })
    }

    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        answer::translate(&body, self.json_tool, &self.origin)
    }

    fn events(&mut self, batch: Vec<Event>) -> Result<Vec<u8>, Failure> {
        let (place, origin) = (self.place, &self.origin);
        self.stream.translate(&batch, |stream, event, out| match place {
            Place::Bedrock => match invoke::event(event)? {
                Some(event) => stream.event(&event, origin, out),
                None => Ok(()),
            },
            Place::Anthropic | Place::Vertex | Place::Foundry => stream.event(event, origin, out),
        })
    }

    fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        self.stream.finish(Stream::finish)
    }

    fn refuse(&mut self, target: &Target, status: u16, body: Vec<u8>) -> Failure {
        match Place::of(target) {
            Place::Bedrock => bedrock::error::of_answer(status, &body),
            Place::Anthropic | Place::Vertex | Place::Foundry => error::of_answer(status, &body),
        }
    }
}

/// Those that the request needs, and those of the place.
fn headers(place: Place, mut headers: Vec<Header>, betas: Option<Betas>) -> Vec<Header> {
    let header = |name: &str, value: String| Header {
        name: name.into(),
        value,
    };
    if place.version_in_body().is_none() {
        headers.push(header("anthropic-version", VERSION.into()));
    }
    headers.extend(
        betas
            .and_then(Betas::header)
            .map(|betas| header("anthropic-beta", betas)),
    );
    headers
}

sluice_sdk::export!(Anthropic: ProviderAdapter);

#[cfg(test)]
mod tests;
