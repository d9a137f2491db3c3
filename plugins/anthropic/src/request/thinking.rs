//! Thinking. The client may ask for it in either form; it is sent in the form that the model accepts.

use sluice_sdk::Failure;
use sluice_sdk::adapter::Parameters;
use sluice_sdk::adapter::claude::{Ability, Asked, Effort, Thinking};
use sluice_sdk::canonical::Request;

use super::fields::Own;
use crate::model::Model;

/// What to send about thinking. `thinking` takes precedence over `reasoning_effort`.
pub fn plan<'a>(
    request: &Request<'a>,
    own: &Own<'a>,
    model: Model,
    max_tokens: Option<u64>,
    parameters: &Parameters,
) -> Result<Thinking<'a>, Failure> {
    let ability = model.claude.thinking;
    let without = |name: &str| {
        let refused = parameters.drop_or_refuse(name, "this model does not think");
        refused.map(|()| Thinking::default())
    };
    if let Some(raw) = own.thinking {
        let asked: Asked = serde_json::from_str(raw.get())
            .map_err(|error| Failure::bad_request("thinking", format!("`thinking` cannot be read: {error}")))?;
        return match asked.kind() {
            "enabled" | "adaptive" if ability == Ability::Never => without("thinking"),
            _ => Ok(Thinking::asked(
                raw,
                asked,
                ability,
                model.claude.always_thinks,
                max_tokens,
            )),
        };
    }
    let effort = match &request.reasoning_effort {
        Some(effort) => Effort::read(effort.0.escaped())?,
        None => None,
    };
    match effort {
        None => Ok(Thinking::default()),
        Some(_) if ability == Ability::Never => without("reasoning_effort"),
        Some(effort) => Ok(Thinking::by_effort(effort, request, ability, max_tokens)),
    }
}
