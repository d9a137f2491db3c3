//! The tools, and whether the model must call one. Chat completions have the fields of a tool in an object under its
//! type; the Responses API has them in the tool itself. Tools of the Responses API's own are copied.

use std::borrow::Cow;

use sluice_sdk::Failure;
use sluice_sdk::canonical::{Fields, FunctionTool, List, Object, RawValue, Request, Text, Tool, ToolChoice};

use super::fields::Own;

/// Fields of functions that only Anthropic has. As in LiteLLM, they are left out for others.
const ANTHROPICS: [&str; 2] = ["input_examples", "eager_input_streaming"];

/// The tools that the model may call.
pub struct Tools<'a> {
    tools: &'a [Tool<'a>],
    web_search: Option<Fields<'a>>,
    choice: Option<&'a ToolChoice<'a>>,
    parallel: Option<bool>,
}

impl<'a> Tools<'a> {
    /// Collects the tools of the request.
    ///
    /// # Errors
    /// `web_search_options` is not an object.
    pub fn plan(request: &'a Request<'a>, own: &Own<'a>) -> Result<Self, Failure> {
        let web_search = own.web_search_options.map(|raw| serde_json::from_str(raw.get()));
        let web_search = web_search
            .transpose()
            .map_err(|error| Failure::bad_request("web_search_options", format!("it cannot be read: {error}")))?;
        Ok(Self {
            tools: request.tools.as_deref().unwrap_or_default(),
            web_search,
            choice: request.tool_choice.as_ref(),
            parallel: request.parallel_tool_calls,
        })
    }

    /// The names of tools that take text of any form.
    pub fn custom_names(&self) -> Vec<Text<'a>> {
        let custom = self.tools.iter().filter(|tool| kind(tool) == "custom");
        custom.filter_map(|tool| name_of(tool)).collect()
    }

    /// Writes `tools`, `tool_choice` and `parallel_tool_calls`.
    ///
    /// # Errors
    /// A function has no name.
    pub fn write(&self, to: &mut Object) -> Result<(), Failure> {
        if !self.tools.is_empty() || self.web_search.is_some() {
            let mut list = to.list("tools");
            for (index, tool) in self.tools.iter().enumerate() {
                write_tool(&mut list, index, tool)?;
            }
            if let Some(options) = &self.web_search {
                write_web_search(&mut list.object(), options);
            }
        }
        match self.choice {
            None => {}
            Some(ToolChoice::Auto) => drop(to.string("tool_choice", "auto")),
            Some(ToolChoice::None) => drop(to.string("tool_choice", "none")),
            Some(ToolChoice::Required) => drop(to.string("tool_choice", "required")),
            Some(ToolChoice::Named(name)) => write_named(&mut to.object("tool_choice"), "function", name),
            Some(ToolChoice::Other(raw)) => write_other_choice(to, raw),
        }
        if let Some(parallel) = self.parallel {
            to.json("parallel_tool_calls", if parallel { "true" } else { "false" });
        }
        Ok(())
    }
}

fn kind<'t>(tool: &'t Tool) -> &'t str {
    tool.kind.as_ref().map_or("function", Text::escaped)
}

fn find<'a>(fields: &[(Cow<'a, str>, &'a RawValue)], name: &str) -> Option<&'a RawValue> {
    fields.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
}

/// The object under the tool's type, if there is one.
fn nested<'a>(fields: &[(Cow<'a, str>, &'a RawValue)], name: &str) -> Option<Fields<'a>> {
    serde_json::from_str(find(fields, name)?.get()).ok()
}

fn name_of<'a>(tool: &Tool<'a>) -> Option<Text<'a>> {
    let nested = nested(&tool.rest, "custom");
    let name = nested.and_then(|custom| custom.get("name"));
    Text::of(name.or_else(|| find(&tool.rest, "name"))?)
}

