//! The components that are there: the bundled ones, and those of the plugins directory, which add to them and override
//! them by name.
//!
//! [`Library`] is what the reloading task keeps between two looks at the directory; [`Registry`] is one immutable state
//! of it, which exchanges see. A file that fails leaves what it was before in force.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::component::{LoadError, Source};
use super::{Component, Host};

/// The components embedded by `build.rs`: (folder, bytes).
pub const BUNDLED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// All loaded components, and the files that failed.
#[derive(Default)]
pub struct Registry {
    pub components: BTreeMap<Box<str>, Arc<Component>>,
    pub failures: Vec<Failure>,
}

/// A file that is no plugin, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub file: PathBuf,
    pub reason: String,
    /// The version that goes on serving, when the file held one before.
    pub still_serving: Option<String>,
}

/// What is known of the plugins directory.
pub struct Library {
    host: Arc<Host>,
    directory: PathBuf,
    bundled: Vec<Arc<Component>>,
    files: HashMap<PathBuf, File>,
}

struct File {
    stamp: Stamp,
    current: Option<Arc<Component>>,
    failure: Option<String>,
}

/// Changes whenever a file's content may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    pub fn open(host: Arc<Host>, directory: PathBuf) -> Result<Self, LoadError> {
        let load = |(_, bytes): &(&str, &[u8])| host.load(bytes, Source::Bundled).map(Arc::new);
        let bundled = BUNDLED.iter().map(load).collect::<Result<_, _>>()?;
        Ok(Self {
            host,
            directory,
            bundled,
            files: HashMap::new(),
        })
    }

    /// The directory looked at.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Points to another directory; what was loaded from the old one is forgotten.
    pub fn set_directory(&mut self, directory: PathBuf) {
        if self.directory != directory {
            self.directory = directory;
            self.files.clear();
        }
    }

    /// Looks at the directory and loads what has changed. Slow: it reads and compiles. Answers whether anything changed.
    pub fn scan(&mut self) -> bool {
        let found = list(&self.directory);
        let count_before = self.files.len();
        self.files.retain(|path, _| found.contains_key(path));
        let mut has_changed = self.files.len() != count_before;
        for (path, stamp) in found {
            if self.files.get(&path).is_some_and(|file| file.stamp == stamp) {
                continue;
            }
            has_changed |= self.read(path, stamp);
        }
        has_changed
    }

    /// Reads one new or changed file. A file that is still being written is left for the next look.
    fn read(&mut self, path: PathBuf, stamp: Stamp) -> bool {
        let before = self.files.remove(&path).and_then(|file| file.current);
        let read = std::fs::read(&path);
        if stamp_of(&path) != Some(stamp) {
            // Forgetting the stamp makes the next look read it again; what it held goes on serving.
            let nothing = Stamp {
                bytes: 0,
                modified: None,
                inode: 0,
            };
            self.files.insert(
                path,
                File {
                    stamp: nothing,
                    current: before,
                    failure: None,
                },
            );
            return false;
        }
        let loaded = read.map_err(|error| error.to_string()).and_then(|bytes| {
            self.host
                .load(&bytes, Source::File(path.clone()))
                .map_err(|error| error.to_string())
        });
        let file = match loaded {
            Ok(component) => {
                let manifest = &component.manifest;
                tracing::info!(file = %path.display(), plugin = manifest.name, version = manifest.version, "plugin loaded");
                File {
                    stamp,
                    current: Some(Arc::new(component)),
                    failure: None,
                }
            }
            Err(reason) => {
                let still_serving = before.as_ref().map(|component| component.manifest.version.as_str());
                tracing::error!(file = %path.display(), reason, still_serving, "plugin file not loaded");
                File {
                    stamp,
                    current: before,
                    failure: Some(reason),
                }
            }
        };
        self.files.insert(path, file);
        true
    }

    /// The present state. Files go over bundled components of the same name; of two files with one name the first in
    /// alphabetical order counts.
    #[must_use]
    pub fn registry(&self) -> Registry {
        let mut registry = Registry::default();
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

/// The `.wasm` files of a directory, symbolic links followed; none where it cannot be read. Names that begin with a dot
/// are left out: editors and Kubernetes volumes keep their own things there.
fn list(directory: &Path) -> BTreeMap<PathBuf, Stamp> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return BTreeMap::new();
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let plugins = paths.filter(|path| {
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        !is_hidden && path.extension().is_some_and(|extension| extension == "wasm")
    });
    plugins
        .filter_map(|path| stamp_of(&path).map(|stamp| (path, stamp)))
        .collect()
}

fn stamp_of(path: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    Some(Stamp {
        bytes: found.len(),
        modified: found.modified().ok(),
        inode: found.ino(),
    })
}
