//! Translates a whole answer.

use sluice_sdk::Failure;
use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::Object;

use super::wire;

/// Estimated bytes of an answer in addition to the text.
const ENVELOPE_BYTES: usize = 512;

/// Translates the answer to the canonical form.
///
/// # Errors
/// The document is an error, or has no text.
pub fn translate(body: &[u8], origin: &Origin) -> Result<Vec<u8>, Failure> {
    let json = std::str::from_utf8(body).map_err(Failure::malformed)?.trim_ascii();
    let answer = wire::read(json)?;
    let reason = answer.finish_reason()?;
    let text = answer
        .whole_text()
        .ok_or_else(|| Failure::malformed("it has no `generated_text`"))?;
    let mut out = Vec::with_capacity(text.escaped().len() + ENVELOPE_BYTES);
    {
        let mut to = Object::begin(&mut out);
        to.text("id", &origin.id(None))
            .string("object", "chat.completion")
            .number("created", origin.created())
            .text("model", &origin.model(None))
            .json("system_fingerprint", "null");
        {
            let mut choices = to.list("choices");
            let mut choice = choices.object();
            choice.number("index", 0);
            choice
                .object("message")
                .string("role", "assistant")
                .text("content", text);
            choice.string("finish_reason", reason.as_str());
        }
        if let Some(usage) = answer.usage() {
            usage.write(&mut to.object("usage"));
        }
    }
    Ok(out)
}
