//! `sluice plugin build`: from a plugin's folder to `NAME.wasm`, by the tools of its language. Each language is a file;
//! `BUILD.md` of its SDK says the same for whoever builds by hand.

mod c;
mod component;
mod go;
mod javascript;
mod python;
mod rust;
mod tool;

use std::path::{Path, PathBuf};

use crate::manifest::Manifest;
use crate::new::SDK;
use crate::{Language, contract, files};

pub use tool::Failed;

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("{0}")]
    Manifest(String),
    /// A tool is not there, or too old. The sentence has the command that gets it.
    #[error("{0}")]
    Missing(String),
    #[error(transparent)]
    Failed(#[from] Failed),
    #[error("the tools made no usable component: {0}")]
    Component(String),
    #[error("{0}")]
    Files(#[from] std::io::Error),
}

/// What a build works with.
struct Build<'b> {
    folder: &'b Path,
    manifest: &'b Manifest,
    /// The SDK: the one beside the plugin, else the program's own.
    sdk: PathBuf,
    /// For what is made on the way.
    scratch: &'b Path,
    /// The component.
    out: PathBuf,
}

/// A component that was built.
#[derive(Debug)]
pub struct Built {
    pub file: PathBuf,
    pub bytes: u64,
}

/// Builds the plugin of a folder. `say` is told each step before it begins.
///
/// # Errors
/// Something is wrong in the folder, a tool is missing, or it fails.
pub fn build(folder: &Path, say: &mut dyn FnMut(&str)) -> Result<Built, BuildError> {
    let folder = &folder
        .canonicalize()
        .map_err(|error| BuildError::Manifest(format!("{}: {error}", folder.display())))?;
    let manifest = &Manifest::read(folder).map_err(BuildError::Manifest)?;
    let scratch = tempfile::tempdir()?;
    let build = Build {
        folder,
        manifest,
        sdk: sdk(folder, manifest.language, scratch.path())?,
        scratch: scratch.path(),
        out: folder.join(format!("{}.wasm", manifest.name)),
    };
    match manifest.language {
        Language::Rust => rust::build(&build, say)?,
        Language::Python => python::build(&build, say)?,
        Language::JavaScript | Language::TypeScript => javascript::build(&build, say)?,
        Language::Go => go::build(&build, say)?,
        Language::C => c::build(&build, say)?,
    }
    Ok(Built {
        bytes: std::fs::metadata(&build.out)?.len(),
        file: build.out,
    })
}

fn sdk(folder: &Path, language: Language, scratch: &Path) -> std::io::Result<PathBuf> {
    let beside = folder.join(SDK);
    if beside.is_dir() {
        return Ok(beside);
    }
    let own = scratch.join("sdk");
    files::write(
        &own,
        language
            .sdk()
            .map(|(path, content)| (PathBuf::from(path), content.to_vec())),
    )?;
    Ok(own)
}

impl Build<'_> {
    /// The contract with a world of this name for the plugin's kinds.
    fn contract(&self, world: &str) -> std::io::Result<PathBuf> {
        let folder = self.scratch.join("wit");
        contract::write(&folder, world, &self.manifest.kinds)?;
        Ok(folder)
    }

    fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.manifest.kinds.iter().map(|kind| kind.as_str())
    }
}
