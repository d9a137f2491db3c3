//! Translates a chat completion or a text completion to a request for `/api/chat` or `/api/generate`. It decides first
//! what to send, and then writes it in one pass.

mod content;
mod fields;
mod messages;
mod prompt;
mod tools;

use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, lay_extra_bodies_over};
use sluice_sdk::canonical::{Object, Request, ResponseFormat, ResponseKind};

use crate::answer::Form;
use fields::Fields;
use tools::Tools;

/// Estimated bytes of a request in addition to what is copied from the client's request.
const ENVELOPE_BYTES: usize = 256;

/// The translated request.
pub struct Translated {
    pub body: Vec<u8>,
    pub is_streaming: bool,
}

/// Translates the canonical request for a model.
///
/// # Errors
/// The request cannot be parsed, is invalid for Ollama, or asks for something that Ollama does not support.
pub fn translate(body: &[u8], model: &str, form: Form) -> Result<Translated, Failure> {
    let at = match form {
        Form::Chat => "messages",
        Form::Completion => "prompt",
    };
    let mut request = Request::parse(body).map_err(|error| Failure::bad_request(at, error))?;
    let parameters = Parameters::read("Ollama", &request);
    let fields = Fields::sort(&mut request, model, form, &parameters)?;
    let is_streaming = request.stream == Some(true);
    let mut out = Vec::with_capacity(body.len() + body.len() / 8 + ENVELOPE_BYTES);
    {
        let mut to = Object::begin(&mut out);
        to.string("model", model);
        match form {
            Form::Chat => {
                let messages = request.messages.as_deref();
                let messages = messages.ok_or_else(|| Failure::bad_request("messages", "there are no messages"))?;
                messages::write(&mut to, messages, fields.system.as_ref())?;
                Tools::plan(&request, &fields, &parameters)?.write(&mut to)?;
            }
            Form::Completion => prompt::write(&mut to, fields.prompt)?,
        }
        if fields.format.is_none() {
            write_format(&mut to, request.response_format.as_ref())?;
        }
        fields.write(&mut to, &request);
        to.json("stream", if is_streaming { "true" } else { "false" });
    }
    Ok(Translated {
        body: lay_extra_bodies_over(out, fields.extra_body),
        is_streaming,
    })
}

/// Writes `format`: a schema, or the word `json` for any object
/// (<https://github.com/ollama/ollama/blob/main/docs/api.md#structured-outputs>).
fn write_format(to: &mut Object, format: Option<&ResponseFormat>) -> Result<(), Failure> {
    let Some(format) = format else { return Ok(()) };
    let of_json_schema = format.json_schema.as_ref().and_then(|json_schema| json_schema.schema);
    match &format.kind {
        Some(ResponseKind::JsonSchema | ResponseKind::JsonObject) => {
            match of_json_schema.or(format.response_schema) {
                Some(schema) => to.raw("format", schema),
                None => to.string("format", "json"),
            };
            Ok(())
        }
        Some(ResponseKind::Text) | None => Ok(()),
        Some(ResponseKind::Other(kind)) => Err(Failure::bad_request(
            "response_format",
            format!("`response_format` has the unknown type `{kind}`"),
        )),
    }
}
