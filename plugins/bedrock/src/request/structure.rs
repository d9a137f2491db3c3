//! `response_format`. Some models take a schema themselves
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>). For the others, and for JSON without
//! a schema, a tool stands in: its input is the answer.

use sluice_sdk::adapter::schema;
use sluice_sdk::canonical::{Fields, JsonSchema, Object, RawValue, Request, ResponseKind, ToolChoice, write_string};

use super::thinking::Thinking;
use crate::model::{Family, Forced, Model};

/// The tool that stands in; LiteLLM's name for it.
pub const JSON_TOOL: &str = "json_tool_call";

/// How the answer gets its form.
pub enum Structure<'a> {
    /// It has none.
    Free,
    /// The model fits it to this schema.
    Native {
        schema: &'a RawValue,
        named: Option<&'a JsonSchema<'a>>,
    },
    /// By [`JSON_TOOL`], whose input fits this schema, or is any object.
    Tool { schema: Option<&'a RawValue>, force: Force },
}

/// How hard the tool is pressed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// It must be called.
    This,
    /// It or one of the client's must be.
    Any,
    /// A model that thinks, or cannot be forced, is only offered it.
    Offer,
}

impl<'a> Structure<'a> {
    pub fn plan(request: &'a Request<'a>, model: Model, thinking: &Thinking) -> Self {
        let Some(format) = &request.response_format else {
            return Self::Free;
        };
        let named = format.json_schema.as_ref();
        let schema = match format.kind {
            Some(ResponseKind::JsonSchema | ResponseKind::JsonObject) => {
                named.and_then(|named| named.schema).or(format.response_schema)
            }
            _ => return Self::Free,
        };
        // Claude cannot be forced while it thinks.
        let may_force = model.forced_tools > Forced::Never && !thinking.is_on();
        let offers = !matches!(request.tool_choice, Some(ToolChoice::None));
        let has_tools = offers && request.tools.as_ref().is_some_and(|tools| !tools.is_empty());
        match schema {
            Some(schema) if model.native_structure => Self::Native { schema, named },
            Some(schema) => Self::Tool {
                schema: Some(schema),
                force: match () {
                    () if !may_force => Force::Offer,
                    () if has_tools || model.forced_tools == Forced::Any => Force::Any,
                    () => Force::This,
                },
            },
            // An object of any kind can only be had by force, and not at the price of the client's own tools; OpenAI
            // asks for the word JSON in the prompt, which then has to do. Others than Claude fill open schemas with nothing.
            None if may_force && !has_tools && model.family == Family::Claude => Self::Tool {
                schema: None,
                force: Force::This,
            },
            None => Self::Free,
        }
    }

    pub fn is_tool(&self) -> bool {
        matches!(self, Self::Tool { .. })
    }

    pub fn is_native(&self) -> bool {
        matches!(self, Self::Native { .. })
    }

    /// Writes `outputConfig`, of which the schema is JSON in a string, with what else the client put there.
    pub fn write(&self, to: &mut Object, clients: Option<&RawValue>) {
        let Self::Native { schema, named } = self else { return };
        let mut strict = Vec::with_capacity(schema.get().len() + 64);
        schema::write_strict(&mut strict, schema);
        let mut config = to.object("outputConfig");
        let mut format = config.object("textFormat");
        format.string("type", "json_schema");
        let mut structure = format.object("structure");
        let mut json_schema = structure.object("jsonSchema");
        write_string(
            json_schema.field("schema"),
            std::str::from_utf8(&strict).unwrap_or_default(),
        );
        if let Some(name) = named.and_then(|named| named.name.as_ref()) {
            json_schema.text("name", name);
        }
        if let Some(description) = named.and_then(|named| named.description.as_ref()) {
            json_schema.text("description", description);
        }
        drop(json_schema);
        drop(structure);
        drop(format);
        let Fields(clients) = clients
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default();
        for field in clients.iter().filter(|(name, _)| name != "textFormat") {
            config.rest(std::slice::from_ref(field));
        }
    }
}
