//! `response_format`. Models since 4.5 take a schema themselves
//! (<https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs>). For older ones, and for JSON without a
//! schema, a tool stands in: its input is the answer.

use sluice_sdk::adapter::claude::Thinking;
use sluice_sdk::canonical::{RawValue, Request, ResponseKind, ToolChoice};

use crate::model::Model;

/// The tool that stands in; LiteLLM's name for it.
pub const JSON_TOOL: &str = "json_tool_call";

/// How the answer gets its form.
pub enum Structure<'a> {
    /// It has none.
    Free,
    /// The model fits it to this schema.
    Native(&'a RawValue),
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
    pub fn plan(request: &Request<'a>, model: Model, thinking: &Thinking) -> Self {
        let Some(format) = &request.response_format else {
            return Self::Free;
        };
        let of_json_schema = format.json_schema.as_ref().and_then(|json_schema| json_schema.schema);
        let schema = match format.kind {
            Some(ResponseKind::JsonSchema | ResponseKind::JsonObject) => of_json_schema.or(format.response_schema),
            _ => return Self::Free,
        };
        let may_force = model.claude.forced_tools && !thinking.is_on();
        let has_tools = request.tools.as_ref().is_some_and(|tools| !tools.is_empty());
        match schema {
            Some(schema) if model.claude.native_structure => Self::Native(schema),
            Some(schema) => Self::Tool {
                schema: Some(schema),
                force: force(request, may_force, has_tools),
            },
            // An object of any kind can only be had by force, and not at the price of the client's own tools; OpenAI
            // asks for the word JSON in the prompt, which then has to do.
            None if may_force && !has_tools => Self::Tool {
                schema: None,
                force: Force::This,
            },
            None => Self::Free,
        }
    }
}

fn force(request: &Request, may_force: bool, has_tools: bool) -> Force {
    match request.tool_choice {
        _ if !may_force => Force::Offer,
        Some(ToolChoice::None) => Force::This,
        _ if has_tools => Force::Any,
        _ => Force::This,
    }
}
