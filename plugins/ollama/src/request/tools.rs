//! Tools. Ollama takes functions in OpenAI's form. It has no `tool_choice`: the model always decides.

use sluice_sdk::adapter::Parameters;
use sluice_sdk::canonical::{FunctionTool, Object, RawValue, Request, Text, Tool, ToolChoice};
use sluice_sdk::{Failure, Fault};

use super::fields::Fields;

/// The tools to send.
pub enum Tools<'r, 'a> {
    None,
    Listed(&'r [Tool<'a>]),
    /// From the API's older form.
    Functions(Vec<FunctionTool<'a>>),
}

impl<'r, 'a> Tools<'r, 'a> {
    /// Decides which tools to send.
    ///
    /// # Errors
    /// The functions cannot be parsed, or the client forces a call, which Ollama does not support.
    pub fn plan(request: &'r Request<'a>, fields: &Fields<'a>, parameters: &Parameters) -> Result<Self, Failure> {
        if request.parallel_tool_calls == Some(false) {
            parameters.drop_or_refuse("parallel_tool_calls", "it does not limit how many calls a model makes")?;
        }
        let tools = request.tools.as_deref().filter(|tools| !tools.is_empty());
        let functions = fields
            .functions
            .filter(|_| tools.is_none())
            .map(functions)
            .transpose()?;
        let planned = match (tools, functions) {
            (Some(tools), _) => Self::Listed(tools),
            (None, Some(functions)) if !functions.is_empty() => Self::Functions(functions),
            (None, _) => return Ok(Self::None),
        };
        let (parameter, choice) = match (&request.tool_choice, fields.function_call) {
            (Some(choice), _) => ("tool_choice", Choice::of(choice)),
            (None, Some(function_call)) => ("function_call", Choice::of_function_call(function_call)),
            (None, None) => return Ok(planned),
        };
        match choice {
            Choice::Auto => Ok(planned),
            // Tools that are not sent cannot be called.
            Choice::None => Ok(Self::None),
            Choice::Forced => parameters
                .drop_or_refuse(parameter, "it cannot make a model call a tool")
                .map(|()| planned),
        }
    }

    pub fn write(&self, to: &mut Object) -> Result<(), Failure> {
        match self {
            Self::None => {}
            Self::Listed(tools) => {
                let mut list = to.list("tools");
                for tool in *tools {
                    let function = tool.function.as_ref().ok_or_else(|| no_function(tool))?;
                    write_function(&mut list.object(), function)?;
                }
            }
            Self::Functions(functions) => {
                let mut list = to.list("tools");
                for function in functions {
                    write_function(&mut list.object(), function)?;
                }
            }
        }
        Ok(())
    }
}

enum Choice {
    Auto,
    None,
    Forced,
}

impl Choice {
    fn of(choice: &ToolChoice) -> Self {
        match choice {
            ToolChoice::Auto => Self::Auto,
            ToolChoice::None => Self::None,
            ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::Other(_) => Self::Forced,
        }
    }

    fn of_function_call(function_call: &RawValue) -> Self {
        match function_call.get() {
            r#""auto""# => Self::Auto,
            r#""none""# => Self::None,
            _ => Self::Forced,
        }
    }
}

fn functions(raw: &RawValue) -> Result<Vec<FunctionTool<'_>>, Failure> {
    serde_json::from_str(raw.get())
        .map_err(|error| Failure::bad_request("functions", format!("`functions` cannot be read: {error}")))
}

fn no_function(tool: &Tool) -> Failure {
    let kind = tool.kind.as_ref().map(Text::decoded).unwrap_or_default();
    let message = match &*kind {
        "" | "function" => return Failure::bad_request("tools", "a tool has no `function`"),
        kind => format!("Ollama takes functions only, and no tool of the type `{kind}`"),
    };
    Failure::new(Fault::Unsupported, message).parameter("tools")
}

/// Writes a function. Ollama ignores `strict`; it is sent anyway, in case a later version supports it.
fn write_function(to: &mut Object, function: &FunctionTool) -> Result<(), Failure> {
    let nameless = || Failure::bad_request("tools", "a function among the tools has no name");
    to.string("type", "function");
    let mut to = to.object("function");
    to.text("name", function.name.as_ref().ok_or_else(nameless)?);
    if let Some(description) = &function.description {
        to.text("description", description);
    }
    to.maybe_raw("parameters", function.parameters);
    if let Some(strict) = function.strict {
        to.json("strict", if strict { "true" } else { "false" });
    }
    to.rest(&function.rest);
    Ok(())
}
