//! The contract as build tools want it: a folder of WIT files, with a world that has the imports and exports of a plugin's
//! kinds.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use crate::Kind;
use crate::files;

/// Writes the folder, with this world.
///
/// # Errors
/// A file cannot be written.
pub fn write(folder: &Path, world: &str, kinds: &[Kind]) -> io::Result<()> {
    let own = files::of("wit/0.2.1").map(|(name, content)| (PathBuf::from(name), content.to_vec()));
    let plugin = (PathBuf::from("this-plugin.wit"), text(world, kinds).into_bytes());
    files::write(folder, own.chain([plugin]))
}

fn text(world: &str, kinds: &[Kind]) -> String {
    let mut text = format!("package sluice:plugin@0.2.1;\n\nworld {world} {{\n");
    for kind in kinds {
        let _ = writeln!(text, "  include {};", kind.as_str());
    }
    text.push_str("}\n");
    text
}

#[cfg(test)]
mod tests {
    use wit_bindgen_core::wit_parser::Resolve;

    use super::*;

    #[test]
    fn a_world_of_all_kinds_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "all", &Kind::ALL).unwrap();
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_path(folder.path()).unwrap();
        let world = resolve.select_world(&[package], Some("all")).unwrap();
        let world = &resolve.worlds[world];
        // `about`, and an interface a kind.
        assert_eq!(world.exports.len(), 1 + Kind::ALL.len());
        let worlds = resolve.worlds.iter().filter(|(_, world)| world.name != "all");
        assert_eq!(
            worlds.count(),
            Kind::ALL.len(),
            "a kind of worlds.wit is not in the list"
        );
    }
}
