//! Provider adapter for Amazon Bedrock: chat by Converse and ConverseStream
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>), whichever model answers, and
//! embeddings by InvokeModel (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>).
//!
//! It translates a chat completion into Converse's request (`request`), and the answer back, whole (`answer`) or event by
//! event (`stream`); `model` says what the model can do, and `names` which names Bedrock takes; `embed` is all of embeddings.
//! Where a request goes and what a non-2xx answer means stands in the SDK (`sluice_sdk::adapter::bedrock`), for the `anthropic`
//! adapter speaks Claude's own format there. The README lists what maps to what, and what is refused.
//!
//! Cost: it reads the whole request, so an instance serves one exchange. Text is copied once and never unescaped; a
//! stream keeps a few numbers and the names that were mended, nothing that grows with its length.

mod answer;
mod embed;
mod extra_body;
mod model;
mod names;
mod request;
mod stream;
mod usage;
mod wire;

use sluice_sdk::adapter::bedrock::{self, Place, error};
use sluice_sdk::adapter::{Batches, Origin};
use sluice_sdk::{
    Event, Failure, Framing, Manifest, NoSettings, Plugin, ProviderAdapter, ProviderInfo, Reading, RequestBody, Target,
    UpstreamRequest, exchange,
};

use embed::Maker;
use model::Model;
use names::Names;
use stream::Stream;

/// Operations, as the gateway names them.
const CHAT: &str = "chat-completions";
const EMBEDDINGS: &str = "embeddings";

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
        let info = |name: &str| bedrock::provider(name, &[CHAT, EMBEDDINGS]);
        [bedrock::NAME, "bedrock_converse"].map(info).into()
    }

    fn open(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        let place = Place::parse(&target.model)?;
        if exchange::operation() == EMBEDDINGS {
            return self.open_embeddings(target, &place);
        }
        let translated = request::translate(&exchange::body(), Model::named(&place.family_name()))?;
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
        auth: bedrock::auth(),
        extras: Vec::new(),
    }
}

sluice_sdk::export!(Bedrock: ProviderAdapter);
