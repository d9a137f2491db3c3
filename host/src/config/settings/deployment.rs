//! Entries of `model_list`.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use regex::RegexSet;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::super::Secret;
use super::super::keys::{deployment, is_credential, model_info, request};
use super::super::tree::{Entry, Node, Value};
use super::OwnHealthCheck;
use super::read::{number, seconds, text, whole};

/// One configured provider + model + credential + limits, serving a model group.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// `model_info.id`, or the first 32 hex digits of SHA-256 over group and written parameters: stable across reloads.
    pub id: String,
    /// `model_name`; may contain `*`.
    pub group: String,
    /// `litellm_params.model` as written, such as `azure/gpt-4o`.
    pub model: String,
    /// `custom_llm_provider`, when given.
    pub provider: Option<String>,
    /// `api_base` or `base_url`, without a final slash.
    pub api_base: Option<String>,
    /// Parameters that hold credentials (`api_key`, `azure_ad_token`, …). They never cross into a guest.
    pub credentials: BTreeMap<String, Secret>,
    /// All other parameters, as JSON text of each value: what an adapter may read.
    pub parameters: BTreeMap<String, Box<str>>,
    /// Request parameters (`temperature`, `max_tokens`, …) that apply where the client gives none, as JSON text.
    pub defaults: BTreeMap<String, Box<str>>,
    /// Per attempt, to the last byte of a whole answer.
    pub timeout: Option<Duration>,
    /// Per attempt, to the first content of a streamed answer.
    pub stream_timeout: Option<Duration>,
    pub num_retries: Option<u32>,
    /// `cooldown_time`: 0 keeps it in service whatever happens.
    pub cooldown_time: Option<Duration>,
    pub allowed_fails: Option<u32>,
    pub weight: Option<f64>,
    pub order: Option<u32>,
    pub rpm: Option<u32>,
    pub tpm: Option<u32>,
    /// `tag_regex`: under `enable_tag_filtering`, requests come here whose `User-Agent: …` one of them finds.
    pub tag_regex: Option<RegexSet>,
    /// Answers without an upstream.
    pub mock_response: Option<String>,
    pub health_check: OwnHealthCheck,
    /// `model_info`, as JSON text of each value.
    pub info: BTreeMap<String, Box<str>>,
    /// `file:line` where it stands.
    pub at: Box<str>,
}

pub(super) fn read(root: &Node) -> Vec<Deployment> {
    let credentials = root.get("credential_list").and_then(Node::list).unwrap_or_default();
    let entries = root.get("model_list").and_then(Node::list).unwrap_or_default();
    let mut ids = HashSet::new();
    entries
        .iter()
        .filter_map(|entry| deployment(entry, credentials, &mut ids))
        .collect()
}

fn deployment(entry: &Node, credentials: &[Node], ids: &mut HashSet<String>) -> Option<Deployment> {
    let params = entry.get("litellm_params")?;
    let group = text(entry, &["model_name"])?;
    let own = |key| params.get(key);
    let mut made = Deployment {
        id: text(entry, &["model_info", "id"]).unwrap_or_else(|| unique(derived_id(&group, params), ids)),
        model: text(params, &["model"])?,
        provider: text(params, &["custom_llm_provider"]),
        api_base: None,
        credentials: BTreeMap::new(),
        parameters: BTreeMap::new(),
        defaults: BTreeMap::new(),
        timeout: own("timeout").or_else(|| own("request_timeout")).and_then(seconds),
        stream_timeout: own("stream_timeout").and_then(seconds),
        num_retries: own("num_retries").and_then(whole),
        cooldown_time: own("cooldown_time").and_then(seconds),
        allowed_fails: own("allowed_fails").and_then(whole),
        weight: number(params, &["weight"]),
        order: own("order").and_then(whole),
        rpm: own("rpm").or_else(|| entry.get("rpm")).and_then(whole),
        tpm: own("tpm").or_else(|| entry.get("tpm")).and_then(whole),
        tag_regex: own("tag_regex").and_then(expressions),
        mock_response: own("mock_response").map(written),
        health_check: OwnHealthCheck::read(entry),
        info: info(entry),
        at: format!("{}:{}", entry.at.file, entry.at.line).into(),
        group,
    };
    let shared = own("litellm_credential_name").and_then(|name| shared_values(name.text()?, credentials));
    // The deployment's own values come last, so they take precedence over the shared ones.
    for Entry { key, node, .. } in shared
        .unwrap_or_default()
        .iter()
        .chain(params.map().unwrap_or_default())
    {
        if !node.is_null() {
            sort_in(&mut made, key, node);
        }
    }
    add_to_body(&mut made);
    made.api_base = api_base(params).or_else(|| made.api_base.take());
    Some(made)
}

