//! A snapshot: one immutable state of everything that can be reloaded, which is settings, plugins in use and model
//! groups.
//!
//! An exchange (a client's request and all work until the end of its answer) uses the snapshot that is in force when it
//! begins, so it never sees a half-finished change. A reload builds the next snapshot in the background and replaces
//! the old one as a whole.

mod build;
mod groups;
mod listing;
mod providers;
mod uses;

use std::collections::HashMap;
use std::sync::Arc;

pub use build::{Builder, Sources};
pub use groups::{Found, Groups};
pub use listing::Served;
pub use providers::models;

use crate::callbacks::Sink;
use crate::canonical::parts::Medium;
use crate::config::settings::{self, MayChange, Mode, Settings};
use crate::decisions::Recorder;
use crate::plugin::kinds::adapter::Adapter;
use crate::plugin::kinds::guardrail::Guardrail;
use crate::plugin::kinds::hook::Hook;
use crate::plugin::kinds::periodic::Periodic;
use crate::plugin::kinds::strategy::Strategy;
use crate::plugin::library::Registry;

/// Everything that an exchange needs to know.
pub struct Snapshot {
    pub settings: Arc<Settings>,
    pub registry: Arc<Registry>,
    pub groups: Groups,
    /// The configured strategy; `None` if no plugin provides it.
    pub strategy: Option<Arc<Strategy>>,
    /// The strategies of `routing_groups`, by model group.
    pub strategies: HashMap<String, Option<Arc<Strategy>>>,
    /// `simple-shuffle`, which is used if the strategy fails or is missing.
    pub shuffle: Option<Arc<Strategy>>,
    /// The recorder of decisions; `None` if they are not recorded.
    pub decisions: Option<Arc<Recorder>>,
    /// In the order in which they see a request.
    pub hooks: Vec<ConfiguredHook>,
    pub guardrails: Vec<ConfiguredGuardrail>,
    pub callbacks: Vec<Arc<Sink>>,
    /// The periodic tasks that the operator named.
    pub periodic: Vec<Arc<Periodic>>,
    /// All adapters, including those that no deployment uses yet. They are kept so that the next snapshot uses the same
    /// instances.
    pub adapters: Vec<Arc<Adapter>>,
    /// What is configured and does not work.
    pub faults: Vec<Fault>,
}

/// Something that is configured and does not work, and how to correct it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No plugin provides it. The check of the configuration reports this too.
    #[error("{0}")]
    Missing(String),
    /// It exists, but cannot be used as configured.
    #[error("{0}")]
    Unusable(String),
    /// It works, but a plugin does not get to know all of it.
    #[error("{0}")]
    Withheld(String),
}

/// A callback of the configuration that is a request hook.
pub struct ConfiguredHook {
    /// As the configuration names it.
    pub name: String,
    /// `None` if its settings cannot be used: requests are refused as if it failed.
    pub plugin: Option<Arc<Hook>>,
    pub may_change: MayChange,
    /// Whether an exchange goes on if it fails.
    pub fail_open: bool,
}

/// A guardrail that the configuration names.
pub struct ConfiguredGuardrail {
    pub settings: settings::Guardrail,
    /// `None` if no plugin provides it: exchanges that need the guardrail are refused. A missing guardrail must never
    /// mean "no guardrail".
    pub plugin: Option<Arc<Guardrail>>,
}

impl ConfiguredGuardrail {
    /// Whether it inspects exchanges at this point.
    #[must_use]
    pub fn looks(&self, mode: Mode) -> bool {
        self.settings.modes.contains(&mode)
    }

    /// What it is shown beside text.
    #[must_use]
    pub fn looks_at(&self) -> &[Medium] {
        self.plugin.as_deref().map_or(&[], Guardrail::looks_at)
    }
}

impl Snapshot {
    /// Hosts that a plugin may connect to in any of its uses, sorted.
    #[must_use]
    pub fn granted(&self, plugin: &str) -> Vec<String> {
        let guardrails = self
            .guardrails
            .iter()
            .filter_map(|guardrail| guardrail.plugin.as_deref());
        let guardrails = guardrails
            .filter(|used| used.plugin() == plugin)
            .flat_map(|used| used.grants().listed());
        let callbacks = self
            .callbacks
            .iter()
            .filter(|sink| sink.plugin() == plugin)
            .flat_map(|sink| sink.grants());
        let hooks = self.hooks.iter().filter_map(|hook| hook.plugin.as_deref());
        let hooks = hooks
            .filter(|used| used.plugin() == plugin)
            .flat_map(|used| used.grants().listed());
        let periodic = self.periodic.iter().filter(|task| task.plugin() == plugin);
        let periodic = periodic.flat_map(|task| task.grants().listed());
        let mut hosts: Vec<String> = guardrails.chain(callbacks).chain(hooks).chain(periodic).collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }
}
