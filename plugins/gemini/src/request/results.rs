//! Results of tool calls. Gemini matches results with calls by the function's name, from Gemini 3 on also by an id, and
//! otherwise by order. So results are written in the order of their calls.

use sluice_sdk::Failure;
use sluice_sdk::canonical::{Content, List, Message, Object, RawValue, Role, Text};

use super::content::{Said, Seen, read};
use super::conversation::Conversation;
use super::turns::Side;
use crate::signature;

/// One result, and the call that it answers.
struct Result_<'m> {
    index: usize,
    message: &'m Message<'m>,
    /// The position of the call in its message.
    order: usize,
    id: Option<&'m Text<'m>>,
    name: Text<'m>,
}

/// Writes the results from `index` up to the next message of another role; returns the index of that message.
///
/// # Errors
/// A result belongs to no call.
pub fn write(conversation: &mut Conversation, messages: &[Message], index: usize) -> Result<usize, Failure> {
    let is_result = |message: &Message| matches!(message.role, Some(Role::Tool | Role::Function));
    let (before, from_here) = messages.split_at(index);
    let count = from_here.iter().take_while(|message| is_result(message)).count();
    let mut results = Vec::with_capacity(count);
    for (offset, message) in from_here.iter().take(count).enumerate() {
        results.push(find(before, index + offset, message)?);
    }
    results.sort_by_key(|result| result.order);
    for result in &results {
        write_one(conversation, result)?;
    }
    Ok(index + count)
}

fn find<'m>(before: &'m [Message<'m>], index: usize, message: &'m Message<'m>) -> Result<Result_<'m>, Failure> {
    let at = format!("messages[{index}]");
    let id = message
        .tool_call_id
        .as_ref()
        .filter(|_| message.role == Some(Role::Tool));
    let found = id.and_then(|id| find_call(before, id));
    let (order, name) = match found {
        Some((order, name)) => (order, Some(name)),
        None => (0, message.name.clone()),
    };
    match (name, id, &message.role) {
        (Some(name), ..) => Ok(Result_ {
            index,
            message,
            order,
            id,
            name,
        }),
        (None, None, Some(Role::Tool)) => Err(Failure::bad_request(
            &*at,
            format!("{at} is a tool's result without `tool_call_id`"),
        )),
        (None, None, _) => Err(Failure::bad_request(
            &*at,
            format!("{at} is a function's result without `name`"),
        )),
        (None, Some(_), _) => Err(Failure::bad_request(
            &*at,
            format!("{at} is the result of a call that no message before it makes"),
        )),
    }
}

/// The last call with this id. Clients may have removed the signature from the id.
fn find_call<'m>(before: &'m [Message<'m>], id: &Text) -> Option<(usize, Text<'m>)> {
    let id = id.decoded();
    let is_it = |other: &Text| {
        let other = other.decoded();
        other == id || signature::without(&other) == signature::without(&id)
    };
    before.iter().rev().find_map(|message| {
        let calls = message.tool_calls.as_deref()?;
        let order = calls.iter().position(|call| call.id.as_ref().is_some_and(is_it))?;
        let name = calls.get(order)?.function.as_ref()?.name.clone()?;
        Some((order, name))
    })
}

fn write_one(conversation: &mut Conversation, result: &Result_) -> Result<(), Failure> {
    let dialect = conversation.dialect;
    let (mut text, mut media) = (None, Vec::new());
    let mut joined = String::new();
    match &result.message.content {
        Some(Content::Text(content)) => text = Some(content.clone()),
        Some(Content::Parts(parts)) => {
            for (number, part) in parts.iter().enumerate() {
                let at = format!("messages[{}].content[{number}]", result.index);
                match read(part, dialect, &at)? {
                    Said::Text(part) | Said::Thought(part) => joined.push_str(&part.decoded()),
                    Said::Nothing => {}
                    Said::Media(seen) => media.push(seen),
                }
            }
        }
        None => {}
    }
    media.iter().for_each(|seen| conversation.look(seen));
    let text = text.unwrap_or_else(|| Text::from_decoded(&joined));
    let mut part = conversation.turns.part(Side::Results);
    let mut response = part.object("functionResponse");
    if let Some(id) = result.id.filter(|_| dialect.model.is_third_generation) {
        response.string("id", signature::without(&id.decoded()));
    }
    response.text("name", &result.name);
    write_response(&mut response, &text);
    if dialect.model.is_third_generation && !media.is_empty() {
        let mut parts = response.list("parts");
        write_media(&mut parts, &media);
        return Ok(());
    }
    drop(response);
    drop(part);
    for seen in &media {
        seen.write(&mut conversation.turns.part(Side::Results), dialect);
    }
    Ok(())
}

fn write_media(parts: &mut List, media: &[Seen]) {
    for seen in media {
        seen.write_source(&mut parts.object());
    }
}

/// Writes a JSON object unchanged, and any other text within an object.
fn write_response(to: &mut Object, text: &Text) {
    let may_be_object = text.escaped().trim_start().starts_with('{');
    let decoded = if may_be_object { text.decoded() } else { "".into() };
    if may_be_object && serde_json::from_str::<&RawValue>(&decoded).is_ok() {
        to.json("response", decoded.trim());
    } else {
        to.object("response").text("content", text);
    }
}
