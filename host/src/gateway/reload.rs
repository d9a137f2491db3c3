//! Reloading: the configuration file and the plugins directory are watched. A change becomes a new snapshot, or an
//! error in the log.
//!
//! Directories are watched instead of files, since editors and Kubernetes replace files instead of writing into them.
//! All files are also checked every second, since not every file system reports changes.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Gateway, blocking};
use crate::canonical::parts::Medium;
use crate::config::settings;
use crate::config::{self, Environment, Known, Loaded, Origin, Problem, Severity, Strictness};
use crate::plugin::kinds::strategy::Strategy;
use crate::plugin::library::{Library, Registry};
use crate::plugin::{Component, Kind};
use crate::snapshot::{Builder, Snapshot, Sources};

/// Quiet time after the last change before files are read: several files may be copied one after the other.
const QUIET: Duration = Duration::from_millis(150);

/// How long a directory that is never quiet can delay a change.
const RESTLESS_MAX: Duration = Duration::from_secs(2);

/// Interval of the checks for file systems that report no changes.
const POLL: Duration = Duration::from_secs(1);

/// The source of the configuration.
#[derive(Debug, Clone)]
pub enum Source {
    File(PathBuf),
    /// Text that does not change. Relative paths in it are relative to the directory.
    Text {
        text: String,
        directory: PathBuf,
    },
    /// The configuration in the binary.
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
    /// What the plugins provided when the configuration was last read. It is read again when that has changed: a deployment
    /// whose provider was unknown then was left aside. `None` after a panic: only another configuration is read then.
    known: Option<Known>,
    /// The stamps of the configuration files when they were last read. A file with the same stamp is not read again.
    stamps: Stamps,
    /// The changed stamps that the last check found. The files are read when the next check finds the same stamps.
    settling: Option<Stamps>,
    /// Plugins have changed and are not in force yet. It is kept here while a check waits for the configuration to
    /// settle.
    plugins_changed: bool,
    /// The present configuration was refused. It is read again after a change of plugins, since it may be valid then.
    is_refused: bool,
}

