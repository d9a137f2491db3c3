//! `/v1/models` (<https://platform.openai.com/docs/api-reference/models>): the model groups, under the names that
//! clients use.

use hyper::{HeaderMap, Response, Uri};
use serde::Serialize;

use super::{admit, json, query};
use crate::body::Body;
use crate::exchange::{Cause, Refusal, refused};
use crate::gateway::Gateway;

/// Clients expect a number here. LiteLLM sends this one for all models.
const CREATED: u64 = 1_677_610_602;

#[derive(Serialize)]
struct Model {
    id: String,
    object: &'static str,
    created: u64,
    owned_by: &'static str,
}

#[derive(Serialize)]
struct List {
    object: &'static str,
    data: Vec<Model>,
}

impl Model {
    fn named(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            object: "model",
            created: CREATED,
            owned_by: "openai",
        }
    }
}

/// All names. For a wildcard, these are the known models of its provider, and also its pattern if
/// `return_wildcard_routes` is set in the query or the configuration.
pub fn list(gateway: &Gateway, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
    if let Err(refused) = admit(gateway, headers) {
        return *refused;
    }
    let snapshot = gateway.snapshot();
    let served = snapshot.groups.served().into_iter();
    let mut data: Vec<Model> = served.map(|served| Model::named(served.name)).collect();
    let asked = query(uri, "return_wildcard_routes").map(|value| value.eq_ignore_ascii_case("true"));
    if asked.unwrap_or(snapshot.settings.general.lists_wildcards) {
        data.extend(snapshot.groups.wildcards().map(Model::named));
    }
    json(&List { object: "list", data })
}

/// One name, which may also be one that a wildcard serves.
pub fn one(gateway: &Gateway, headers: &HeaderMap, id: &str) -> Response<Body> {
    if let Err(refused) = admit(gateway, headers) {
        return *refused;
    }
    if gateway.snapshot().groups.find(id).is_some() {
        return json(&Model::named(id));
    }
    let id: String = id.chars().take(200).collect();
    refused(&Refusal::new(Cause::NotFound, format!("no model group is called `{id}`")).parameter("model"))
}
