//! Builds the guests of `guests/`, each a component, as host/build/ does with the bundled plugins.
//!
//! A folder of `guests/` with a `Cargo.toml` is a guest; `src/guests.rs` names them. host/build/ has seen to it that
//! the target is installed: the host is a dependency, so it is built before.

#[path = "../host/build/guests.rs"]
mod guests;

use std::env;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let tests = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    for input in ["guests", "../sdk/rust", "../wit"] {
        // Relative to this package, as in host/build/.
        println!("cargo::rerun-if-changed={input}");
    }
    let folders = guests::packages(&tests.join("guests"))?;
    let names: Vec<String> = folders.iter().map(|name| format!("guest-{name}")).collect();
    let target_directory = PathBuf::from(env::var("OUT_DIR")?).join("guests");
    let built = guests::build(&tests.join(".."), &target_directory, &names)?;
    println!("cargo::rustc-env=GUESTS={}", built.display());
    Ok(())
}
