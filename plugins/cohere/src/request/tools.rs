//! The tools, and whether the model must call one (<https://docs.cohere.com/docs/tool-use-overview>).

use sluice_sdk::Failure;
use sluice_sdk::adapter::Parameters;
use sluice_sdk::canonical::{Fields, FunctionTool, Object, RawValue, Request, Text, Tool, ToolChoice};

use super::fields::Own;

/// The schema of a function without parameters, since Cohere requires a schema.
const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;

/// The tools that the model may call.
pub struct Tools<'a> {
    tools: Vec<&'a Tool<'a>>,
    choice: Option<&'static str>,
    strict: Option<&'a RawValue>,
}

impl<'a> Tools<'a> {
    pub fn plan(request: &'a Request<'a>, own: &Own<'a>, parameters: &Parameters) -> Result<Self, Failure> {
        let mut tools = Vec::new();
        for tool in request.tools.as_deref().unwrap_or_default() {
            let kind = tool.kind.as_ref().map_or("function", Text::escaped);
            if kind == "function" && tool.function.is_some() {
                tools.push(tool);
            } else {
                parameters.drop_or_refuse("tools", &format!("it has no tools of type `{kind}`"))?;
            }
        }
        if request.parallel_tool_calls == Some(false) && !tools.is_empty() {
            parameters.drop_or_refuse(
                "parallel_tool_calls",
                "its models call as many tools at once as they like",
            )?;
        }
        let choice = if tools.is_empty() {
            None
        } else {
            choice(request, parameters)?
        };
        Ok(Self {
            tools,
            choice,
            strict: own.strict_tools,
        })
    }

    /// Writes `tools`, `strict_tools` and `tool_choice`.
    pub fn write(&self, to: &mut Object) -> Result<(), Failure> {
        if !self.tools.is_empty() {
            let mut list = to.list("tools");
            for (index, tool) in self.tools.iter().enumerate() {
                if let Some(function) = &tool.function {
                    write_function(&mut list.object(), tool, function, index)?;
                }
            }
        }
        if self.strict.is_none() && self.are_strict() {
            to.json("strict_tools", "true");
        }
        to.maybe_raw("strict_tools", self.strict);
        if let Some(choice) = self.choice {
            to.string("tool_choice", choice);
        }
        Ok(())
    }

    /// Whether to set `strict_tools`. It applies to all tools, and Cohere accepts it only if each tool has a required
    /// parameter.
    fn are_strict(&self) -> bool {
        let is_strict = |tool: &&Tool| {
            let function = tool.function.as_ref();
            function.is_some_and(|function| function.strict == Some(true) && requires_something(function))
        };
        !self.tools.is_empty() && self.tools.iter().all(is_strict)
    }
}

fn requires_something(function: &FunctionTool) -> bool {
    let schema = function
        .parameters
        .and_then(|raw| serde_json::from_str::<Fields>(raw.get()).ok());
    let required = schema.as_ref().and_then(|schema| schema.get("required"));
    let names = required.and_then(|raw| serde_json::from_str::<Vec<&RawValue>>(raw.get()).ok());
    names.is_some_and(|names| !names.is_empty())
}

/// The value of `tool_choice` in Cohere's form. Clients may use that form as well.
fn choice(request: &Request, parameters: &Parameters) -> Result<Option<&'static str>, Failure> {
    match &request.tool_choice {
        None | Some(ToolChoice::Auto) => Ok(None),
        Some(ToolChoice::None) => Ok(Some("NONE")),
        Some(ToolChoice::Required) => Ok(Some("REQUIRED")),
        Some(ToolChoice::Other(raw)) if raw.get() == r#""NONE""# => Ok(Some("NONE")),
        Some(ToolChoice::Other(raw)) if raw.get() == r#""REQUIRED""# => Ok(Some("REQUIRED")),
        Some(ToolChoice::Named(_) | ToolChoice::Other(_)) => parameters
            .drop_or_refuse("tool_choice", "it has `auto`, `none` and `required` only")
            .map(|()| None),
    }
}

fn write_function(to: &mut Object, tool: &Tool, function: &FunctionTool, index: usize) -> Result<(), Failure> {
    let nameless = || Failure::bad_request("tools", format!("tools[{index}] is a function without a name"));
    to.string("type", "function");
    {
        let mut to = to.object("function");
        to.text("name", function.name.as_ref().ok_or_else(nameless)?);
        if let Some(description) = &function.description {
            to.text("description", description);
        }
        match function.parameters {
            Some(parameters) => to.raw("parameters", parameters),
            None => to.json("parameters", NO_PARAMETERS),
        };
        to.rest(&function.rest);
    }
    to.rest(&tool.rest);
    Ok(())
}
