//! `extra_body` of the client and of the operator, applied to the request as a JSON merge patch (RFC 7396). The host
//! adds unknown `litellm_params` to the operator's.

use std::borrow::Cow;

use serde_json::{Map, Value};
use sluice_sdk::deployment;

/// Parameters there that are for the adapter and not fields of the request.
const NO_FIELDS: [&str; 7] = [
    "model_id",
    "sagemaker_base_url",
    "hf_model_name",
    "aws_sagemaker_allow_zero_temp",
    "roles",
    "initial_prompt_value",
    "final_prompt_value",
];

/// The fields of both, the client's first; the operator's take precedence.
pub fn fields(of_client: Option<&str>) -> impl Iterator<Item = (String, Value)> {
    let of_deployment = deployment::parameter("extra_body").map(Cow::Owned);
    let bodies = of_client.map(Cow::Borrowed).into_iter().chain(of_deployment);
    let read = |json: Cow<str>| serde_json::from_str::<Map<String, Value>>(&json).unwrap_or_default();
    let fields: Vec<(String, Value)> = bodies.flat_map(read).collect();
    fields
        .into_iter()
        .filter(|(name, _)| !NO_FIELDS.contains(&name.as_str()))
}