/// The modification time and the length of each file.
type Stamps = HashMap<PathBuf, Option<(SystemTime, u64)>>;

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
    /// Reads the configuration.
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
    /// The configuration has errors other than missing plugins.
    pub fn open(
        source: Source,
        strictness: Strictness,
        environment: Arc<dyn Environment + Send + Sync>,
        mut library: Library,
        builder: Builder,
    ) -> Result<(Self, Snapshot, Vec<Problem>), Failed> {
        library.scan();
        let registry = Arc::new(library.registry());
        let unchecked = source
            .load(environment.as_ref(), &Known::default(), strictness)
            .settings;
        let plugins = unchecked
            .as_ref()
            .map_or_else(Default::default, |settings| settings.plugins.clone());
        let known = known(&registry, &builder, &plugins);
        let loaded = source.load(environment.as_ref(), &known, strictness);
        // A missing or broken plugin must not keep the gateway from starting. If this is the only error, everything
        // else is served, and requests that need the plugin are refused.
        let Some(settings) = loaded.settings.or(unchecked) else {
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
            known: Some(known),
            stamps,
            settling: None,
            plugins_changed: false,
            is_refused: false,
        };
        Ok((reloader, snapshot, loaded.problems))
    }

    /// Checks everything once and puts changes in force. This is slow: it reads and compiles. Returns whether to check
    /// again soon. After a panic, the changes are refused like changes with an error.
    fn look(&mut self, gateway: &Gateway) -> bool {
        if gateway.drop_unused() {
            self.builder.forget_unused(&gateway.snapshot());
        }
        self.builder.drop_old_instances();
        catch_unwind(AssertUnwindSafe(|| self.take_up(gateway))).unwrap_or_else(|_| {
            self.refuse_as_it_is(gateway);
            false
        })
    }

    /// Refuses the present files, because reading them panicked. They are read again when they have changed.
    fn refuse_as_it_is(&mut self, gateway: &Gateway) {
        self.stamps = restamped(&self.stamps);
        self.settling = None;
        // A change of plugins alone does not repair a panic, so it must not cause the configuration to be read again.
        self.is_refused = false;
        self.known = None;
        self.library.set_directory(self.settings.plugins.directory.clone());
        tracing::error!(
            "the gateway panicked while it took up changed files: the old configuration stays in force; change the files \
             again, and report the panic that is logged above"
        );
        gateway.metrics.reloaded("configuration", "refused");
    }

    /// Finds changes and builds a snapshot of them. The configuration is read when two checks have found the same
    /// stamps, so that a file that is only partly written is never in force.
    fn take_up(&mut self, gateway: &Gateway) -> bool {
        self.plugins_changed |= self.library.scan();
        let found = restamped(&self.stamps);
        let configuration_changed = found != self.stamps;
        if configuration_changed && self.settling.as_ref() != Some(&found) {
            self.settling = Some(found);
            return true;
        }
        self.settling = None;
        let plugins_changed = std::mem::take(&mut self.plugins_changed);
        let is_due = configuration_changed || (plugins_changed && (self.is_refused || self.provides_others()));
        let changed = match is_due {
            true => self.read_configuration(gateway, found),
            false => None,
        };
        if is_due || plugins_changed {
            self.build(gateway, changed, plugins_changed);
        }
        self.library.is_loading()
    }

    /// Whether the plugins provide other names than when the configuration was last read.
    fn provides_others(&self) -> bool {
        let now = || known(&self.library.registry(), &self.builder, &self.settings.plugins);
        self.known.as_ref().is_some_and(|then| *then != now())
    }

    /// Builds a snapshot and puts it in force. Only then do changed settings become those of this reloader.
    fn build(&mut self, gateway: &Gateway, changed: Option<config::Settings>, plugins_changed: bool) {
        let registry = Arc::new(self.library.registry());
        let is_changed = changed.is_some();
        let settings = changed.map_or_else(|| Arc::clone(&self.settings), Arc::new);
        let snapshot = self.builder.build(Sources {
            settings: Arc::clone(&settings),
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
        if is_changed {
            self.apply(gateway, settings);
        }
    }

    /// The changed settings; `None` if the file has errors, in which case the old settings stay in force.
    fn read_configuration(&mut self, gateway: &Gateway, found: Stamps) -> Option<config::Settings> {
        let environment = self.environment.as_ref();
        // The configuration sets the plugins directory, and what it may refer to depends on the plugins there.
        let directory_before = self.library.directory().to_owned();
        let unchecked = self
            .source
            .load(environment, &Known::default(), self.strictness)
            .settings;
        let plugins = unchecked.map_or_else(|| self.settings.plugins.clone(), |settings| settings.plugins);
        if plugins.directory != directory_before {
            self.library.set_directory(plugins.directory.clone());
            self.library.scan();
        }
        let known = known(&self.library.registry(), &self.builder, &plugins);
        let loaded = self.source.load(environment, &known, self.strictness);
        self.known = Some(known);
        // The stamps are from before the reading, so that the next check finds a change that happened meanwhile.
        self.stamps = stamps(&loaded.files);
        self.stamps
            .extend(found.into_iter().filter(|(file, _)| loaded.files.contains(file)));
        say_problems(&loaded.problems);
        let objection = loaded
            .settings
            .as_ref()
            .map_or(Some("it has errors"), |next| self.objection(next));
        self.is_refused = objection.is_some();
        match (loaded.settings, objection) {
            (Some(settings), None) => Some(settings),
            (_, objection) => {
                let reason = objection.unwrap_or_default();
                tracing::error!(
                    reason,
                    "the changed configuration is refused: the old one stays in force"
                );
                gateway.metrics.reloaded("configuration", "refused");
                if self.library.directory() != directory_before {
                    self.library.set_directory(directory_before);
                    self.library.scan();
                }
                None
            }
        }
    }

    fn apply(&mut self, gateway: &Gateway, settings: Arc<config::Settings>) {
        if settings.server != self.settings.server || settings.upstream != self.settings.upstream {
            tracing::warn!("`sluice.server` and connection limits of `sluice.upstream` take effect at the next start");
        }
        self.settings = settings;
        gateway.metrics.reloaded("configuration", "applied");
        tracing::info!("configuration reloaded");
    }

    /// Why these settings are refused although they have no errors: the file is more likely cut off than intended, and
    /// using it would be dangerous.
    fn objection(&self, next: &config::Settings) -> Option<&'static str> {
        let now = &self.settings;
        // Deployments that are left out, as those of a plugin that has gone, are named.
        let names_none = next.deployments.is_empty() && next.left_out_groups.is_empty();
        if names_none && !now.deployments.is_empty() {
            return Some("it names no model any more: is it still being written? Restart the gateway if that is meant");
        }
        let loses_key = now.general.master_key.is_some() && next.general.master_key.is_none();
        if loses_key && !next.general.serve_without_key {
            return Some("it has no master key any more: restart the gateway if that is meant");
        }
        None
    }

    /// Watches files until the future is dropped.
    pub async fn watch(reloader: Arc<Mutex<Self>>, gateway: Arc<Gateway>) {
        let changed = Arc::new(Notify::new());
        let mut watched = reloader.lock().watched();
        let mut watcher = watcher(&changed, &watched);
        let mut is_settling = false;
        loop {
            tokio::select! {
                () = changed.notified() => until_quiet(&changed).await,
                () = tokio::time::sleep(if is_settling { QUIET } else { POLL }) => {}
            }
            // A directory may have been created, or the configuration may name another.
            let now = reloader.lock().watched();
            if now != watched {
                watched = now;
                // The old watcher ends only then, so that no change is missed.
                drop(std::mem::replace(&mut watcher, self::watcher(&changed, &watched)));
            }
            let (shared, looking) = (Arc::clone(&gateway), Arc::clone(&reloader));
            is_settling = blocking(move || looking.lock().look(&shared)).await;
        }
    }

    /// The directories to watch, as far as they exist.
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
    // The result does not matter: either way it is time to check the files.
    let _ = tokio::time::timeout(RESTLESS_MAX, quiet).await;
}

