//! Provider adapter for language models on Replicate (<https://replicate.com/docs/reference/http#predictions.create>).
//!
//! `request` translates a chat completion to a prediction, with the conversation as one text (`prompt`); Replicate is
//! asked to wait for the result. `answer` translates the prediction back, `model` has the paths of models, and `error`
//! translates non-2xx answers. The README lists how fields are mapped, and what is refused.
//!
//! Cost: the adapter reads the whole request, so an instance serves only one exchange. Answers are whole; the gateway
//! splits them into chunks for clients that stream.

mod answer;
mod error;
mod model;
mod prompt;
mod request;

use sluice_sdk::adapter::Origin;
use sluice_sdk::{
    Auth, Continuation, Failure, Fault, Header, Manifest, NoSettings, Plugin, ProviderAdapter, ProviderInfo, Reading,
    RequestBody, Target, UpstreamRequest, deployment, exchange,
};

use model::Model;

/// Asks Replicate to answer when the prediction is complete, or after its maximum of 60 seconds
/// (<https://replicate.com/docs/topics/predictions/create-a-prediction#sync-mode>).
const WAIT: (&str, &str) = ("prefer", "wait");

/// The adapter, and the state of the current attempt.
#[derive(Default)]
pub struct Replicate {
    origin: Origin,
}

impl Plugin for Replicate {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new("replicate", env!("CARGO_PKG_VERSION"), "speaks Replicate's predictions")
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self::default())
    }
}

impl ProviderAdapter for Replicate {
    fn providers(&mut self) -> Vec<ProviderInfo> {
        let environment = [
            ("api_key", "REPLICATE_API_KEY"),
            ("api_key", "REPLICATE_API_TOKEN"),
            ("api_base", "REPLICATE_API_BASE"),
        ];
        vec![ProviderInfo {
            name: "replicate".into(),
            api_base: "https://api.replicate.com".into(),
            auth: Auth::Bearer("api_key".into()),
            environment: environment
                .map(|(parameter, variable)| (parameter.into(), variable.into()))
                .into(),
            operations: vec!["chat-completions".into()],
            // Answers are whole, so none is interrupted.
            continuation: Continuation::None,
            credential_is_optional: false,
            extras: Vec::new(),
        }]
    }

    fn open(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        let operation = exchange::operation();
        if operation != "chat-completions" {
            let message = format!("Replicate does not serve the operation `{operation}`");
            return Err(Failure::new(Fault::Unsupported, message));
        }
        let model = Model::named(&target.model)?;
        let body = request::translate(&exchange::body(), &model)?;
        self.origin = Origin::of_model(&target.model);
        Ok(UpstreamRequest {
            method: "POST".into(),
            path_and_query: path_under(deployment::text("api_base").as_deref(), &model.path),
            headers: vec![Header {
                name: WAIT.0.into(),
                value: WAIT.1.into(),
            }],
            body: RequestBody::Bytes(body),
            reading: Reading::Whole,
            auth: None,
            extras: Vec::new(),
        })
    }

    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        answer::translate(&body, &self.origin)
    }

    fn refuse(&mut self, _target: &Target, status: u16, body: Vec<u8>) -> Failure {
        error::of_answer(status, &body)
    }
}

/// The path below the base, which may include the version.
fn path_under(api_base: Option<&str>, path: &str) -> String {
    let base = api_base.unwrap_or_default().split('?').next().unwrap_or_default();
    if base.trim_end_matches('/').ends_with("/v1") {
        path.to_owned()
    } else {
        format!("/v1{path}")
    }
}

sluice_sdk::export!(Replicate: ProviderAdapter);

#[cfg(test)]
mod tests;
