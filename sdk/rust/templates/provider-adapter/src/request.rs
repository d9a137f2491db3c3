//! Translates a chat completion's request to Tern's form. A parameter that Tern does not support is refused by name and
//! never dropped silently.

use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, changes_nothing, is_for_gateway};
use sluice_sdk::canonical::{
    Content, List, Message, Object, PartKind, Request, ResponseKind, Role, Text, Tool, ToolCall, ToolChoice,
};

/// Returns the body to send, and whether the answer will be streamed.
///
/// # Errors
/// The request cannot be parsed, or it asks for something that Tern does not support.
pub fn translate(body: &[u8], model: &str) -> Result<(Vec<u8>, bool), Failure> {
    let request = Request::parse(body).map_err(|error| Failure::bad_request("messages", error))?;
    check(&request)?;
    let mut out = Vec::with_capacity(body.len() + 256);
    let mut to = Object::begin(&mut out);
    to.string("model", model);
    {
        let mut turns = to.list("turns");
        for (index, message) in request.messages.iter().flatten().enumerate() {
            write_turn(&mut turns, message, index)?;
        }
    }
    let tools = request.tools.as_deref().unwrap_or_default();
    if !tools.is_empty() && !matches!(request.tool_choice, Some(ToolChoice::None)) {
        let mut list = to.list("tools");
        for tool in tools {
            write_tool(&mut list, tool)?;
        }
    }
    to.maybe_raw("limit", request.max_completion_tokens.or(request.max_tokens));
    to.maybe_raw("heat", request.temperature);
    let is_streaming = request.stream == Some(true);
    if is_streaming {
        to.json("live", "true");
    }
    drop(to);
    Ok((out, is_streaming))
}

/// Refuses parameters that Tern does not have. With `drop_params` such parameters are left out instead.
fn check(request: &Request) -> Result<(), Failure> {
    let parameters = Parameters::read("Tern", request);
    let no_word = |name: &str| parameters.drop_or_refuse(name, "its API has no word for it");
    if request.top_p.is_some() {
        no_word("top_p")?;
    }
    if request.stop.is_some() {
        no_word("stop")?;
    }
    if request.reasoning_effort.is_some() {
        no_word("reasoning_effort")?;
    }
    if request.parallel_tool_calls == Some(false) {
        no_word("parallel_tool_calls")?;
    }
    let format = request.response_format.as_ref().and_then(|format| format.kind.as_ref());
    if format.is_some_and(|kind| *kind != ResponseKind::Text) {
        no_word("response_format")?;
    }
    if !matches!(request.tool_choice, None | Some(ToolChoice::Auto | ToolChoice::None)) {
        no_word("tool_choice")?;
    }
    for (name, value) in &request.rest {
        if value.get() != "null" && !is_for_gateway(name) && !changes_nothing(name, value.get()) {
            no_word(name)?;
        }
    }
    Ok(())
}

fn write_turn(turns: &mut List, message: &Message, index: usize) -> Result<(), Failure> {
    let mut turn = turns.object();
    match &message.role {
        Some(Role::System | Role::Developer) => turn.string("by", "system"),
        Some(Role::User) => turn.string("by", "person"),
        Some(Role::Assistant) => turn.string("by", "model"),
        Some(Role::Tool) => {
            let at = format!("messages[{index}].tool_call_id");
            let call = message.tool_call_id.as_ref();
            let call = call.ok_or_else(|| Failure::bad_request(&at, format!("{at} is missing")))?;
            turn.string("by", "tool").text("of", call)
        }
        _ => {
            let at = format!("messages[{index}].role");
            return Err(Failure::bad_request(&at, format!("{at} is none that Tern knows")));
        }
    };
    write_content(&mut turn, message, index)?;
    let calls = message.tool_calls.as_deref().unwrap_or_default();
    if !calls.is_empty() {
        let mut list = turn.list("use");
        for call in calls {
            write_call(&mut list, call, index)?;
        }
    }
    Ok(())
}

fn write_content(turn: &mut Object, message: &Message, index: usize) -> Result<(), Failure> {
    let parts = match &message.content {
        None => return Ok(()),
        Some(Content::Text(text)) => {
            turn.text("say", text);
            return Ok(());
        }
        Some(Content::Parts(parts)) => parts,
    };
    let mut say = String::new();
    for (number, part) in parts.iter().enumerate() {
        let at = format!("messages[{index}].content[{number}]");
        match (&part.kind, &part.text) {
            (Some(PartKind::Text), Some(text)) => say.push_str(&text.decoded()),
            _ => {
                return Err(Failure::bad_request(
                    &at,
                    format!("{at} is no text, and Tern takes nothing else"),
                ));
            }
        }
    }
    turn.string("say", &say);
    Ok(())
}

fn write_call(list: &mut List, call: &ToolCall, index: usize) -> Result<(), Failure> {
    let at = format!("messages[{index}].tool_calls");
    let function = call.function.as_ref();
    let name = function.and_then(|function| function.name.as_ref());
    let (Some(id), Some(name)) = (&call.id, name) else {
        return Err(Failure::bad_request(
            &at,
            format!("{at} has one without an id or a name"),
        ));
    };
    let arguments = function
        .and_then(|function| function.arguments.as_ref())
        .map(Text::decoded);
    let arguments = arguments.filter(|text| !text.is_empty()).unwrap_or_else(|| "{}".into());
    if sluice_sdk::serde_json::from_str::<sluice_sdk::serde::de::IgnoredAny>(&arguments).is_err() {
        return Err(Failure::bad_request(
            &at,
            format!("{at} has arguments that are no JSON"),
        ));
    }
    list.object().text("id", id).text("tool", name).json("with", &arguments);
    Ok(())
}

fn write_tool(list: &mut List, tool: &Tool) -> Result<(), Failure> {
    let function = tool.function.as_ref();
    let name = function.and_then(|function| function.name.as_ref());
    let Some((function, name)) = function.zip(name) else {
        return Err(Failure::bad_request(
            "tools",
            "Tern takes functions only, each with a name",
        ));
    };
    let mut to = list.object();
    to.text("tool", name);
    if let Some(about) = &function.description {
        to.text("about", about);
    }
    to.maybe_raw("takes", function.parameters);
    Ok(())
}
