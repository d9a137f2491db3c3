//! Builds the guests of `guests/`, each a component, as host/bundled/ does with the bundled plugins.
//!
//! A folder of `guests/` with a `Cargo.toml` is a guest; `src/guests.rs` names them. host/bundled/ has seen to it that
//! the target is installed: it is a dependency, so it is built before.

#[path = "../host/bundled/build/guests.rs"]
mod guests;

use std::env;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let tests = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    for input in ["guests", "../sdk/rust/Cargo.toml", "../sdk/rust/src", "../wit"] {
        // Relative to this package, as in host/bundled/build/.
        println!("cargo::rerun-if-changed={input}");
    }
    let folders = guests::packages(&tests.join("guests"))?;
    let names: Vec<String> = folders.iter().map(|name| format!("guest-{name}")).collect();
    let target_directory = PathBuf::from(env::var("OUT_DIR")?).join("guests");
    let built = guests::build(&tests.join(".."), &target_directory, &names)?;
    println!("cargo::rustc-env=GUESTS={}", built.display());
    Ok(())
}
