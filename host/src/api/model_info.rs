//! `/model/info` and `/model_group/info`, as editors and coding agents read them: the capabilities, limits and prices
//! of each model name.
//!
//! Of `litellm_params` they contain the model and its provider only, and of `model_info` nothing that could be a
//! credential.

use hyper::{HeaderMap, Response, Uri};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{admit, json as answer, query};
use crate::body::Body;
use crate::canonical::fields::is_secret;
use crate::config::keys::is_credential;
use crate::deployment::Candidate;
use crate::exchange::{Cause, Refusal, refused};
use crate::gateway::Gateway;
use crate::snapshot::Served;

/// Capabilities: LiteLLM's names and the catalogue's.
const ABILITIES: [(&str, &str); 14] = [
    ("supports_vision", "vision"),
    ("supports_function_calling", "tools"),
    ("supports_tool_choice", "tool_choice"),
    ("supports_parallel_function_calling", "parallel_tools"),
    ("supports_response_schema", "json_schema"),
    ("supports_reasoning", "reasoning"),
    ("supports_assistant_prefill", "prefill"),
    ("supports_pdf_input", "pdf"),
    ("supports_audio_input", "audio_in"),
    ("supports_audio_output", "audio_out"),
    ("supports_video_input", "video_in"),
    ("supports_web_search", "web_search"),
    ("supports_computer_use", "computer_use"),
    ("supports_prompt_caching", "caching"),
];

#[derive(Serialize)]
struct Entry {
    model_name: String,
    litellm_params: Value,
    model_info: Map<String, Value>,
}

/// `/model/info`: every name with every deployment that serves it.
pub fn list(gateway: &Gateway, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
    if let Err(refused) = admit(gateway, headers) {
        return *refused;
    }
    let wanted = query(uri, "litellm_model_id");
    let is_wanted = |candidate: &&Candidate| wanted.as_ref().is_none_or(|id| *id == candidate.deployment.settings.id);
    let served = gateway.snapshot().groups.served();
    let entries = served.iter().flat_map(|served| {
        let wanted = served.candidates.iter().filter(is_wanted);
        wanted.map(move |candidate| Entry::of(&served.name, candidate))
    });
    let data: Vec<Entry> = entries.collect();
    if wanted.is_some() && data.is_empty() {
        let refusal = Refusal::new(
            Cause::BadRequest,
            "no deployment has this id: GET /model/info lists them",
        );
        return refused(&refusal.parameter("litellm_model_id"));
    }
    let count = data.len();
    answer(&json!({
        "data": data, "total_count": count, "current_page": 1, "total_pages": 1, "size": count,
    }))
}

/// `/model_group/info`: every name once, with a summary of its deployments.
pub fn groups(gateway: &Gateway, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
    if let Err(refused) = admit(gateway, headers) {
        return *refused;
    }
    let wanted = query(uri, "model_group");
    let served = gateway.snapshot().groups.served();
    let served = served
        .iter()
        .filter(|served| wanted.as_ref().is_none_or(|name| *name == served.name));
    let data: Vec<Value> = served.map(group).collect();
    answer(&json!({ "data": data }))
}

impl Entry {
    fn of(name: &str, candidate: &Candidate) -> Self {
        let deployment = &candidate.deployment;
        let (provider, model) = (&candidate.target.provider, &candidate.target.model);
        // The operator's text, or for a wildcard the provider with the model that the client's name stands for.
        let written = match deployment.model.contains('*') {
            true => format!("{provider}/{model}"),
            false => deployment.settings.model.clone(),
        };
        Self {
            model_name: name.to_owned(),
            litellm_params: json!({ "model": written, "custom_llm_provider": provider }),
            model_info: info(candidate),
        }
    }
}

/// What is known about a deployment's model. The operator's entries take precedence over the catalogue.
fn info(candidate: &Candidate) -> Map<String, Value> {
    let deployment = &candidate.deployment;
    let known = candidate.known();
    let prices = deployment.prices_of(&candidate.target);
    let usd = |picodollars: Option<u64>| picodollars.map(|rate| rate as f64 / 1e12);
    let rates = prices.map(|prices| prices.base.rates).unwrap_or_default();
    let max_input = deployment
        .max_input_tokens
        .or(known.as_ref().and_then(|known| known.max_input));
    let max_output = deployment.max_output_tokens_of(&candidate.target);
    let mut info = object(json!({
        "id": deployment.settings.id,
        "db_model": false,
        "key": known.as_ref().map(|known| known.name),
        "litellm_provider": deployment.provider,
        "mode": deployment.mode_of(&candidate.target.model),
        "max_tokens": max_output,
        "max_input_tokens": max_input,
        "max_output_tokens": max_output,
        "input_cost_per_token": usd(rates.input),
        "output_cost_per_token": usd(rates.output),
        "cache_read_input_token_cost": usd(rates.cached_input),
        "cache_creation_input_token_cost": usd(rates.cache_write),
    }));
    for (name, ability) in ABILITIES {
        info.insert(name.to_owned(), known.as_ref().map(|known| known.can(ability)).into());
    }
    let own = deployment.settings.info.iter();
    for (name, json) in own.filter(|(name, _)| *name != "id" && !is_credential(name) && !is_secret(name)) {
        info.insert(
            name.clone(),
            without_secrets(serde_json::from_str(json).unwrap_or_default()),
        );
    }
    info
}

/// Free-form metadata may be nested.
fn without_secrets(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members
                .into_iter()
                .filter(|(name, _)| !is_credential(name) && !is_secret(name));
            kept.map(|(name, value)| (name, without_secrets(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_secrets).collect(),
        other => other,
    }
}

/// The summary of a name's deployments: the highest limits and prices, the sum of the rate limits, and each capability
/// that at least one of them has.
fn group(served: &Served) -> Value {
    let infos: Vec<Map<String, Value>> = served.candidates.iter().map(info).collect();
    let most = |name: &str| {
        let numbers = infos
            .iter()
            .filter_map(|info| info.get(name).filter(|value| value.is_number()));
        numbers.max_by(|one, other| one.as_f64().unwrap_or(0.0).total_cmp(&other.as_f64().unwrap_or(0.0)))
    };
    let sum = |limit: fn(&Candidate) -> Option<u32>| {
        let limits = served.candidates.iter().filter_map(limit).map(u64::from);
        limits.reduce(|sum, limit| sum + limit)
    };
    let mut providers: Vec<&str> = served.candidates.iter().map(|one| &*one.target.provider).collect();
    providers.sort_unstable();
    providers.dedup();
    let mut group = object(json!({
        "model_group": served.name,
        "providers": providers,
        "mode": infos.iter().find_map(|info| info.get("mode").filter(|mode| mode.is_string())),
        "tpm": sum(|candidate| candidate.deployment.settings.tpm),
        "rpm": sum(|candidate| candidate.deployment.settings.rpm),
    }));
    for name in [
        "max_input_tokens",
        "max_output_tokens",
        "input_cost_per_token",
        "output_cost_per_token",
    ] {
        group.insert(name.to_owned(), most(name).cloned().unwrap_or_default());
    }
    for (name, _) in ABILITIES {
        let can = infos.iter().any(|info| info.get(name) == Some(&Value::Bool(true)));
        group.insert(name.to_owned(), can.into());
    }
    group.into()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
