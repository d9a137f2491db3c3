//! Rust: cargo alone, whose target for components needs no further step.

use std::path::PathBuf;

use super::tool::{command, run};
use super::{Build, BuildError};

const TARGET: &str = "wasm32-wasip2";

const MISSING: &str = "Get Rust 1.95 or later (rustup.rs).";

pub fn build(build: &Build<'_>, say: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
    say("cargo build (the first one compiles the SDK)");
    // As cargo itself has it.
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| build.folder.join("target"), PathBuf::from);
    let mut cargo = command("cargo");
    cargo
        .current_dir(build.folder)
        .args(["build", "--release", "--quiet", "--target", TARGET, "--target-dir"])
        .arg(&target);
    run(&mut cargo, MISSING).map_err(with_mend)?;
    let file = format!("{}.wasm", build.manifest.name.replace('-', "_"));
    let made = target.join(TARGET).join("release").join(file);
    std::fs::copy(&made, &build.out)?;
    Ok(())
}

fn with_mend(error: BuildError) -> BuildError {
    match error {
        BuildError::Failed(failed) if failed.said.contains("target may not be installed") => BuildError::Missing(
            format!("Rust's target for components is missing: `rustup target add {TARGET}`."),
        ),
        other => other,
    }
}
