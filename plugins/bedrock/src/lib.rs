//! Provider adapter for Amazon Bedrock: chat by Converse and ConverseStream
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>), whichever model answers, and
//! embeddings by InvokeModel (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>).
//!
//! It translates a chat completion into Converse's request (`request`), and the answer back, whole (`answer`) or event by
//! event (`stream`); `target` says where it goes, `model` what the model can do, `names` which names Bedrock takes, and
//! `error` what a non-2xx answer means; `embed` is all of embeddings. The README lists what maps to what, and what is refused.
//!
//! Cost: it reads the whole request, so an instance serves one exchange. Text is copied once and never unescaped; a
//! stream keeps a few numbers and the names that were mended, nothing that grows with its length.

mod answer;
mod betas;
mod embed;
mod error;
mod extra_body;
mod model;
mod names;
mod request;
mod stream;
mod target;
mod usage;
mod wire;

use sluice_sdk::adapter::{Batches, Origin, aws};
use sluice_sdk::{
    Auth, Continuation, Event, Failure, Framing, Manifest, NoSettings, Plugin, ProviderAdapter, ProviderInfo, Reading,
    RequestBody, Target, UpstreamRequest, deployment, exchange,
};

use embed::Maker;
use names::Names;
use stream::Stream;
use target::Place;

/// Operations, as the gateway names them.
const CHAT: &str = "chat-completions";
const EMBEDDINGS: &str = "embeddings";

/// Where Bedrock lives: where the operator says, else in the deployment's region.
const ADDRESSES: &str = "{aws_bedrock_runtime_endpoint} https://bedrock-runtime.{aws_region_name}.amazonaws.com";

/// Beside those of all services, as AWS's own tools and LiteLLM call them.
const ENVIRONMENT: [(&str, &str); 2] = [
    ("aws_bedrock_runtime_endpoint", "AWS_BEDROCK_RUNTIME_ENDPOINT"),
    ("api_key", "AWS_BEARER_TOKEN_BEDROCK"),
];

/// What of a request its answer depends on.
#[derive(Default)]
pub struct Asked {
    /// Whether a tool stands for `response_format`: its input is then the answer's content.
    json_tool: bool,
    /// Whether fields of the model's own answer are the client's to see.
    shows_fields: bool,
    /// Tools that are called otherwise at Bedrock.
    names: Names,
    origin: Origin,
}

/// The adapter, and what it remembers of the attempt at hand.
#[derive(Default)]
pub struct Bedrock {
    asked: Asked,
    stream: Batches<Stream>,
    /// Of embeddings: whether the client wants its vectors as base64. None of a chat.
    embeds: Option<bool>,
}

impl Plugin for Bedrock {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new(
            "bedrock",
            env!("CARGO_PKG_VERSION"),
            "speaks Amazon Bedrock's Converse and InvokeModel",
        )
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self::default())
    }
}

impl ProviderAdapter for Bedrock {
    fn providers(&mut self) -> Vec<ProviderInfo> {
        let info = |name: &str| ProviderInfo {
            environment: aws::ENVIRONMENT
                .into_iter()
                .chain(ENVIRONMENT)
                .map(|(parameter, variable)| (parameter.into(), variable.into()))
                .collect(),
            operations: vec![CHAT.into(), EMBEDDINGS.into()],
            continuation: Continuation::Instructed,
            ..ProviderInfo::new(name, ADDRESSES, Auth::AwsSigv4("bedrock".into()))
        };
        ["bedrock", "bedrock_converse"].map(info).into()
    }

    fn open(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        let place = Place::parse(&target.model)?;
        if exchange::operation() == EMBEDDINGS {
            return self.open_embeddings(target, &place);
        }
        let translated = request::translate(&exchange::body(), place.model())?;
        let operation = if translated.streaming {
            "converse-stream"
        } else {
            "converse"
        };
        self.asked = Asked {
            json_tool: translated.json_tool,
            shows_fields: translated.shows_fields,
            names: translated.names,
            origin: Origin::of_model(&target.model),
        };
        self.stream = Batches::default();
        self.embeds = None;
        let reading = if translated.streaming {
            Reading::Events(Framing::AwsEventStream)
        } else {
            Reading::Whole
        };
        Ok(to_send(place.path(operation)?, translated.body, reading))
    }

    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        if let Some(as_base64) = self.embeds {
            return embed::answer::translate(&body, as_base64, &self.asked.origin);
        }
        answer::translate(&body, &self.asked)
    }

    fn events(&mut self, batch: Vec<Event>) -> Result<Vec<u8>, Failure> {
        self.stream
            .translate(&batch, |stream, event, out| stream.event(event, &self.asked, out))
    }

    fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        self.stream.finish(Stream::finish)
    }

    fn refuse(&mut self, _target: &Target, status: u16, body: Vec<u8>) -> Failure {
        error::of_answer(status, &body)
    }
}

impl Bedrock {
    fn open_embeddings(&mut self, target: &Target, place: &Place) -> Result<UpstreamRequest, Failure> {
        let maker = Maker::of(&place.family_name())?;
        let translated = embed::request::translate(&exchange::body(), maker)?;
        *self = Self {
            embeds: Some(translated.base64),
            ..Self::default()
        };
        self.asked.origin = Origin::of_model(&target.model);
        Ok(to_send(place.path("invoke")?, translated.body, Reading::Whole))
    }
}

fn to_send(path: String, body: Vec<u8>, reading: Reading) -> UpstreamRequest {
    UpstreamRequest {
        method: "POST".into(),
        path_and_query: path,
        headers: Vec::new(),
        body: RequestBody::Bytes(body),
        reading,
        auth: auth(),
        extras: Vec::new(),
    }
}

/// Bedrock's own key counts before a signature
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html>).
fn auth() -> Option<Auth> {
    let parameters = ["api_key", "aws_bearer_token_bedrock"];
    let given = parameters.into_iter().find(|name| deployment::has_parameter(name));
    given.map(|name| Auth::Bearer(name.into()))
}

sluice_sdk::export!(Bedrock: ProviderAdapter);
