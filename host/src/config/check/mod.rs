//! Finds everything that is wrong with a configuration, in one pass over it.
//!
//! This file walks the tree along the [table of keys](super::keys); `shape` judges single values; the other files look
//! at what the table cannot say, each at one part of the file.

mod aliases;
mod groups;
mod health_checks;
mod models;
mod plugins;
mod server;
mod shape;

use super::environment::Environment;
use super::keys::{self, Key, Section, Shape, Standing, Unknown};
use super::names;
use super::problem::{Problems, Severity};
use super::tree::{Entry, Node, Place, Value};
use super::{Known, Strictness};

pub(super) fn check(
    root: &Node,
    environment: &dyn Environment,
    known: &Known,
    strictness: Strictness,
    problems: &mut Problems,
) {
    let walk = Walk {
        strictness,
        problems,
        costs: Costs::All,
    };
    walk.file(root);
    models::check(root, known, problems);
    aliases::check(root, known, problems);
    groups::check(root, problems);
    health_checks::check(root, problems);
    plugins::check(root, known, problems);
    server::check(root, environment, problems);
}

struct Walk<'a> {
    strictness: Strictness,
    problems: &'a mut Problems,
    costs: Costs,
}

/// What a mistake costs, where the walk is.
#[derive(Clone, PartialEq)]
enum Costs {
    /// The whole configuration: what protects the gateway is not guessed.
    All,
    /// The value that is wrong.
    Value,
    /// This entry of `model_list`, where the value says whom prompts go to; the value, where it does not.
    Deployment(Place),
}

/// Sections that LiteLLM's files have, in which a mistake costs no more than its value.
const LENIENT: [&str; 6] = [
    "model_list",
    "router_settings",
    "litellm_settings",
    "callback_settings",
    "credential_list",
    "environment_variables",
];

/// Keys of a deployment that say whom it asks, and as whom. Without one of them it would ask somebody else.
fn decides_whom(path: &str) -> bool {
    const OWN: [&str; 9] = [
        "model_name",
        "litellm_params",
        "model",
        "custom_llm_provider",
        "litellm_credential_name",
        "tag_regex",
        "api_key",
        "api_base",
        "base_url",
    ];
    let key = path.rsplit('.').next().unwrap_or(path).trim_end_matches("[]");
    let endpoint = keys::endpoint::PARAMETERS.iter().chain(keys::endpoint::CREDENTIALS);
    OWN.contains(&key) || key == "model_list" || endpoint.into_iter().any(|row| row.name == key)
}

