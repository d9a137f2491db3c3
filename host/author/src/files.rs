//! The files of the program's own: the contract (`wit/0.2.1/`), and the SDKs with their templates (`sdk/<language>/`).

use std::io;
use std::path::{Path, PathBuf};

/// By their path in the repository, sorted.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// A file of a folder: its path within, and what it holds.
pub type File = (&'static str, &'static [u8]);

/// The files of a folder, such as `sdk/python/templates`.
pub fn of(folder: &str) -> impl Iterator<Item = File> + '_ {
    FILES.iter().filter_map(move |(path, content)| {
        let within = path.strip_prefix(folder)?.strip_prefix('/')?;
        Some((within, *content))
    })
}

/// Writes files into a folder, which is made if it is not there.
///
/// # Errors
/// A file cannot be written; the error names it.
pub fn write(folder: &Path, files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> io::Result<()> {
    for (name, content) in files {
        let path = folder.join(name);
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        std::fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(named)?;
        std::fs::write(&path, &content).map_err(named)?;
        make_executable(&path, &content).map_err(named)?;
    }
    Ok(())
}

/// A script is there to be run.
#[cfg(unix)]
fn make_executable(path: &Path, content: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    match content.starts_with(b"#!") {
        true => std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)),
        false => Ok(()),
    }
}

#[cfg(not(unix))]
fn make_executable(_: &Path, _: &[u8]) -> io::Result<()> {
    Ok(())
}
