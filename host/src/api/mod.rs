//! The paths about the gateway itself: models, health, metrics, plugins.
//!
//! | path | key | answer |
//! |---|---|---|
//! | `/v1/models`, `/v1/models/{id}` | yes | the model groups; for a wildcard, the known models of its providers |
//! | `/model/info`, `/v1/…`, `/v2/…`, `?litellm_model_id=` | yes | the deployments: limits, prices, capabilities |
//! | `/model_group/info`, `?model_group=` | yes | the same by name |
//! | `/health/liveliness`, `/health/liveness` | no | liveness: the process runs |
//! | `/health/readiness` | no | readiness: the gateway serves |
//! | `/health`, `?model=`, `?model_id=` | no: readiness; yes: the deployments | |
//! | `/metrics` | yes, unless `require_auth_for_metrics_endpoint: false` | Prometheus text |
//! | `/plugins` | yes | the loaded plugins, and files that could not be loaded |

pub mod health;
pub mod model_info;
pub mod models;
pub mod plugins;

use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Response, Uri};
use serde::Serialize;

use crate::body::Body;
use crate::exchange::{Cause, Principal, Refusal, identify, refused};
use crate::gateway::Gateway;

/// `/metrics`
pub fn metrics(gateway: &Gateway, headers: &HeaderMap) -> Response<Body> {
    let general = &gateway.snapshot().settings.general;
    if general.metrics_need_key
        && let Err(refused) = admit(gateway, headers)
    {
        return *refused;
    }
    let mut response = Response::new(Body::from(gateway.metrics.text()));
    let format = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, format);
    response
}

/// Checks the caller's key. The error is the answer to a caller without a valid one.
fn admit(gateway: &Gateway, headers: &HeaderMap) -> Result<Principal, Box<Response<Body>>> {
    let snapshot = gateway.snapshot();
    identify(snapshot.settings.general.master_key.as_ref(), headers).map_err(|why| Box::new(refused(&why.into())))
}

/// The first value of a parameter in the query.
fn query(uri: &Uri, name: &str) -> Option<String> {
    // The parser needs a whole URL, of which only the query matters.
    let mut url = reqwest::Url::parse("http://gateway").ok()?;
    url.set_query(uri.query());
    let (_, value) = url.query_pairs().find(|(key, _)| key == name)?;
    Some(value.into_owned())
}

fn json(value: &impl Serialize) -> Response<Body> {
    let Ok(text) = serde_json::to_string(value) else {
        return refused(&Refusal::new(Cause::Internal, "the answer could not be written"));
    };
    let mut response = Response::new(Body::from(text));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
