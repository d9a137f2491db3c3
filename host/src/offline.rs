//! What the program does with a configuration and its plugins without serving: [`check`], [`replay`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::callbacks::Sinks;
use crate::config::{Known, Loaded, Problem, settings};
use crate::decisions::StrategyLine;
use crate::decisions::read::ReadError;
use crate::decisions::replay::{self, Find, Report};
use crate::gateway::{self, Failed};
use crate::plugin::component::Source;
use crate::plugin::library::{Library, Registry};
use crate::plugin::strategy::Strategy;
use crate::plugin::{Component, Host, Kind};
use crate::run::{self, Options, StartError};
use crate::snapshot::{Builder, Fault, Snapshot, Sources};

/// What [`check`] found.
pub struct Checked {
    pub problems: Vec<Problem>,
    /// What only using it shows: settings that do not fit a plugin, deployments that cannot be made.
    pub faults: Vec<Fault>,
    /// Whether the gateway would start with it.
    pub is_usable: bool,
}

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

/// All that snapshots are built with.
struct Workshop {
    builder: Builder,
    library: Library,
    host: Arc<Host>,
    plugins: settings::Plugins,
    /// A guest that sleeps while it is asked who it is needs a clock.
    background: Runtime,
}

/// Reads a configuration as [`crate::start`] would, and says all that is wrong with it.
///
/// # Errors
/// The gateway could not even look: no WebAssembly, a broken bundled plugin.
pub fn check(options: &Options) -> Result<Checked, StartError> {
    let workshop = match Workshop::open(options) {
        Ok(workshop) => workshop,
        Err(StartError::Configuration(Failed(problems))) => {
            return Ok(Checked {
                problems,
                faults: Vec::new(),
                is_usable: false,
            });
        }
        Err(error) => return Err(error),
    };
    let (problems, snapshot) = workshop.snapshot(options);
    let is_usable = snapshot.is_some();
    let faults = snapshot.map_or_else(Vec::new, |snapshot| snapshot.faults);
    Ok(Checked {
        problems,
        faults: faults
            .into_iter()
            .filter(|fault| matches!(fault, Fault::Unusable(_)))
            .collect(),
        is_usable,
    })
}

/// `sluice.decisions.file` of a configuration.
#[must_use]
pub fn decisions_file(options: &Options) -> Option<PathBuf> {
    let environment = options.environment.as_ref();
    let loaded = options.source.load(environment, &Known::default(), options.strictness);
    Some(loaded.settings?.decisions?.file)
}

/// Repeats recorded decisions: with the strategies that made them, or with `other`, a plugin's name or a component's file.
///
/// # Errors
/// The file cannot be read; `other` is no strategy.
pub fn replay(options: &Options, file: &Path, other: Option<&str>) -> Result<Report, ReplayError> {
    let workshop = Workshop::open(options)?;
    let _inside = workshop.background.enter();
    let registry = workshop.library.registry();
    let other = other.map(|name| workshop.component(&registry, name)).transpose();
    let strategies = Strategies {
        other: other.map_err(ReplayError::Strategy)?,
        workshop: &workshop,
        registry: &registry,
    };
    Ok(replay::replay(file, &strategies)?)
}

impl Workshop {
    fn open(options: &Options) -> Result<Self, StartError> {
        let run::Ground {
            plugins,
            metrics,
            mut library,
            host,
            ..
        } = run::ground(options)?;
        library.scan();
        let background = run::background().map_err(StartError::Threads)?;
        let sinks = Arc::new(Sinks::new(background.handle().clone(), Arc::clone(&metrics)));
        let environment = Arc::clone(&options.environment);
        Ok(Self {
            builder: Builder::new(Arc::clone(&host), metrics, environment, sinks),
            library,
            host,
            plugins,
            background,
        })
    }

    /// What the configuration comes to; no snapshot where the gateway would not start with it.
    fn snapshot(&self, options: &Options) -> (Vec<Problem>, Option<Snapshot>) {
        let _inside = self.background.enter();
        let registry = Arc::new(self.library.registry());
        let known = gateway::known(&registry, &self.builder, &self.plugins);
        let Loaded { settings, problems, .. } =
            options
                .source
                .load(options.environment.as_ref(), &known, options.strictness);
        let snapshot = settings.map(|mut settings| {
            // Nothing is recorded of what only looks.
            settings.decisions = None;
            self.builder.build(Sources {
                settings: Arc::new(settings),
                registry,
            })
        });
        (problems, snapshot)
    }

    /// A strategy by name, or from a file.
    fn component(&self, registry: &Registry, name: &str) -> Result<Arc<Component>, String> {
        let component = match registry.components.get(name) {
            Some(component) => Arc::clone(component),
            None => {
                let bytes = std::fs::read(name).map_err(|error| {
                    format!("no plugin is called `{name}`, and there is no such file either: {error}")
                })?;
                let loaded = self.host.load(&bytes, Source::File(name.into()));
                Arc::new(loaded.map_err(|error| format!("{name}: {error}"))?)
            }
        };
        match component.is(Kind::Strategy) {
            true => Ok(component),
            false => Err(format!("`{name}` is a component, but no routing strategy")),
        }
    }
}

/// Strategies to repeat choices with.
struct Strategies<'w> {
    workshop: &'w Workshop,
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
            .workshop
            .builder
            .strategy_pool(&self.workshop.plugins, &component, settings, &mut faults);
        let reasons = || faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        strategy.ok_or_else(reasons)
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
