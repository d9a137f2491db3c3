//! Provider adapter for models at Amazon SageMaker's endpoints
//! (<https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html>). SageMaker passes a
//! request to the model's server and its answer back, so the server determines their form: OpenAI's chat completions
//! under `sagemaker_chat/` and `sagemaker_nova/` (`chat`), Hugging Face's text generation (`text`) and embeddings
//! (`embed`) under `sagemaker/`.
//!
//! `place` has the paths, `stream` and `lines` extract the server's own stream from AWS's, `error` translates errors,
//! and `extra_body` has the fields that the operator and the client add to a request.
//!
//! Cost: an unstreamed chat is relayed; for a streamed one the adapter reads only the answer; for `sagemaker/` it reads
//! the whole request. A stream keeps one unfinished line of at most 1 MiB.

mod chat;
mod embed;
mod error;
mod extra_body;
mod lines;
mod place;
mod stream;
mod text;

use sluice_sdk::adapter::{Batches, Origin, aws};
use sluice_sdk::{
    Auth, Continuation, Event, Failure, Fault, Framing, Manifest, NoSettings, Plugin, ProviderAdapter, ProviderInfo,
    Reading, RequestBody, Target, UpstreamRequest, deployment, exchange,
};

use embed::Encoding;
use place::Place;
use stream::Stream;

/// The gateway's names of the operations.
const CHAT: &str = "chat-completions";
const EMBEDDINGS: &str = "embeddings";

/// SageMaker's address: the operator's, or else that of the deployment's region.
const ADDRESSES: &str = "{sagemaker_base_url} https://runtime.sagemaker.{aws_region_name}.amazonaws.com";

/// The adapter, and the state of the current attempt.
pub struct SageMaker {
    form: Form,
    origin: Origin,
    stream: Batches<Stream>,
}

/// The form that the model's server speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// OpenAI's chat completions.
    Chat,
    /// Hugging Face's text generation.
    Text,
    /// Embeddings, with the encoding that the client wants.
    Embeddings(Encoding),
}

impl Plugin for SageMaker {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new(
            "sagemaker",
            env!("CARGO_PKG_VERSION"),
            "asks models at Amazon SageMaker's endpoints",
        )
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self {
            form: Form::Chat,
            origin: Origin::default(),
            stream: Batches::of(Stream::of_chat()),
        })
    }
}

impl ProviderAdapter for SageMaker {
    fn providers(&mut self) -> Vec<ProviderInfo> {
        let info = |name: &str, operations: &[&str]| ProviderInfo {
            environment: aws::ENVIRONMENT
                .map(|(parameter, variable)| (parameter.into(), variable.into()))
                .into(),
            operations: operations.iter().map(|operation| (*operation).into()).collect(),
            continuation: Continuation::Instructed,
            ..ProviderInfo::new(name, ADDRESSES, Auth::AwsSigv4("sagemaker".into()))
        };
        vec![
            info("sagemaker", &[CHAT, EMBEDDINGS]),
            info("sagemaker_chat", &[CHAT]),
            info("sagemaker_nova", &[CHAT]),
        ]
    }

    fn open(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        let operation = exchange::operation();
        self.origin = Origin::of_model(&target.model);
        match (target.provider.as_str(), operation.as_str()) {
            ("sagemaker", EMBEDDINGS) => self.open_embeddings(target),
            ("sagemaker", CHAT) => self.open_text(target),
            (_, CHAT) => self.open_chat(target),
            (provider, _) => {
                let message = format!("`{provider}/` does not serve the operation `{operation}`");
                Err(Failure::new(Fault::Unsupported, message))
            }
        }
    }

    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        match self.form {
            Form::Chat => chat::answer(body),
            Form::Text => text::answer::translate(&body, &self.origin),
            Form::Embeddings(encoding) => embed::answer(&body, encoding, &self.origin),
        }
    }

    fn events(&mut self, batch: Vec<Event>) -> Result<Vec<u8>, Failure> {
        self.stream
            .translate(&batch, |stream, event, out| stream.event(event, out))
    }

    fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        self.stream.finish(Stream::finish)
    }

    fn refuse(&mut self, _target: &Target, status: u16, body: Vec<u8>) -> Failure {
        error::of_answer(status, &body)
    }
}

impl SageMaker {
    fn open_chat(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        let place = Place::of(&target.model, exchange::is_streaming())?;
        self.form = Form::Chat;
        self.stream = Batches::of(Stream::of_chat());
        let patch = chat::request::patch(target, place.streams)?;
        let reading = match (place.streams, exchange::is_streaming()) {
            (true, _) => Reading::Events(Framing::AwsEventStream),
            // The gateway splits the answer into chunks.
            (false, true) => Reading::Whole,
            (false, false) => Reading::Relay,
        };
        Ok(to_send(place, RequestBody::MergePatch(patch), reading))
    }

    fn open_text(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        let place = Place::of(&target.model, exchange::is_streaming())?;
        self.form = Form::Text;
        self.stream = Batches::of(Stream::of_text(&target.model));
        let body = text::request::translate(&exchange::body(), place.streams)?;
        let reading = match place.streams {
            true => Reading::Events(Framing::AwsEventStream),
            false => Reading::Whole,
        };
        Ok(to_send(place, RequestBody::Bytes(body), reading))
    }

    fn open_embeddings(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        let place = Place::of(&target.model, false)?;
        let translated = embed::translate(&exchange::body(), &target.model)?;
        self.form = Form::Embeddings(translated.encoding);
        Ok(to_send(place, RequestBody::Bytes(translated.body), Reading::Whole))
    }
}

fn to_send(place: Place, body: RequestBody, reading: Reading) -> UpstreamRequest {
    UpstreamRequest {
        method: "POST".into(),
        path_and_query: place.path,
        headers: place::headers(),
        body,
        reading,
        auth: auth(),
        extras: Vec::new(),
    }
}

/// A key is for a proxy in front of SageMaker; it takes precedence over a signature.
fn auth() -> Option<Auth> {
    deployment::has_parameter("api_key").then(|| Auth::Bearer("api_key".into()))
}

sluice_sdk::export!(SageMaker: ProviderAdapter);

#[cfg(test)]
mod tests;
