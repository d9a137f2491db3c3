//! `teller`: an adapter that writes its version into every answer and chunk, as `system_fingerprint`. `teller-2` is the
//! same source under another version, for the tests of hot reload.

use serde_json::Value;
use sluice_sdk::{
    Auth, Event, Failure, Fault, Framing, Manifest, NoSettings, Plugin, ProviderAdapter, ProviderInfo, Reading,
    RequestBody, Target, UpstreamRequest, exchange,
};

/// The adapter.
pub struct Teller;

impl Plugin for Teller {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new(
            "teller",
            env!("CARGO_PKG_VERSION"),
            "Writes its version into every answer.",
        )
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self)
    }
}

impl ProviderAdapter for Teller {
    fn providers(&mut self) -> Vec<ProviderInfo> {
        vec![ProviderInfo::new("teller", "", Auth::Bearer("api_key".into()))]
    }

    fn open(&mut self, _: &Target) -> Result<UpstreamRequest, Failure> {
        let reading = if exchange::is_streaming() {
            Reading::Events(Framing::ServerSentEvents)
        } else {
            Reading::Whole
        };
        Ok(UpstreamRequest {
            method: "POST".into(),
            path_and_query: "/chat/completions".into(),
            headers: Vec::new(),
            body: RequestBody::Unchanged,
            reading,
            auth: None,
            extras: Vec::new(),
        })
    }

    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        sign(&body)
    }

    fn events(&mut self, batch: Vec<Event>) -> Result<Vec<u8>, Failure> {
        let mut chunks = Vec::new();
        for event in batch {
            chunks.extend_from_slice(b"data: ");
            chunks.extend(sign(&event.data)?);
            chunks.extend_from_slice(b"\n\n");
        }
        Ok(chunks)
    }
}

fn sign(json: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut document: Value = serde_json::from_slice(json)
        .map_err(|error| Failure::new(Fault::MalformedAnswer, format!("no JSON: {error}")))?;
    document["system_fingerprint"] = env!("CARGO_PKG_VERSION").into();
    Ok(document.to_string().into_bytes())
}

// Linkers of other targets do not take the names of a component's exports.
#[cfg(target_arch = "wasm32")]
sluice_sdk::export!(Teller: ProviderAdapter);
