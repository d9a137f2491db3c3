//! `sluice plugin new`: a folder with a plugin that builds, from a template.

use std::path::{Path, PathBuf};

use crate::manifest::{FILE, check_name};
use crate::{Kind, Language, files};

/// The folder of the SDK in a plugin's folder.
pub const SDK: &str = "sluice-sdk";

/// Why there is no new plugin.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    #[error("{0}")]
    Name(String),
    #[error("{} is there already: take another name, or remove it", .0.display())]
    Exists(PathBuf),
    #[error("there is no template of a {kind} in {language}: it can be written in {others}")]
    NoTemplate {
        kind: &'static str,
        language: Language,
        others: String,
    },
    #[error("{0}")]
    Write(#[from] std::io::Error),
}

/// Makes the folder `name` in `directory`. Returns it.
///
/// # Errors
/// The name is none, the folder is there already, or the language has no template of the kind.
pub fn new(directory: &Path, kind: Kind, name: &str, language: Language) -> Result<PathBuf, NewError> {
    check_name(name).map_err(NewError::Name)?;
    let folder = directory.join(name);
    if folder.exists() {
        return Err(NewError::Exists(folder));
    }
    let template: Vec<_> = language.template(kind.as_str()).collect();
    let own = template
        .iter()
        .find(|(path, _)| *path == FILE)
        .and_then(|(_, yaml)| placeholder(yaml));
    let Some(placeholder) = own else {
        return Err(no_template(kind, language));
    };
    let names = Names::of(placeholder, name);
    let plugin = template.iter().map(|(path, content)| {
        let content =
            std::str::from_utf8(content).map_or_else(|_| content.to_vec(), |text| names.put_into(text).into_bytes());
        (PathBuf::from(names.put_into(path)), content)
    });
    let sdk = language
        .sdk()
        .map(|(path, content)| (Path::new(SDK).join(path), content.to_vec()));
    files::write(&folder, plugin.chain(sdk))?;
    Ok(folder)
}

fn no_template(kind: Kind, language: Language) -> NewError {
    let has_one = |language: &Language| language.template(kind.as_str()).next().is_some();
    let others: Vec<_> = Language::ALL
        .into_iter()
        .filter(has_one)
        .map(Language::as_str)
        .collect();
    NewError::NoTemplate {
        kind: kind.as_str(),
        language,
        others: others.join(", "),
    }
}

/// The name that a template has: `name` of its `plugin.yaml`.
fn placeholder(yaml: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(yaml).ok()?;
    text.lines().find_map(|line| line.strip_prefix("name: ")).map(str::trim)
}

/// A name in the spellings of languages, and what stands in its place.
struct Names([(String, String); 3]);

impl Names {
    fn of(placeholder: &str, name: &str) -> Self {
        let pair = |spell: fn(&str) -> String| (spell(placeholder), spell(name));
        Self([pair(str::to_owned), pair(snake), pair(camel)])
    }

    fn put_into(&self, text: &str) -> String {
        let Self(names) = self;
        names
            .iter()
            .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

fn camel(name: &str) -> String {
    let words = name
        .split('-')
        .filter_map(|word| Some((word.get(..1)?, word.get(1..)?)));
    words.map(|(first, rest)| first.to_ascii_uppercase() + rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    #[test]
    fn each_template_becomes_a_plugin_of_its_name() {
        let directory = tempfile::tempdir().unwrap();
        for language in Language::ALL {
            for kind in Kind::ALL {
                let name = format!("acme-{language}-{}", kind.as_str());
                let folder = match new(directory.path(), kind, &name, language) {
                    Ok(folder) => folder,
                    Err(NewError::NoTemplate { .. }) if language == Language::C && kind == Kind::Adapter => {
                        continue;
                    }
                    Err(error) => panic!("{name}: {error}"),
                };
                let manifest = Manifest::read(&folder).unwrap();
                assert_eq!((manifest.name.as_str(), manifest.language), (name.as_str(), language));
                assert!(manifest.kinds.contains(&kind), "{name}");
                for file in ["README.md", "cases"] {
                    assert!(folder.join(file).exists(), "{name} has no {file}");
                }
                let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
                assert!(readme.contains(&name) && !readme.contains("my-"), "{name}: {readme}");
                assert!(
                    folder.join(SDK).read_dir().unwrap().next().is_some(),
                    "{name} has no SDK"
                );
            }
        }
    }

    #[test]
    fn what_is_there_is_not_overwritten_and_a_name_leads_nowhere() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("mine")).unwrap();
        let make = |name: &str| new(directory.path(), Kind::Guardrail, name, Language::Python);
        assert!(matches!(make("mine"), Err(NewError::Exists(_))));
        for name in ["../mine", "/tmp/mine", "Mine", ""] {
            assert!(matches!(make(name), Err(NewError::Name(_))), "{name}");
        }
    }
}
