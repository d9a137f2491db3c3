//! Compiled code on disk, so that a component is compiled once, and its code is mapped into memory and not copied. It
//! also keeps what is known of each component, so that none need be asked at each start.
//!
//! The files are native code: anyone who can write them can run code as the gateway. Therefore the directory belongs to
//! the gateway, is closed to other users, and is never the plugins directory. A file that does not fit this build of
//! the engine is compiled again.

use std::ffi::OsStr;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::about::About;

/// Bytes of the directory: some hundred plugins. Above this, the files that were used longest ago are removed.
const DIRECTORY_BYTES_MAX: u64 = 512 << 20;

/// A directory of compiled components. The file names consist of the hash of the component's bytes and a hash of the
/// engine's settings.
pub struct Cache {
    directory: PathBuf,
    compatibility: u64,
}

impl Cache {
    /// Opens the directory and creates it if needed. A directory that other users may write, that is within the plugins
    /// directory, or that cannot be created, is not used: the plugins of the plugins directory are then compiled at each
    /// start, and a warning says so.
    pub fn open(directory: &Path, plugins: &Path, engine: &Engine) -> Option<Self> {
        match prepare(directory).and_then(|()| check_outside(plugins, directory)) {
            Ok(()) => {
                let mut hasher = std::hash::DefaultHasher::new();
                engine.precompile_compatibility_hash().hash(&mut hasher);
                Some(Self {
                    directory: directory.to_owned(),
                    compatibility: hasher.finish(),
                })
            }
            Err(error) => {
                tracing::warn!(
                    directory = %directory.display(), %error,
                    "no cache for compiled plugins: those of the plugins directory are compiled at each start; set `sluice.plugin_cache_directory`"
                );
                None
            }
        }
    }

    fn path(&self, sha256: &str, extension: &str) -> PathBuf {
        self.directory
            .join(format!("{sha256}-{:016x}.{extension}", self.compatibility))
    }

    /// The stored description of the component with this hash.
    pub fn about(&self, sha256: &str) -> Option<About> {
        let path = self.path(sha256, "json");
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    pub fn put_about(&self, about: &About, sha256: &str) {
        let written = serde_json::to_vec(about)
            .map_err(std::io::Error::other)
            .and_then(|text| self.write(&text, &self.path(sha256, "json")));
        if let Err(error) = written {
            tracing::debug!(%error, "what a plugin said of itself was not kept");
        }
    }

    /// The compiled component with this hash, if there is one that fits the engine.
    pub fn get(&self, engine: &Engine, sha256: &str) -> Option<Component> {
        let path = self.path(sha256, "cwasm");
        if !path.exists() {
            return None;
        }
        #[allow(unsafe_code, reason = "wasmtime cannot check native code")]
        // SAFETY: the file is one that `put` wrote, in a directory that `prepare` found to be ours and closed to
        // others.
        let loaded = unsafe { Component::deserialize_file(engine, &path) };
        touch(&path);
        loaded
            .inspect_err(|error| tracing::debug!(path = %path.display(), %error, "compiled code does not fit"))
            .ok()
    }

    /// Stores compiled code. A failure to store it is only logged.
    pub fn put(&self, code: &[u8], sha256: &str) {
        let written = self.write(code, &self.path(sha256, "cwasm"));
        let kept = written.and_then(|()| trim(&self.directory, DIRECTORY_BYTES_MAX));
        if let Err(error) = kept {
            tracing::debug!(%error, "compiled code was not kept");
        }
    }

    /// Writes a file completely or not at all: first under a temporary name, then renamed.
    fn write(&self, bytes: &[u8], path: &Path) -> std::io::Result<()> {
        // Several gateways may share the directory, and in containers each of them is process 1: the name must be
        // random.
        let aside = path.with_extension(format!("{:016x}.tmp", fastrand::u64(..)));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&aside)?;
        // Without this, the rename could reach the disk before the bytes.
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        let kept = written.and_then(|()| fs::rename(&aside, path));
        kept.inspect_err(|_| drop(fs::remove_file(&aside)))
    }
}

