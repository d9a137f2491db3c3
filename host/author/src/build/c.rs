//! C: zig, or clang with a WASI library (`sdk/c/BUILD.md`).

use std::path::{Path, PathBuf};
use std::process::Command;

use wit_bindgen_core::Files;

use super::component::{encode, world};
use super::tool::{command, run, succeeds};
use super::{Build, BuildError};

const WORLD: &str = "plugin";

const MISSING: &str = "No compiler for WebAssembly is there. Get zig by `python3 -m pip install ziglang`, or clang by `apt install \
                       clang lld wasi-libc libclang-rt-dev-wasm32`.";

pub fn build(build: &Build<'_>, say: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
    let compiler = Compiler::find()?;
    say("making bindings");
    let bindings = build.scratch.join("bindings");
    bind(&build.contract(WORLD)?, &bindings)?;
    say(compiler.said());
    let core = build.scratch.join("core.wasm");
    let mut compile = compiler.command();
    compile.current_dir(build.folder).args([
        "-std=gnu11",
        "-O2",
        "-g0",
        "-ffunction-sections",
        "-fdata-sections",
        "-Wall",
        "-Wextra",
    ]);
    for kind in build.kinds() {
        compile.arg(format!("-DSLUICE_{}", kind.to_ascii_uppercase().replace('-', "_")));
    }
    compile
        .arg("-I")
        .arg(build.sdk.join("include"))
        .arg("-I")
        .arg(&bindings);
    compile.args([
        "-mexec-model=reactor",
        "-Wl,--gc-sections",
        "-Wl,-z,stack-size=65536",
        "-Wl,--strip-all",
    ]);
    compile.args(sources(&build.folder.join("src"))?);
    compile.arg(build.sdk.join("src/sluice.c"));
    compile.args(["plugin.c", "plugin_component_type.o"].map(|name| bindings.join(name)));
    run(compile.arg("-o").arg(&core), MISSING)?;
    say("making a component");
    let component = encode(&std::fs::read(&core)?, None).map_err(with_mend)?;
    std::fs::write(&build.out, component)?;
    Ok(())
}

/// What `wit-bindgen c` does.
fn bind(wit: &Path, out: &Path) -> Result<(), BuildError> {
    let (mut resolve, world) = world(wit, WORLD)?;
    let mut files = Files::default();
    let mut generator = wit_bindgen_c::Opts::default().build();
    let made = generator.generate(&mut resolve, world, &mut files);
    made.map_err(|error| BuildError::Component(format!("{error:#}")))?;
    let files = files
        .iter()
        .map(|(name, content)| (PathBuf::from(name), content.to_vec()));
    Ok(crate::files::write(out, files)?)
}

/// In their order, so that the same sources make the same component.
fn sources(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "c") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn with_mend(error: BuildError) -> BuildError {
    match error {
        BuildError::Component(reason) if reason.contains("wasi_snapshot_preview1") => BuildError::Component(format!(
            "{reason}. A component has no files, environment or clock: the SDK's README.md says which functions of C need them"
        )),
        other => other,
    }
}

enum Compiler {
    Zig,
    ZigOfPython,
    Clang(&'static str),
}

impl Compiler {
    fn find() -> Result<Self, BuildError> {
        if succeeds(command("zig").arg("version")) {
            return Ok(Self::Zig);
        }
        if succeeds(command("python3").args(["-m", "ziglang", "version"])) {
            return Ok(Self::ZigOfPython);
        }
        let has_library = |clang: &&str| {
            let asked = run(
                command(clang).args(["--target=wasm32-wasi", "-print-file-name=libc.a"]),
                "",
            );
            asked.is_ok_and(|path| Path::new(path.trim()).is_absolute() && Path::new(path.trim()).exists())
        };
        let clang = ["clang-19", "clang"].into_iter().find(has_library);
        clang
            .map(Self::Clang)
            .ok_or_else(|| BuildError::Missing(MISSING.into()))
    }

    fn said(&self) -> &'static str {
        match self {
            Self::Zig | Self::ZigOfPython => "zig cc (the first one builds a C library: a minute or two)",
            Self::Clang(_) => "clang",
        }
    }

    fn command(&self) -> Command {
        let mut command = match self {
            Self::Zig => command("zig"),
            Self::ZigOfPython => command("python3"),
            Self::Clang(name) => command(name),
        };
        match self {
            Self::Zig => command.args(["cc", "-target", "wasm32-wasi"]),
            Self::ZigOfPython => command.args(["-m", "ziglang", "cc", "-target", "wasm32-wasi"]),
            // zig does so by itself, and refuses the option.
            Self::Clang(_) => command.args(["--target=wasm32-wasi", "-Wl,--stack-first"]),
        };
        command
    }
}
