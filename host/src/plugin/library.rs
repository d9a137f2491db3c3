//! The available components: the bundled ones, and those of the plugins directory, which are added and replace bundled
//! components of the same name.
//!
//! [`Library`] is the state that the reloading task keeps between two scans of the directory. [`Registry`] is an
//! immutable copy of it, which exchanges see. If a changed file cannot be loaded, its previous version stays in use.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::component::{BYTES_MAX, LoadError, Source};
use super::{Component, Host};

/// A component embedded by `build.rs`.
pub struct Bundled {
    /// Its folder in `plugins/`.
    pub name: &'static str,
    /// Hash of `bytes` in hex. It is computed at build time, so that a start that finds the compiled code need not read
    /// the bytes.
    pub sha256: &'static str,
    pub bytes: &'static [u8],
}

/// All bundled components.
pub const BUNDLED: &[Bundled] = include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// All loaded components, and the files that failed.
#[derive(Default)]
pub struct Registry {
    pub components: BTreeMap<Box<str>, Arc<Component>>,
    /// All bundled components, including those that a file replaces. Their descriptions of providers are trusted.
    pub bundled: Vec<Arc<Component>>,
    pub failures: Vec<Failure>,
}

/// A file that is not a plugin, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub file: PathBuf,
    pub reason: String,
    /// The version of the plugin that stays in use, if the file contained one before.
    pub still_serving: Option<String>,
}

/// The state of the plugins directory.
pub struct Library {
    host: Arc<Host>,
    directory: PathBuf,
    bundled: Vec<Arc<Component>>,
    files: HashMap<PathBuf, File>,
    /// Why the directory cannot be read at present. It is kept so that the error is logged once and not at every scan.
    unreadable: Option<io::ErrorKind>,
}

struct File {
    stamp: Stamp,
    current: Option<Arc<Component>>,
    failure: Option<String>,
}

/// Changes whenever a file's content may have changed.
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

    /// Scans the directory and loads what has changed. This is slow: it reads and compiles. Returns whether anything
    /// changed.
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

    /// Reads one new or changed file. A file that is still being written is left for the next scan.
    fn read(&mut self, path: PathBuf, stamp: Stamp) -> bool {
        let before = self.files.remove(&path).and_then(|file| file.current);
        let read = read_bounded(&path, stamp);
        if self.stamp(&path) != Some(stamp) {
            // With an empty stamp, the next scan reads the file again. The previous version stays in use.
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
        let loaded = read.and_then(|bytes| self.load(&bytes, &path));
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

    /// Loads a component from the file's bytes. Unusual bytes may trigger bugs of the compiler: a panic is an error of
    /// this file and does not end reloading.
    fn load(&self, bytes: &[u8], path: &Path) -> Result<Component, String> {
        let source = Source::File(path.to_owned());
        match catch_unwind(AssertUnwindSafe(|| self.host.load(bytes, source))) {
            Ok(loaded) => loaded.map_err(|error| error.to_string()),
            Err(_) => Err("loading it panicked: the log has the place".into()),
        }
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
        listed.ok()
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

/// The bytes of a file. One that is too large for a component is not read: a sparse file may claim any size.
fn read_bounded(path: &Path, stamp: Stamp) -> Result<Vec<u8>, String> {
    let bytes_max = BYTES_MAX as u64;
    if stamp.bytes > bytes_max {
        return Err(LoadError::TooLarge(stamp.bytes).to_string());
    }
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(bytes_max + 1).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|error| error.to_string())
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
    fn a_file_that_is_too_large_is_not_read() {
        let path = std::env::temp_dir().join(format!("sluice-sparse-{:016x}.wasm", fastrand::u64(..)));
        std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let stamp = stamp_of(&path).unwrap().unwrap();
        let refused = read_bounded(&path, stamp).unwrap_err();
        std::fs::remove_file(&path).unwrap();
        assert!(refused.contains("1099511627776 bytes"), "{refused}");
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
