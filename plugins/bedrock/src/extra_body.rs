//! `extra_body`: what a client, and then the operator, lays over a request as a JSON merge patch (RFC 7396).

use serde_json::{Map, Value};
use sluice_sdk::adapter::{bedrock, lay_sorted_over};
use sluice_sdk::canonical::RawValue;

/// The body with both laid over it, each as `sorted` makes a patch of it.
pub fn lay_over_request(
    body: Vec<u8>,
    of_client: Option<&RawValue>,
    sorted: impl Fn(Map<String, Value>) -> Map<String, Value>,
) -> Vec<u8> {
    lay_sorted_over(body, of_client, |mut fields| {
        fields.retain(|name, _| !bedrock::NO_FIELDS.contains(&name.as_str()));
        sorted(fields)
    })
}
