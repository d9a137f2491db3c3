//! Warns of what is shipped without its allocator.

use std::env;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Cargo names no profile but its own two: the folder has the name of the others.
    let out = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    let is_dist = out.iter().any(|folder| folder == "dist");
    // Nothing else would say that it was left out.
    if is_dist && env::var_os("CARGO_FEATURE_JEMALLOC").is_none() {
        println!(
            "cargo::warning=built without jemalloc, which idle memory is measured with: add `--features jemalloc`"
        );
    }
}
