//! Lists the files that `sluice plugin new` and `build` need: the contract, and the SDK and templates of each language.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Folders of what a language's tools leave behind, and of what authors do not need.
const LEFT_OUT: [&str; 6] = ["__pycache__", "node_modules", "target", "build", "examples", "samples"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?)
        .join("../..")
        .canonicalize()?;
    let mut files = Vec::new();
    for folder in ["wit/0.2.1", "sdk"] {
        // Relative to this package: clones that share a target directory must not watch each other's files.
        println!("cargo::rerun-if-changed=../../{folder}");
        collect(&root.join(folder), &mut files)?;
    }
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&root)?.to_str().ok_or("a name is not UTF-8")?;
        writeln!(
            list,
            "    ({name:?}, include_bytes!({:?})),",
            file.display().to_string()
        )?;
    }
    list.push(']');
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("files.rs"), list)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !LEFT_OUT.contains(&name) {
                collect(&path, files)?;
            }
        } else if !name.ends_with(".pyc") && !name.ends_with(".lock") {
            files.push(path);
        }
    }
    Ok(())
}
