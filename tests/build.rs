//! Builds the guests of `guests/` for `wasm32-wasip2`, each a component, as host/build/ does with the bundled plugins.
//!
//! A folder of `guests/` with a `Cargo.toml` is a guest; `src/guests.rs` names them. host/build/ has seen to it that
//! the target is installed: the host is a dependency, so it is built before.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let tests = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let workspace = tests.join("..");
    for input in ["guests", "../sdk/rust", "../wit"] {
        // Relative to this package, as in host/build/.
        println!("cargo::rerun-if-changed={input}");
    }
    // A target directory of their own: this build holds the lock of the outer one.
    let target = PathBuf::from(env::var("OUT_DIR")?).join("guests");
    let mut cargo = Command::new(env::var("CARGO")?);
    cargo.current_dir(&workspace).args([
        "build",
        "--profile",
        "guest",
        "--target",
        "wasm32-wasip2",
        "--target-dir",
    ]);
    cargo.arg(&target);
    for name in guests(&tests.join("guests"))? {
        cargo.args(["--package", &format!("guest-{name}")]);
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
        return Err("a guest does not build: its errors are above".into());
    }
    println!(
        "cargo::rustc-env=GUESTS={}",
        target.join("wasm32-wasip2/guest").display()
    );
    Ok(())
}

fn guests(directory: &Path) -> Result<Vec<String>, Box<dyn Error>> {
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
