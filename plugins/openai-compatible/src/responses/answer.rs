//! Translates a whole answer: the items of its output become one message.

use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::{Object, Text};
use sluice_sdk::{Failure, wire};

use super::error;
use super::output::Output;
use super::wire::{Response, finish_reason};

/// Estimated bytes of an answer in addition to what is copied from the provider's answer.
const ENVELOPE_BYTES: usize = 512;

/// Translates the answer to the canonical form.
///
/// # Errors
/// The document is an error, or has none of an answer's fields.
pub fn translate(body: &[u8], is_structured: bool, origin: &Origin) -> Result<Vec<u8>, Failure> {
    let text = std::str::from_utf8(body).map_err(Failure::malformed)?;
    let response: Response = wire::read(text).map_err(Failure::malformed)?;
    if let Some(failure) = error::of_response(&response) {
        return Err(failure);
    }
    if response.output.is_none() && response.status.is_none() {
        return Err(Failure::malformed("it has neither `output` nor `status`"));
    }
    let output = Output::sort(response.output.as_deref().unwrap_or_default(), is_structured)?;
    let mut out = Vec::with_capacity(body.len() + ENVELOPE_BYTES);
    write(&mut out, &response, &output, origin);
    Ok(out)
}

fn write(out: &mut Vec<u8>, response: &Response, output: &Output, origin: &Origin) {
    let id = origin.id(response.id.as_ref());
    let mut answer = Object::begin(out);
    answer
        .text("id", &id)
        .string("object", "chat.completion")
        .number("created", response.created_at.unwrap_or_else(|| origin.created()))
        .text("model", &origin.model(response.model.as_ref()))
        .json("system_fingerprint", "null");
    {
        let mut choices = answer.list("choices");
        let mut choice = choices.object();
        choice.number("index", 0);
        {
            let mut message = choice.object("message");
            message.string("role", "assistant");
            output.write(&mut message, &id.decoded(), false);
        }
        output.write_logprobs(&mut choice);
        let reason = finish_reason(response, output.has_calls());
        choice.string("finish_reason", reason.as_str());
    }
    if let Some(usage) = response.usage.as_ref().filter(|usage| usage.is_known()) {
        usage.write(&mut answer.object("usage"));
    }
    write_service_tier(&mut answer, response.service_tier.as_ref());
}

/// Writes the service tier that served the answer, which prices depend on.
pub fn write_service_tier(to: &mut Object, tier: Option<&Text>) {
    if let Some(tier) = tier {
        to.text("service_tier", tier);
    }
}
