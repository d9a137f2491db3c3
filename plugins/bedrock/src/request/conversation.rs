//! Messages as turns. Converse has two sides that take turns, the system apart from both, and the results of tools on
//! the user's side; OpenAI's messages come in any order. Neighbours of one side become one turn.

use sluice_sdk::Failure;
use sluice_sdk::adapter::claude::{Thought, thinks_in_content};
use sluice_sdk::canonical::{Content, Function, Message, Part, PartKind, RawValue, Role, Text, ToolCall};

use super::content::{in_list, write_cache_point, write_part, write_text};
use super::documents::Documents;
use super::part::{Surroundings, Written};
use super::turn::{Side, Turns};
use crate::model::Model;
use crate::names::{Names, call_id};

/// What an empty turn says: Bedrock takes none without text, and leaving it out would change who spoke last.
const NOTHING: &str = "(no content)";

/// Writes `messages`, turn by turn.
pub struct Conversation<'o> {
    turns: Turns<'o>,
    names: &'o Names,
    model: Model,
    documents: Documents,
    used_tools: bool,
    /// Calls in the API's older form, which have no ids.
    function_calls: usize,
}

impl<'o> Conversation<'o> {
    pub fn begin(out: &'o mut Vec<u8>, names: &'o Names, model: Model) -> Self {
        Self {
            turns: Turns::begin(out),
            names,
            model,
            documents: Documents::default(),
            used_tools: false,
            function_calls: 0,
        }
    }

    /// Whether there are calls or results: Bedrock then needs tools to be named.
    pub fn used_tools(&self) -> bool {
        self.used_tools
    }

    /// Closes the list; says whether there was any turn.
    pub fn end(self) -> bool {
        self.turns.end()
    }

