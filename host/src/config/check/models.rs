//! `model_list`: providers, ids, groups.

use std::collections::{BTreeMap, HashMap};

use regex::Regex;

use super::super::Known;
use super::super::names;
use super::super::problem::Problems;
use super::super::tree::{Node, Place};
use super::super::unserved;
use super::shape::listed;

/// One entry, as far as it is written rightly.
struct Deployment<'a> {
    entry: &'a Node,
    group: &'a str,
    params: &'a Node,
    model: &'a Node,
    name: &'a str,
}

pub fn check(root: &Node, known: &Known, problems: &mut Problems) {
    let deployments = deployments(root);
    if root.entry("model_list").is_none() {
        problems.note(&root.at, "there is no `model_list`: no model is served", "");
    }
    for deployment in &deployments {
        check_model(deployment, problems);
        check_provider(deployment, known, problems);
        check_params(deployment, problems);
        check_credential(root, deployment, problems);
    }
    check_ids(&deployments, problems);
    for group in by_group(&deployments).values() {
        check_group(group, problems);
    }
}

fn deployments(root: &Node) -> Vec<Deployment<'_>> {
    let entries = root.get("model_list").and_then(Node::list).unwrap_or_default();
    entries.iter().filter_map(deployment).collect()
}

fn deployment(entry: &Node) -> Option<Deployment<'_>> {
    let params = entry.get("litellm_params")?;
    let model = params.get("model")?;
    Some(Deployment {
        entry,
        group: entry.get("model_name")?.text()?,
        params,
        model,
        name: model.text()?,
    })
}

fn by_group<'a, 'b>(deployments: &'b [Deployment<'a>]) -> BTreeMap<&'a str, Vec<&'b Deployment<'a>>> {
    let mut groups: BTreeMap<&str, Vec<&Deployment<'_>>> = BTreeMap::new();
    for deployment in deployments {
        groups.entry(deployment.group).or_default().push(deployment);
    }
    groups
}

fn check_model(deployment: &Deployment<'_>, problems: &mut Problems) {
    let Deployment {
        entry,
        group,
        model,
        name,
        ..
    } = deployment;
    if group.trim().is_empty() {
        problems.leave_out(
            &entry.at,
            &entry.at,
            "`model_name` is empty",
            "Give the name that clients ask for.",
        );
    }
    if name.trim().is_empty() || name.ends_with('/') {
        let what = format!("`{name}` names no model");
        problems.leave_out(
            &entry.at,
            &model.at,
            what,
            "Write `provider/model`, such as `openai/gpt-4o`.",
        );
    }
    if name.contains('*') && !group.contains('*') {
        let what = format!("`{name}` has a `*` but `{group}` has none, so nothing can take its place");
        problems.warning(&model.at, what, "Write a `*` in `model_name` too, or name the model.");
    }
}

fn check_provider(deployment: &Deployment<'_>, known: &Known, problems: &mut Problems) {
    let Deployment {
        params, model, name, ..
    } = deployment;
    // An answer that is written down asks nobody.
    if known.providers.is_empty() || name.trim().is_empty() || params.get("mock_response").is_some() {
        return;
    }
    let given = params.get("custom_llm_provider");
    let provider = match (given.and_then(Node::text), name.split_once('/')) {
        (Some(provider), _) => provider,
        (None, Some((prefix, _))) => prefix,
        (None, None) => match names::infer_provider(name) {
            Some(provider) => provider,
            None if name.contains('*') => return,
            None => {
                let what = format!("the name `{name}` does not tell its provider");
                problems.warning(
                    &model.at,
                    what,
                    format!("Write `openai/{name}`, or whichever provider it is."),
                );
                return;
            }
        },
    };
    if provider.contains('*') || known.providers.iter().any(|known| known == provider) {
        return;
    }
    let at = given.map_or(&model.at, |given| &given.at);
    if names::PROVIDERS.contains(&provider) {
        let what = format!("no plugin serves provider `{provider}`: attempts at this deployment fail");
        let bare = name.strip_prefix(&format!("{provider}/")).unwrap_or(name);
        problems.warning(at, what, unserved::mend(provider, bare));
        return;
    }
    let all = known
        .providers
        .iter()
        .map(String::as_str)
        .chain(names::PROVIDERS.iter().copied());
    let mend = names::did_you_mean(provider, all)
        .unwrap_or_else(|| format!("For a server that speaks OpenAI's API, write `openai/{name}` and its `api_base`."));
    problems.leave_out(
        &deployment.entry.at,
        at,
        format!("`{provider}` is no provider that is known"),
        mend,
    );
}

