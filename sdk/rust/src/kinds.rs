//! The trait of all plugins, and one trait for each kind of plugin.

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::bindings;

pub use bindings::about::exports::sluice::plugin::about::Manifest;
pub use bindings::callback::exports::sluice::plugin::callback::DeliveryError;
pub use bindings::guardrail::exports::sluice::plugin::guardrail::{
    Edit, Error as GuardrailError, Passage, Stage, Verdict, Violation,
};
pub use bindings::hook::exports::sluice::plugin::hook::{Changes, Decision, Edit as RequestEdit, Error as HookError};
pub use bindings::imports::sluice::plugin::types::{Header, Medium, Refusal};
pub use bindings::provider::exports::sluice::plugin::provider::{
    Auth, Continuation, Event, Failure, Fault, Framing, ProviderInfo, Reading, RequestBody, Target, UpstreamRequest,
};
pub use bindings::routing::exports::sluice::plugin::routing::Error as RoutingError;

/// The settings of a plugin that has none. Any setting is refused.
#[derive(Debug, Default, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

/// Describes a plugin to the host, and makes its instances.
pub trait Plugin: Sized + 'static {
    /// The settings that the operator may give, read from JSON. A type that refuses unknown fields
    /// (`#[serde(deny_unknown_fields)]`) finds the operator's typing mistakes. Use [`NoSettings`] if there are none.
    type Settings: DeserializeOwned;

    /// Name, version, schema of the settings and requested hosts. Called once, when the host loads the plugin.
    fn manifest() -> Manifest;

    /// Makes the state of one instance. It lives as long as the instance, which may serve one call or thousands.
    ///
    /// # Errors
    /// A sentence for the operator: the settings parse but make no sense. Every call of the instance then fails with
    /// it.
    fn new(settings: Self::Settings) -> Result<Self, String>;
}

impl Manifest {
    /// A manifest with a name, a version (`env!("CARGO_PKG_VERSION")`) and a summary of one sentence. It requests no
    /// hosts.
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

    /// Sets the JSON Schema (draft 2020-12) of the settings. The host validates settings before the plugin gets them.
    #[must_use]
    pub fn settings_schema(mut self, schema: &str) -> Self {
        self.settings_schema = schema.into();
        self
    }

    /// For a routing strategy: deployments that its ranking leaves out must not be tried. The strategy is then called
    /// for a single candidate too, and the exchange is refused if it fails.
    #[must_use]
    pub fn constrains(mut self) -> Self {
        self.constrains = true;
        self
    }

    /// For a guardrail: the media that it inspects in addition to text.
    #[must_use]
    pub fn looks_at(mut self, media: &[Medium]) -> Self {
        self.looks_at = media.to_vec();
        self
    }

    /// Requests access to a host: `host`, `host:port` or `*.domain`; `*` requests whatever the operator names. The
    /// operator must allow each host.
    #[must_use]
    pub fn outbound(mut self, host: &str) -> Self {
        self.outbound.push(host.into());
        self
    }
}

/// Ranks the deployments that may be tried.
pub trait RoutingStrategy: Plugin {
    /// Returns candidate indexes, best first; candidates that are left out are not tried. Read only what you need from
    /// [`crate::candidates`], [`crate::exchange`] and [`crate::state`]. Take random numbers from
    /// [`crate::exchange::seed`] only, so that a decision can be replayed.
    ///
    /// Runs before the first attempt, within 5 ms.
    ///
    /// # Errors
    /// The host then ranks as `simple-shuffle` does, and counts the error. For a strategy that
    /// [constrains](Manifest::constrains()), the host refuses the exchange instead.
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError>;
}

impl ProviderInfo {
    /// A provider with a prefix, an address and a way to authenticate. It serves chat completions; all other fields are
    /// empty.
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

/// Translates to and from the wire formats of one or more providers, without I/O and without credentials.
pub trait ProviderAdapter: Plugin {
    /// The prefixes that the adapter serves, their addresses, and how the host authenticates. Called once, when the
    /// host loads the plugin.
    fn providers(&mut self) -> Vec<ProviderInfo>;

    /// Begins an attempt: returns what to send and how the answer will be read. It must reset the state of an earlier
    /// attempt.
    ///
    /// # Errors
    /// The attempt fails as if the upstream had refused it with this fault.
    fn open(&mut self, target: &Target) -> Result<UpstreamRequest, Failure>;

    /// Called after [`Reading::Whole`]: returns the canonical answer. The default implementation refuses.
    ///
    /// # Errors
    /// [`Fault::MalformedAnswer`] if the body cannot be understood.
    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let _ = body;
        Err(Failure::new(
            Fault::Unsupported,
            "the adapter does not read whole answers",
        ))
    }

