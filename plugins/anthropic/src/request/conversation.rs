//! Translates messages to turns. Anthropic has turns of the user and the assistant, with the system's text apart and
//! results of tools in the user's turns; OpenAI's messages come in any order. Consecutive messages of one side become
//! one turn.

use sluice_sdk::Failure;
use sluice_sdk::adapter::claude::{Betas, Thought, thinks_in_content};
use sluice_sdk::canonical::{Content, Function, Message, Object, Part, PartKind, RawValue, Role, Text, ToolCall};

use super::content::{write_part, write_text};
use crate::place::Place;

/// The text of an empty turn: Anthropic refuses a turn without text, and without the turn the order of speakers would
/// change.
const NOTHING: &str = "(no content)";

/// Prefix of the ids of tools that Anthropic ran. Clients do not have their results, so such calls come without
/// results.
const SERVER_TOOL_ID: &str = "srvtoolu_";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    User,
    Assistant,
}

/// Writes `system` from all system and developer messages, in their order.
pub fn write_system(to: &mut Object, messages: &[Message]) -> Result<(), Failure> {
    let is_system = |message: &&Message| matches!(message.role, Some(Role::System | Role::Developer));
    if !messages.iter().any(|message| is_system(&message)) {
        return Ok(());
    }
    let mut blocks = to.list("system");
    for message in messages.iter().filter(is_system) {
        match &message.content {
            Some(Content::Text(text)) => write_text(text, message.cache_control, || blocks.object()),
            Some(Content::Parts(parts)) => {
                for part in parts {
                    let text = part.text.as_ref().filter(|_| part.kind == Some(PartKind::Text));
                    let text =
                        text.ok_or_else(|| Failure::bad_request("messages", "a system message holds text only"))?;
                    write_text(text, part.cache_control, || blocks.object());
                }
            }
            None => {}
        }
    }
    Ok(())
}

/// Writes `messages`, one turn after the other.
pub struct Conversation<'o> {
    out: &'o mut Vec<u8>,
    place: Place,
    betas: &'o mut Betas,
    /// The side whose turn is open.
    side: Option<Side>,
    used_tools: bool,
    /// Number of calls in the API's older form, which have no ids.
    function_calls: usize,
}

impl<'o> Conversation<'o> {
    pub fn begin(out: &'o mut Vec<u8>, place: Place, betas: &'o mut Betas) -> Self {
        out.push(b'[');
        Self {
            out,
            place,
            betas,
            side: None,
            used_tools: false,
            function_calls: 0,
        }
    }

    /// Whether the conversation has tool calls or results: then Anthropic requires `tools`.
    pub fn used_tools(&self) -> bool {
        self.used_tools
    }

    /// Closes the list; returns whether there was any turn.
    pub fn end(self) -> bool {
        if self.side.is_some() {
            self.out.extend_from_slice(b"]}");
        }
        self.out.push(b']');
        self.side.is_some()
    }

    pub fn message(&mut self, index: usize, message: &Message, is_last: bool) -> Result<(), Failure> {
        let at = || format!("messages[{index}]");
        match &message.role {
            Some(Role::System | Role::Developer) => Ok(()),
            Some(Role::User) => self.user(index, message),
            Some(Role::Assistant) => self.assistant(index, message, is_last),
            Some(Role::Tool) => {
                let missing =
                    || Failure::bad_request(at(), format!("{} is a tool's result without `tool_call_id`", at()));
                let id = message.tool_call_id.as_ref().ok_or_else(missing)?;
                self.result(index, message, &tool_id(id))
            }
            Some(Role::Function) => {
                let id = format!("call_{}", self.function_calls.max(1));
                self.result(index, message, &id)
            }
            Some(Role::Other(role)) => Err(Failure::bad_request(
                at(),
                format!("{} has the unknown role `{role}`", at()),
            )),
            None => Err(Failure::bad_request(at(), format!("{} has no role", at()))),
        }
    }

    fn user(&mut self, index: usize, message: &Message) -> Result<(), Failure> {
        self.content(Side::User, index, message)?;
        if self.side != Some(Side::User) {
            self.block(Side::User).string("type", "text").string("text", NOTHING);
        }
        Ok(())
    }

    /// Writes thinking blocks first and tool calls last, the only order that Anthropic accepts.
    fn assistant(&mut self, index: usize, message: &Message, is_last: bool) -> Result<(), Failure> {
        if !thinks_in_content(message) {
            for raw in message.thinking_blocks.as_deref().unwrap_or_default() {
                self.thought(raw);
            }
        }
        match &message.content {
            // The last assistant message is the beginning of the answer, which must not end with white space.
            Some(Content::Text(text)) if is_last && message.tool_calls.is_none() => {
                let text = Text::from_decoded(text.decoded().trim_end());
                write_text(&text, message.cache_control, || self.block(Side::Assistant));
            }
            _ => self.content(Side::Assistant, index, message)?,
        }
        if let (None, Some(refusal)) = (&message.content, &message.refusal) {
            write_text(refusal, None, || self.block(Side::Assistant));
        }
        for call in message.tool_calls.as_deref().unwrap_or_default() {
            self.call(index, call)?;
        }
        if let Some(function) = &message.function_call {
            self.function_calls += 1;
            let id = format!("call_{}", self.function_calls);
            self.function(index, &id, function, None)?;
        }
        Ok(())
    }

