//! System messages, which are separate from the turns.

use sluice_sdk::Failure;
use sluice_sdk::canonical::{Content, Message, Object, PartKind, Role, Text};

/// Writes `systemInstruction` from all system and developer messages, in their order.
pub fn write_system(to: &mut Object, messages: &[Message]) -> Result<(), Failure> {
    let texts = system_texts(messages)?;
    if !texts.is_empty() {
        let mut system = to.object("systemInstruction");
        let mut parts = system.list("parts");
        for text in texts {
            parts.object().text("text", text);
        }
    }
    Ok(())
}

/// The texts of all system and developer messages, in their order.
///
/// # Errors
/// A message has a part that is not text.
pub fn system_texts<'m>(messages: &'m [Message]) -> Result<Vec<&'m Text<'m>>, Failure> {
    let mut texts = Vec::new();
    for message in messages.iter().filter(|message| is_system(message)) {
        match &message.content {
            Some(Content::Text(text)) => texts.push(text),
            Some(Content::Parts(parts)) => {
                for part in parts {
                    let text = part.text.as_ref().filter(|_| part.kind == Some(PartKind::Text));
                    texts.push(
                        text.ok_or_else(|| Failure::bad_request("messages", "a system message holds text only"))?,
                    );
                }
            }
            None => {}
        }
    }
    texts.retain(|text| !text.is_empty());
    Ok(texts)
}

pub fn is_system(message: &Message) -> bool {
    matches!(message.role, Some(Role::System | Role::Developer))
}
