//! What the configuration means: names resolved, defaults filled, secrets fetched. Only these types reach the exchange
//! path; what was written, and where, stays in [`super::tree`].
//!
//! A feature is a file: the rows of its keys, for the tables of [`super::keys`]; its settings; and how these are read from
//! the tree, which has been checked before. A key of a new feature is a file here, its rows in the tables of their
//! sections, and a field of [`Settings`].

pub(super) mod aliases;
pub(super) mod callbacks;
pub(super) mod cooldowns;
pub(super) mod decisions;
pub(super) mod deployment;
pub(super) mod fallbacks;
pub(super) mod general;
pub(super) mod guardrails;
pub(super) mod health_checks;
pub(super) mod log;
pub(super) mod plugins;
pub(super) mod ranking;
pub(super) mod read;
pub(super) mod retries;
pub(super) mod router;
pub(super) mod server;
pub(super) mod tags;
pub(super) mod upstream;

use std::collections::BTreeMap;
use std::path::Path;

pub use aliases::Alias;
pub use callbacks::Callback;
pub use cooldowns::{Breaker, Cooldowns};
pub use decisions::Decisions;
pub use deployment::Deployment;
pub use fallbacks::{Fallbacks, GroupTargets, Target};
pub use general::General;
pub use guardrails::{Guardrail, Mode};
pub use health_checks::{HealthChecks, OwnHealthCheck};
pub use log::Log;
pub use plugins::{Isolation, MayChange, Plugin, Plugins};
pub use ranking::Ranking;
pub use retries::{ByKind, Retries};
pub use router::Router;
pub use server::Server;
pub use tags::Tags;
pub use upstream::Upstream;

use super::Secret;
use super::environment::Overlay;
use super::tree::Node;

/// Everything the gateway runs by. Immutable: a reload makes a new one.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `model_list`, in the order of the file.
    pub deployments: Vec<Deployment>,
    /// `router_settings.model_group_alias`.
    pub aliases: BTreeMap<String, Alias>,
    /// Groups of deployments that were left out, for what is wrong with them.
    pub left_out_groups: Vec<String>,
    pub router: Router,
    pub health_checks: HealthChecks,
    pub general: General,
    /// Top-level `guardrails`, and those nested under `litellm_settings`.
    pub guardrails: Vec<Guardrail>,
    /// `callbacks`, `success_callback` and `failure_callback`, one entry a name.
    pub callbacks: Vec<Callback>,
    pub plugins: Plugins,
    pub server: Server,
    pub upstream: Upstream,
    /// `sluice.decisions`; `None` where choices are not recorded.
    pub decisions: Option<Decisions>,
    pub log: Log,
    /// `environment_variables`: what a provider's own variables (`OPENAI_API_KEY`, …) are looked up in before the
    /// environment of the process. Nothing of it is exported.
    pub environment: BTreeMap<String, Secret>,
}

impl Settings {
    /// Of a tree that has been checked. What is missing or, in a part that is not in effect, wrong counts as not given.
    pub(super) fn read(root: &Node, directory: &Path, environment: Overlay<'_>) -> Self {
        Self {
            deployments: deployment::read(root),
            aliases: aliases::read(root),
            left_out_groups: Vec::new(),
            router: Router::read(root),
            health_checks: HealthChecks::read(root),
            general: General::read(root, &environment),
            guardrails: guardrails::read(root),
            callbacks: callbacks::read(root),
            plugins: Plugins::read(root, directory),
            server: Server::read(root, directory),
            upstream: Upstream::read(root, directory),
            decisions: Decisions::read(root, directory),
            log: Log::read(root),
            environment: environment
                .above
                .into_iter()
                .map(|(name, value)| (name, Secret::new(value)))
                .collect(),
        }
    }
}
