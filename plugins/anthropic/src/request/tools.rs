//! The tools, and whether the model must call one.

use serde::Deserialize;
use sluice_sdk::adapter::Parameters;
use sluice_sdk::adapter::claude::Betas;
use sluice_sdk::adapter::schema::write_input;
use sluice_sdk::canonical::{Fields, FunctionTool, List, Object, RawValue, Request, Text, Tool, ToolChoice};
use sluice_sdk::{Failure, Fault};

use super::fields::Own;
use super::structure::{Force, JSON_TOOL, Structure};
use crate::model::Model;
use crate::place::Place;

/// Further fields of a tool besides name, description and schema. Clients put them on the tool or on its function.
const EXTRAS: [&str; 4] = [
    "defer_loading",
    "allowed_callers",
    "input_examples",
    "eager_input_streaming",
];

/// Maximum number of searches for OpenAI's `search_context_size`, as in LiteLLM.
const SEARCHES: [(&str, u64); 3] = [("low", 1), ("medium", 5), ("high", 10)];

/// The tools that the model may call.
pub struct Tools<'a> {
    place: Place,
    tools: Vec<&'a Tool<'a>>,
    json: Option<Option<&'a RawValue>>,
    web_search: Option<WebSearch<'a>>,
    choice: Option<Choice<'a>>,
    no_parallel: Option<bool>,
}

enum Choice<'a> {
    Auto,
    Any,
    None,
    Named(&'a str),
    Escaped(Text<'a>),
}

#[derive(Deserialize)]
struct WebSearch<'a> {
    #[serde(borrow, default)]
    user_location: Option<Location<'a>>,
    #[serde(borrow, default)]
    search_context_size: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Location<'a> {
    #[serde(borrow, default)]
    approximate: Option<Fields<'a>>,
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
        let mut tools = Vec::new();
        for tool in request.tools.as_deref().unwrap_or_default() {
            let kind = tool.kind.as_ref().map_or("function", Text::escaped);
            if is_known(tool, kind) && model.place.tool_type(kind).is_some() {
                betas.need_for_tool(kind);
                tools.push(tool);
            } else {
                parameters.drop_or_refuse("tools", &format!("it has no tools of type `{kind}`"))?;
            }
        }
        let web_search = own
            .web_search_options
            .map(|raw| serde_json::from_str(raw.get()))
            .transpose();
        let web_search = web_search
            .map_err(|error| Failure::bad_request("web_search_options", format!("it cannot be read: {error}")))?;
        let choice = match structure {
            Structure::Tool { force: Force::This, .. } => Some(Choice::Named(JSON_TOOL)),
            Structure::Tool { force: Force::Any, .. } if wants_no_certain_tool(request) => Some(Choice::Any),
            _ => choice(request, model, parameters)?,
        };
        let json = match structure {
            Structure::Tool { schema, .. } => Some(*schema),
            _ => None,
        };
        Ok(Self {
            place: model.place,
            tools,
            json,
            web_search,
            choice,
            no_parallel: request.parallel_tool_calls.map(|may| !may),
        })
    }

    /// Writes `tools` and `tool_choice`. If the conversation has tool calls, Anthropic requires `tools` even if no tool
    /// may be called now.
    pub fn write(&self, to: &mut Object, used_tools: bool, betas: &mut Betas) -> Result<(), Failure> {
        let is_empty = self.tools.is_empty() && self.json.is_none() && self.web_search.is_none();
        if is_empty {
            if used_tools {
                let mut tools = to.list("tools");
                let mut placeholder = tools.object();
                placeholder
                    .string("name", "none")
                    .string("description", "Stands for tools used earlier.");
                write_input(placeholder.field("input_schema"), None);
                drop(placeholder);
                drop(tools);
                to.object("tool_choice").string("type", "none");
            }
            return Ok(());
        }
        let mut list = to.list("tools");
        for tool in &self.tools {
            write_tool(&mut list.object(), tool, self.place, betas)?;
        }
        if let Some(search) = &self.web_search {
            write_web_search(&mut list.object(), search);
        }
        if let Some(schema) = self.json {
            write_json_tool(&mut list, schema);
        }
        drop(list);
        self.write_choice(to);
        Ok(())
    }

    fn write_choice(&self, to: &mut Object) {
        let choice = match (&self.choice, self.no_parallel) {
            (None, None) => return,
            (None, Some(_)) => &Choice::Auto,
            (Some(choice), _) => choice,
        };
        let mut to = to.object("tool_choice");
        match choice {
            Choice::Auto => to.string("type", "auto"),
            Choice::Any => to.string("type", "any"),
            Choice::None => to.string("type", "none"),
            Choice::Named(name) => to.string("type", "tool").string("name", name),
            Choice::Escaped(name) => to.string("type", "tool").text("name", name),
        };
        if let (Some(no_parallel), false) = (self.no_parallel, matches!(choice, Choice::None)) {
            to.json("disable_parallel_tool_use", if no_parallel { "true" } else { "false" });
        }
    }
}