fn check_params(deployment: &Deployment<'_>, problems: &mut Problems) {
    let params = deployment.params;
    if let (Some(_), Some(base_url)) = (params.get("api_base"), params.get("base_url")) {
        problems.warning(
            &base_url.at,
            "`api_base` and `base_url` are the same; `api_base` wins",
            "Keep one of them.",
        );
    }
    super::server::check_timeouts(params.get("timeout"), params.get("stream_timeout"), problems);
    if let Some(written) = params.get("tag_regex") {
        let expressions = written.list().unwrap_or(std::slice::from_ref(written));
        expressions
            .iter()
            .for_each(|node| check_expression(&deployment.entry.at, node, problems));
    }
}

fn check_expression(entry: &Place, node: &Node, problems: &mut Problems) {
    let Some(Err(error)) = node.text().map(Regex::new) else {
        return;
    };
    // The first lines draw the place; the last one says what it is.
    let error = error.to_string();
    let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
    let what = format!("`tag_regex` is no regular expression: {reason}");
    let mend =
        "Write it as the Rust crate `regex` takes it (docs.rs/regex), which knows no look-around or back-references.";
    problems.leave_out(entry, &node.at, what, mend);
}

fn check_credential(root: &Node, deployment: &Deployment<'_>, problems: &mut Problems) {
    let Some(node) = deployment.params.get("litellm_credential_name") else {
        return;
    };
    let Some(name) = node.text() else { return };
    let list = root.get("credential_list").and_then(Node::list).unwrap_or_default();
    let mut names = list.iter().filter_map(|entry| entry.get("credential_name")?.text());
    if !names.clone().any(|other| other == name) {
        let mend = names::did_you_mean(name, &mut names)
            .unwrap_or_else(|| "Add it to `credential_list` at the top of the file.".to_owned());
        let what = format!("`credential_list` has no credential `{name}`");
        problems.leave_out(&deployment.entry.at, &node.at, what, mend);
    }
}

fn check_ids(deployments: &[Deployment<'_>], problems: &mut Problems) {
    let mut ids: HashMap<String, u32> = HashMap::new();
    let mut twins: HashMap<String, u32> = HashMap::new();
    for deployment in deployments {
        let line = deployment.entry.at.line;
        if let Some(id) = deployment.entry.find(&["model_info", "id"])
            && let Some(text) = id.text()
        {
            if let Some(first) = ids.insert(text.to_owned(), id.at.line) {
                let what = format!("the id `{text}` is given twice, on lines {first} and {}", id.at.line);
                problems.leave_out(
                    &deployment.entry.at,
                    &id.at,
                    what,
                    "Give each deployment an id of its own.",
                );
            }
            continue;
        }
        let written = format!("{} {}", deployment.group, deployment.params.to_written_json());
        if let Some(first) = twins.insert(written, line) {
            let what = format!("this deployment is the same as the one on line {first}");
            problems.warning(
                &deployment.entry.at,
                what,
                "Take one out, or give it `weight` if it should get more.",
            );
        }
    }
}

/// Everything that only shows where the deployments of a group are seen together.
fn check_group(group: &[&Deployment<'_>], problems: &mut Problems) {
    check_weights(group, problems);
    check_modes(group, problems);
    let mut families: Vec<&str> = group
        .iter()
        .filter_map(|deployment| names::family(deployment.name))
        .collect();
    families.sort_unstable();
    families.dedup();
    if families.len() > 1 {
        let what = format!(
            "the group `{}` mixes {}: what one can do (context window, tools, parameters), another may not",
            group[0].group,
            families.join(" and ")
        );
        problems.note(&group[0].entry.at, what, "");
    }
}

fn check_weights(group: &[&Deployment<'_>], problems: &mut Problems) {
    let weights: Vec<&Node> = group
        .iter()
        .filter_map(|deployment| deployment.params.get("weight"))
        .collect();
    if !weights.is_empty() && weights.len() == group.len() && weights.iter().all(|node| node.number() == Some(0.0)) {
        let what = format!(
            "all weights of the group `{}` are 0; its deployments are chosen alike",
            group[0].group
        );
        problems.warning(&weights[0].at, what, "Give at least one of them a weight above 0.");
    }
}

fn check_modes(group: &[&Deployment<'_>], problems: &mut Problems) {
    let modes: BTreeMap<&str, &Node> = group
        .iter()
        .filter_map(|deployment| deployment.entry.find(&["model_info", "mode"]))
        .filter_map(|node| Some((node.text()?, node)))
        .collect();
    if let (2.., Some(last)) = (modes.len(), modes.values().max_by_key(|node| node.at.line)) {
        let what = format!(
            "the group `{}` mixes the modes {}",
            group[0].group,
            listed(modes.keys().copied())
        );
        problems.warning(&last.at, what, "Give each mode a group of its own.");
    }
}
