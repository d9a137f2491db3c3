//! Tools and whether they must be called
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html>).

use sluice_sdk::Failure;
use sluice_sdk::adapter::Parameters;
use sluice_sdk::adapter::bedrock::is_claudes_tool;
use sluice_sdk::adapter::claude::Betas;
use sluice_sdk::adapter::schema::{write_input, write_strict};
use sluice_sdk::canonical::{Fields, FunctionTool, List, Object, RawValue, Request, Text, Tool, ToolChoice};

use super::content::write_cache_point;
use super::fields::Own;
use super::references::replaced;
use super::structure::{JSON_TOOL, Structure};
use super::tool_choice::{self, Choice};
use crate::model::{Family, Model, Thinking};
use crate::names::Names;

/// Nova's tool for searching the web, which runs at Amazon's.
const NOVA_SEARCH: &str = "nova_grounding";

/// What the model may call.
pub struct Tools<'a> {
    tools: Vec<&'a Tool<'a>>,
    /// Tools that Claude defines and the client runs, in Claude's words.
    models_own: Vec<&'a Tool<'a>>,
    json: Option<Option<&'a RawValue>>,
    searches: bool,
    choice: Option<Choice<'a>>,
    single_calls: bool,
}

/// The names of the functions among a request's tools.
pub fn function_names<'a>(request: &'a Request<'a>) -> impl Iterator<Item = &'a Text<'a>> + Clone {
    let tools = request.tools.as_deref().unwrap_or_default();
    tools
        .iter()
        .filter_map(|tool| tool.function.as_ref().and_then(|function| function.name.as_ref()))
}

impl<'a> Tools<'a> {
    pub fn plan(
        request: &'a Request<'a>,
        own: &Own<'a>,
        structure: &Structure<'a>,
        model: Model,
        parameters: &Parameters,
        betas: &mut Betas,
    ) -> Result<Self, Failure> {
        let mut made = Self {
            tools: Vec::new(),
            models_own: Vec::new(),
            json: match structure {
                Structure::Tool { schema, .. } => Some(*schema),
                _ => None,
            },
            searches: false,
            choice: None,
            single_calls: false,
        };
        // Bedrock has no choice against all tools; not to name any comes to the same.
        if !matches!(request.tool_choice, Some(ToolChoice::None)) {
            made.offer(request, model, parameters, betas)?;
        }
        if own.web_search_options.is_some() {
            made.searches = model.thinking == Thinking::ReasoningConfig;
            if !made.searches {
                parameters.drop_or_refuse("web_search_options", "only Nova 2 searches the web there")?;
            }
        }
        made.choice = tool_choice::plan(request, structure, model, parameters)?;
        let has_tools = !made.tools.is_empty() || !made.models_own.is_empty();
        if request.parallel_tool_calls == Some(false) && has_tools {
            made.single_calls = model.single_calls;
            if !model.single_calls {
                parameters.drop_or_refuse(
                    "parallel_tool_calls",
                    "this model cannot be told to call one tool at a time",
                )?;
            }
        }
        Ok(made)
    }

    fn offer(
        &mut self,
        request: &'a Request<'a>,
        model: Model,
        parameters: &Parameters,
        betas: &mut Betas,
    ) -> Result<(), Failure> {
        for tool in request.tools.as_deref().unwrap_or_default() {
            let kind = tool.kind.as_ref().map_or("function", Text::escaped);
            if (kind == "function" && tool.function.is_some()) || converse_member(tool).is_some() {
                self.tools.push(tool);
            } else if model.family == Family::Claude && is_claudes_tool(kind) {
                betas.need_for_tool(kind);
                self.models_own.push(tool);
            } else {
                parameters.drop_or_refuse("tools", &format!("it has no tools of type `{kind}`"))?;
            }
        }
        Ok(())
    }

    /// Writes `toolConfig`. A conversation that used tools must name some, even if none is to be used now.
    pub fn write(&self, to: &mut Object, used_tools: bool, names: &Names, model: Model) -> Result<(), Failure> {
        let is_empty = self.tools.is_empty() && self.json.is_none() && !self.searches;
        if is_empty && !used_tools {
            return Ok(());
        }
        let mut config = to.object("toolConfig");
        let mut list = config.list("tools");
        if is_empty {
            write_placeholder(&mut list);
            return Ok(());
        }
        for tool in &self.tools {
            write_tool(&mut list, tool, names, model)?;
        }
        if self.searches {
            list.object().object("systemTool").string("name", NOVA_SEARCH);
        }
        if let Some(schema) = self.json {
            write_json_tool(&mut list, schema, model);
        }
        drop(list);
        match &self.choice {
            Some(Choice::Auto) => drop(config.object("toolChoice").object("auto")),
            Some(Choice::Any) => drop(config.object("toolChoice").object("any")),
            Some(Choice::JsonTool) => {
                config.object("toolChoice").object("tool").string("name", JSON_TOOL);
            }
            Some(Choice::Named(name)) => {
                let name = names.sent(name);
                config.object("toolChoice").object("tool").string("name", &name);
            }
            None => {}
        }
        Ok(())
    }

