//! The available components: the bundled ones, and those of the plugins directory, which are added and replace bundled
//! components of the same name.
//!
//! A file is loaded in the background ([`super::queue`]): one that takes long is in use when it is ready, and until then
//! everything else is.
//!
//! [`Library`] is the state that the reloading task keeps between two scans of the directory. [`Registry`] is an
//! immutable copy of it, which exchanges see. If a changed file cannot be loaded, its previous version stays in use.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::component::{Bundled, Source};
use super::load::LoadError;
use super::queue::{Done, Queue};
use super::{Component, Host};

/// All loaded components, and the files that failed.
#[derive(Default)]
pub struct Registry {
    pub components: BTreeMap<Box<str>, Arc<Component>>,
    /// All bundled components, including those that a file replaces. Their descriptions of providers are trusted.
    pub bundled: Vec<Arc<Component>>,
    pub failures: Vec<Failure>,
    /// Files that are still being loaded.
    pub loading: Vec<PathBuf>,
}

/// A file that is not a plugin, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub file: PathBuf,
    pub reason: String,
    /// The version of the plugin that stays in use, if the file contained one before.
    pub still_serving: Option<String>,
}

/// How long a scan waits for a file that it has found.
const WAIT: Duration = Duration::from_secs(1);

/// The state of the plugins directory.
pub struct Library {
    queue: Queue<Stamp>,
    directory: PathBuf,
    bundled: Vec<Arc<Component>>,
    files: HashMap<PathBuf, File>,
    /// Why the directory cannot be read at present. It is kept so that the error is logged once and not at every scan.
    unreadable: Option<io::ErrorKind>,
    /// Whether anyone on this machine may write to the directory. It is kept for the same reason.
    is_open_to_all: bool,
}

struct File {
    stamp: Stamp,
    current: Option<Arc<Component>>,
    failure: Option<String>,
    /// Since when it is being loaded.
    loading: Option<Instant>,
}

/// Changes whenever a file's content may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl Library {
    /// Loads the bundled components. The directory is first read by [`Self::scan`].
    ///
    /// # Errors
    /// A bundled component does not load: the build is broken.
    pub fn open(host: Arc<Host>, bundled: &'static [Bundled], directory: PathBuf) -> Result<Self, LoadError> {
        let load = |one: &'static Bundled| Component::of(one).map(Arc::new);
        let bundled = bundled.iter().map(load).collect::<Result<_, _>>()?;
        Ok(Self {
            queue: Queue::new(host),
            directory,
            bundled,
            files: HashMap::new(),
            unreadable: None,
            is_open_to_all: false,
        })
    }

    /// The plugins directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Changes to another directory and forgets what was loaded from the old one.
    pub fn set_directory(&mut self, directory: PathBuf) {
        if self.directory != directory {
            self.directory = directory;
            self.files.clear();
        }
    }

    /// Scans the directory, and loads what has changed. A file that takes longer than [`WAIT`] is taken up by a later scan.
    /// Returns whether anything changed.
    pub fn scan(&mut self) -> bool {
        let has_changed = self.begin();
        let since = Instant::now();
        let is_taken = self.take_up(WAIT);
        // Those that take long are listed.
        let is_late = |file: &File| file.loading.is_some_and(|begun| begun + WAIT >= since);
        has_changed || is_taken || self.files.values().any(is_late)
    }

    /// Scans the directory, and returns when every file is loaded.
    pub fn scan_to_end(&mut self) {
        self.begin();
        self.take_up(Duration::MAX);
    }

    /// Whether files are still being loaded.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.files.values().any(|file| file.loading.is_some())
    }

    /// Begins to load what has changed in the directory, and forgets what has gone.
    fn begin(&mut self) -> bool {
        let Some(found) = self.list() else {
            return false;
        };
        let count_before = self.files.len();
        self.files.retain(|path, _| found.contains_key(path));
        let has_changed = self.files.len() != count_before;
        for (path, stamp) in found {
            if self.files.get(&path).is_some_and(|file| file.stamp == stamp) {
                continue;
            }
            let file = File {
                stamp,
                current: self.files.remove(&path).and_then(|before| before.current),
                failure: None,
                loading: Some(Instant::now()),
            };
            self.files.insert(path.clone(), file);
            self.queue.add(path, stamp);
        }
        has_changed
    }

    /// Takes up what is loaded, and waits for files that are not loaded for longer than this.
    fn take_up(&mut self, wait_max: Duration) -> bool {
        let mut has_changed = false;
        loop {
            let begun = self.files.values().filter_map(|file| file.loading).max();
            let wait = begun.map_or(Duration::ZERO, |begun| wait_max.saturating_sub(begun.elapsed()));
            match self.queue.next(wait) {
                Some(done) => has_changed |= self.put(done),
                None => return has_changed,
            }
        }
    }

    /// Takes up one file. What the file no longer holds is not taken up, and the next scan reads it again.
    fn put(&mut self, done: Done<Stamp>) -> bool {
        let Done { path, state, loaded } = done;
        let stamp = self.stamp(&path);
        let Some(file) = self.files.get_mut(&path).filter(|file| file.stamp == state) else {
            return false;
        };
        file.loading = None;
        if stamp != Some(state) || matches!(loaded, Err(LoadError::Unsettled)) {
            file.stamp = Stamp::default();
            return false;
        }
        match loaded {
            Ok(component) => {
                let manifest = &component.manifest;
                tracing::info!(file = %path.display(), plugin = manifest.name, version = manifest.version, "plugin loaded");
                file.current = Some(Arc::new(component));
            }
            Err(error) => {
                let reason = error.to_string();
                let still_serving = file
                    .current
                    .as_ref()
                    .map(|component| component.manifest.version.as_str());
                tracing::error!(file = %path.display(), reason, still_serving, "plugin file not loaded");
                file.failure = Some(reason);
            }
        }
        true
    }

    /// The plugin files of the directory. `None` if the directory cannot be read at present: what was loaded from it
    /// stays in use. A directory that does not exist has no files.
    fn list(&mut self) -> Option<BTreeMap<PathBuf, Stamp>> {
        let listed = list(&self.directory).map(|paths| {
            let stamped = paths
                .into_iter()
                .filter_map(|path| self.stamp(&path).map(|stamp| (path, stamp)));
            stamped.collect()
        });
        let unreadable = listed.as_ref().err().map(io::Error::kind);
        if let Err(error) = &listed
            && self.unreadable != unreadable
        {
            let directory = self.directory.display();
            tracing::error!(%directory, %error, "the plugins directory cannot be read: what is loaded stays");
        }
        self.unreadable = unreadable;
        self.look_who_may_write();
        listed.ok()
    }

    /// Warns of a directory that anyone may write to: who writes a plugin decides what happens to requests.
    fn look_who_may_write(&mut self) {
        let is_open_to_all = is_open_to_all(&self.directory);
        if is_open_to_all && !self.is_open_to_all {
            let directory = self.directory.display();
            tracing::warn!(%directory, "anyone on this machine may put plugins into the plugins directory: close it with `chmod o-w`");
        }
        self.is_open_to_all = is_open_to_all;
    }

    /// The stamp of a file, or the last known stamp if the file exists and its metadata cannot be read.
    fn stamp(&self, path: &Path) -> Option<Stamp> {
        match stamp_of(path) {
            Ok(stamp) => stamp,
            Err(_) => self.files.get(path).map(|file| file.stamp),
        }
    }

    /// The present state. Files replace bundled components of the same name. If two files have the same plugin name,
    /// the first file in alphabetical order is used.
    #[must_use]
    pub fn registry(&self) -> Registry {
        let mut registry = Registry {
            bundled: self.bundled.clone(),
            ..Registry::default()
        };
        for component in &self.bundled {
            registry
                .components
                .insert(component.manifest.name.as_str().into(), Arc::clone(component));
        }
        let mut files: Vec<_> = self.files.iter().collect();
        files.sort_by_key(|(path, _)| *path);
        for (path, file) in files {
            if let Some(component) = &file.current {
                add(&mut registry, path, component);
            }
            if file.loading.is_some() {
                registry.loading.push(path.clone());
            }
            if let Some(reason) = &file.failure {
                let still_serving = file
                    .current
                    .as_ref()
                    .map(|component| component.manifest.version.clone());
                registry.failures.push(Failure {
                    file: path.clone(),
                    reason: reason.clone(),
                    still_serving,
                });
            }
        }
        registry
    }
}

