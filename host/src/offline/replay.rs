//! Recorded decisions, made again.

use std::path::Path;
use std::sync::Arc;

use super::{Offline, sentences};
use crate::config::settings;
use crate::decisions::StrategyLine;
use crate::decisions::read::ReadError;
use crate::decisions::replay::{self, Find, Report};
use crate::plugin::Component;
use crate::plugin::kinds::strategy::Strategy;
use crate::plugin::library::Registry;
use crate::run::{Options, StartError};
use crate::snapshot::Builder;

/// Why decisions cannot be repeated.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{0}")]
    Strategy(String),
}

/// Repeats recorded decisions: with the strategies that made them, or with `other`, a plugin's name or a component's file.
///
/// # Errors
/// The file cannot be read; `other` is no strategy.
pub fn replay(options: &Options, file: &Path, other: Option<&str>) -> Result<Report, ReplayError> {
    let offline = Offline::open(options)?;
    let _inside = offline.background.enter();
    let registry = offline.library.registry();
    let other = other.map(|name| offline.component(&registry, name)).transpose();
    let strategies = Strategies {
        other: other.map_err(ReplayError::Strategy)?,
        plugins: &offline.plugins,
        builder: &offline.builder(),
        registry: &registry,
    };
    Ok(replay::replay(file, &strategies)?)
}

/// Strategies to repeat choices with.
struct Strategies<'w> {
    plugins: &'w settings::Plugins,
    builder: &'w Builder,
    registry: &'w Registry,
    other: Option<Arc<Component>>,
}

impl Find for Strategies<'_> {
    fn find(&self, recorded: &StrategyLine) -> Result<Arc<Strategy>, String> {
        let component = match &self.other {
            Some(other) => Arc::clone(other),
            None => self.recorded(recorded)?,
        };
        let mut faults = Vec::new();
        // Another strategy has settings of its own, unless it takes these.
        let is_same = component.sha256 == recorded.sha256;
        let settings = match is_same || component.check_settings(&recorded.settings).is_ok() {
            true => recorded.settings.as_str(),
            false => "{}",
        };
        let strategy = self
            .builder
            .strategy_pool(self.plugins, &component, settings, &mut faults);
        strategy.ok_or_else(|| sentences(&faults))
    }
}

impl Strategies<'_> {
    /// The component that made the choices, by its hash: another version might choose otherwise.
    fn recorded(&self, recorded: &StrategyLine) -> Result<Arc<Component>, String> {
        let mut all = self.registry.components.values().chain(&self.registry.bundled);
        let found = all.find(|component| component.sha256 == recorded.sha256);
        found.cloned().ok_or_else(|| {
            format!(
                "this very component is not there; put it into the plugin directory, or name what to repeat its choices with: `--strategy {}`",
                recorded.name
            )
        })
    }
}
