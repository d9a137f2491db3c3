//! Builds the bundled plugins for `wasm32-wasip2`, compiles them for the gateway's target and lists them for embedding, so
//! that one command builds everything.
//!
//! A folder of `plugins/` with a `Cargo.toml` is a bundled plugin; there is nothing else to register.

#[path = "../../src/plugin/codegen.rs"]
mod codegen;
mod compile;
mod guests;
#[allow(dead_code, reason = "the gateway uses all of it")]
#[path = "../../src/plugin/kind.rs"]
mod kind;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::{env, fs};

use guests::TARGET;
use sha2::{Digest, Sha256};

fn main() -> Result<(), Box<dyn Error>> {
    let workspace = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?)
        .join("../..")
        .canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for input in [
        "plugins",
        "sdk/rust/Cargo.toml",
        "sdk/rust/README.md",
        "sdk/rust/src",
        "wit",
        "config/providers.json",
        "host/bundled/build",
        "host/src/plugin/codegen.rs",
        "host/src/plugin/kind.rs",
    ] {
        // Relative to this package: clones that share a target directory must not watch each other's files.
        println!("cargo::rerun-if-changed=../../{input}");
    }
    let names = guests::packages(&workspace.join("plugins"))?;
    install_target()?;
    // Those that are made of others come by themselves, and first: the others are built for them without their exports,
    // under the same file names.
    let (composed, plain): (Vec<_>, Vec<_>) = names.iter().partition(|name| is_composed(&workspace, name));
    let target_directory = out.join("plugins");
    guests::build(&workspace, &target_directory, composed)?;
    let built = guests::build(&workspace, &target_directory, plain)?;
    fs::write(out.join("bundled.rs"), list(&out, &built, &names)?)?;
    Ok(())
}

/// The list of bundled components as Rust, each with its files.
fn list(out: &Path, built: &Path, names: &[String]) -> Result<String, Box<dyn Error>> {
    let code = out.join("code");
    fs::create_dir_all(&code)?;
    let target = env::var("TARGET")?;
    let mut list = String::from("&[\n");
    for entry in entries(built, &code, &target, names) {
        list.push_str(&entry?);
    }
    list.push(']');
    Ok(list)
}

/// One entry for each, made on all cores.
fn entries(built: &Path, code: &Path, target: &str, names: &[String]) -> Vec<Result<String, String>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
            made.push(entry(built, code, target, name).map_err(|error| format!("plugin `{name}`: {error}")));
        }
        made
    };
    let cores = available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let mut made: Vec<_> = threads
            .into_iter()
            .flat_map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| vec![Err("the compiler panicked".into())])
            })
            .collect();
        made.sort();
        made
    })
}

fn entry(built: &Path, code: &Path, target: &str, name: &str) -> Result<String, Box<dyn Error>> {
    let file = built.join(format!("{}.wasm", name.replace('-', "_")));
    let bytes = fs::read(&file)?;
    let (compiled, about, providers) = compile::compiled(&bytes, target)?;
    let compiled_file = code.join(format!("{name}.cwasm"));
    fs::write(&compiled_file, &compiled)?;
    let hash = |bytes: &[u8]| format!("{:x}", Sha256::digest(bytes));
    let (sha256, code_sha256) = (hash(&bytes), hash(&compiled));
    let (file, compiled_file) = (file.display().to_string(), compiled_file.display().to_string());
    Ok(format!(
        "    Bundled {{ name: {name:?}, sha256: {sha256:?}, bytes: include_bytes!({file:?}), \
         code_sha256: {code_sha256:?}, code: include_bytes!({compiled_file:?}), about: {:?}, providers: {:?} }},\n",
        about.to_string(),
        providers.to_string()
    ))
}

/// Whether a plugin depends on another one of the folder.
fn is_composed(workspace: &Path, name: &str) -> bool {
    let manifest = workspace.join("plugins").join(name).join("Cargo.toml");
    fs::read_to_string(manifest).is_ok_and(|manifest| manifest.contains("path = \"../"))
}

/// rustup installs the targets of `rust-toolchain.toml` by itself, unless it was told not to install anything unasked.
fn install_target() -> Result<(), Box<dyn Error>> {
    let output = Command::new(env::var("RUSTC")?)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()?;
    if output.status.success() && Path::new(String::from_utf8(output.stdout)?.trim()).exists() {
        return Ok(());
    }
    let installed = Command::new("rustup").args(["target", "add", TARGET]).status();
    if installed.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(format!("the plugins need Rust's target {TARGET}: run `rustup target add {TARGET}`").into())
}
