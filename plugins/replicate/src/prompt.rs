//! The conversation as one text. Models on Replicate put the prompt into their own template, so a single question is
//! sent unchanged; longer conversations are written with the speaker before each message.

use sluice_sdk::canonical::{Content, Message, Part, PartKind, Role, Text, write_escaped};
use sluice_sdk::{Failure, Fault};

/// The texts for the model, JSON-escaped.
pub struct Prompt {
    pub prompt: Vec<u8>,
    /// The system messages, separated by empty lines; empty if there are none.
    pub system: Vec<u8>,
}

/// Reads the messages.
///
/// # Errors
/// A message has content other than text.
pub fn of_messages(messages: &[Message]) -> Result<Prompt, Failure> {
    let is_system = |message: &Message| matches!(message.role, Some(Role::System | Role::Developer));
    let mut spoken = messages.iter().filter(|message| !is_system(message));
    let is_question = matches!((spoken.next(), spoken.next()), (Some(only), None) if only.role == Some(Role::User));
    let (mut prompt, mut system) = (Vec::new(), Vec::new());
    for (index, message) in messages.iter().enumerate() {
        if is_system(message) {
            separate(&mut system);
            write_content(&mut system, index, message)?;
            continue;
        }
        let speaker = speaker(index, message)?;
        if !is_question {
            separate(&mut prompt);
            prompt.extend_from_slice(speaker.as_bytes());
        }
        write_content(&mut prompt, index, message)?;
    }
    if prompt.is_empty() {
        let message = "Replicate needs at least one message that is not the system's";
        return Err(Failure::bad_request("messages", message));
    }
    // Shows whose turn it is. A conversation that ends with the assistant is to be continued.
    if !is_question && messages.last().is_some_and(|last| last.role != Some(Role::Assistant)) {
        separate(&mut prompt);
        prompt.extend_from_slice(b"Assistant:");
    }
    Ok(Prompt { prompt, system })
}

fn separate(out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.extend_from_slice(br"\n\n");
    }
}

fn speaker(index: usize, message: &Message) -> Result<&'static str, Failure> {
    let at = || format!("messages[{index}]");
    if message.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty()) || message.function_call.is_some() {
        return Err(unsupported(&format!("{}.tool_calls", at()), "calls of tools"));
    }
    match &message.role {
        Some(Role::Assistant) => Ok("Assistant: "),
        Some(Role::Tool | Role::Function) => Err(unsupported(&at(), "results of tools")),
        Some(Role::Other(role)) => Err(Failure::bad_request(
            at(),
            format!("{} has the unknown role `{role}`", at()),
        )),
        None => Err(Failure::bad_request(at(), format!("{} has no role", at()))),
        Some(_) => Ok("User: "),
    }
}

fn write_content(out: &mut Vec<u8>, index: usize, message: &Message) -> Result<(), Failure> {
    match &message.content {
        Some(Content::Text(text)) => out.extend_from_slice(text.escaped().as_bytes()),
        Some(Content::Parts(parts)) => {
            for (number, part) in parts.iter().enumerate() {
                let text = text_of(part, &format!("messages[{index}].content[{number}]"))?;
                if number > 0 {
                    write_escaped(out, "\n");
                }
                out.extend_from_slice(text.escaped().as_bytes());
            }
        }
        None => {
            let refusal = message.refusal.as_ref().map_or("", Text::escaped);
            out.extend_from_slice(refusal.as_bytes());
        }
    }
    Ok(())
}

fn text_of<'m>(part: &'m Part<'m>, at: &str) -> Result<&'m Text<'m>, Failure> {
    let missing = |field: &str| Failure::bad_request(at, format!("{at} is a part without its `{field}`"));
    match part.kind.as_ref().ok_or_else(|| missing("type"))? {
        PartKind::Text => part.text.as_ref().ok_or_else(|| missing("text")),
        PartKind::Refusal => part.refusal.as_ref().ok_or_else(|| missing("refusal")),
        _ => {
            let what = "anything but text in messages; give media under the name that the model has for it, \
                        in `extra_body: {\"input\": {…}}`";
            Err(unsupported(at, what))
        }
    }
}

fn unsupported(at: &str, what: &str) -> Failure {
    Failure::new(Fault::Unsupported, format!("Replicate does not take {what}")).parameter(at)
}
