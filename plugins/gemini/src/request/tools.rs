//! The tools, and whether the model must call one (<https://ai.google.dev/gemini-api/docs/function-calling>).

use std::borrow::Cow;

use sluice_sdk::adapter::Parameters;
use sluice_sdk::canonical::{Fields, FunctionTool, List, Object, RawValue, Request, Text, Tool};
use sluice_sdk::{Failure, Fault};

use super::choice::Choice;
use super::fields::Own;
use super::generation::camel_case;
use super::native::{
    Native, Settings, is_declarations, native_named, native_of_type, settings_beside_type, write_places,
};
use super::schema;

/// The tools that the model may call.
#[derive(Default)]
pub struct Tools<'a> {
    functions: Vec<Declared<'a>>,
    native: Vec<Native<'a>>,
    choice: Option<Choice<'a>>,
}

/// A function in the form of OpenAI's chat completions, or in that of its Responses API and of Anthropic.
enum Declared<'a> {
    Function(&'a FunctionTool<'a>),
    Flat(&'a [(Cow<'a, str>, &'a RawValue)]),
}

impl<'a> Tools<'a> {
    pub fn plan(request: &'a Request<'a>, own: &Own<'a>, parameters: &Parameters) -> Result<Self, Failure> {
        let mut tools = Self::default();
        for tool in request.tools.as_deref().unwrap_or_default() {
            tools.add(tool, parameters)?;
        }
        let beside_functions = !tools.functions.is_empty() && !own.includes_server_tools;
        if beside_functions && tools.native.iter().any(|native| !is_declarations(native)) {
            parameters.drop_or_refuse("tools", BESIDE_FUNCTIONS)?;
            tools.native.retain(is_declarations);
        }
        if own.web_search_options.is_some() && !tools.native.iter().any(|native| native.name == "googleSearch") {
            if beside_functions {
                parameters.drop_or_refuse("web_search_options", BESIDE_FUNCTIONS)?;
            } else {
                tools.push("googleSearch", Settings::Fields(Vec::new()));
            }
        }
        // A single function is rarely called twice, so it is accepted, as in LiteLLM.
        if request.parallel_tool_calls == Some(false) && tools.functions.len() > 1 {
            parameters.drop_or_refuse(
                "parallel_tool_calls",
                "it cannot be kept from calling several tools at once",
            )?;
        }
        let has_functions = !tools.functions.is_empty() || tools.native.iter().any(is_declarations);
        tools.choice = request
            .tool_choice
            .as_ref()
            .filter(|_| has_functions)
            .map(|choice| Choice::of(choice, parameters))
            .transpose()?
            .flatten();
        Ok(tools)
    }

    fn add(&mut self, tool: &'a Tool<'a>, parameters: &Parameters) -> Result<(), Failure> {
        let kind = tool.kind.as_ref().map_or("", Text::escaped);
        let has_name = tool.rest.iter().any(|(name, _)| name == "name");
        match (kind, &tool.function) {
            ("" | "function", Some(function)) => self.functions.push(Declared::Function(function)),
            ("" | "function" | "custom", None) if has_name => self.functions.push(Declared::Flat(&tool.rest)),
            ("", None) => return self.add_native(tool, parameters),
            (kind, _) => match native_of_type(kind) {
                Some(name) => self.push(name, Settings::Fields(settings_beside_type(tool))),
                None => parameters.drop_or_refuse("tools", &format!("it has no tools of type `{kind}`"))?,
            },
        }
        Ok(())
    }

    /// Adds one or several tools of Google's in one object, such as `{"googleSearch": {}}`.
    fn add_native(&mut self, tool: &'a Tool<'a>, parameters: &Parameters) -> Result<(), Failure> {
        for (name, value) in &tool.rest {
            let camel = camel_case(name);
            match native_named(&camel) {
                Some(known) => self.push(known, Settings::Raw(value)),
                None => parameters.drop_or_refuse("tools", &format!("it has no tool `{name}`"))?,
            }
        }
        Ok(())
    }

    fn push(&mut self, name: &'static str, value: Settings<'a>) {
        self.native.push(Native { name, value });
    }

    /// Writes `tools` and `toolConfig`.
    pub fn write(&self, to: &mut Object, own: &Own) -> Result<(), Failure> {
        if !self.functions.is_empty() || !self.native.is_empty() {
            let mut tools = to.list("tools");
            if !self.functions.is_empty() {
                let mut tool = tools.object();
                let mut declarations = tool.list("functionDeclarations");
                for function in &self.functions {
                    write_function(&mut declarations, function)?;
                }
            }
            for native in &self.native {
                native.write(&mut tools.object());
            }
        }
        self.write_config(to, own);
        Ok(())
    }

    fn write_config(&self, to: &mut Object, own: &Own) {
        let client = own
            .tool_config
            .and_then(|raw| serde_json::from_str::<Fields>(raw.get()).ok());
        let Fields(client) = client.unwrap_or_default();
        let clients_own = |name: &str| client.iter().any(|(field, _)| camel_case(field) == name);
        let places = self
            .native
            .iter()
            .find_map(Native::places)
            .filter(|_| !clients_own("retrievalConfig"));
        let choice = self.choice.as_ref().filter(|_| !clients_own("functionCallingConfig"));
        if client.is_empty() && places.is_none() && choice.is_none() && !own.includes_server_tools {
            return;
        }
        let mut config = to.object("toolConfig");
        if let Some(choice) = choice {
            choice.write(&mut config.object("functionCallingConfig"));
        }
        if let Some(places) = places {
            write_places(&mut config.object("retrievalConfig"), &places);
        }
        if own.includes_server_tools {
            config.json("includeServerSideToolInvocations", "true");
        }
        for (name, value) in &client {
            config.raw(Text::from_decoded(&camel_case(name)).escaped(), value);
        }
    }
}

/// Why Google's own tools are refused together with functions.
const BESIDE_FUNCTIONS: &str = "it takes its own tools beside functions only from Gemini 3 on, and with \
     `include_server_side_tool_invocations: true`";

fn write_function(declarations: &mut List, declared: &Declared) -> Result<(), Failure> {
    let (name, description, parameters) = match declared {
        Declared::Function(function) => (function.name.clone(), function.description.clone(), function.parameters),
        Declared::Flat(fields) => {
            let of = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
            let parameters = of("parameters")
                .or(of("input_schema"))
                .filter(|raw| raw.get() != "null");
            (
                of("name").and_then(Text::of),
                of("description").and_then(Text::of),
                parameters,
            )
        }
    };
    let nameless = || Failure::new(Fault::BadRequest, "a function among the tools has no name").parameter("tools");
    let name = name.ok_or_else(nameless)?;
    let mut to = declarations.object();
    to.text("name", &name);
    if let Some(description) = &description {
        to.text("description", description);
    }
    // A function without arguments has no schema, since Google refuses an object without properties.
    if let Some(parameters) = parameters.filter(|schema| !schema::takes_nothing(schema)) {
        schema::translate(to.field("parameters"), parameters, false, "tools")?;
    }
    Ok(())
}
