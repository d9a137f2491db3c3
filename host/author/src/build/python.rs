//! Python: `componentize-py`, which brings an interpreter along (`sdk/python/BUILD.md`).

use std::path::PathBuf;

use super::tool::{command, run, succeeds};
use super::{Build, BuildError};

const MISSING: &str =
    "Get it by `python3 -m pip install componentize-py==0.25.0`, in an environment whose programs are found.";

pub fn build(build: &Build<'_>, say: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
    let wit = build.contract("component")?;
    let python = python()?;
    say("looking for what does not work in a component");
    let mut check = command(&python);
    check.args(["-B", "-m", "sluice_plugin.check"]).arg(build.folder);
    run(check.env("PYTHONPATH", &build.sdk), "")?;
    say("componentize-py (some 15 s)");
    let mut componentize = command("componentize-py");
    componentize
        .current_dir(build.folder)
        // It would take the packages of an active environment along.
        .env_remove("VIRTUAL_ENV")
        .env("RUST_BACKTRACE", "0")
        .args(["--quiet", "--world", "component", "--wit-path"])
        .arg(&wit)
        .args([
            "componentize",
            "sluice_component",
            "--python-path",
            ".",
            "--python-path",
        ])
        .arg(&build.sdk)
        .args(["--stub-wasi", "--output"])
        .arg(&build.out);
    run(&mut componentize, MISSING)?;
    Ok(())
}

fn python() -> Result<PathBuf, BuildError> {
    let names = ["python3", "python"].map(PathBuf::from);
    let found = names.into_iter().find(|name| succeeds(command(name).arg("--version")));
    found.ok_or_else(|| BuildError::Missing("Python is not there: get Python 3.10 or later (python.org).".into()))
}