    fn content(&mut self, side: Side, index: usize, message: &Message) -> Result<(), Failure> {
        match &message.content {
            Some(Content::Text(text)) => write_text(text, message.cache_control, || self.block(side)),
            Some(Content::Parts(parts)) => {
                for (number, part) in parts.iter().enumerate() {
                    let at = format!("messages[{index}].content[{number}]");
                    let cache_control = message.cache_control.filter(|_| number + 1 == parts.len());
                    self.part(side, part, cache_control, &at)?;
                }
            }
            None => {}
        }
        Ok(())
    }

    fn part(&mut self, side: Side, part: &Part, cache: Option<&RawValue>, at: &str) -> Result<(), Failure> {
        let is_tool = matches!(&part.kind, Some(PartKind::Other(kind)) if kind.starts_with("tool_"));
        self.used_tools |= is_tool;
        let Self {
            out,
            place,
            betas,
            side: open,
            ..
        } = self;
        write_part(part, cache, at, *place, betas, || turn_block(out, open, side))
    }

    /// Writes one of LiteLLM's `thinking_blocks`. Anthropic refuses blocks without a signature or encrypted data, so
    /// those are left out.
    fn thought(&mut self, raw: &RawValue) {
        let Ok(thought) = serde_json::from_str::<Thought>(raw.get()) else {
            return;
        };
        if let Some(data) = thought.data {
            self.block(Side::Assistant)
                .string("type", "redacted_thinking")
                .text("data", &data);
        } else if let (Some(thinking), Some(signature)) = (thought.thinking, thought.signature) {
            let mut block = self.block(Side::Assistant);
            block
                .string("type", "thinking")
                .text("thinking", &thinking)
                .text("signature", &signature);
        }
    }

    fn call(&mut self, index: usize, call: &ToolCall) -> Result<(), Failure> {
        let incomplete = || {
            Failure::bad_request(
                at_call(index),
                format!("{} lacks its `id` or `function`", at_call(index)),
            )
        };
        let id = call.id.as_ref().ok_or_else(incomplete)?;
        if id.escaped().starts_with(SERVER_TOOL_ID) {
            return Ok(());
        }
        self.function(
            index,
            &tool_id(id),
            call.function.as_ref().ok_or_else(incomplete)?,
            call.cache_control,
        )
    }

    fn function(
        &mut self,
        index: usize,
        id: &str,
        function: &Function,
        cache: Option<&RawValue>,
    ) -> Result<(), Failure> {
        let at = at_call(index);
        let name = function
            .name
            .as_ref()
            .ok_or_else(|| Failure::bad_request(&*at, format!("{at} names no function")))?;
        let arguments = function
            .arguments
            .as_ref()
            .map(|arguments| arguments.decoded())
            .unwrap_or_default();
        let input = if arguments.trim().is_empty() {
            "{}"
        } else {
            arguments.trim()
        };
        // Such arguments are not wrapped into an object: from its own history the model would learn to call tools in a
        // wrong form.
        if !input.starts_with('{') || serde_json::from_str::<&RawValue>(input).is_err() {
            let message = format!("{at}: the arguments of `{}` are no JSON object", name.decoded());
            return Err(Failure::bad_request(at, message));
        }
        self.used_tools = true;
        let mut block = self.block(Side::Assistant);
        block
            .string("type", "tool_use")
            .string("id", id)
            .text("name", name)
            .json("input", input);
        block.maybe_raw("cache_control", cache);
        Ok(())
    }

    fn result(&mut self, index: usize, message: &Message, id: &str) -> Result<(), Failure> {
        self.used_tools = true;
        let Self {
            out,
            place,
            betas,
            side,
            ..
        } = self;
        let mut block = turn_block(out, side, Side::User);
        block.string("type", "tool_result").string("tool_use_id", id);
        match &message.content {
            Some(Content::Text(text)) if !text.is_empty() => {
                block.text("content", text);
            }
            Some(Content::Parts(parts)) => {
                let mut list = block.list("content");
                for (number, part) in parts.iter().enumerate() {
                    let at = format!("messages[{index}].content[{number}]");
                    write_part(part, None, &at, *place, betas, || list.object())?;
                }
            }
            _ => {}
        }
        block.maybe_raw("cache_control", message.cache_control);
        Ok(())
    }

    fn block(&mut self, side: Side) -> Object<'_> {
        turn_block(self.out, &mut self.side, side)
    }
}

/// Begins a block of this side: in the open turn if it belongs to this side, or else in a new turn. The first turn is
/// the user's.
fn turn_block<'b>(out: &'b mut Vec<u8>, open: &mut Option<Side>, side: Side) -> Object<'b> {
    if *open == Some(side) {
        out.push(b',');
        return Object::begin(out);
    }
    match open {
        Some(_) => out.extend_from_slice(b"]},"),
        None if side == Side::Assistant => {
            Object::begin(out).string("role", "user").string("content", NOTHING);
            out.push(b',');
        }
        None => {}
    }
    *open = Some(side);
    out.extend_from_slice(match side {
        Side::User => br#"{"role":"user","content":["#.as_slice(),
        Side::Assistant => br#"{"role":"assistant","content":["#,
    });
    Object::begin(out)
}

fn at_call(index: usize) -> String {
    format!("messages[{index}].tool_calls")
}

/// Anthropic's ids consist of letters, digits, `_` and `-`; ids of other providers may have other characters.
fn tool_id(id: &Text) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    id.decoded()
        .chars()
        .map(|letter| if is_plain(letter) { letter } else { '_' })
        .collect()
}
