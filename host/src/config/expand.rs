//! `os.environ/NAME`, wherever it is written, becomes the variable's value; one that is not set becomes null, as
//! LiteLLM has it, with a warning.

use std::collections::BTreeMap;

use super::environment::{Environment, is_refused};
use super::problem::Problems;
use super::tree::{Entry, Node, Value};

pub(super) const PREFIX: &str = "os.environ/";

/// What the file's `environment_variables` set. Their own values may come from `beneath`.
pub(super) fn variables(
    root: &mut Node,
    beneath: &dyn Environment,
    problems: &mut Problems,
) -> BTreeMap<String, String> {
    let Value::Map(entries) = &mut root.value else {
        return BTreeMap::new();
    };
    let Some(section) = entries.iter_mut().find(|entry| entry.key == "environment_variables") else {
        return BTreeMap::new();
    };
    expand(&mut section.node, beneath, problems);
    section
        .node
        .map()
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| variable(entry, problems))
        .collect()
}

fn variable(entry: &Entry, problems: &mut Problems) -> Option<(String, String)> {
    if is_refused(&entry.key) {
        let what = format!("`environment_variables` may not set `{}`; it is left alone", entry.key);
        problems.warning(&entry.at, what, "Set it where the gateway is started.");
        return None;
    }
    let value = match &entry.node.value {
        Value::Text(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        // The shape of the section is checked with the others.
        Value::Null | Value::List(_) | Value::Map(_) => return None,
    };
    Some((entry.key.clone(), value))
}

/// Replaces every `os.environ/NAME` in `node`.
pub(super) fn expand(node: &mut Node, environment: &dyn Environment, problems: &mut Problems) {
    if node.variable.is_some() {
        // Already expanded; a variable's value is taken as it stands.
        return;
    }
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| expand(item, environment, problems)),
        Value::Map(entries) => entries
            .iter_mut()
            .for_each(|entry| expand(&mut entry.node, environment, problems)),
        Value::Text(text) if text.starts_with(PREFIX) => expand_text(node, environment, problems),
        Value::Text(text) if looks_like_a_variable(text) => {
            let what = format!("`{text}` is taken as it stands, not as an environment variable");
            problems.warning(&node.at, what, format!("Write `{PREFIX}NAME`."));
        }
        _ => {}
    }
}

fn expand_text(node: &mut Node, environment: &dyn Environment, problems: &mut Problems) {
    let name: Box<str> = node
        .text()
        .and_then(|text| text.strip_prefix(PREFIX))
        .unwrap_or_default()
        .trim()
        .into();
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '=') {
        let what = format!("`{PREFIX}{name}` names no environment variable");
        problems.mistake(&node.at, what, format!("Write `{PREFIX}NAME`."));
        node.value = Value::Null;
        return;
    }
    // Secrets that come from files end in a line end, which no value has.
    let value = environment.variable(&name);
    let trimmed = value.as_deref().map(|value| value.trim_end_matches(['\r', '\n']));
    node.value = match trimmed {
        Some("") | None => {
            // Compose's `${NAME:-}` sets it to nothing.
            let state = if trimmed.is_some() { "empty" } else { "not set" };
            let what = format!("environment variable `{name}` is {state}; the value is null");
            problems.warning(&node.at, what, "Set it, or take the line out.");
            Value::Null
        }
        Some(trimmed) => {
            if Some(trimmed.len()) != value.as_ref().map(String::len) {
                let what = format!("environment variable `{name}` ends in a line end, which is left out");
                problems.note(&node.at, what, "Write it without, such as by `printf '%s'`.");
            }
            Value::Text(trimmed.to_owned())
        }
    };
    node.variable = Some(name);
}

/// Other ways people write it; LiteLLM takes them literally, which nobody means.
fn looks_like_a_variable(text: &str) -> bool {
    let in_braces = |rest: &str| rest.ends_with('}') && !rest[..rest.len() - 1].contains(['{', '}', ' ']);
    text.strip_prefix("${").is_some_and(in_braces) || text.starts_with("os.environ.") || text.starts_with("os.environ[")
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    fn expanded(text: &str, set: &[(&str, &str)]) -> (Node, Vec<String>) {
        let file = "a.yaml".into();
        let mut problems = Problems::default();
        let environment: BTreeMap<String, String> = set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut root = tree::parse(text, &file, &mut problems).unwrap();
        expand(&mut root, &environment, &mut problems);
        (
            root,
            problems.into_sorted(&file).iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn variables_are_replaced_however_deep() {
        let (root, problems) = expanded("a: [{b: os.environ/KEY}]", &[("KEY", "7")]);
        let b = &root.get("a").unwrap().list().unwrap()[0];
        assert_eq!(b.get("b").unwrap().integer(), Some(7));
        assert_eq!(b.to_written_json().to_string(), r#"{"b":"os.environ/KEY"}"#);
        assert!(problems.is_empty());
    }

    #[test]
    fn a_variable_that_is_not_set_is_null_and_told_once() {
        let (root, problems) = expanded("a: os.environ/KEY\nb: os.environ/KEY\n", &[]);
        assert!(root.get("a").is_none());
        assert_eq!(
            problems,
            [
                "a.yaml:1:4: warning: environment variable `KEY` is not set; the value is null (and 1 more place). \
              Set it, or take the line out."
            ]
        );
    }

    #[test]
    fn the_file_cannot_set_what_steers_the_program() {
        let file = "a.yaml".into();
        let mut problems = Problems::default();
        let text = "environment_variables: {PATH: /tmp, KEY: os.environ/OTHER, NUMBER: 5}";
        let mut root = tree::parse(text, &file, &mut problems).unwrap();
        let beneath = BTreeMap::from([("OTHER".to_owned(), "secret".to_owned())]);
        let set = variables(&mut root, &beneath, &mut problems);
        assert_eq!(set.keys().collect::<Vec<_>>(), ["KEY", "NUMBER"]);
        assert_eq!(set["KEY"], "secret");
        assert_eq!(problems.into_sorted(&file).len(), 1);
    }
}