fn add(registry: &mut Registry, path: &Path, component: &Arc<Component>) {
    let name = component.manifest.name.as_str();
    if let Some(taken) = registry.components.get(name)
        && let Source::File(other) = &taken.source
    {
        let reason = format!(
            "`{}` holds a plugin of the same name `{name}`: remove one of the two",
            other.display()
        );
        registry.failures.push(Failure {
            file: path.to_owned(),
            reason,
            still_serving: None,
        });
        return;
    }
    registry.components.insert(name.into(), Arc::clone(component));
}

/// The `.wasm` files of a directory; none if there is no such directory. Names that begin with a dot are skipped:
/// editors and Kubernetes volumes use them for their own files.
fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    paths.retain(|path| {
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        !is_hidden && path.extension().is_some_and(|extension| extension == "wasm")
    });
    Ok(paths)
}

fn is_open_to_all(directory: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(directory).is_ok_and(|found| found.permissions().mode() & 0o002 != 0)
}

/// The stamp of a file; `None` if it does not exist or is not a file. Symbolic links are followed.
fn stamp_of(path: &Path) -> io::Result<Option<Stamp>> {
    use std::os::unix::fs::MetadataExt;
    let found = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    Ok(found.is_file().then(|| Stamp {
        bytes: found.len(),
        modified: found.modified().ok(),
        inode: found.ino(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_anyone_may_write_to_is_known() {
        use std::os::unix::fs::PermissionsExt;
        let directory = std::env::temp_dir().join(format!("sluice-open-{:016x}", fastrand::u64(..)));
        std::fs::create_dir(&directory).unwrap();
        for (mode, expected) in [(0o755, false), (0o775, false), (0o777, true), (0o1777, true)] {
            std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_open_to_all(&directory), expected, "{mode:o}");
        }
        std::fs::remove_dir(&directory).unwrap();
    }

    #[test]
    fn only_a_directory_that_has_gone_is_empty() {
        let gone = std::env::temp_dir().join(format!("sluice-library-{:016x}", fastrand::u64(..)));
        assert!(list(&gone).unwrap().is_empty());
        std::fs::write(&gone, "no directory").unwrap();
        assert!(list(&gone).is_err(), "what cannot be read says nothing");
        std::fs::remove_file(&gone).unwrap();
    }
}
