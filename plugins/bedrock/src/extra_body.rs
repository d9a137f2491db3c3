//! `extra_body`: what a client, and then the operator, lays over a request as a JSON merge patch (RFC 7396).

use serde_json::{Map, Value};
use sluice_sdk::adapter::lay_over;
use sluice_sdk::canonical::RawValue;
use sluice_sdk::deployment;

/// What the host counts to the deployment's `extra_body` that is no field of a request.
const NO_FIELDS: [&str; 1] = ["model_id"];

/// The body with both laid over it, each as `sorted` makes a patch of it.
pub fn lay_over_request(
    body: Vec<u8>,
    of_client: Option<&RawValue>,
    sorted: impl Fn(Map<String, Value>) -> Map<String, Value>,
) -> Vec<u8> {
    let of_deployment = deployment::parameter("extra_body");
    let bodies = [of_client.map(RawValue::get), of_deployment.as_deref()];
    bodies.into_iter().flatten().fold(body, |body, extra| {
        let Ok(Value::Object(extra)) = serde_json::from_str(extra) else {
            return body;
        };
        let fields = extra
            .into_iter()
            .filter(|(name, _)| !NO_FIELDS.contains(&name.as_str()));
        let patch = sorted(fields.collect());
        if patch.is_empty() {
            return body;
        }
        lay_over(body, &Value::Object(patch).to_string())
    })
}
