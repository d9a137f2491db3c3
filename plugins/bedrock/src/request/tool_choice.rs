//! Whether tools must be called, and which.

use sluice_sdk::Failure;
use sluice_sdk::adapter::Parameters;
use sluice_sdk::canonical::{Fields, RawValue, Request, Text, ToolChoice};

use super::structure::{Force, Structure};
use crate::model::{Forced, Model};

/// What the model is told of its tools.
pub enum Choice<'a> {
    Auto,
    Any,
    JsonTool,
    Named(Text<'a>),
}

/// The client's choice, as far as `response_format` leaves it one and the model can be told.
pub fn plan<'a>(
    request: &Request<'a>,
    structure: &Structure,
    model: Model,
    parameters: &Parameters,
) -> Result<Option<Choice<'a>>, Failure> {
    match structure {
        Structure::Tool { force: Force::This, .. } => Ok(Some(Choice::JsonTool)),
        Structure::Tool { force: Force::Any, .. } if wants_no_certain_tool(request) => Ok(Some(Choice::Any)),
        _ => of_client(request, model, parameters),
    }
}

fn of_client<'a>(request: &Request<'a>, model: Model, parameters: &Parameters) -> Result<Option<Choice<'a>>, Failure> {
    let (choice, needs) = match &request.tool_choice {
        None | Some(ToolChoice::None) => return Ok(None),
        Some(ToolChoice::Auto) => (Choice::Auto, Forced::Any),
        Some(ToolChoice::Required) => (Choice::Any, Forced::Any),
        Some(ToolChoice::Named(name)) => (Choice::Named(name.clone()), Forced::Named),
        Some(ToolChoice::Other(raw)) => match native_name(raw) {
            Some(name) => (Choice::Named(name), Forced::Named),
            None => {
                parameters.drop_or_refuse("tool_choice", "it has no choice of this form")?;
                return Ok(None);
            }
        },
    };
    if model.forced_tools >= needs {
        return Ok(Some(choice));
    }
    match choice {
        // What it does anyway.
        Choice::Auto => {}
        _ => parameters.drop_or_refuse("tool_choice", "this model cannot be made to call a tool")?,
    }
    Ok(None)
}

/// `{"type": "tool", "name"}`, which is Claude's form, and `{"tool": {"name"}}`, which is Converse's.
fn native_name(raw: &RawValue) -> Option<Text<'_>> {
    let fields = serde_json::from_str::<Fields>(raw.get()).ok()?;
    let is_tool = fields.get("type").is_some_and(|kind| kind.get() == r#""tool""#);
    match fields.get("tool") {
        Some(tool) => Text::of(serde_json::from_str::<Fields>(tool.get()).ok()?.get("name")?),
        None => Text::of(fields.get("name").filter(|_| is_tool)?),
    }
}

fn wants_no_certain_tool(request: &Request) -> bool {
    !matches!(request.tool_choice, Some(ToolChoice::Named(_) | ToolChoice::Other(_)))
}
