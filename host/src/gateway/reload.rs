//! Reloading: configuration file and plugins directory are watched; a change becomes one new snapshot, or a log line.
//!
//! Both are watched by directory, since editors and Kubernetes replace files instead of writing into them, and looked at
//! every second besides, since not every file system tells.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::Gateway;
use crate::config::{self, Environment, Known, Loaded, Origin, Problem, Severity, Strictness};
use crate::plugin::Kind;
use crate::plugin::library::{Library, Registry};
use crate::plugin::strategy::Strategy;
use crate::snapshot::{Builder, Snapshot, Sources};

/// After a change, how long there must be no other: several files are copied one after the other.
const QUIET: Duration = Duration::from_millis(150);

/// How long a directory that is never quiet may keep a change waiting.
const RESTLESS_MAX: Duration = Duration::from_secs(2);

/// Where the file system tells nothing.
const POLL: Duration = Duration::from_secs(1);

/// Where the configuration comes from.
#[derive(Debug, Clone)]
pub enum Source {
    File(PathBuf),
    /// Text that does not change; relative paths in it are relative to the directory.
    Text {
        text: String,
        directory: PathBuf,
    },
    /// The one in the binary.
    BuiltIn,
}

/// Builds snapshots from files.
pub struct Reloader {
    source: Source,
    strictness: Strictness,
    environment: Arc<dyn Environment + Send + Sync>,
    library: Library,
    builder: Builder,
    settings: Arc<config::Settings>,
    /// What of the configuration was last read, so that a poll need not read it again.
    stamps: HashMap<PathBuf, Option<(SystemTime, u64)>>,
}

/// Why a configuration is not in force.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has {} error(s):\n{}", .0.iter().filter(|problem| problem.severity == Severity::Error).count(), list(.0))]
pub struct Failed(pub Vec<Problem>);

fn list(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|problem| format!("  {problem}"))
        .collect::<Vec<_>>()
        .join("\n")
}

impl Source {
    /// Reads it.
    pub fn load(&self, environment: &dyn Environment, known: &Known, strictness: Strictness) -> Loaded {
        match self {
            Self::File(path) => config::load_file(path, environment, known, strictness),
            Self::Text { text, directory } => {
                let origin = Origin {
                    directory: directory.clone(),
                    ..Origin::built_in()
                };
                config::load(text, &origin, environment, known, strictness)
            }
            Self::BuiltIn => config::load(config::BUILT_IN, &Origin::built_in(), environment, known, strictness),
        }
    }
}

impl Reloader {
    /// Reads the plugins directory and builds the first snapshot.
    ///
    /// # Errors
    /// The configuration has errors that are no missing plugin's.
    pub fn open(
        source: Source,
        strictness: Strictness,
        environment: Arc<dyn Environment + Send + Sync>,
        mut library: Library,
        builder: Builder,
    ) -> Result<(Self, Snapshot, Vec<Problem>), Failed> {
        library.scan();
        let registry = Arc::new(library.registry());
        let known = known(&registry, &builder);
        let loaded = source.load(environment.as_ref(), &known, strictness);
        // A plugin that is missing or broken must not keep the gateway from starting: where that is all that is wrong,
        // the rest serves, and what needs the plugin is refused.
        let without_plugins = || {
            source
                .load(environment.as_ref(), &Known::default(), strictness)
                .settings
        };
        let Some(settings) = loaded.settings.or_else(without_plugins) else {
            return Err(Failed(loaded.problems));
        };
        let settings = Arc::new(settings);
        let snapshot = builder.build(Sources {
            settings: Arc::clone(&settings),
            registry,
        });
        let stamps = stamps(&loaded.files);
        let reloader = Self {
            source,
            strictness,
            environment,
            library,
            builder,
            settings,
            stamps,
        };
        Ok((reloader, snapshot, loaded.problems))
    }

    /// Looks at everything once and swaps in what has changed. Slow: it reads and compiles.
    pub fn look(&mut self, gateway: &Gateway) {
        let plugins_changed = self.library.scan();
        let configuration_changed = self.stamps.iter().any(|(path, stamp)| stamp_of(path) != *stamp);
        if !plugins_changed && !configuration_changed {
            return;
        }
        let registry = Arc::new(self.library.registry());
        if configuration_changed {
            self.read_configuration(gateway, &registry);
        }
        let snapshot = self.builder.build(Sources {
            settings: Arc::clone(&self.settings),
            registry,
        });
        if plugins_changed {
            let outcome = if snapshot.registry.failures.is_empty() {
                "applied"
            } else {
                "refused"
            };
            gateway.metrics.reloaded("plugins", outcome);
        }
        say_faults(&snapshot);
        gateway.swap(snapshot);
    }

