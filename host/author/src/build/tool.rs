//! Running a language's tools.

use std::path::Path;
use std::process::{Command, Stdio};

use super::BuildError;

/// Lines of a tool's output that an error repeats: the first mistake stands at the beginning, and the rest follows from it.
const LINES_MAX: usize = 40;

/// A tool ended with an error.
#[derive(Debug, thiserror::Error)]
#[error("{command} failed:\n{said}")]
pub struct Failed {
    pub command: String,
    pub said: String,
}

/// Runs a command to its end.
///
/// # Errors
/// It cannot be started (`missing` says what to do then), or it fails.
pub fn run(command: &mut Command, missing: &str) -> Result<String, BuildError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| BuildError::Missing(format!("{name}: {error}. {missing}")))?;
    let both = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&both).into_owned();
    match output.status.success() {
        true => Ok(said),
        false => Err(Failed {
            command: name,
            said: shortened(&said),
        }
        .into()),
    }
}

/// Whether a command ends well.
pub fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// A program at a path, or by its name.
pub fn command(program: impl AsRef<Path>) -> Command {
    Command::new(program.as_ref())
}

fn shortened(said: &str) -> String {
    let lines: Vec<&str> = said.trim_end().lines().collect();
    if lines.len() <= LINES_MAX {
        return lines.join("\n");
    }
    format!(
        "{}\n… and {} more lines",
        lines[..LINES_MAX].join("\n"),
        lines.len() - LINES_MAX
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_talks_much_is_cut() {
        let long = (1..=500).map(|line| format!("line {line}\n")).collect::<String>();
        let shown = shortened(&long);
        assert_eq!(shown.lines().count(), LINES_MAX + 1);
        assert!(
            shown.starts_with("line 1\n") && shown.ends_with("… and 460 more lines"),
            "{shown}"
        );
        assert_eq!(shortened("one\ntwo\n"), "one\ntwo");
    }

    #[test]
    fn a_tool_that_is_not_there_is_a_sentence_with_its_mend() {
        let error = run(&mut Command::new("no-such-tool-here"), "Get it so.").unwrap_err();
        let said = error.to_string();
        assert!(
            said.starts_with("no-such-tool-here: ") && said.ends_with(" Get it so."),
            "{said}"
        );
    }
}
