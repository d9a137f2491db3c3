//! `/v1/models` (<https://platform.openai.com/docs/api-reference/models>): the model groups, under the names that clients use.

use hyper::{HeaderMap, Response};
use serde::Serialize;

use super::{admit, json};
use crate::body::Body;
use crate::exchange::{Cause, Refusal, refused};
use crate::gateway::Gateway;

/// Clients expect a number here; LiteLLM sends this one for all models.
const CREATED: u64 = 1_677_610_602;

#[derive(Serialize)]
struct Model<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    owned_by: &'static str,
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Model<'a>>,
}

impl<'a> Model<'a> {
    fn named(id: &'a str) -> Self {
        Self {
            id,
            object: "model",
            created: CREATED,
            owned_by: "openai",
        }
    }
}

/// All of them.
pub fn list(gateway: &Gateway, headers: &HeaderMap) -> Response<Body> {
    if let Err(refused) = admit(gateway, headers) {
        return *refused;
    }
    let snapshot = gateway.snapshot();
    json(&List {
        object: "list",
        data: snapshot.groups.listed().into_iter().map(Model::named).collect(),
    })
}

/// One of them; a name that a wildcard serves is one too.
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
