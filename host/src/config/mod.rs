//! The configuration: LiteLLM's YAML, checked and read.
//!
//! ```text
//! text ─ tree ─ include ─ expand ─ check ─ Settings::read
//!        YAML    files     os.environ/NAME  against keys
//! ```
//!
//! Read in this order: [`settings`] is what the rest of the gateway sees, a file a feature with the rows of its keys;
//! [`keys`] puts the rows together, section by section, with the keys that are not in effect; `tree` is what was written,
//! with places; `check` finds what is wrong, all of it at once; [`schema`] prints the keys as JSON Schema.
//! `config/README.md` is the operator's side of it.

mod check;
pub mod digest;
mod environment;
mod expand;
mod include;
pub mod keys;
mod names;
mod problem;
pub mod schema;
mod secret;
pub mod settings;
mod tree;
mod unserved;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use environment::{Environment, Process};
pub use names::{CALLBACK_VARIABLES, DEFAULT_STRATEGY, PROVIDERS, infer_provider};
pub use problem::{Problem, Severity};
pub use secret::Secret;
pub use settings::Settings;

use environment::Overlay;
use problem::Problems;
use tree::{Node, Place, Value};

/// What the gateway runs by when no file is given.
pub const BUILT_IN: &str = include_str!("../../../config/sluice.yaml");

/// Where a configuration comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// How problems name it.
    pub name: Arc<str>,
    /// What relative paths in it are relative to.
    pub directory: PathBuf,
    /// The file, when it is one.
    pub file: Option<PathBuf>,
}

impl Origin {
    pub fn file(path: &Path) -> Self {
        Self {
            name: path.display().to_string().into(),
            directory: path.parent().unwrap_or(Path::new("")).to_owned(),
            file: Some(path.to_owned()),
        }
    }

    pub fn built_in() -> Self {
        Self {
            name: "built-in".into(),
            directory: PathBuf::new(),
            file: None,
        }
    }
}

/// Names that loaded plugins answer to. An empty list means that such names are not checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Prefixes of models.
    pub providers: Vec<String>,
    pub strategies: Vec<String>,
    pub guardrails: Vec<String>,
    /// By guardrail, what it does not look at, for people.
    pub unseen: BTreeMap<String, Vec<&'static str>>,
    pub callbacks: Vec<String>,
}

/// What becomes of unknown keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strictness {
    /// They are warnings, as LiteLLM lets them pass.
    #[default]
    Lenient,
    /// They are errors.
    Strict,
}

/// The outcome of reading a configuration.
#[derive(Debug)]
pub struct Loaded {
    /// `None` when there is an error among the problems.
    pub settings: Option<Settings>,
    /// In the order of the file.
    pub problems: Vec<Problem>,
    /// Every file that was read or looked for, the configuration first: what a watcher watches.
    pub files: Vec<PathBuf>,
}

/// Reads a configuration from its file.
pub fn load_file(path: &Path, environment: &dyn Environment, known: &Known, strictness: Strictness) -> Loaded {
    let origin = Origin::file(path);
    match include::read_bounded(path) {
        Ok(text) => load(&text, &origin, environment, known, strictness),
        Err(error) => {
            let mut problems = Problems::default();
            problems.error(
                &Place::whole(&origin.name),
                format!("the file cannot be read: {error}"),
                "",
            );
            Loaded {
                settings: None,
                problems: problems.into_sorted(&origin.name),
                files: vec![path.to_owned()],
            }
        }
    }
}

/// Reads a configuration from text.
pub fn load(
    text: &str,
    origin: &Origin,
    environment: &dyn Environment,
    known: &Known,
    strictness: Strictness,
) -> Loaded {
    let mut problems = Problems::new(strictness);
    let mut files: Vec<PathBuf> = origin.file.iter().cloned().collect();
    let settings = read(text, origin, environment, known, strictness, &mut files, &mut problems);
    Loaded {
        settings,
        problems: problems.into_sorted(&origin.name),
        files,
    }
}

fn read(
    text: &str,
    origin: &Origin,
    environment: &dyn Environment,
    known: &Known,
    strictness: Strictness,
    files: &mut Vec<PathBuf>,
    problems: &mut Problems,
) -> Option<Settings> {
    let mut root = top(tree::parse(text, &origin.name, problems)?, problems)?;
    include::merge(&mut root, &origin.directory, files, problems);
    let above = expand::variables(&mut root, environment, problems);
    let environment = Overlay {
        above,
        beneath: environment,
    };
    expand::expand(&mut root, &environment, problems);
    check::check(&root, &environment, known, strictness, problems);
    let left_out_groups = left_out_groups(&root, problems);
    root.leave_aside(&problems.aside);
    (!problems.has_errors()).then(|| Settings {
        left_out_groups,
        ..Settings::read(&root, &origin.directory, environment)
    })
}

/// The groups of deployments that are left out.
fn left_out_groups(root: &Node, problems: &Problems) -> Vec<String> {
    let entries = root.get("model_list").and_then(Node::list).unwrap_or_default();
    let left_out = entries.iter().filter(|entry| problems.aside.values.contains(&entry.at));
    let names = left_out.filter_map(|entry| entry.get("model_name")?.text());
    names.map(str::to_owned).collect()
}

/// The file must be a mapping; an empty one counts as an empty mapping.
fn top(node: Node, problems: &mut Problems) -> Option<Node> {
    match node.value {
        Value::Map(_) => Some(node),
        Value::Null => Some(Node {
            value: Value::Map(Vec::new()),
            ..node
        }),
        _ => {
            problems.error(
                &node.at,
                "the file must be a mapping of keys",
                "Begin with `model_list:`.",
            );
            None
        }
    }
}