    /// `tool_choice` in Claude's words. Converse has none for a single call, so that this is laid over what it makes of
    /// `toolChoice`; and it has no choice at all where it has no tools.
    pub fn write_models_choice(&self, fields: &mut Object) {
        let is_only_choice = self.tools.is_empty() && self.json.is_none() && !self.searches;
        let is_needed = is_only_choice && self.choice.is_some() && !self.models_own.is_empty();
        if !is_needed && !self.single_calls {
            return;
        }
        let mut choice = fields.object("tool_choice");
        match &self.choice {
            Some(Choice::Any) if is_only_choice => {
                choice.string("type", "any");
            }
            Some(Choice::Named(name)) if is_only_choice => {
                choice.string("type", "tool").text("name", name);
            }
            Some(_) if !is_only_choice => {}
            _ => {
                choice.string("type", "auto");
            }
        }
        if self.single_calls {
            choice.json("disable_parallel_tool_use", "true");
        }
    }

    /// `tools` in the model's own words.
    pub fn write_models_own(&self, fields: &mut Object) {
        if self.models_own.is_empty() {
            return;
        }
        let mut list = fields.list("tools");
        for tool in &self.models_own {
            let mut to = list.object();
            if let Some(kind) = &tool.kind {
                to.text("type", kind);
            }
            if let Some(function) = &tool.function {
                write_claudes_own(&mut to, function);
            }
            to.rest(&tool.rest).maybe_raw("cache_control", tool.cache_control);
        }
    }
}

/// A tool in Converse's own form, which clients may give as it is.
fn converse_member<'a>(tool: &Tool<'a>) -> Option<(&'static str, &'a RawValue)> {
    ["toolSpec", "systemTool", "cachePoint"].into_iter().find_map(|name| {
        let (_, value) = tool.rest.iter().find(|(known, _)| known == name)?;
        Some((name, *value))
    })
}

/// `{"type": "computer_…", "function": {"name", "parameters"}}`: LiteLLM's older form.
fn write_claudes_own(to: &mut Object, function: &FunctionTool) {
    if let Some(name) = &function.name {
        to.text("name", name);
    }
    let parameters = function
        .parameters
        .and_then(|raw| serde_json::from_str::<Fields>(raw.get()).ok());
    to.rest(&parameters.unwrap_or_default().0);
}

fn write_tool(list: &mut List, tool: &Tool, names: &Names, model: Model) -> Result<(), Failure> {
    if let Some((member, value)) = converse_member(tool) {
        list.object().raw(member, value);
        return Ok(());
    }
    let Some(function) = &tool.function else { return Ok(()) };
    let nameless = || Failure::bad_request("tools", "a function among the tools has no name");
    let name = function.name.as_ref().ok_or_else(nameless)?;
    {
        let mut to = list.object();
        let mut to = to.object("toolSpec");
        to.string("name", &names.sent(name));
        // Bedrock takes no empty one, and some models need one: the name says most.
        match function.description.as_ref().filter(|text| !text.is_blank()) {
            Some(description) => to.text("description", description),
            None => to.text("description", name),
        };
        let is_strict = function.strict == Some(true) && model.native_structure;
        match function.parameters.filter(|_| is_strict) {
            // What the model cannot hold it to is refused.
            Some(schema) => write_strict(to.object("inputSchema").field("json"), schema),
            None => write_schema(&mut to, function.parameters, model),
        }
        if is_strict {
            to.json("strict", "true");
        }
    }
    // Nova caches no tools.
    let cache_control = tool.cache_control.or(function.cache_control);
    if let Some(cache_control) = cache_control.filter(|_| model.family != Family::Nova) {
        write_cache_point(cache_control, model, || list.object());
    }
    Ok(())
}

fn write_schema(to: &mut Object, schema: Option<&RawValue>, model: Model) {
    let mut input = to.object("inputSchema");
    let out = input.field("json");
    if model.family == Family::Nova {
        write_novas(out, schema);
    } else {
        write_input(out, schema);
    }
}

/// Nova knows these three at the top of a schema, and refuses others
/// (<https://docs.aws.amazon.com/nova/latest/userguide/tool-use-definition.html>), definitions among them.
fn write_novas(out: &mut Vec<u8>, schema: Option<&RawValue>) {
    let replaced = schema.and_then(replaced).map(|schema| schema.to_string());
    let schema = replaced.as_deref().or(schema.map(RawValue::get));
    let fields = schema.and_then(|schema| serde_json::from_str::<Fields>(schema).ok());
    let Fields(fields) = fields.unwrap_or_default();
    let mut object = Object::begin(out);
    object.string("type", "object");
    if !fields.iter().any(|(name, _)| name == "properties") {
        object.json("properties", "{}");
    }
    for field in &fields {
        if matches!(&*field.0, "properties" | "required") {
            object.rest(std::slice::from_ref(field));
        }
    }
}

fn write_json_tool(list: &mut List, schema: Option<&RawValue>, model: Model) {
    let mut tool = list.object();
    let mut tool = tool.object("toolSpec");
    tool.string("name", JSON_TOOL)
        .string("description", "Answers the user: its input is the whole answer.");
    match schema {
        Some(schema) => write_schema(&mut tool, Some(schema), model),
        None => {
            tool.object("inputSchema").json(
                "json",
                r#"{"type":"object","properties":{},"additionalProperties":true}"#,
            );
        }
    }
}

fn write_placeholder(list: &mut List) {
    let mut tool = list.object();
    let mut tool = tool.object("toolSpec");
    tool.string("name", "none")
        .string("description", "Stands for tools used earlier; not to be called.");
    write_input(tool.object("inputSchema").field("json"), None);
}
