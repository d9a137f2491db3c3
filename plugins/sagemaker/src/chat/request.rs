//! The changes of a chat completion's request: the model's name, whether to stream, and `extra_body`.

use serde_json::{Map, Value, json};
use sluice_sdk::{Failure, Target, exchange};

use crate::extra_body;

/// Fields for the gateway that the host passes on to adapters, which may need them. They are removed from the request;
/// removing an absent field has no effect.
const FOR_GATEWAY: [&str; 4] = ["extra_body", "allowed_openai_params", "modify_params", "caching"];

/// The changes as a JSON merge patch (RFC 7396).
///
/// # Errors
/// The client's `extra_body` is not an object.
pub fn patch(target: &Target, streams: bool) -> Result<Vec<u8>, Failure> {
    let mut patch = Map::new();
    // Nova refuses a request that names a model.
    let model = match target.provider.as_str() {
        "sagemaker_nova" => Value::Null,
        _ => target.model.clone().into(),
    };
    patch.insert("model".into(), model);
    if streams {
        if !asks_for_usage() {
            patch.insert("stream_options".into(), json!({ "include_usage": true }));
        }
    } else {
        for name in ["stream", "stream_options"] {
            patch.insert(name.into(), Value::Null);
        }
    }
    for name in FOR_GATEWAY {
        patch.insert(name.into(), Value::Null);
    }
    let of_client = exchange::field("extra_body").filter(|json| json != "null");
    if of_client.as_ref().is_some_and(|json| !json.starts_with('{')) {
        return Err(Failure::bad_request("extra_body", "`extra_body` is no object"));
    }
    patch.extend(extra_body::fields(of_client.as_deref()));
    Ok(Value::Object(patch).to_string().into_bytes())
}

/// Whether the client asks for the usage. The gateway counts usage, so a stream must end with it; the host removes the
/// chunk if the client did not ask for it.
fn asks_for_usage() -> bool {
    let options = exchange::field("stream_options").and_then(|json| serde_json::from_str::<Value>(&json).ok());
    options.is_some_and(|options| options["include_usage"] == true)
}
