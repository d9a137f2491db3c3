//! `plugin.yaml`: what a plugin's folder says of itself.

use std::path::Path;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::{Kind, Language};

/// The kind that a person means by a word: its whole name, or a part of it.
///
/// # Errors
/// No kind is called so; the sentence has all kinds.
pub fn kind(word: &str) -> Result<Kind, String> {
    let is_meant = |kind: &Kind| kind.as_str().split('-').any(|part| part == word) || kind.as_str() == word;
    Kind::ALL.into_iter().find(is_meant).ok_or_else(|| {
        let known: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("no kind of plugin is called `{word}`: take one of {}", known.join(", "))
    })
}

fn kinds<'de, D: Deserializer<'de>>(given: D) -> Result<Vec<Kind>, D::Error> {
    let words = Vec::<String>::deserialize(given)?;
    words.iter().map(|word| kind(word).map_err(D::Error::custom)).collect()
}

/// What `plugin.yaml` holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of the component's file: `NAME.wasm`.
    pub name: String,
    pub language: Language,
    /// At least one.
    #[serde(deserialize_with = "kinds")]
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
            ("routing-strategy", Kind::Strategy),
            ("strategy", Kind::Strategy),
            ("adapter", Kind::Adapter),
            ("hook", Kind::Hook),
            ("guardrail", Kind::Guardrail),
            ("callback", Kind::Callback),
            ("task", Kind::Periodic),
        ] {
            assert_eq!(super::kind(word), Ok(kind), "{word}");
        }
        assert!(super::kind("toaster").unwrap_err().contains("guardrail-check"));
    }
}