impl Walk<'_> {
    fn file(mut self, root: &Node) {
        for entry in root.map().unwrap_or_default() {
            let known = keys::top::FILE.find(&entry.key);
            // A section that is no section at all is a file that was misread.
            let is_section = known.is_some_and(|key| shape::may_be(&key.shape, &entry.node));
            self.costs = match is_section && LENIENT.contains(&entry.key.as_str()) {
                true => Costs::Value,
                false => Costs::All,
            };
            match known {
                Some(key) => self.key(key, entry, &entry.key, Severity::Error),
                None => self.unknown(&keys::top::FILE, entry, "", &entry.key, Severity::Error),
            }
        }
    }

    /// Checks a mapping. `severity` is how bad a mistake in it is: what is not in effect cannot do harm, so that its
    /// mistakes are warnings, and its parts are not announced once more. `name` is how messages name the section.
    fn section(&mut self, section: &'static Section, node: &Node, name: &str, severity: Severity) {
        for entry in node.map().unwrap_or_default() {
            let path = if name.is_empty() {
                entry.key.clone()
            } else {
                format!("{name}.{}", entry.key)
            };
            match section.find(&entry.key) {
                Some(key) => self.key(key, entry, &path, severity),
                None => self.unknown(section, entry, name, &path, severity),
            }
        }
        for required in section.required {
            if node.get(required).is_none() {
                self.missing(name, required, node, severity);
            }
        }
    }

    fn key(&mut self, key: &'static Key, entry: &Entry, path: &str, severity: Severity) {
        if entry.node.is_null() && entry.node.variable.is_none() {
            return;
        }
        let announced = severity == Severity::Error;
        let severity = match key.standing {
            Standing::Honoured => severity,
            Standing::Later(part) => {
                // What protects nobody, though somebody believes that it does, is a mistake.
                let protects = keys::PROTECTIONS.contains(&part) && !is_off(&entry.node);
                let severity = if protects { Severity::Warning } else { Severity::Note };
                if announced {
                    let what = format!("`{path}` is accepted, not yet in effect ({part})");
                    self.problems.push(severity, &entry.at, what, String::new());
                }
                Severity::Warning
            }
            Standing::Inert(reason) => {
                let protects = entry.key.starts_with("custom_auth");
                let severity = if protects { Severity::Warning } else { Severity::Note };
                if announced {
                    let what = format!("`{path}` has no effect: {reason}");
                    self.problems.push(severity, &entry.at, what, String::new());
                }
                Severity::Warning
            }
        };
        self.value(&key.shape, &entry.node, path, severity);
    }

    fn value(&mut self, shape: &'static Shape, node: &Node, path: &str, severity: Severity) {
        if node.is_null() {
            return;
        }
        match (shape, &node.value) {
            (Shape::Either(shapes), _) => match shapes.iter().find(|shape| shape::may_be(shape, node)) {
                Some(shape) => self.value(shape, node, path, severity),
                None => self.mismatch(shape, node, path, severity),
            },
            (Shape::List(inner), Value::List(items)) => {
                let path = format!("{path}[]");
                for item in items {
                    self.item(inner, item, &path, severity);
                }
            }
            (Shape::Map(inner), Value::Map(entries)) => {
                for entry in entries {
                    self.value(inner, &entry.node, &format!("{path}.{}", entry.key), severity);
                }
            }
            (Shape::Section(section), Value::Map(_)) => {
                let name = if section.name.contains('*') { path } else { section.name };
                self.section(section, node, name, severity);
            }
            _ if shape::fits(shape, node) => self.white_space(shape, node, path),
            _ => self.mismatch(shape, node, path, severity),
        }
    }

    fn item(&mut self, shape: &'static Shape, item: &Node, path: &str, severity: Severity) {
        let outside = self.costs.clone();
        if path == "model_list[]" && outside == Costs::Value {
            self.costs = Costs::Deployment(item.at.clone());
        }
        self.item_within(shape, item, path, severity);
        self.costs = outside;
    }

    fn item_within(&mut self, shape: &'static Shape, item: &Node, path: &str, severity: Severity) {
        if item.is_null() && matches!(shape, Shape::Section(_)) {
            let list = path.trim_end_matches("[]");
            self.told(
                severity,
                &item.at,
                path,
                format!("an entry of `{list}` is empty"),
                "Fill it in or take it out.",
            );
        } else {
            self.value(shape, item, path, severity);
        }
    }

    fn mismatch(&mut self, shape: &Shape, node: &Node, path: &str, severity: Severity) {
        let what = format!(
            "`{path}` must be {}, not {}",
            shape::expected(shape),
            shape::described(shape, node)
        );
        let mend = shape::mend(shape, node).unwrap_or_default();
        if self.costs != Costs::All && severity == Severity::Error && shape::is_text_unquoted(shape, node) {
            // YAML reads `1` as a number; LiteLLM takes its text.
            self.problems.aside.texts.insert(node.at.clone());
            return self.problems.mistake(&node.at, what, mend);
        }
        self.told(severity, &node.at, path, what, &mend);
    }

    fn white_space(&mut self, shape: &Shape, node: &Node, path: &str) {
        if matches!(shape, Shape::Secret) && node.text().is_some_and(|text| text.trim() != text) {
            let what = format!("`{path}` has white space at its beginning or end");
            self.problems.warning(
                &node.at,
                what,
                "It is left out of what is sent; take it out of the value.",
            );
        }
    }

    fn missing(&mut self, name: &str, required: &str, node: &Node, severity: Severity) {
        let (at, variable) = match node.entry(required) {
            Some(entry) => (&entry.at, entry.node.variable.as_deref()),
            None => (&node.at, None),
        };
        match variable {
            Some(name) => {
                let what = format!("`{required}` is null, since environment variable `{name}` is not set");
                self.told(severity, at, required, what, &format!("Set `{name}`."));
            }
            None => {
                let what = format!("{} has no `{required}`", title(name));
                self.told(severity, at, required, what, &format!("Add `{required}:`."));
            }
        }
    }

    fn unknown(&mut self, section: &'static Section, entry: &Entry, name: &str, path: &str, severity: Severity) {
        if section.name.is_empty() && ["x-", "_", "."].iter().any(|start| entry.key.starts_with(start)) {
            // A place for anchors, as Compose files have it.
            return;
        }
        let names = || section.keys().filter(|key| !key.is_pattern()).map(|key| key.name);
        let nearest = names::did_you_mean(&entry.key, names());
        match section.unknown {
            Unknown::Refused => {
                let mend = nearest.unwrap_or_else(|| format!("Its keys are {}.", shape::listed(names())));
                self.told(
                    severity,
                    &entry.at,
                    path,
                    format!("{} has no key `{}`", title(name), entry.key),
                    &mend,
                );
            }
            Unknown::Warned => {
                let mend = nearest.or_else(|| elsewhere(section, &entry.key)).unwrap_or_default();
                let what = format!("unknown key `{path}`; it is ignored");
                self.problems
                    .push(self.unknown_severity(severity), &entry.at, what, mend);
            }
            Unknown::Passed => {
                if let Some(mend) = elsewhere(section, &entry.key).or_else(|| close(&entry.key, names())) {
                    let what = format!("unknown key `{path}`; it is handed on as it stands");
                    self.problems
                        .push(self.unknown_severity(severity), &entry.at, what, mend);
                }
            }
        }
    }

    fn unknown_severity(&self, severity: Severity) -> Severity {
        match self.strictness {
            Strictness::Strict => severity,
            Strictness::Lenient => Severity::Warning,
        }
    }

    fn told(&mut self, severity: Severity, at: &Place, path: &str, what: String, mend: &str) {
        match &self.costs {
            Costs::Value if severity == Severity::Error => self.problems.leave_aside(at, what, mend),
            Costs::Deployment(entry) if severity == Severity::Error && decides_whom(path) => {
                self.problems.leave_out(entry, at, what, mend);
            }
            Costs::Deployment(_) if severity == Severity::Error => self.problems.leave_aside(at, what, mend),
            _ => self.problems.push(severity, at, what, mend.to_owned()),
        }
    }
}

