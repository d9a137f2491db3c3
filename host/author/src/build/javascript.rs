//! JavaScript and TypeScript: the SDK's own command, which bundles and calls the engine (`sdk/javascript/BUILD.md`).

use std::collections::BTreeSet;

use super::tool::{command, run, succeeds};
use super::{Build, BuildError};

const NODE: &str = "Get Node.js 20 or later (nodejs.org, or your system's packages).";

pub fn build(build: &Build<'_>, say: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
    if !succeeds(command("node").arg("--version")) {
        return Err(BuildError::Missing(format!("Node.js is not there. {NODE}")));
    }
    if !build.folder.join("node_modules/componentize-qjs").exists() {
        say("npm install");
        let mut install = command("npm");
        run(
            install
                .current_dir(build.folder)
                .args(["install", "--no-audit", "--no-fund"]),
            NODE,
        )?;
    }
    say("bundling, and componentize-qjs");
    let wit = build.contract("this-plugin")?;
    let kinds: BTreeSet<_> = build.kinds().collect();
    let mut componentize = command("node");
    componentize
        .arg(build.sdk.join("componentize/cli.js"))
        .arg("--wit")
        .arg(&wit)
        .args(["--world", "this-plugin", "--kinds"])
        .arg(kinds.into_iter().collect::<Vec<_>>().join(","))
        .arg("--out")
        .arg(&build.out)
        .arg(build.folder);
    run(&mut componentize, NODE)?;
    Ok(())
}
