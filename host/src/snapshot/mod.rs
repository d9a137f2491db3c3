//! One immutable state of everything that can be reloaded: settings, plugins in use, model groups.
//!
//! An exchange takes the snapshot that is in force when it begins and keeps it to the end of its stream, so that it can
//! never meet half a change. A reload builds the next one off the path and swaps it in whole.

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

use crate::callbacks::Sink;
use crate::config::settings::{self, Mode, Settings};
use crate::decisions::Recorder;
use crate::plugin::adapter::Adapter;
use crate::plugin::guardrail::Guardrail;
use crate::plugin::library::Registry;
use crate::plugin::strategy::Strategy;

/// Everything an exchange needs to know.
pub struct Snapshot {
    pub settings: Arc<Settings>,
    pub registry: Arc<Registry>,
    pub groups: Groups,
    /// The configured strategy; `None` where no plugin provides it.
    pub strategy: Option<Arc<Strategy>>,
    /// By model group, those of `routing_groups`.
    pub strategies: HashMap<String, Option<Arc<Strategy>>>,
    /// `simple-shuffle`, for when the strategy fails or is not there.
    pub shuffle: Option<Arc<Strategy>>,
    /// Where choices are recorded; `None` where they are not.
    pub decisions: Option<Arc<Recorder>>,
    pub guardrails: Vec<ConfiguredGuardrail>,
    pub callbacks: Vec<Arc<Sink>>,
    /// All of them, also those that no deployment uses yet: the next snapshot finds their instances again.
    pub adapters: Vec<Arc<Adapter>>,
    /// What is configured and does not work.
    pub faults: Vec<Fault>,
}

/// Something that is configured and does not work, with its mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No plugin provides it; the configuration's check says so too.
    #[error("{0}")]
    Missing(String),
    /// It is there and cannot be used as configured.
    #[error("{0}")]
    Unusable(String),
}

/// A guardrail that the configuration names.
pub struct ConfiguredGuardrail {
    pub settings: settings::Guardrail,
    /// `None` when no plugin provides it: exchanges that need it are refused. A guardrail that has gone must never mean
    /// "no guardrail".
    pub plugin: Option<Arc<Guardrail>>,
}

impl ConfiguredGuardrail {
    /// Whether it looks at this moment of an exchange.
    #[must_use]
    pub fn looks_at(&self, mode: Mode) -> bool {
        self.settings.modes.contains(&mode)
    }
}

impl Snapshot {
    /// Hosts that a plugin may reach, in any of its uses, sorted.
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
        let mut hosts: Vec<String> = guardrails.chain(callbacks).collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }
}