    /// Called after [`Reading::Events`]: returns the canonical chunks for this batch, each as `data: <json>\n\n`; there
    /// may be none. If the events say that the answer is complete, write `data: [DONE]\n\n` after the last chunk
    /// ([`Chunks::done`]): the client's stream then ends, even if the upstream keeps its own open. The default
    /// implementation refuses.
    ///
    /// [`Chunks::done`]: crate::canonical::Chunks::done
    ///
    /// # Errors
    /// The provider sent an error event, or [`Fault::MalformedAnswer`].
    fn events(&mut self, batch: Vec<Event>) -> Result<Vec<u8>, Failure> {
        let _ = batch;
        Err(Failure::new(
            Fault::Unsupported,
            "the adapter does not read event streams",
        ))
    }

    /// Called when the upstream's stream has ended and no `[DONE]` was written: returns the remaining chunks. The
    /// default is none.
    ///
    /// # Errors
    /// [`Fault::MalformedAnswer`] if the stream ended before the answer was complete.
    fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        Ok(Vec::new())
    }

    /// Translates a non-2xx answer. The default implementation reads OpenAI's error format and judges by the status.
    fn refuse(&mut self, target: &Target, status: u16, body: Vec<u8>) -> Failure {
        let _ = target;
        Failure::from_openai(status, &body)
    }
}

/// Inspects the text of requests and answers.
pub trait Guardrail: Plugin {
    /// Judges the passages of one stage. `wit/0.2.1/guardrail.wit` documents the stages and verdicts.
    ///
    /// # Errors
    /// The exchange is refused, unless the operator configured `fail: open`.
    fn inspect(&mut self, stage: Stage, passages: Vec<Passage>) -> Result<Verdict, GuardrailError>;
}

impl Changes {
    /// No changes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            edits: Vec::new(),
            model_group: None,
        }
    }

    /// Gives the member or the element at a place of the request this value. The place is a JSON Pointer (RFC 6901), such
    /// as `/messages/0/content`.
    #[must_use]
    pub fn set(mut self, place: &str, value: &serde_json::Value) -> Self {
        self.edits.push(RequestEdit::Set((place.into(), value.to_string())));
        self
    }

    /// Puts the value into an array before the element at the place; `-` for its index means the end.
    #[must_use]
    pub fn insert(mut self, place: &str, value: &serde_json::Value) -> Self {
        self.edits.push(RequestEdit::Insert((place.into(), value.to_string())));
        self
    }

    /// Removes the member or the element at the place, if it is there.
    #[must_use]
    pub fn remove(mut self, place: &str) -> Self {
        self.edits.push(RequestEdit::Remove(place.into()));
        self
    }

    /// Asks this model group in place of the one that the client asked for.
    #[must_use]
    pub fn ask(mut self, group: &str) -> Self {
        self.model_group = Some(group.into());
        self
    }

    /// Whether nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty() && self.model_group.is_none()
    }
}

impl Default for Changes {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Changes> for Decision {
    /// [`Decision::Proceed`] if nothing is changed.
    fn from(changes: Changes) -> Self {
        match changes.is_empty() {
            true => Self::Proceed,
            false => Self::Change(changes),
        }
    }
}

impl Refusal {
    /// An error for the client: status (`wit/0.2.1/types.wit` has the list), stable code, and a sentence.
    #[must_use]
    pub fn new(status: u16, code: &str, message: &str) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            retry_after_ms: 0,
        }
    }

    /// Says how long the client should wait before it asks again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
        self
    }
}

/// Sees a request before guardrails and routing do, and may change it, answer it or refuse it.
pub trait RequestHook: Plugin {
    /// Decides about the current request ([`crate::exchange`]). What it may change is what the operator grants by
    /// `sluice.plugins.<name>.may_change`. Read only neutral fields where they will do: the instance is then used again.
    ///
    /// # Errors
    /// The request is refused, unless the operator configured `fail_on_error: false`.
    fn prepare(&mut self) -> Result<Decision, HookError>;
}

/// Receives the records of finished exchanges.
pub trait LoggingCallback: Plugin {
    /// Takes a batch of records, oldest first. Each is a JSON document that conforms to `config/record.schema.json`.
    ///
    /// # Errors
    /// [`DeliveryError::Retry`] to get the same batch again after a pause, [`DeliveryError::Reject`] to drop the batch.
    fn deliver(&mut self, records: Vec<String>) -> Result<(), DeliveryError>;
}

/// Works beside exchanges, again and again, where the operator names the plugin in `sluice.plugins`. It sees no exchange:
/// what it finds out, it leaves in [`crate::state`], for example for the [`RoutingStrategy`] that the same type implements.
pub trait PeriodicTask: Plugin {
    /// Does one round of work, and returns the pause until the next: the host waits at least a second and at most a day.
    ///
    /// # Errors
    /// A sentence for the operator. The next round follows after a minute.
    fn tick(&mut self) -> Result<Duration, String>;
}
