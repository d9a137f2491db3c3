//! One trait for what all plugins share, one for each kind.

use serde::de::DeserializeOwned;

use crate::bindings;

pub use bindings::about::exports::sluice::plugin::about::Manifest;
pub use bindings::callback::exports::sluice::plugin::callback::DeliveryError;
pub use bindings::guardrail::exports::sluice::plugin::guardrail::{
    Edit, Error as GuardrailError, Passage, Stage, Verdict, Violation,
};
pub use bindings::imports::sluice::plugin::types::{Header, Medium};
pub use bindings::provider::exports::sluice::plugin::provider::{
    Auth, Continuation, Event, Failure, Fault, Framing, ProviderInfo, Reading, RequestBody, Target, UpstreamRequest,
};
pub use bindings::routing::exports::sluice::plugin::routing::Error as RoutingError;

/// The settings of a plugin that takes none; any are refused.
#[derive(Debug, Default, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

/// What every plugin says of itself, and how one instance is made.
pub trait Plugin: Sized + 'static {
    /// What the operator may set: read from the settings' JSON. A type that refuses unknown fields
    /// (`#[serde(deny_unknown_fields)]`) finds the operator's typing mistakes. [`NoSettings`] where there are none.
    type Settings: DeserializeOwned;

    /// Name, version, settings' schema and the hosts it asks for. Called once, when the host loads the plugin.
    fn manifest() -> Manifest;

    /// Makes the state of one instance; it lives as long as the instance, which may serve one call or thousands.
    ///
    /// # Errors
    /// A sentence for the operator: settings that parse but make no sense. Every call then fails with it.
    fn new(settings: Self::Settings) -> Result<Self, String>;
}

impl Manifest {
    /// A manifest with a name, a version (`env!("CARGO_PKG_VERSION")`) and one sentence, asking for nothing.
    #[must_use]
    pub fn new(name: &str, version: &str, summary: &str) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            summary: summary.into(),
            settings_schema: String::new(),
            outbound: Vec::new(),
            constrains: false,
            looks_at: Vec::new(),
            extras: Vec::new(),
        }
    }

    /// JSON Schema (draft 2020-12) of the settings: the host checks them before the plugin sees them.
    #[must_use]
    pub fn settings_schema(mut self, schema: &str) -> Self {
        self.settings_schema = schema.into();
        self
    }

    /// Of a routing strategy: what it leaves out must not be tried.
    #[must_use]
    pub fn constrains(mut self) -> Self {
        self.constrains = true;
        self
    }

    /// Of a guardrail: what it is shown beside text.
    #[must_use]
    pub fn looks_at(mut self, media: &[Medium]) -> Self {
        self.looks_at = media.to_vec();
        self
    }

    /// A host it asks to reach: `host`, `host:port` or `*.domain`; `*` asks for whatever the operator names.
    #[must_use]
    pub fn outbound(mut self, host: &str) -> Self {
        self.outbound.push(host.into());
        self
    }
}

/// Chooses among healthy deployments.
pub trait RoutingStrategy: Plugin {
    /// Candidate indexes, best first; those left out are not tried. Read what you need from [`crate::candidates`],
    /// [`crate::exchange`] and [`crate::state`]; take chance from [`crate::exchange::seed`], so that a decision can be
    /// replayed.
    ///
    /// Runs before the first attempt, within 5 ms.
    ///
    /// # Errors
    /// The host then ranks as `simple-shuffle` does, and counts the error.
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError>;
}

impl ProviderInfo {
    /// A provider with a prefix, an address and a proof of who we are; it serves chat, and all else is left out.
    #[must_use]
    pub fn new(name: &str, api_base: &str, auth: Auth) -> Self {
        Self {
            name: name.into(),
            api_base: api_base.into(),
            auth,
            environment: Vec::new(),
            operations: vec!["chat-completions".into()],
            continuation: Continuation::None,
            credential_is_optional: false,
            extras: Vec::new(),
        }
    }
}

/// Speaks one or more providers' wire formats, without I/O and without credentials.
pub trait ProviderAdapter: Plugin {
    /// The prefixes it serves, where they live and how the host proves who we are. Called once, at load.
    fn providers(&mut self) -> Vec<ProviderInfo>;

    /// Begins an attempt: what to send, and how the answer will be read. Forget what an earlier attempt left behind.
    ///
    /// # Errors
    /// The attempt fails as an upstream's refusal would, by its fault.
    fn open(&mut self, target: &Target) -> Result<UpstreamRequest, Failure>;

    /// After [`Reading::Whole`]: the canonical answer. The default refuses.
    ///
    /// # Errors
    /// [`Fault::MalformedAnswer`] where the body makes no sense.
    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let _ = body;
        Err(Failure::new(
            Fault::Unsupported,
            "the adapter does not read whole answers",
        ))
    }

    /// After [`Reading::Events`]: canonical chunks for this batch as `data: <json>\n\n`, none or many, and
    /// `data: [DONE]\n\n` after the last where the events say that the answer is over ([`Chunks::done`]): the client's stream
    /// ends there, though the upstream may keep its own open. The default refuses.
    ///
    /// [`Chunks::done`]: crate::canonical::Chunks::done
    ///
    /// # Errors
    /// An error event of the provider, or [`Fault::MalformedAnswer`].
    fn events(&mut self, batch: Vec<Event>) -> Result<Vec<u8>, Failure> {
        let _ = batch;
        Err(Failure::new(
            Fault::Unsupported,
            "the adapter does not read event streams",
        ))
    }

    /// The upstream's stream ended, and no `[DONE]` was written: chunks still owed.
    ///
    /// # Errors
    /// [`Fault::MalformedAnswer`] where it broke off before its own end.
    fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        Ok(Vec::new())
    }

    /// What a non-2xx answer means. The default reads OpenAI's error shape and judges by status.
    fn refuse(&mut self, target: &Target, status: u16, body: Vec<u8>) -> Failure {
        let _ = target;
        Failure::from_openai(status, &body)
    }
}

/// Looks at text going in or coming out.
pub trait Guardrail: Plugin {
    /// Judges the passages of one stage; what each stage and verdict means stands in `wit/0.2/guardrail.wit`.
    ///
    /// # Errors
    /// The exchange is refused, unless the operator says `fail: open`.
    fn inspect(&mut self, stage: Stage, passages: Vec<Passage>) -> Result<Verdict, GuardrailError>;
}

/// Receives the records of finished exchanges.
pub trait LoggingCallback: Plugin {
    /// Takes a batch, oldest first; each is a JSON document after `config/record.schema.json`.
    ///
    /// # Errors
    /// [`DeliveryError::Retry`] to be given the same batch again after a pause, [`DeliveryError::Reject`] to drop it.
    fn deliver(&mut self, records: Vec<String>) -> Result<(), DeliveryError>;
}
