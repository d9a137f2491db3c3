//! JSON schemas for models that do not support them. The schema becomes a tool, whose arguments are the answer
//! ([`crate::answer`] makes them the content), or a message at the end together with OpenAI's older JSON mode.

use serde_json::value::RawValue;
use sluice_sdk::canonical::Fields;
use sluice_sdk::{Failure, Fault, exchange};

use crate::entry::{Entry, SchemaBy};
use crate::patch::{self, Patch};

/// The name of the tool, which is LiteLLM's.
const NAME: &str = "json_tool_call";

/// The replacement of the request's schema, if it has one and the model does not support schemas.
pub fn wanted(entry: &Entry, model: &str) -> Option<SchemaBy> {
    let by = entry.rules(model).find_map(|rule| rule.schema)?;
    let format = exchange::field("response_format")?;
    schema(&format).map(|_| by)
}

/// Replaces the schema.
///
/// # Errors
/// The client has tools of its own: then the model could not be forced to use this one.
pub fn put(by: SchemaBy, patch: &mut Patch<'_>) -> Result<(), Failure> {
    let format = patch.value("response_format").unwrap_or_default().into_owned();
    let Some(schema) = schema(&format) else { return Ok(()) };
    match by {
        SchemaBy::Tool => put_tool(schema, patch),
        SchemaBy::Prompt => {
            put_message(schema, patch);
            Ok(())
        }
    }
}

fn put_tool(schema: &RawValue, patch: &mut Patch<'_>) -> Result<(), Failure> {
    if patch.value("tools").is_some_and(|tools| tools != "[]") {
        let message =
            "this model answers with a JSON schema or calls tools, not both: leave out `tools` or `response_format`";
        return Err(Failure::new(Fault::Unsupported, message).parameter("response_format"));
    }
    let function = format!(r#"{{"name":"{NAME}","parameters":{schema}}}"#);
    patch.put("tools", format!(r#"[{{"type":"function","function":{function}}}]"#));
    patch.put(
        "tool_choice",
        format!(r#"{{"type":"function","function":{{"name":"{NAME}"}}}}"#),
    );
    patch.remove("response_format");
    Ok(())
}

fn put_message(schema: &RawValue, patch: &mut Patch<'_>) {
    let text = format!("Answer with JSON that matches this schema, and with nothing else:\n{schema}");
    let message = format!(r#"{{"role":"user","content":{}}}"#, patch::text(&text));
    if patch.push_message(&message) {
        // `null` removes the schema, since a merge patch would keep the client's.
        patch.put("response_format", r#"{"type":"json_object","json_schema":null}"#);
    }
}

/// The schema, if the format has one.
fn schema(response_format: &str) -> Option<&RawValue> {
    let format: Fields = serde_json::from_str(response_format).ok()?;
    let named: Fields = serde_json::from_str(format.get("json_schema")?.get()).ok()?;
    named.get("schema").filter(|schema| schema.get().starts_with('{'))
}
