//! `plugin.yaml`: what a plugin's folder says of itself.

use std::path::Path;

use serde::Deserialize;

use crate::Language;

/// A kind of plugin, by the name of its world (`wit/0.2.1/worlds.wit`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    RoutingStrategy,
    ProviderAdapter,
    RequestHook,
    GuardrailCheck,
    LoggingCallback,
    PeriodicTask,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::RoutingStrategy,
        Self::ProviderAdapter,
        Self::RequestHook,
        Self::GuardrailCheck,
        Self::LoggingCallback,
        Self::PeriodicTask,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RoutingStrategy => "routing-strategy",
            Self::ProviderAdapter => "provider-adapter",
            Self::RequestHook => "request-hook",
            Self::GuardrailCheck => "guardrail-check",
            Self::LoggingCallback => "logging-callback",
            Self::PeriodicTask => "periodic-task",
        }
    }

    /// One that a person means by a word: the whole name, or its last or first part.
    ///
    /// # Errors
    /// No kind is called so; the sentence has all kinds.
    pub fn named(word: &str) -> Result<Self, String> {
        let parts = |kind: &Self| kind.as_str().split('-').any(|part| part == word) || kind.as_str() == word;
        Self::ALL.into_iter().find(parts).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
            format!("no kind of plugin is called `{word}`: take one of {}", known.join(", "))
        })
    }
}

/// What `plugin.yaml` holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of the component's file: `NAME.wasm`.
    pub name: String,
    pub language: Language,
    /// At least one.
    pub kinds: Vec<Kind>,
}

/// The name of the file.
pub const FILE: &str = "plugin.yaml";

impl Manifest {
    /// # Errors
    /// The folder has no such file, or something is wrong in it. The sentence says what to write.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            format!(
                "{}: {error}. A plugin's folder has this file: see `sluice plugin new`",
                path.display()
            )
        })?;
        let manifest: Self = serde_yaml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        check_name(&manifest.name).map_err(|reason| format!("{}: {reason}", path.display()))?;
        if manifest.kinds.is_empty() {
            return Err(format!("{}: `kinds` is empty: name at least one", path.display()));
        }
        Ok(manifest)
    }
}

/// The form of a plugin's name (`about.wit`).
///
/// # Errors
/// It has another.
pub fn check_name(name: &str) -> Result<(), String> {
    let is_word = |part: &str| {
        let mut letters = part.bytes();
        letters.next().is_some_and(|letter| letter.is_ascii_lowercase())
            && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    match name.len() <= 64 && name.split('-').all(is_word) {
        true => Ok(()),
        false => Err(format!(
            "`{name}` is no name of a plugin: take words of a-z and 0-9 with `-` between them, such as `pii-mask`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case() {
        for name in ["a", "pii-mask", "v2", "a-b2-c"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in [
            "",
            "-",
            "a-",
            "-a",
            "a--b",
            "A",
            "a_b",
            "2a",
            "a/b",
            "..",
            "ü",
            &"a".repeat(65),
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_kind_is_known_by_its_words() {
        for (word, kind) in [
            ("routing-strategy", Kind::RoutingStrategy),
            ("strategy", Kind::RoutingStrategy),
            ("adapter", Kind::ProviderAdapter),
            ("hook", Kind::RequestHook),
            ("guardrail", Kind::GuardrailCheck),
            ("callback", Kind::LoggingCallback),
            ("task", Kind::PeriodicTask),
        ] {
            assert_eq!(Kind::named(word), Ok(kind), "{word}");
        }
        assert!(Kind::named("toaster").unwrap_err().contains("guardrail-check"));
    }
}