fn choice<'a>(request: &Request<'a>, model: Model, parameters: &Parameters) -> Result<Option<Choice<'a>>, Failure> {
    let choice = match &request.tool_choice {
        None => return Ok(None),
        Some(ToolChoice::Auto) => Choice::Auto,
        Some(ToolChoice::None) => Choice::None,
        Some(ToolChoice::Required) => Choice::Any,
        Some(ToolChoice::Named(name)) => Choice::Escaped(name.clone()),
        Some(ToolChoice::Other(raw)) => return native_choice(raw, parameters),
    };
    if !model.claude.forced_tools && matches!(choice, Choice::Any | Choice::Escaped(_)) {
        parameters.drop_or_refuse("tool_choice", "this model cannot be made to call a tool")?;
        return Ok(Some(Choice::Auto));
    }
    Ok(Some(choice))
}

/// Reads `{"type": "tool", "name"}`, which is Anthropic's own form.
fn native_choice<'a>(raw: &'a RawValue, parameters: &Parameters) -> Result<Option<Choice<'a>>, Failure> {
    let fields = serde_json::from_str::<Fields>(raw.get()).unwrap_or_default();
    match (
        fields.get("type").map(RawValue::get),
        fields.get("name").and_then(Text::of),
    ) {
        (Some(r#""tool""#), Some(name)) => Ok(Some(Choice::Escaped(name))),
        _ => parameters
            .drop_or_refuse("tool_choice", "it has no choice of this form")
            .map(|()| None),
    }
}

fn wants_no_certain_tool(request: &Request) -> bool {
    !matches!(request.tool_choice, Some(ToolChoice::Named(_) | ToolChoice::Other(_)))
}

/// Whether the tool is a function, or a tool in Anthropic's own form, which has a name at the top level.
fn is_known(tool: &Tool, kind: &str) -> bool {
    let named = tool.rest.iter().any(|(name, _)| name == "name");
    match kind {
        "function" => tool.function.is_some() || named,
        "custom" => named,
        "mcp" => false,
        "mcp_toolset" => true,
        _ => named || (tool.function.is_some() && has_version(kind)),
    }
}

/// Whether the type ends in a version, such as `computer_20250124`; only tools that Anthropic defines do.
fn has_version(kind: &str) -> bool {
    let version = kind.rsplit_once('_').map_or("", |(_, version)| version);
    version.len() == 8 && version.bytes().all(|byte| byte.is_ascii_digit())
}

fn write_tool(to: &mut Object, tool: &Tool, place: Place, betas: &mut Betas) -> Result<(), Failure> {
    let kind = tool.kind.as_ref().map_or("function", Text::escaped);
    let served = place.tool_type(kind).unwrap_or(kind);
    match &tool.function {
        Some(function) if kind == "function" => write_function(to, tool, function, place, betas)?,
        // LiteLLM's older form for Anthropic's tools: `{"type": "computer_…", "function": {"name", "parameters"}}`.
        Some(function) => {
            to.string("type", served);
            if let Some(name) = &function.name {
                to.text("name", name);
            }
            if let Some(description) = &function.description {
                to.text("description", description);
            }
            let parameters = function
                .parameters
                .and_then(|raw| serde_json::from_str::<Fields>(raw.get()).ok());
            to.rest(&parameters.unwrap_or_default().0).rest(&tool.rest);
        }
        None => {
            if kind != "function" {
                to.string("type", served);
            }
            to.rest(&tool.rest);
        }
    }
    to.maybe_raw(
        "cache_control",
        tool.cache_control
            .or(tool.function.as_ref().and_then(|it| it.cache_control)),
    );
    Ok(())
}

fn write_function(
    to: &mut Object,
    tool: &Tool,
    function: &FunctionTool,
    place: Place,
    betas: &mut Betas,
) -> Result<(), Failure> {
    let nameless = || Failure::new(Fault::BadRequest, "a function among the tools has no name").parameter("tools");
    to.text("name", function.name.as_ref().ok_or_else(nameless)?);
    if let Some(description) = &function.description {
        to.text("description", description);
    }
    write_input(to.field("input_schema"), function.parameters);
    for name in EXTRAS {
        let given = tool.rest.iter().chain(&function.rest).find(|(key, _)| key == name);
        if let Some((_, value)) = given {
            betas.need_for_function(name);
            if place.takes_of_function(name) {
                to.raw(name, value);
            }
        }
    }
    Ok(())
}

fn write_json_tool(list: &mut List, schema: Option<&RawValue>) {
    let mut tool = list.object();
    tool.string("name", JSON_TOOL)
        .string("description", "Answers the user: its input is the whole answer.");
    match schema {
        Some(schema) => write_input(tool.field("input_schema"), Some(schema)),
        None => {
            tool.json(
                "input_schema",
                r#"{"type":"object","properties":{},"additionalProperties":true}"#,
            );
        }
    }
}

fn write_web_search(to: &mut Object, search: &WebSearch) {
    to.string("type", "web_search_20250305").string("name", "web_search");
    let size = search.search_context_size.as_ref().map_or("", |size| size.escaped());
    if let Some((_, uses)) = SEARCHES.into_iter().find(|(name, _)| *name == size) {
        to.number("max_uses", uses);
    }
    if let Some(fields) = search
        .user_location
        .as_ref()
        .and_then(|location| location.approximate.as_ref())
    {
        to.object("user_location").string("type", "approximate").rest(&fields.0);
    }
}
