//! What the program does with a configuration and its plugins without serving: [`check()`], [`replay()`], [`simulate()`],
//! [`inspect()`].

mod check;
mod health;
mod inspect;
mod replay;
mod simulate;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

pub use check::{Checked, check};
pub use health::{HealthError, health};
pub use inspect::{InspectError, Inspected, inspect};
pub use replay::{ReplayError, replay};
pub use simulate::{SimulateError, Simulation, simulate};

use crate::callbacks::Sinks;
use crate::config::{Environment, Known, Loaded, Problem, settings};
use crate::gateway;
use crate::identity::Identities;
use crate::metrics::Metrics;
use crate::plugin::apart::Patience;
use crate::plugin::library::{Library, Registry};
use crate::plugin::{Component, Host, Kind, LoadError};
use crate::run::{self, Options, StartError};
use crate::snapshot::{Builder, Fault, Snapshot, Sources};

/// `sluice.decisions.file` of a configuration.
#[must_use]
pub fn decisions_file(options: &Options) -> Option<PathBuf> {
    let environment = options.environment.as_ref();
    let loaded = options.source.load(environment, &Known::default(), options.strictness);
    Some(loaded.settings?.decisions?.file)
}

/// All that snapshots are built with.
struct Offline {
    library: Library,
    host: Arc<Host>,
    metrics: Arc<Metrics>,
    environment: Arc<dyn Environment + Send + Sync>,
    identities: Identities,
    plugins: settings::Plugins,
    /// A guest that sleeps while it is asked who it is needs a clock.
    background: Runtime,
}

impl Offline {
    fn open(options: &Options) -> Result<Self, StartError> {
        let prerequisites = run::prerequisites(options)?;
        let background = run::background().map_err(StartError::Threads)?;
        let identities = prerequisites.identities(&background)?;
        let run::Prerequisites {
            mut plugins,
            metrics,
            mut library,
            host,
            ..
        } = prerequisites;
        library.scan_to_end();
        be_patient(&mut plugins, &library.registry());
        Ok(Self {
            library,
            host,
            metrics,
            environment: Arc::clone(&options.environment),
            identities,
            plugins,
            background,
        })
    }

    /// Deployments that it builds are as if nothing had happened yet.
    fn builder(&self) -> Builder {
        let metrics = Arc::clone(&self.metrics);
        let sinks = Arc::new(Sinks::new(self.background.handle().clone(), Arc::clone(&metrics)));
        Builder::new(
            Arc::clone(&self.host),
            metrics,
            Arc::clone(&self.environment),
            self.identities.clone(),
            sinks,
        )
    }

    /// What the configuration comes to; no snapshot where the gateway would not start with it.
    fn snapshot(&self, builder: &Builder, options: &Options) -> (Vec<Problem>, Option<Snapshot>) {
        let _inside = self.background.enter();
        let registry = Arc::new(self.library.registry());
        let known = gateway::known(&registry, builder, &self.plugins);
        let Loaded { settings, problems, .. } =
            options
                .source
                .load(options.environment.as_ref(), &known, options.strictness);
        let snapshot = settings.map(|mut settings| {
            // Nothing is recorded of what only looks.
            settings.decisions = None;
            settings.plugins.clone_from(&self.plugins);
            builder.build(Sources {
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
                let loaded = self.host.load_file(Path::new(name), Patience::Last);
                Arc::new(loaded.map_err(|error| match error {
                    LoadError::Unreadable(error) => {
                        format!("no plugin is called `{name}`, and there is no such file either: {error}")
                    }
                    error => format!("{name}: {error}"),
                })?)
            }
        };
        match component.is(Kind::Strategy) {
            true => Ok(component),
            false => Err(format!("`{name}` is a component, but no routing strategy")),
        }
    }
}

/// Nobody waits here: what a busy machine delays is no strategy's mistake.
fn be_patient(plugins: &mut settings::Plugins, registry: &Registry) {
    const TIME: Duration = Duration::from_secs(10);
    let strategies = registry
        .components
        .iter()
        .filter(|(_, component)| component.is(Kind::Strategy));
    for (name, _) in strategies {
        plugins.by_name.entry(name.to_string()).or_default().time_limit = Some(TIME);
    }
}

fn sentences(faults: &[Fault]) -> String {
    let sentences: Vec<String> = faults.iter().map(ToString::to_string).collect();
    sentences.join("; ")
}
