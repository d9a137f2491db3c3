//! The plugin host: it loads components, links them to their imports, and calls them within limits.
//!
//! In reading order:
//! - [`codegen`], [`engine`]: the wasmtime engine; [`clock`]: the time limits of guests
//! - [`load`]: from bytes to a component that is checked, compiled and described; [`apart`] does it in a process of its
//!   own, [`queue`] in the background; [`cache`] keeps the compiled code on disk
//! - [`component`]: what is ready to be instantiated
//! - [`imports`], [`wasi`]: all functions that a guest may call; [`grants`]: the hosts that it may connect to;
//!   [`parameters`]: what it may know of a deployment
//! - [`powers`]: what each import means for an operator
//! - [`guest`], [`limits`]: the host's state of one instance, and its limits; [`crossing`]: what may pass between them
//! - [`pool`]: pools of instances, which are reused if they have read no content
//! - [`kinds`]: what differs between the kinds, and the typed calls of each
//! - [`columns`], [`reads`]: the data that strategies read, at present or as it was recorded
//! - [`library`]: the bundled components and those of the plugins directory, as one immutable registry
//!
//! Other modules decide when plugins are called (`crate::exchange`), and which plugin serves what (`crate::snapshot`).

mod about;
pub mod apart;
mod attempted;
pub mod bindings;
mod cache;
mod clock;
mod codegen;
pub mod columns;
pub mod component;
mod crossing;
pub mod egress;
pub mod engine;
pub mod grants;
mod guest;
mod host;
mod idle;
pub mod imports;
mod kind;
pub mod kinds;
pub mod library;
pub mod limits;
mod load;
pub mod parameters;
pub mod pool;
pub mod powers;
mod queue;
pub mod reads;
mod wasi;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use component::Component;
pub use host::Host;
pub use kind::Kind;
pub use load::LoadError;

use crate::metrics::PluginCounters;

/// One use of a plugin: the plugin with certain settings and grants. All instances of the use share it.
pub struct Identity {
    /// The plugin's name in its manifest.
    pub name: Box<str>,
    /// Hash of the component, in hex.
    pub sha256: Box<str>,
    /// The result of `settings.get`.
    pub settings: Box<str>,
    pub grants: grants::Grants,
    /// The parameters of deployments that it may read.
    pub parameters: parameters::Parameters,
    /// Whether it may say whom an exchange is counted for.
    pub may_attribute: bool,
    pub egress: egress::Egress,
    pub state: Arc<imports::state::Store>,
    /// How many more instances the plugin may have, in all its uses.
    pub instances: Arc<Semaphore>,
    pub counters: Arc<PluginCounters>,
}

impl Identity {
    /// Counts a call that gave no usable result.
    pub(crate) fn failed(&self, error: &CallError) {
        self.counters.failed(error.kind(), error.to_string());
    }

    /// The error for an answer that breaks the contract. It is counted and logged.
    pub(crate) fn broke_contract(&self, reason: String) -> CallError {
        let error = CallError::Contract {
            plugin: self.name.clone(),
            reason,
        };
        self.failed(&error);
        tracing::warn!(%error, "plugin call failed");
        error
    }
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