/// Records in the file's modification time that it was used.
fn touch(path: &Path) {
    let touched = fs::File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
    if let Err(error) = touched {
        tracing::debug!(path = %path.display(), %error, "compiled code counts as not used");
    }
}

/// Removes the files that were used longest ago until the rest fits. Code that is in use stays mapped.
fn trim(directory: &Path, bytes_max: u64) -> std::io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if !is_ours(&entry.file_name()) {
            continue;
        }
        // Another gateway may have removed it meanwhile.
        let Ok(found) = entry.metadata() else { continue };
        files.push((found.modified()?, found.len(), entry.path()));
    }
    files.sort_unstable_by_key(|(used, ..)| std::cmp::Reverse(*used));
    let mut bytes = 0;
    for (_, length, path) in files {
        bytes += length;
        if bytes > bytes_max {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Whether the cache gave this name ([`Cache::path`], or a file being written). An operator may have named a directory
/// that has other files.
fn is_ours(name: &OsStr) -> bool {
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = name.to_str().and_then(|name| name.split_once('.'));
    parts
        .and_then(|(stem, _)| stem.split_once('-'))
        .is_some_and(|(sha256, engine)| digits(sha256, 64) && digits(engine, 16))
}

/// Who may write to the plugins directory must not be able to write native code.
fn check_outside(plugins: &Path, directory: &Path) -> std::io::Result<()> {
    let is_inside = fs::canonicalize(plugins)
        .and_then(|plugins| Ok(fs::canonicalize(directory)?.starts_with(plugins)))
        .unwrap_or_else(|_| directory.starts_with(plugins));
    match is_inside {
        true => Err(std::io::Error::other(
            "it is within the plugins directory; it must be elsewhere",
        )),
        false => Ok(()),
    }
}

/// Creates the directory for this user alone, or checks that an existing one belongs to this user and that others
/// cannot write to it.
fn prepare(directory: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let found = fs::metadata(directory)?;
    #[allow(unsafe_code, reason = "libc's declaration")]
    // SAFETY: geteuid has no preconditions and cannot fail.
    let own = unsafe { libc::geteuid() };
    if found.uid() != own || found.mode() & 0o022 != 0 {
        return Err(std::io::Error::other(
            "others may write to it; it must belong to the gateway and be closed (mode 0700)",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_that_were_used_longest_ago_go_first() {
        let directory = std::env::temp_dir().join(format!("sluice-cache-trimmed-{}", std::process::id()));
        prepare(&directory).unwrap();
        let now = SystemTime::now();
        let names = ['a', 'b', 'c'].map(|letter| format!("{}-0123456789abcdef.cwasm", letter.to_string().repeat(64)));
        for (age, name) in names.iter().enumerate() {
            let file = fs::File::create(directory.join(name)).unwrap();
            file.set_len(100).unwrap();
            file.set_modified(now - std::time::Duration::from_secs(60 * (age as u64 + 1)))
                .unwrap();
        }
        let other = directory.join("notes.txt");
        fs::File::create(&other).unwrap().set_len(1_000).unwrap();
        touch(&directory.join(&names[2]));
        trim(&directory, 250).unwrap();
        let left = names.map(|name| directory.join(name).exists());
        assert_eq!(left, [true, false, true]);
        assert!(other.exists(), "it is not the cache's");
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn a_directory_within_the_plugins_directory_is_not_used() {
        let plugins = std::env::temp_dir().join(format!("sluice-plugins-{}", std::process::id()));
        let inside = plugins.join("cache");
        prepare(&inside).unwrap();
        assert!(check_outside(&plugins, &inside).is_err());
        assert!(check_outside(&plugins, &plugins).is_err());
        assert!(check_outside(&plugins, &plugins.join("..")).is_ok());
        fs::remove_dir_all(&plugins).unwrap();
    }

    #[test]
    fn a_directory_that_others_may_write_is_not_used() {
        let directory = std::env::temp_dir().join(format!("sluice-cache-{}", std::process::id()));
        prepare(&directory).unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(prepare(&directory).is_err());
        fs::remove_dir(&directory).unwrap();
    }
}
