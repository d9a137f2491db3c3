//! Builds packages of the workspace as components. `tests/build.rs` includes this file.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

pub const TARGET: &str = "wasm32-wasip2";

/// The folders that hold a package, sorted.
pub fn packages(directory: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").exists() {
            names.push(
                entry
                    .file_name()
                    .into_string()
                    .map_err(|name| format!("{name:?} is not UTF-8"))?,
            );
        }
    }
    names.sort();
    Ok(names)
}

/// Builds packages, and returns the folder of their components. The target directory must not be that of the outer build,
/// which holds its lock.
pub fn build<'n>(
    workspace: &Path,
    target_directory: &Path,
    names: impl IntoIterator<Item = &'n String>,
) -> Result<PathBuf, Box<dyn Error>> {
    let mut cargo = Command::new(env::var("CARGO")?);
    cargo
        .current_dir(workspace)
        .args(["build", "--profile", "guest", "--target", TARGET]);
    cargo.arg("--target-dir").arg(target_directory);
    for name in names {
        cargo.args(["--package", name]);
    }
    // The outer build's flags are for the host's machine and compiler wrapper, not for a guest.
    for flag in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
    ] {
        cargo.env_remove(flag);
    }
    if !cargo.status()?.success() {
        return Err("a component does not build: its errors are above".into());
    }
    Ok(target_directory.join(TARGET).join("guest"))
}
