//! `probe-adapter`: serves the provider `probe`, whose wire format is OpenAI's, and does what its settings
//! (`sluice.plugins.probe-adapter.settings`) say.

mod seek;

use std::sync::Mutex;

use guest_misdeeds::Misdeed;
use serde::Deserialize;
use serde_json::{Value, json};
use sluice_sdk::{
    Auth, Event, Failure, Fault, Framing, Header, Manifest, Plugin, ProviderAdapter, ProviderInfo, Reading,
    RequestBody, Target, UpstreamRequest, exchange,
};

/// The adapter.
pub struct Probe {
    settings: Settings,
}

/// What to do where, and what to send.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The export that does it.
    #[serde(default)]
    at: Option<Export>,
    #[serde(default, rename = "do")]
    misdeed: Option<Misdeed>,
    /// Path to ask for in place of `/chat/completions`.
    #[serde(default)]
    path: Option<String>,
    /// How the upstream's streams are framed.
    #[serde(default)]
    framing: Frames,
    /// Headers to add, as (name, value) pairs.
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// Parameter to ask the host to send as this header: how an adapter names a credential.
    #[serde(default)]
    auth_header: Option<(String, String)>,
    /// Service of AWS to ask the host to sign for.
    #[serde(default)]
    aws_service: Option<String>,
    /// What to say of the provider.
    #[serde(default)]
    speaks_for: SpeaksFor,
    /// What to put into the request and the answer.
    #[serde(default)]
    probe: Probing,
}

/// [`Framing`], by its name in WIT.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Frames {
    #[default]
    ServerSentEvents,
    JsonLines,
    AwsEventStream,
}

/// What `providers` answers.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SpeaksFor {
    provider: String,
    api_base: String,
    environment: Vec<(String, String)>,
    operations: Vec<String>,
}

impl Default for SpeaksFor {
    fn default() -> Self {
        Self {
            provider: "probe".into(),
            api_base: String::new(),
            environment: vec![("api_key".into(), "PROBE_API_KEY".into())],
            operations: vec!["chat-completions".into()],
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Export {
    Providers,
    Open,
    Whole,
    Events,
    Finish,
    Refuse,
}

/// What to find out and tell.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Probing {
    #[default]
    Nothing,
    /// Everything about credentials, files and variables: upstream as `metadata.found`, to the client as `found`.
    Credentials,
    /// What this instance has seen of other exchanges: upstream as `metadata.remembered`.
    Memory,
    /// That this instance has run before, without reading anything: upstream as `metadata.runs`.
    Runs,
    /// An answer that is no JSON.
    Garbage,
    /// An answer of a hundred megabytes.
    Gigantic,
}

/// What this instance remembers.
static REMEMBERED: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Plugin for Probe {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new("probe-adapter", env!("CARGO_PKG_VERSION"), "Misbehaves on command.")
            .settings_schema(r#"{"type":"object"}"#)
            .outbound("*")
    }

    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self { settings })
    }
}

impl ProviderAdapter for Probe {
    fn providers(&mut self) -> Vec<ProviderInfo> {
        self.misbehave(Export::Providers);
        let own = &self.settings.speaks_for;
        vec![ProviderInfo {
            environment: own.environment.clone(),
            operations: own.operations.clone(),
            ..ProviderInfo::new(&own.provider, &own.api_base, Auth::Bearer("api_key".into()))
        }]
    }

    fn open(&mut self, _: &Target) -> Result<UpstreamRequest, Failure> {
        self.misbehave(Export::Open);
        let reading = if exchange::is_streaming() {
            Reading::Events(match self.settings.framing {
                Frames::ServerSentEvents => Framing::ServerSentEvents,
                Frames::JsonLines => Framing::JsonLines,
                Frames::AwsEventStream => Framing::AwsEventStream,
            })
        } else {
            Reading::Whole
        };
        Ok(UpstreamRequest {
            method: "POST".into(),
            path_and_query: self.settings.path.clone().unwrap_or_else(|| "/chat/completions".into()),
            headers: self.headers(),
            body: self.body(),
            reading,
            auth: self.auth(),
            extras: Vec::new(),
        })
    }

    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        self.misbehave(Export::Whole);
        remember(&body);
        match self.settings.probe {
            Probing::Garbage => Ok(b"{\"choices\": [".to_vec()),
            Probing::Gigantic => Ok(vec![b' '; 100 << 20]),
            Probing::Credentials => add_found(&body),
            _ => Ok(body),
        }
    }

    fn events(&mut self, batch: Vec<Event>) -> Result<Vec<u8>, Failure> {
        self.misbehave(Export::Events);
        if matches!(self.settings.probe, Probing::Garbage) {
            return Ok(b"data: {\"choices\": [\n\ndata".to_vec());
        }
        if let Some(exception) = batch.iter().find(|event| event.name.ends_with("Exception")) {
            return Err(Failure::new(Fault::RateLimited, exception.name.clone()));
        }
        Ok(batch
            .iter()
            .flat_map(|event| [b"data: ", event.data.as_slice(), b"\n\n"].concat())
            .collect())
    }

    fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        self.misbehave(Export::Finish);
        Ok(Vec::new())
    }

    fn refuse(&mut self, _: &Target, status: u16, body: Vec<u8>) -> Failure {
        self.misbehave(Export::Refuse);
        Failure::from_openai(status, &body)
    }
}

impl Probe {
    fn misbehave(&self, export: Export) {
        if let Some(misdeed) = self.settings.misdeed
            && self.settings.at == Some(export)
        {
            misdeed.commit();
        }
    }

    fn auth(&self) -> Option<Auth> {
        let settings = &self.settings;
        let signed = settings.aws_service.clone().map(Auth::AwsSigv4);
        signed.or_else(|| settings.auth_header.clone().map(Auth::Header))
    }

    fn headers(&self) -> Vec<Header> {
        let header = |(name, value): &(String, String)| Header {
            name: name.clone(),
            value: value.clone(),
        };
        self.settings.headers.iter().map(header).collect()
    }

    fn body(&self) -> RequestBody {
        if exchange::operation() == "audio-transcriptions" {
            return RequestBody::Upload("file".into());
        }
        let metadata = match self.settings.probe {
            Probing::Credentials => json!({ "found": seek::before_the_answer() }),
            Probing::Memory => json!({ "remembered": exchange_by_exchange() }),
            Probing::Runs => json!({ "runs": runs() }),
            _ => return RequestBody::Unchanged,
        };
        RequestBody::MergePatch(json!({ "metadata": metadata }).to_string().into_bytes())
    }
}

/// Tells what is remembered, and remembers this exchange.
fn exchange_by_exchange() -> String {
    let mut remembered = REMEMBERED.lock().expect("a component has one thread");
    let known = remembered.join("|");
    remembered.push(String::from_utf8_lossy(&exchange::body()).into_owned());
    known
}

fn runs() -> String {
    let mut remembered = REMEMBERED.lock().expect("a component has one thread");
    remembered.push("a run".into());
    remembered.len().to_string()
}

fn remember(body: &[u8]) {
    REMEMBERED
        .lock()
        .expect("a component has one thread")
        .push(String::from_utf8_lossy(body).into_owned());
}

fn add_found(body: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut document: Value = serde_json::from_slice(body)
        .map_err(|error| Failure::new(Fault::MalformedAnswer, format!("no JSON: {error}")))?;
    document["found"] = seek::after_the_answer().into();
    Ok(document.to_string().into_bytes())
}

// Linkers of other targets do not take the names of a component's exports.
#[cfg(target_arch = "wasm32")]
sluice_sdk::export!(Probe: ProviderAdapter);
