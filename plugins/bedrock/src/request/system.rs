//! `system`: what the system and the developer say, wherever it stands.

use sluice_sdk::Failure;
use sluice_sdk::canonical::{Content, List, Message, Object, Part, PartKind, Role};

use super::content::{write_cache_point, write_text};
use super::part::Written;
use crate::model::Model;

/// Writes `system` from every message of the system's and the developer's, in their order.
pub fn write_system(to: &mut Object, messages: &[Message], model: Model) -> Result<(), Failure> {
    let is_system = |message: &&Message| matches!(message.role, Some(Role::System | Role::Developer));
    let mut out = Vec::new();
    let mut blocks = List::begin(&mut out);
    for message in messages.iter().filter(is_system) {
        match &message.content {
            Some(Content::Text(text)) if write_text(text, false, || blocks.object()) == Written::Nothing => continue,
            Some(Content::Text(_)) => {}
            Some(Content::Parts(parts)) => {
                for part in parts {
                    write_system_part(&mut blocks, part, model)?;
                }
            }
            None => continue,
        }
        if let Some(cache_control) = message.cache_control {
            write_cache_point(cache_control, model, || blocks.object());
        }
    }
    drop(blocks);
    if out != b"[]" {
        to.field("system").extend_from_slice(&out);
    }
    Ok(())
}

fn write_system_part(blocks: &mut List, part: &Part, model: Model) -> Result<(), Failure> {
    let is_guarded = is_guarded_text(part);
    let text = part
        .text
        .as_ref()
        .filter(|_| is_guarded || part.kind == Some(PartKind::Text));
    let text = text.ok_or_else(|| Failure::bad_request("messages", "a system message holds text only"))?;
    let written = write_text(text, is_guarded, || blocks.object());
    if let Some(cache_control) = part.cache_control.filter(|_| written != Written::Nothing) {
        write_cache_point(cache_control, model, || blocks.object());
    }
    Ok(())
}

/// Whether the message says itself what a guardrail is to check.
pub fn holds_guarded_text(message: &Message) -> bool {
    matches!(&message.content, Some(Content::Parts(parts)) if parts.iter().any(is_guarded_text))
}

fn is_guarded_text(part: &Part) -> bool {
    matches!(&part.kind, Some(PartKind::Other(kind)) if kind == "guarded_text")
}