    pub fn message(&mut self, index: usize, message: &Message, is_last: bool, is_guarded: bool) -> Result<(), Failure> {
        let at = || format!("messages[{index}]");
        match &message.role {
            Some(Role::System | Role::Developer) => Ok(()),
            Some(Role::User) => self.user(index, message, is_guarded),
            Some(Role::Assistant) => self.assistant(index, message, is_last),
            Some(Role::Tool) => {
                let missing =
                    || Failure::bad_request(at(), format!("{} is a tool's result without `tool_call_id`", at()));
                let id = message.tool_call_id.as_ref().ok_or_else(missing)?;
                self.result(index, message, &call_id(id))
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

    fn user(&mut self, index: usize, message: &Message, is_guarded: bool) -> Result<(), Failure> {
        self.content(Side::User, index, message, is_guarded)?;
        if self.turns.side() != Some(Side::User) {
            self.turns.block(Side::User).string("text", NOTHING);
            self.turns.wrote(Written::Text);
        }
        Ok(())
    }

    /// Thoughts come first, calls last: Claude takes no other order.
    fn assistant(&mut self, index: usize, message: &Message, is_last: bool) -> Result<(), Failure> {
        if !thinks_in_content(message) {
            for raw in message.thinking_blocks.as_deref().unwrap_or_default() {
                self.thought(raw.get());
            }
        }
        match &message.content {
            // It ends in what the model is to go on from, which must not be white space.
            Some(Content::Text(text)) if is_last && message.tool_calls.is_none() => {
                let text = Text::from_decoded(text.decoded().trim_end());
                self.text(Side::Assistant, &text, false);
            }
            _ => self.content(Side::Assistant, index, message, false)?,
        }
        if let (None, Some(refusal)) = (&message.content, &message.refusal) {
            self.text(Side::Assistant, refusal, false);
        }
        for call in message.tool_calls.as_deref().unwrap_or_default() {
            self.call(index, call)?;
        }
        if let Some(function) = &message.function_call {
            self.function_calls += 1;
            let id = format!("call_{}", self.function_calls);
            self.function(index, &id, function)?;
        }
        self.cache_point(Side::Assistant, message.cache_control);
        Ok(())
    }

    fn text(&mut self, side: Side, text: &Text, is_guarded: bool) {
        let written = write_text(text, is_guarded, || self.turns.block(side));
        self.turns.wrote(written);
    }

    fn content(&mut self, side: Side, index: usize, message: &Message, is_guarded: bool) -> Result<(), Failure> {
        match &message.content {
            Some(Content::Text(text)) => self.text(side, text, is_guarded),
            Some(Content::Parts(parts)) => {
                for (number, part) in parts.iter().enumerate() {
                    let at = format!("messages[{index}].content[{number}]");
                    self.part(side, part, &at, is_guarded)?;
                }
            }
            None => {}
        }
        // An assistant's comes after its calls.
        if side == Side::User {
            self.cache_point(side, message.cache_control);
        }
        Ok(())
    }

    fn part(&mut self, side: Side, part: &Part, at: &str, is_guarded: bool) -> Result<(), Failure> {
        if matches!(&part.kind, Some(PartKind::Other(kind)) if kind.ends_with("thinking")) {
            self.thought_in_content(part);
            return Ok(());
        }
        let mut around = Surroundings {
            documents: &mut self.documents,
            at,
            is_guarded,
        };
        let turns = &mut self.turns;
        let written = write_part(part, &mut around, || turns.block(side))?;
        self.turns.wrote(written);
        if written != Written::Nothing {
            self.cache_point(side, part.cache_control);
        }
        Ok(())
    }

    /// After what this side said last; there is nothing to cache where it said nothing.
    fn cache_point(&mut self, side: Side, cache_control: Option<&RawValue>) {
        if let Some(cache_control) = cache_control.filter(|_| self.turns.side() == Some(side)) {
            write_cache_point(cache_control, self.model, || self.turns.block(side));
        }
    }

    /// One of LiteLLM's `thinking_blocks`. What is neither signed nor sealed no model knows as its own.
    fn thought(&mut self, json: &str) {
        let Ok(thought) = serde_json::from_str::<Thought>(json) else {
            return;
        };
        self.write_thought(
            thought.thinking.as_ref(),
            thought.signature.as_ref(),
            thought.data.as_ref(),
        );
    }

    fn thought_in_content(&mut self, part: &Part) {
        let field = |name: &str| {
            let (_, value) = part.rest.iter().find(|(known, _)| known == name)?;
            Text::of(value)
        };
        let (thinking, signature, data) = (field("thinking"), field("signature"), field("data"));
        self.write_thought(thinking.as_ref(), signature.as_ref(), data.as_ref());
    }

    fn write_thought(&mut self, thinking: Option<&Text>, signature: Option<&Text>, data: Option<&Text>) {
        if let Some(data) = data {
            let mut block = self.turns.block(Side::Assistant);
            block.object("reasoningContent").text("redactedContent", data);
        } else if let (Some(thinking), Some(signature)) = (thinking, signature.filter(|it| !it.is_empty())) {
            let mut block = self.turns.block(Side::Assistant);
            let mut reasoning = block.object("reasoningContent");
            reasoning
                .object("reasoningText")
                .text("text", thinking)
                .text("signature", signature);
        }
    }

    fn call(&mut self, index: usize, call: &ToolCall) -> Result<(), Failure> {
        let incomplete = || {
            let at = at_call(index);
            Failure::bad_request(&*at, format!("{at} lacks its `id` or `function`"))
        };
        let id = call.id.as_ref().ok_or_else(incomplete)?;
        let function = call.function.as_ref().ok_or_else(incomplete)?;
        self.function(index, &call_id(id), function)?;
        self.cache_point(Side::Assistant, call.cache_control);
        Ok(())
    }

    fn function(&mut self, index: usize, id: &str, function: &Function) -> Result<(), Failure> {
        let at = at_call(index);
        let name = function
            .name
            .as_ref()
            .ok_or_else(|| Failure::bad_request(&*at, format!("{at} names no function")))?;
        let arguments = function.arguments.as_ref();
        let arguments = arguments.map(|arguments| arguments.decoded()).unwrap_or_default();
        let input = if arguments.trim().is_empty() {
            "{}"
        } else {
            arguments.trim()
        };
        // Not wrapped into an object: the model would learn from its own history to call in a form that no tool takes.
        if !input.starts_with('{') || serde_json::from_str::<&RawValue>(input).is_err() {
            let message = format!("{at}: the arguments of `{}` are no JSON object", name.decoded());
            return Err(Failure::bad_request(at, message));
        }
        self.used_tools = true;
        let name = self.names.sent(name);
        let mut block = self.turns.block(Side::Assistant);
        let mut call = block.object("toolUse");
        call.string("toolUseId", id).string("name", &name).json("input", input);
        Ok(())
    }

    fn result(&mut self, index: usize, message: &Message, id: &str) -> Result<(), Failure> {
        self.used_tools = true;
        let mut cache_control = message.cache_control;
        let mut block = self.turns.block(Side::User);
        let mut result = block.object("toolResult");
        result.string("toolUseId", id);
        let mut list = result.list("content");
        let mut is_empty = true;
        match &message.content {
            Some(Content::Text(text)) => is_empty = write_text(text, false, in_list(&mut list)) == Written::Nothing,
            Some(Content::Parts(parts)) => {
                for (number, part) in parts.iter().enumerate() {
                    let mut around = Surroundings {
                        documents: &mut self.documents,
                        at: &format!("messages[{index}].content[{number}]"),
                        is_guarded: false,
                    };
                    is_empty &= write_part(part, &mut around, in_list(&mut list))? == Written::Nothing;
                    // A result cannot end a prefix within itself.
                    cache_control = cache_control.or(part.cache_control);
                }
            }
            None => {}
        }
        if is_empty {
            list.object().string("text", NOTHING);
        }
        drop(list);
        if message
            .rest
            .iter()
            .any(|(name, value)| name == "is_error" && value.get() == "true")
        {
            result.string("status", "error");
        }
        drop(result);
        drop(block);
        self.cache_point(Side::User, cache_control);
        Ok(())
    }
}

fn at_call(index: usize) -> String {
    format!("messages[{index}].tool_calls")
}
