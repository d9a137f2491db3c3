//! `sluice plugin test`: the cases of a plugin's folder, run natively by the test tools of its language.

use std::path::Path;
use std::process::Command;

use crate::Language;
use crate::build::BuildError;
use crate::manifest::Manifest;
use crate::new::SDK;

/// Runs the cases; their report goes to standard output. Returns whether all hold.
///
/// # Errors
/// Something is wrong in the folder, or the language's tools are missing.
pub fn test(folder: &Path) -> Result<bool, BuildError> {
    let manifest = Manifest::read(folder).map_err(BuildError::Manifest)?;
    if !folder.join(SDK).is_dir() {
        let said = format!(
            "{}: there is no {SDK} beside the plugin, which its tests need",
            folder.display()
        );
        return Err(BuildError::Manifest(said));
    }
    let (program, arguments): (&str, &[&str]) = match manifest.language {
        Language::Rust => ("cargo", &["test", "--quiet"]),
        Language::Python => ("python3", &["-B", "-m", "sluice_plugin.testing", "."]),
        Language::JavaScript | Language::TypeScript => ("npm", &["test"]),
        Language::Go => ("go", &["test", "./..."]),
        Language::C => ("make", &["test"]),
    };
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments);
    if manifest.language == Language::Python {
        command.env("PYTHONPATH", SDK);
    }
    let status = command.status();
    let status = status.map_err(|error| BuildError::Missing(format!("{program}: {error}. Get it first")))?;
    Ok(status.success())
}