/// A text, or the JSON of what is none.
fn written(node: &Node) -> String {
    node.text().map_or_else(|| node.to_json().to_string(), str::to_owned)
}

/// What no row of the table names is a field of the provider's own (`min_p`, `chat_template_kwargs`): it goes into the
/// body, where `extra_body` takes precedence over it. Adapters can read it as a parameter too.
fn add_to_body(made: &mut Deployment) {
    const BODY: &str = "extra_body";
    let unknown = made
        .parameters
        .iter()
        // Facts about the model that stand in the wrong section are no fields either.
        .filter(|(name, _)| deployment::SECTION.find(name).is_none() && model_info::SECTION.find(name).is_none());
    let mut body: Map<String, Json> = unknown
        .filter_map(|(name, json)| Some((name.clone(), serde_json::from_str(json).ok()?)))
        .collect();
    if body.is_empty() {
        return;
    }
    let given = made
        .parameters
        .get(BODY)
        .and_then(|json| serde_json::from_str::<Map<_, _>>(json).ok());
    body.extend(given.unwrap_or_default());
    made.parameters
        .insert(BODY.to_owned(), Json::Object(body).to_string().into());
}

/// Puts one parameter where it belongs. Fields of [`Deployment`] are filled already, but for what may be shared.
fn sort_in(made: &mut Deployment, key: &str, node: &Node) {
    match key {
        "api_base" | "base_url" => made.api_base = node.text().map(without_final_slash),
        _ if deployment::TYPED.iter().any(|row| row.name == key) => {}
        // An empty credential is none: the provider's own variable counts then.
        _ if is_credential(key) && node.text().is_some_and(|text| text.trim().is_empty()) => {}
        _ if is_credential(key) => {
            made.credentials.insert(key.to_owned(), credential(node));
        }
        _ if request::KEYS.iter().any(|row| row.name == key) => {
            made.defaults.insert(key.to_owned(), json(node));
        }
        _ => {
            made.parameters.insert(key.to_owned(), json(node));
        }
    }
}

/// One expression, or a list of them.
fn expressions(node: &Node) -> Option<RegexSet> {
    let listed = node.list().unwrap_or(std::slice::from_ref(node));
    RegexSet::new(listed.iter().filter_map(Node::text)).ok()
}

fn credential(node: &Node) -> Secret {
    match &node.value {
        Value::Text(text) => Secret::new(text.as_str()),
        _ => Secret::new(node.to_json().to_string()),
    }
}

fn json(node: &Node) -> Box<str> {
    node.to_json().to_string().into()
}

fn shared_values<'a>(name: &str, credentials: &'a [Node]) -> Option<&'a [Entry]> {
    let named = credentials
        .iter()
        .find(|entry| entry.get("credential_name").and_then(Node::text) == Some(name))?;
    named.get("credential_values")?.map()
}

fn api_base(params: &Node) -> Option<String> {
    params
        .get("api_base")
        .or(params.get("base_url"))?
        .text()
        .map(without_final_slash)
}

fn without_final_slash(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

fn info(entry: &Node) -> BTreeMap<String, Box<str>> {
    let entries = entry.get("model_info").and_then(Node::map).unwrap_or_default();
    entries
        .iter()
        .map(|entry| (entry.key.clone(), json(&entry.node)))
        .collect()
}

/// SHA-256 over group and parameters as they were written: it outlives a change of the environment, and gives nothing
/// of a credential away.
fn derived_id(group: &str, params: &Node) -> String {
    const HEX_DIGITS: usize = 32;
    let written = format!("{group}\n{}", params.to_written_json());
    let digest = Sha256::digest(written.as_bytes());
    digest
        .iter()
        .take(HEX_DIGITS / 2)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Two entries may be written alike; each is a deployment.
fn unique(id: String, ids: &mut HashSet<String>) -> String {
    let mut candidate = id.clone();
    let mut count = 1;
    while !ids.insert(candidate.clone()) {
        count += 1;
        candidate = format!("{id}-{count}");
    }
    candidate
}
