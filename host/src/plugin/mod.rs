//! The plugin host: it loads components, links them to their imports, and calls them within limits.
//!
//! In reading order:
//! - [`engine`]: the wasmtime engine; [`clock`]: the time limits of guests
//! - [`component`]: from bytes to a component that is checked, compiled and described; [`cache`] keeps the compiled
//!   code on disk
//! - [`imports`], [`wasi`]: all functions that a guest may call; [`grants`]: the hosts that it may connect to
//! - [`guest`], [`limits`]: the host's state of one instance, and its limits
//! - [`pool`]: pools of instances, which are reused if they have read no content
//! - [`strategy`], [`adapter`], [`guardrail`], [`callback`]: the typed calls of each kind
//! - [`columns`], [`reads`]: the data that strategies read, at present or as it was recorded
//! - [`library`]: the bundled components and those of the plugins directory, as one immutable registry
//!
//! Other modules decide when plugins are called (`crate::exchange`), and which plugin serves what (`crate::snapshot`).

pub mod adapter;
pub mod bindings;
mod cache;
pub mod callback;
mod clock;
pub mod columns;
pub mod component;
pub mod engine;
pub mod grants;
pub mod guardrail;
mod guest;
mod host;
mod idle;
pub mod imports;
pub mod library;
pub mod limits;
pub mod pool;
pub mod reads;
pub mod strategy;
mod wasi;
mod words;

use std::sync::Arc;

pub use component::Component;
pub use host::Host;

use crate::metrics::PluginCounters;

/// A kind of plugin. A component may be of several kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    Strategy,
    Adapter,
    Guardrail,
    Callback,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Strategy, Self::Adapter, Self::Guardrail, Self::Callback];

    /// The world's name in `wit/worlds.wit`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strategy => "routing-strategy",
            Self::Adapter => "provider-adapter",
            Self::Guardrail => "guardrail-check",
            Self::Callback => "logging-callback",
        }
    }

    /// The interface whose export makes a component this kind.
    #[must_use]
    pub fn interface(self) -> &'static str {
        match self {
            Self::Strategy => "sluice:plugin/routing@0.1.0",
            Self::Adapter => "sluice:plugin/provider@0.1.0",
            Self::Guardrail => "sluice:plugin/guardrail@0.1.0",
            Self::Callback => "sluice:plugin/callback@0.1.0",
        }
    }
}

/// One use of a plugin: the plugin with certain settings and grants. All instances of the use share it.
pub struct Identity {
    /// The plugin's name in its manifest.
    pub name: Box<str>,
    /// Hash of the component, in hex.
    pub sha256: Box<str>,
    /// The result of `settings.get`.
    pub settings: Box<str>,
    pub grants: grants::Grants,
    pub egress: imports::http::Egress,
    pub state: Arc<imports::state::Store>,
    pub counters: Arc<PluginCounters>,
}

/// Why a call gave no usable result. The values that a plugin may return, including its own errors, are not among
/// these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    #[error("plugin `{plugin}` trapped: {reason}")]
    Trap { plugin: Box<str>, reason: String },
    #[error(
        "plugin `{plugin}` ran over its time limit of {limit_ms} ms and was stopped; if it needs more, set `sluice.plugins.{plugin}.time_limit_ms`"
    )]
    Time { plugin: Box<str>, limit_ms: u128 },
    #[error(
        "plugin `{plugin}` asked for more than its {limit_mib} MiB of memory and was stopped; if it needs more, set `sluice.plugins.{plugin}.memory_limit_mb`"
    )]
    Memory { plugin: Box<str>, limit_mib: usize },
    #[error("plugin `{plugin}` answered more than {limit_mib} MiB in one call and was stopped")]
    Output { plugin: Box<str>, limit_mib: usize },
    #[error("no instance of plugin `{plugin}` could be made: {reason}")]
    Instance { plugin: Box<str>, reason: String },
    #[error("plugin `{plugin}` broke its contract: {reason}")]
    Contract { plugin: Box<str>, reason: String },
}

impl CallError {
    /// A short stable word: the label of a metric.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Trap { .. } => "trap",
            Self::Time { .. } => "time",
            Self::Memory { .. } => "memory",
            Self::Output { .. } => "output",
            Self::Instance { .. } => "instance",
            Self::Contract { .. } => "contract",
        }
    }
}
