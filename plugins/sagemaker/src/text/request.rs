//! Translates a chat completion's request to a request for text generation.

use serde_json::{Map, Value};
use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, lay_over};
use sluice_sdk::canonical::{Object, RawValue, Request};

use super::fields::Fields;
use super::prompt;
use crate::extra_body;

/// Fields of the request itself; all others are parameters of the generation.
const TOP_LEVEL: [&str; 5] = ["inputs", "parameters", "stream", "options", "adapters"];

/// Translates the canonical request.
///
/// # Errors
/// The request cannot be parsed, or asks for something that text generation does not support.
pub fn translate(body: &[u8], streams: bool) -> Result<Vec<u8>, Failure> {
    let mut request = Request::parse(body).map_err(|error| Failure::bad_request("messages", error))?;
    let parameters = Parameters::read("`sagemaker/`", &request);
    let fields = Fields::take(&mut request, &parameters)?;
    let prompt = prompt::of_messages(request.messages.as_deref().unwrap_or_default())?;
    let mut out = Vec::with_capacity(body.len() + body.len() / 8 + 256);
    {
        let mut to = Object::begin(&mut out);
        to.string("inputs", &prompt);
        fields.write(&mut to.object("parameters"), &request);
        if streams {
            to.json("stream", "true");
        }
    }
    Ok(lay_extra_bodies_over(out, fields.extra_body))
}

/// Applies `extra_body` to the request. In LiteLLM's deployments, parameters of the generation are next to those of the
/// connection.
fn lay_extra_bodies_over(body: Vec<u8>, of_client: Option<&RawValue>) -> Vec<u8> {
    let mut patch = Map::new();
    let mut parameters = Map::new();
    for (name, value) in extra_body::fields(of_client.map(RawValue::get)) {
        match (name.as_str(), value) {
            ("parameters", Value::Object(given)) => parameters.extend(given),
            (top, value) if TOP_LEVEL.contains(&top) => drop(patch.insert(name, value)),
            (_, value) => drop(parameters.insert(name, value)),
        }
    }
    if !parameters.is_empty() {
        patch.entry("parameters").or_insert(parameters.into());
    }
    match patch.is_empty() {
        true => body,
        false => lay_over(body, &Value::Object(patch).to_string()),
    }
}
