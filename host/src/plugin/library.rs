//! The components that are there: the bundled ones, and those of the plugins directory, which add to them and override
//! them by name.
//!
//! [`Library`] is what the reloading task keeps between two looks at the directory; [`Registry`] is one immutable state
//! of it, which exchanges see. A file that fails leaves what it was before in force.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::component::{LoadError, Source};
use super::{Component, Host};

/// A component embedded by `build.rs`.
pub struct Bundled {
    /// Its folder in `plugins/`.
    pub name: &'static str,
    /// Hex, over `bytes`: with the compiled code at hand, a start need not read them.
    pub sha256: &'static str,
    pub bytes: &'static [u8],
}

/// All of them.
pub const BUNDLED: &[Bundled] = include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// All loaded components, and the files that failed.
#[derive(Default)]
pub struct Registry {
    pub components: BTreeMap<Box<str>, Arc<Component>>,
    /// All bundled components, including those that a file replaces: what they say of their providers is trusted.
    pub bundled: Vec<Arc<Component>>,
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
    /// Why the directory could not be read, while it cannot: said once, not at every look.
    unreadable: Option<io::ErrorKind>,
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
        let load = |one: &Bundled| host.load_embedded(one.bytes, one.sha256).map(Arc::new);
        let bundled = BUNDLED.iter().map(load).collect::<Result<_, _>>()?;
        Ok(Self {
            host,
            directory,
            bundled,
            files: HashMap::new(),
            unreadable: None,
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
        let Some(found) = self.list() else {
            return false;
        };
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
        if self.stamp(&path) != Some(stamp) {
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
        let loaded = read
            .map_err(|error| error.to_string())
            .and_then(|bytes| self.load(&bytes, &path));
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

    /// Compilers have bugs that strange bytes find: a panic is this file's failure, not the end of reloading.
    fn load(&self, bytes: &[u8], path: &Path) -> Result<Component, String> {
        let source = Source::File(path.to_owned());
        match catch_unwind(AssertUnwindSafe(|| self.host.load(bytes, source))) {
            Ok(loaded) => loaded.map_err(|error| error.to_string()),
            Err(_) => Err("loading it panicked: the log has the place".into()),
        }
    }

    /// The plugins that are there. `None` where that cannot be told just now: a directory that has gone is empty, one
    /// that cannot be read says nothing, and what was loaded from it goes on serving.
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
        listed.ok()
    }

    /// As found, or as last seen where the file is there and cannot be looked at.
    fn stamp(&self, path: &Path) -> Option<Stamp> {
        match stamp_of(path) {
            Ok(stamp) => stamp,
            Err(_) => self.files.get(path).map(|file| file.stamp),
        }
    }

    /// The present state. Files replace bundled components of the same name; of two files with one name the first in
    /// alphabetical order counts.
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

/// The `.wasm` files of a directory; none where there is no such directory. Names that begin with a dot are left out:
/// editors and Kubernetes volumes keep their own things there.
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

/// Symbolic links are followed; `None` where there is no file, or it is something else.
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
    fn only_a_directory_that_has_gone_is_empty() {
        let gone = std::env::temp_dir().join(format!("sluice-library-{:016x}", fastrand::u64(..)));
        assert!(list(&gone).unwrap().is_empty());
        std::fs::write(&gone, "no directory").unwrap();
        assert!(list(&gone).is_err(), "what cannot be read says nothing");
        std::fs::remove_file(&gone).unwrap();
    }
}