/// The names that the loaded plugins provide, in order, for the check of a configuration.
pub fn known(registry: &Registry, builder: &Builder, plugins: &settings::Plugins) -> Known {
    let of_kind = |kind: Kind| {
        let components = registry.components.values().filter(move |component| component.is(kind));
        sorted(components.map(|component| component.manifest.name.clone()).collect())
    };
    Known {
        providers: sorted(builder.provider_names(plugins, registry)),
        strategies: of_kind(Kind::Strategy),
        guardrails: of_kind(Kind::Guardrail),
        unseen: unseen(registry),
        callbacks: sorted([of_kind(Kind::Callback), of_kind(Kind::Hook)].concat()),
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    names
}

/// By guardrail, what it does not look at.
fn unseen(registry: &Registry) -> BTreeMap<String, Vec<&'static str>> {
    let guardrails = registry
        .components
        .values()
        .filter(|component| component.is(Kind::Guardrail));
    let unseen = |component: &Component| {
        let looks_at = component.looks_at();
        let others = Medium::ALL.into_iter().filter(|medium| !looks_at.contains(medium));
        others.map(Medium::described).collect()
    };
    guardrails
        .map(|component| (component.manifest.name.clone(), unseen(component)))
        .collect()
}

/// Logs the problems of a configuration, each at its level.
pub fn say_problems(problems: &[Problem]) {
    for problem in problems {
        match problem.severity {
            Severity::Error => tracing::error!("{problem}"),
            Severity::Warning => tracing::warn!("{problem}"),
            Severity::Note => tracing::info!("{problem}"),
        }
    }
}

/// Logs what is configured and does not work.
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

fn restamped(stamps: &Stamps) -> Stamps {
    stamps.keys().map(|file| (file.clone(), stamp_of(file))).collect()
}

fn stamps(files: &[PathBuf]) -> Stamps {
    files.iter().map(|file| (file.clone(), stamp_of(file))).collect()
}

fn stamp_of(path: &Path) -> Option<(SystemTime, u64)> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}