/// `false` and 0 ask for no protection.
fn is_off(node: &Node) -> bool {
    matches!(node.value, Value::Bool(false) | Value::Integer(0))
}

/// A section as the subject of a sentence.
fn title(name: &str) -> String {
    match name.strip_suffix("[]") {
        Some(list) => format!("an entry of `{list}`"),
        None => format!("`{name}`"),
    }
}

/// Where a free-form key is only looked at twice when it is almost a known one.
fn close<'a>(name: &str, among: impl Iterator<Item = &'a str>) -> Option<String> {
    let likely = |candidate: &&str| match strsim::damerau_levenshtein(name, candidate) {
        0 | 1 => name.len() >= 5,
        2 => name.len() >= 10,
        _ => false,
    };
    among
        .filter(likely)
        .min_by_key(|candidate| strsim::damerau_levenshtein(name, candidate))
        .map(|candidate| format!("Did you mean `{candidate}`?"))
}

/// Sections whose keys are often written under one another, by their places in a file.
const NEIGHBOURS: [&[&Section]; 2] = [
    &[
        &keys::top::FILE,
        &keys::litellm::SECTION,
        &keys::router::SECTION,
        &keys::general::SECTION,
    ],
    &[
        &keys::top::DEPLOYMENT,
        &keys::deployment::SECTION,
        &keys::model_info::SECTION,
    ],
];

/// The neighbouring section that has this key, if this one has not.
fn elsewhere(section: &Section, key: &str) -> Option<String> {
    let neighbours = NEIGHBOURS
        .iter()
        .find(|group| group.iter().any(|other| other.name == section.name))?;
    let exact = |other: &&&Section| other.keys().any(|row| row.name == key);
    neighbours
        .iter()
        .filter(|other| other.name != section.name)
        .find(exact)
        .map(|other| match other.name {
            "" => "It belongs at the top of the file.".to_owned(),
            "model_list[]" => "It belongs beside `litellm_params`.".to_owned(),
            name => format!("It belongs under `{name}`."),
        })
}
