//! The languages that plugins are written in.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::files::{self, File};

/// A language with an SDK and templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    Rust,
    Python,
    JavaScript,
    TypeScript,
    Go,
    C,
}

/// What is to be known of a language.
struct Row {
    name: &'static str,
    /// The folder of its SDK.
    sdk: &'static str,
    /// The folder of its templates, one a kind.
    templates: &'static str,
    /// Of the SDK, what a plugin needs beside it: files and folders.
    needed: &'static [&'static str],
}

impl Language {
    pub const ALL: [Self; 6] = [
        Self::Rust,
        Self::Python,
        Self::JavaScript,
        Self::TypeScript,
        Self::Go,
        Self::C,
    ];

    fn row(self) -> Row {
        const OF_JAVASCRIPT: &[&str] = &[
            "index.js",
            "index.d.ts",
            "package.json",
            "lib",
            "types",
            "testing",
            "componentize",
        ];
        match self {
            Self::Rust => Row {
                name: "rust",
                sdk: "sdk/rust",
                templates: "sdk/rust/templates",
                needed: &["Cargo.toml", "README.md", "src"],
            },
            Self::Python => Row {
                name: "python",
                sdk: "sdk/python",
                templates: "sdk/python/templates",
                needed: &["sluice_plugin", "sluice_component"],
            },
            Self::JavaScript => Row {
                name: "javascript",
                sdk: "sdk/javascript",
                templates: "sdk/javascript/templates/javascript",
                needed: OF_JAVASCRIPT,
            },
            Self::TypeScript => Row {
                name: "typescript",
                sdk: "sdk/javascript",
                templates: "sdk/javascript/templates/typescript",
                needed: OF_JAVASCRIPT,
            },
            Self::Go => Row {
                name: "go",
                sdk: "sdk/go",
                templates: "sdk/go/templates",
                needed: &["go.mod", "internal", "sluice", "adapter/adapter.wasm"],
            },
            Self::C => Row {
                name: "c",
                sdk: "sdk/c",
                templates: "sdk/c/templates",
                needed: &["include", "src", "test", "plugin.mk"],
            },
        }
    }

    /// As `--lang` and `plugin.yaml` have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The template of a kind, of the kind's name; empty if the language has none.
    pub fn template(self, kind: &str) -> impl Iterator<Item = File> {
        let folder = format!("{}/{kind}", self.row().templates);
        files::of(&folder).collect::<Vec<_>>().into_iter()
    }

    /// What a plugin needs beside it of the SDK, by path within the plugin's `sluice-sdk`.
    pub fn sdk(self) -> impl Iterator<Item = (String, &'static [u8])> {
        let Row { sdk, needed, .. } = self.row();
        let is_needed = move |path: &str| {
            let rest_of = |part: &&str| path.strip_prefix(*part);
            let mut rests = needed.iter().filter_map(rest_of);
            rests.any(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let own = files::of(sdk).filter(move |(path, _)| is_needed(path));
        // The Rust SDK reads the contract while it is compiled, by its path in the repository.
        let is_rust = self == Self::Rust;
        let place = move |path: &str| {
            if is_rust {
                format!("{sdk}/{path}")
            } else {
                path.to_owned()
            }
        };
        let contract = files::of("wit/0.2.1").filter(move |_| is_rust);
        let workspace = files::of("sdk/rust/templates").filter(move |(path, _)| is_rust && *path == "workspace.toml");
        own.map(move |(path, content)| (place(path), content))
            .chain(contract.map(|(path, content)| (format!("wit/0.2.1/{path}"), content)))
            .chain(workspace.map(|(_, content)| ("Cargo.toml".to_owned(), content)))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|language| language.as_str() == text);
        named.ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|language| language.as_str()).collect();
            format!("no SDK is for `{text}`: take one of {}", known.join(", "))
        })
    }
}