fn write_tool(list: &mut List, index: usize, tool: &Tool) -> Result<(), Failure> {
    let kind = kind(tool);
    let mut to = list.object();
    to.string("type", kind);
    if let Some(function) = &tool.function {
        write_function(&mut to, index, function)?;
        write_rest(&mut to, &tool.rest);
        return Ok(());
    }
    match nested(&tool.rest, "custom").filter(|_| kind == "custom") {
        Some(Fields(custom)) => {
            for (name, value) in custom {
                if name == "format" {
                    write_grammar(to.field("format"), value);
                } else {
                    to.rest(&[(name, value)]);
                }
            }
        }
        None => drop(to.rest(&tool.rest)),
    }
    Ok(())
}

/// Writes a function. `strict` is always written, since its default is true here and false in chat completions.
fn write_function(to: &mut Object, index: usize, function: &FunctionTool) -> Result<(), Failure> {
    let nameless = || Failure::bad_request("tools", format!("tools[{index}] is a function without a name"));
    to.text("name", function.name.as_ref().ok_or_else(nameless)?);
    if let Some(description) = &function.description {
        to.text("description", description);
    }
    to.json("parameters", function.parameters.map_or("null", RawValue::get));
    let is_strict = function.strict == Some(true);
    to.json("strict", if is_strict { "true" } else { "false" });
    write_rest(to, &function.rest);
    Ok(())
}

fn write_rest(to: &mut Object, rest: &[(Cow<'_, str>, &RawValue)]) {
    for (name, value) in rest {
        if !ANTHROPICS.contains(&&**name) {
            to.rest(&[(name.clone(), *value)]);
        }
    }
}

/// Writes a grammar. The inner object of `{"type": "grammar", "grammar": {"syntax", "definition"}}` is dissolved.
fn write_grammar(out: &mut Vec<u8>, format: &RawValue) {
    let fields = serde_json::from_str::<Fields>(format.get()).unwrap_or_default();
    let Some(Fields(grammar)) = nested(&fields.0, "grammar") else {
        out.extend_from_slice(format.get().as_bytes());
        return;
    };
    let mut to = Object::begin(out);
    to.string("type", "grammar").rest(&grammar);
}

/// Writes `web_search_options` as a tool. Chat completions have the location in an object of its own.
fn write_web_search(to: &mut Object, options: &Fields) {
    to.string("type", "web_search");
    for (name, value) in &options.0 {
        let place = (name == "user_location")
            .then(|| serde_json::from_str::<Fields>(value.get()).ok())
            .flatten()
            .and_then(|location| nested(&location.0, "approximate"));
        match place {
            Some(Fields(place)) => {
                to.object("user_location").string("type", "approximate").rest(&place);
            }
            None => drop(to.rest(&[(name.clone(), *value)])),
        }
    }
}

fn write_named(to: &mut Object, kind: &str, name: &Text) {
    to.string("type", kind).text("name", name);
}

/// Writes a custom tool, a choice among several tools, or a form that only the Responses API has.
fn write_other_choice(to: &mut Object, raw: &RawValue) {
    let Fields(fields) = serde_json::from_str(raw.get()).unwrap_or_default();
    let custom = nested(&fields, "custom").and_then(|custom| custom.get("name"));
    if let Some(name) = custom.and_then(Text::of) {
        write_named(&mut to.object("tool_choice"), "custom", &name);
        return;
    }
    let Some(Fields(allowed)) = nested(&fields, "allowed_tools") else {
        to.raw("tool_choice", raw);
        return;
    };
    let mut choice = to.object("tool_choice");
    choice.string("type", "allowed_tools");
    for (name, value) in allowed {
        match serde_json::from_str::<Vec<Fields>>(value.get()) {
            Ok(tools) if name == "tools" => {
                let mut list = choice.list("tools");
                for tool in &tools {
                    write_allowed(&mut list.object(), tool);
                }
            }
            _ => drop(choice.rest(&[(name, value)])),
        }
    }
}

fn write_allowed(to: &mut Object, tool: &Fields) {
    for (name, value) in &tool.0 {
        match nested(&tool.0, name).filter(|_| matches!(&**name, "function" | "custom")) {
            Some(Fields(inner)) => to.rest(&inner),
            None => to.rest(&[(name.clone(), *value)]),
        };
    }
}