    /// A bad file leaves the old settings in force.
    fn read_configuration(&mut self, gateway: &Gateway, registry: &Arc<Registry>) {
        let loaded = self.source.load(
            self.environment.as_ref(),
            &known(registry, &self.builder),
            self.strictness,
        );
        self.stamps = stamps(&loaded.files);
        match loaded.settings {
            Some(settings) => {
                self.library.set_directory(settings.plugins.directory.clone());
                self.library.scan();
                if settings.server != self.settings.server || settings.upstream != self.settings.upstream {
                    tracing::warn!(
                        "`sluice.server` and connection limits of `sluice.upstream` take effect at the next start"
                    );
                }
                self.settings = Arc::new(settings);
                say_problems(&loaded.problems);
                gateway.metrics.reloaded("configuration", "applied");
                tracing::info!("configuration reloaded");
            }
            None => {
                gateway.metrics.reloaded("configuration", "refused");
                say_problems(&loaded.problems);
                tracing::error!("the changed configuration has errors: the old one stays in force");
            }
        }
    }

    /// Watches until it is dropped.
    pub async fn watch(mut self, gateway: Arc<Gateway>) {
        let changed = Arc::new(Notify::new());
        let mut watched = self.watched();
        let mut watcher = watcher(&changed, &watched);
        loop {
            tokio::select! {
                () = changed.notified() => until_quiet(&changed).await,
                () = tokio::time::sleep(POLL) => {}
            }
            // A directory may have come into being, or another been named.
            if self.watched() != watched {
                watched = self.watched();
                watcher = self::watcher(&changed, &watched);
            }
            let shared = Arc::clone(&gateway);
            let looked = tokio::task::spawn_blocking(move || {
                self.look(&shared);
                self
            });
            match looked.await {
                Ok(reloader) => self = reloader,
                Err(error) => {
                    tracing::error!(%error, "reloading has stopped: restart the gateway to take changes in");
                    break;
                }
            }
        }
        drop(watcher);
    }

    /// Directories to watch, as far as they exist.
    fn watched(&self) -> Vec<PathBuf> {
        let files = self.stamps.keys().filter_map(|file| file.parent());
        let files = files.map(|directory| {
            if directory.as_os_str().is_empty() {
                Path::new(".")
            } else {
                directory
            }
        });
        let all = files.map(Path::to_owned).chain([self.library.directory().to_owned()]);
        let mut existing: Vec<PathBuf> = all.filter(|directory| directory.is_dir()).collect();
        existing.sort();
        existing.dedup();
        existing
    }
}

/// Waits for the end of a burst of changes.
async fn until_quiet(changed: &Notify) {
    let quiet = async { while tokio::time::timeout(QUIET, changed.notified()).await.is_ok() {} };
    // Either way it is time to look.
    let _ = tokio::time::timeout(RESTLESS_MAX, quiet).await;
}

/// What the loaded plugins answer to, for checking a configuration.
pub fn known(registry: &Registry, builder: &Builder) -> Known {
    let of_kind = |kind: Kind| {
        let components = registry.components.values().filter(move |component| component.is(kind));
        components.map(|component| component.manifest.name.clone()).collect()
    };
    Known {
        providers: builder.provider_names(registry),
        strategies: of_kind(Kind::Strategy),
        guardrails: of_kind(Kind::Guardrail),
        callbacks: of_kind(Kind::Callback),
    }
}

/// What the configuration's check has to say, at its level.
pub fn say_problems(problems: &[Problem]) {
    for problem in problems {
        match problem.severity {
            Severity::Error => tracing::error!("{problem}"),
            Severity::Warning => tracing::warn!("{problem}"),
            Severity::Note => tracing::info!("{problem}"),
        }
    }
}

/// What is configured and does not work.
pub fn say_faults(snapshot: &Snapshot) {
    for fault in &snapshot.faults {
        tracing::warn!("{fault}");
    }
    if let Some(strategy) = snapshot.strategy.as_deref().map(Strategy::name) {
        tracing::debug!(
            strategy,
            plugins = snapshot.registry.components.len(),
            "snapshot in force"
        );
    }
}

fn watcher(changed: &Arc<Notify>, directories: &[PathBuf]) -> Option<RecommendedWatcher> {
    let changed = Arc::clone(changed);
    let mut watcher = notify::recommended_watcher(move |_| changed.notify_one())
        .inspect_err(|error| tracing::warn!(%error, "file changes are found by polling only"))
        .ok()?;
    for directory in directories {
        if let Err(error) = watcher.watch(directory, RecursiveMode::NonRecursive) {
            tracing::debug!(directory = %directory.display(), %error, "not watched: changes are found by polling");
        }
    }
    Some(watcher)
}

fn stamps(files: &[PathBuf]) -> HashMap<PathBuf, Option<(SystemTime, u64)>> {
    files.iter().map(|file| (file.clone(), stamp_of(file))).collect()
}

fn stamp_of(path: &Path) -> Option<(SystemTime, u64)> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}
