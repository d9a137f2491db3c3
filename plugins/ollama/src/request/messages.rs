//! Translates messages. Ollama's have OpenAI's roles, in any order; each has one text and a list of images.

use sluice_sdk::Failure;
use sluice_sdk::canonical::{Content, Function, List, Message, Object, Part, PartKind, RawValue, Role, Text};

use super::content::{write_images, write_texts};

/// Writes `messages`, with `system` as the first one.
///
/// # Errors
/// A message is invalid, or has content that Ollama does not support.
pub fn write(to: &mut Object, messages: &[Message], system: Option<&Text>) -> Result<(), Failure> {
    let mut list = to.list("messages");
    if let Some(system) = system {
        list.object().string("role", "system").text("content", system);
    }
    for (index, message) in messages.iter().enumerate() {
        let mut to = list.object();
        let at = || format!("messages[{index}]");
        match &message.role {
            Some(Role::System | Role::Developer) => write_said(&mut to, "system", message, index)?,
            Some(Role::User) => write_said(&mut to, "user", message, index)?,
            Some(Role::Assistant) => write_assistant(&mut to, message, index)?,
            Some(Role::Tool | Role::Function) => {
                write_said(&mut to, "tool", message, index)?;
                let called = called(messages.get(..index).unwrap_or_default(), message);
                if let Some(name) = message.name.as_ref().or(called) {
                    to.text("tool_name", name);
                }
                if let Some(id) = &message.tool_call_id {
                    to.text("tool_call_id", id);
                }
            }
            Some(Role::Other(role)) => {
                return Err(Failure::bad_request(
                    at(),
                    format!("{} has the unknown role `{role}`", at()),
                ));
            }
            None => return Err(Failure::bad_request(at(), format!("{} has no role", at()))),
        }
    }
    Ok(())
}

/// The function whose result a tool message is.
fn called<'m, 'a>(before: &'m [Message<'a>], result: &Message) -> Option<&'m Text<'a>> {
    let id = result.tool_call_id.as_ref()?;
    let mut calls = before
        .iter()
        .rev()
        .filter_map(|message| message.tool_calls.as_deref())
        .flatten();
    let call = calls.find(|call| call.id.as_ref() == Some(id))?;
    call.function.as_ref()?.name.as_ref()
}

fn write_said(to: &mut Object, role: &str, message: &Message, index: usize) -> Result<(), Failure> {
    to.string("role", role);
    write_texts(to, message, index)?;
    write_images(to, message, index)
}

fn write_assistant(to: &mut Object, message: &Message, index: usize) -> Result<(), Failure> {
    write_said(to, "assistant", message, index)?;
    write_thoughts(to, message);
    let calls = message.tool_calls.as_deref().unwrap_or_default();
    if calls.is_empty() && message.function_call.is_none() {
        return Ok(());
    }
    let mut list = to.list("tool_calls");
    for call in calls {
        let function = call.function.as_ref();
        let missing = || {
            let message = format!("messages[{index}].tool_calls: a call has no `function`");
            Failure::bad_request(at_calls(index), message)
        };
        write_call(&mut list, index, call.id.as_ref(), function.ok_or_else(missing)?)?;
    }
    if let Some(function) = &message.function_call {
        write_call(&mut list, index, None, function)?;
    }
    Ok(())
}

fn at_calls(index: usize) -> String {
    format!("messages[{index}].tool_calls")
}

fn write_call(list: &mut List, index: usize, id: Option<&Text>, function: &Function) -> Result<(), Failure> {
    let at = at_calls(index);
    let nameless = || Failure::bad_request(&*at, format!("{at} names no function"));
    let name = function.name.as_ref().ok_or_else(nameless)?;
    let arguments = function.arguments.as_ref().map(Text::decoded).unwrap_or_default();
    let arguments = match arguments.trim() {
        "" => "{}",
        arguments => arguments,
    };
    if !arguments.starts_with('{') || serde_json::from_str::<&RawValue>(arguments).is_err() {
        let message = format!("{at}: the arguments of `{}` are no JSON object", name.decoded());
        return Err(Failure::bad_request(at, message));
    }
    let mut call = list.object();
    if let Some(id) = id {
        call.text("id", id);
    }
    call.object("function").text("name", name).json("arguments", arguments);
    Ok(())
}

/// Writes `thinking`, from any field in which clients keep thoughts.
fn write_thoughts(to: &mut Object, message: &Message) {
    if let Some(thoughts) = message.reasoning_content.as_ref().filter(|text| !text.is_empty()) {
        to.text("thinking", thoughts);
        return;
    }
    let parts = match &message.content {
        Some(Content::Parts(parts)) => parts.as_slice(),
        _ => &[],
    };
    let of_parts = parts
        .iter()
        .filter(|part| is_thought(part))
        .filter_map(|part| thought(&part.rest));
    let of_blocks = message.thinking_blocks.iter().flatten();
    let of_blocks = of_blocks.filter_map(|raw| {
        let fields: sluice_sdk::canonical::Fields = serde_json::from_str(raw.get()).ok()?;
        thought(&fields.0)
    });
    let thoughts: Vec<Text> = of_blocks.chain(of_parts).collect();
    if thoughts.is_empty() {
        return;
    }
    let out = to.field("thinking");
    out.push(b'"');
    for thought in &thoughts {
        out.extend_from_slice(thought.escaped().as_bytes());
    }
    out.push(b'"');
}

fn thought<'a>(fields: &[(std::borrow::Cow<'_, str>, &'a RawValue)]) -> Option<Text<'a>> {
    let (_, raw) = fields.iter().find(|(name, _)| name == "thinking")?;
    Text::of(raw)
}

/// Whether a part is one of Anthropic's thinking blocks, which clients may keep in the content.
pub fn is_thought(part: &Part) -> bool {
    matches!(&part.kind, Some(PartKind::Other(kind)) if kind.ends_with("thinking"))
}
