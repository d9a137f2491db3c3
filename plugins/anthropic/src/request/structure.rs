//! `response_format`. Models since 4.5 accept a JSON schema
//! (<https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs>). For older models, and for JSON without
//! a schema, a tool takes its place: its input is the answer.

use sluice_sdk::adapter::claude::Thinking;
use sluice_sdk::canonical::{RawValue, Request, ResponseKind, ToolChoice};

use crate::model::Model;

/// The name of that tool, which is LiteLLM's.
pub const JSON_TOOL: &str = "json_tool_call";

/// How the form of the answer is enforced.
pub enum Structure<'a> {
    /// The answer has no given form.
    Free,
    /// The model enforces this schema.
    Native(&'a RawValue),
    /// The tool [`JSON_TOOL`], whose input follows this schema, or is any object.
    Tool { schema: Option<&'a RawValue>, force: Force },
}

/// Whether the model must call the tool.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// The model must call this tool.
    This,
    /// The model must call this tool or one of the client's.
    Any,
    /// The tool is only offered, since the model thinks or cannot be forced to call tools.
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
            // An arbitrary object can only be enforced by a forced tool, and that would exclude the client's own tools.
            // OpenAI requires the word JSON in the prompt, which must suffice in this case.
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
