//! Writes `reasoning` and `text`: how much the model thinks, and the form of the answer.

use sluice_sdk::canonical::{Fields, Object, RawValue, Request, ResponseFormat, ResponseKind};
use sluice_sdk::exchange;

use super::fields::Own;

/// The name of a schema without one, as in LiteLLM.
const SCHEMA_NAME: &str = "response_schema";

/// Writes `reasoning`: the client's own field and `reasoning_effort`, which may be an object with an effort and a
/// summary.
pub fn write_reasoning(to: &mut Object, request: &Request, own: &Own) {
    let Some(effort) = &request.reasoning_effort else {
        to.maybe_raw("reasoning", own.reasoning);
        return;
    };
    let Fields(given) = own.reasoning.map(fields_of).unwrap_or_default();
    // The canonical form has only the word, so the whole field is read.
    let whole = exchange::field("reasoning_effort").unwrap_or_default();
    let Fields(whole) = serde_json::from_str(&whole).unwrap_or_default();
    let mut reasoning = to.object("reasoning");
    if !has(&given, "effort") {
        reasoning.text("effort", &effort.0);
    }
    for (name, value) in whole {
        if name != "effort" && !has(&given, &name) {
            reasoning.rest(&[(name, value)]);
        }
    }
    reasoning.rest(&given);
}

/// Writes `text`: the client's own field, `response_format` and `verbosity`.
pub fn write_text(to: &mut Object, request: &Request, own: &Own) {
    let format = request.response_format.as_ref();
    if format.is_none() && own.verbosity.is_none() {
        to.maybe_raw("text", own.text);
        return;
    }
    let Fields(given) = own.text.map(fields_of).unwrap_or_default();
    let mut text = to.object("text");
    if let Some(format) = format.filter(|_| !has(&given, "format")) {
        write_format(&mut text.object("format"), format);
    }
    if let Some(verbosity) = own.verbosity.filter(|_| !has(&given, "verbosity")) {
        text.raw("verbosity", verbosity);
    }
    text.rest(&given);
}

/// Writes the format. The inner object of `{"type": "json_schema", "json_schema": {…}}` is dissolved.
fn write_format(to: &mut Object, format: &ResponseFormat) {
    let schema = format.json_schema.as_ref().and_then(|json_schema| json_schema.schema);
    let schema = schema.or(format.response_schema);
    let is_schema = match &format.kind {
        Some(ResponseKind::JsonSchema) => true,
        Some(ResponseKind::JsonObject) => schema.is_some(),
        _ => false,
    };
    if !is_schema {
        to.string("type", format.kind.as_ref().map_or("text", ResponseKind::as_str));
        to.rest(&format.rest);
        return;
    }
    let json_schema = format.json_schema.as_ref();
    to.string("type", "json_schema");
    match json_schema.and_then(|json_schema| json_schema.name.as_ref()) {
        Some(name) => to.text("name", name),
        None => to.string("name", SCHEMA_NAME),
    };
    to.json("schema", schema.map_or("{}", RawValue::get));
    if let Some(json_schema) = json_schema {
        if let Some(description) = &json_schema.description {
            to.text("description", description);
        }
        if let Some(strict) = json_schema.strict {
            to.json("strict", if strict { "true" } else { "false" });
        }
        to.rest(&json_schema.rest);
    }
}

fn fields_of(raw: &RawValue) -> Fields<'_> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

fn has(fields: &[(std::borrow::Cow<'_, str>, &RawValue)], name: &str) -> bool {
    fields.iter().any(|(key, _)| key == name)
}
