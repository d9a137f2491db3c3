//! The conversation as one text. The server does not apply a template, and only the operator knows the model's
//! (`template`). Without one, a single question is sent unchanged; longer conversations are written with the speaker
//! before each message.

use sluice_sdk::canonical::{Content, Message, Part, PartKind, Role};
use sluice_sdk::{Failure, Fault};

use super::template::Template;

/// The prompt for these messages.
///
/// # Errors
/// There are no messages, or one has content other than text.
pub fn of_messages(messages: &[Message]) -> Result<String, Failure> {
    let said = (0..).zip(messages).map(|(index, message)| {
        let at = format!("messages[{index}]");
        Ok((speaker(message, &at)?, content(message, &at)?))
    });
    let said: Vec<(&str, String)> = said.collect::<Result<_, Failure>>()?;
    if said.is_empty() {
        return Err(Failure::bad_request("messages", "there are no messages"));
    }
    Ok(match Template::of_deployment() {
        Some(template) => template.write(&said),
        None => plain(&said),
    })
}

/// Writes paragraphs. System messages have no name before them: models that complete text read them as an introduction.
fn plain(said: &[(&str, String)]) -> String {
    let spoken = || said.iter().filter(|(role, _)| *role != "system");
    let is_conversation = spoken().count() > 1 || spoken().any(|(role, _)| *role == "assistant");
    let name = |role: &str| match role {
        "assistant" => "Assistant: ",
        "user" => "User: ",
        _ => "",
    };
    let paragraph = |(role, content): &(&str, String)| match is_conversation {
        true => format!("{}{content}", name(role)),
        false => content.clone(),
    };
    let mut paragraphs: Vec<String> = said.iter().map(paragraph).collect();
    // Shows whose turn it is. A conversation that ends with the assistant is to be continued.
    if is_conversation && said.last().is_some_and(|(role, _)| *role != "assistant") {
        paragraphs.push("Assistant:".into());
    }
    paragraphs.join("\n\n")
}

/// The role: `system`, `user` or `assistant`.
fn speaker(message: &Message, at: &str) -> Result<&'static str, Failure> {
    if message.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty()) || message.function_call.is_some() {
        return Err(unsupported(&format!("{at}.tool_calls"), "calls of tools"));
    }
    match &message.role {
        Some(Role::System | Role::Developer) => Ok("system"),
        Some(Role::User) => Ok("user"),
        Some(Role::Assistant) => Ok("assistant"),
        Some(Role::Tool | Role::Function) => Err(unsupported(at, "results of tools")),
        Some(Role::Other(role)) => Err(Failure::bad_request(at, format!("{at} has the unknown role `{role}`"))),
        None => Err(Failure::bad_request(at, format!("{at} has no role"))),
    }
}

/// The text of a message, with each part in a line.
fn content(message: &Message, at: &str) -> Result<String, Failure> {
    Ok(match &message.content {
        Some(Content::Text(text)) => text.decoded().into_owned(),
        Some(Content::Parts(parts)) => {
            let texts = (0..)
                .zip(parts)
                .map(|(index, part)| text_of(part, &format!("{at}.content[{index}]")));
            texts.collect::<Result<Vec<_>, _>>()?.join("\n")
        }
        None => message
            .refusal
            .as_ref()
            .map(|refusal| refusal.decoded().into_owned())
            .unwrap_or_default(),
    })
}

fn text_of(part: &Part, at: &str) -> Result<String, Failure> {
    let missing = |field: &str| Failure::bad_request(at, format!("{at} is a part without its `{field}`"));
    let text = match part.kind.as_ref().ok_or_else(|| missing("type"))? {
        PartKind::Text => part.text.as_ref().ok_or_else(|| missing("text"))?,
        PartKind::Refusal => part.refusal.as_ref().ok_or_else(|| missing("refusal"))?,
        _ => return Err(unsupported(at, "anything but text in messages")),
    };
    Ok(text.decoded().into_owned())
}

fn unsupported(at: &str, what: &str) -> Failure {
    let message = format!(
        "`sagemaker/` does not take {what}; an endpoint that speaks OpenAI's chat completions does, under `sagemaker_chat/`"
    );
    Failure::new(Fault::Unsupported, message).parameter(at)
}
