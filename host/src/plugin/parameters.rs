//! The parameters of deployments that a plugin may read.
//!
//! Credentials are never among them. Of the others, a component from a file gets those that are known to be harmless:
//! whatever else is written in `litellm_params` may hold a key under a name that nobody has thought of.

use crate::config::keys::is_harmless;

/// What one plugin may read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Parameters {
    /// All that are not credentials: the plugin is part of the program.
    All,
    /// What is known to be harmless, and what the operator names (`sluice.plugins.<name>.parameters`).
    Known(Box<[String]>),
}

impl Parameters {
    /// `named` are those that the operator names.
    pub fn new(is_bundled: bool, named: &[String]) -> Self {
        match is_bundled {
            true => Self::All,
            false => Self::Known(named.into()),
        }
    }

    /// Whether the plugin may read this parameter.
    #[must_use]
    pub fn include(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Known(named) => is_harmless(name) || named.iter().any(|own| own == name),
        }
    }
}
