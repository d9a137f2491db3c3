//! Where `os.environ/NAME` and the provider's own variables are looked up.

use std::collections::BTreeMap;

/// A source of environment variables: the process, or a map in tests.
pub trait Environment {
    /// The variable's value; `None` when it is not set or is not Unicode.
    fn variable(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process;

impl Environment for Process {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl Environment for BTreeMap<String, String> {
    fn variable(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }
}

/// What `environment_variables` of the file sets, over an environment beneath. Nothing is exported to the process:
/// changing the environment of a running program with threads is unsound, and a reload must be able to undo it.
pub(super) struct Overlay<'a> {
    pub above: BTreeMap<String, String>,
    pub beneath: &'a dyn Environment,
}

impl Environment for Overlay<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.above.get(name).cloned().or_else(|| self.beneath.variable(name))
    }
}

/// Variables that steer the program itself rather than its configuration; `environment_variables` may not set them.
/// LiteLLM keeps such a list too.
const REFUSED: [&str; 20] = [
    "PATH",
    "HOME",
    "SHELL",
    "USER",
    "IFS",
    "TMPDIR",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "NODE_OPTIONS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "RUST_LOG",
];

pub(super) fn is_refused(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    REFUSED.contains(&upper.as_str()) || upper.starts_with("DYLD_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_goes_over_the_process() {
        let beneath = BTreeMap::from([("A".to_owned(), "1".to_owned()), ("B".to_owned(), "1".to_owned())]);
        let overlay = Overlay {
            above: BTreeMap::from([("A".to_owned(), "2".to_owned())]),
            beneath: &beneath,
        };
        assert_eq!(overlay.variable("A").as_deref(), Some("2"));
        assert_eq!(overlay.variable("B").as_deref(), Some("1"));
        assert_eq!(overlay.variable("C"), None);
    }

    #[test]
    fn variables_that_steer_the_program_are_refused_in_any_case() {
        assert!(is_refused("LD_PRELOAD") && is_refused("no_proxy") && is_refused("DYLD_INSERT_LIBRARIES"));
        assert!(!is_refused("OPENAI_API_KEY"));
    }
}
