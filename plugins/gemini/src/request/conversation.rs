//! Translates messages to turns. Gemini has turns of the user and the model, with the system's text apart; OpenAI's
//! messages come in any order.

use sluice_sdk::canonical::{Content, Function, ImageUrl, Message, Object, Part, RawValue, Role, Text, ToolCall};
use sluice_sdk::{Failure, wire};

use super::Dialect;
use super::content::{Resolution, Said, Seen, read};
use super::results;
use super::system::{is_system, system_texts};
use super::turns::{Side, Turns};
use crate::signature::{self, ProviderFields, ThinkingBlock};

/// The text of the user's turn if there are only system messages, since Gemini requires a turn.
const BEGIN: &str = ".";

/// Writes the turns.
pub struct Conversation<'o> {
    pub turns: Turns<'o>,
    pub dialect: Dialect,
    /// The highest resolution that any image asked for.
    resolution: Option<Resolution>,
}

impl<'o> Conversation<'o> {
    /// Writes `contents`. The returned resolution is for `generationConfig`.
    pub fn write(out: &'o mut Vec<u8>, messages: &[Message], dialect: Dialect) -> Result<Option<Resolution>, Failure> {
        if messages.is_empty() {
            return Err(Failure::bad_request("messages", "`messages` holds no message"));
        }
        let mut conversation = Self {
            turns: Turns::begin(out),
            dialect,
            resolution: None,
        };
        if !dialect.model.takes_system {
            for text in system_texts(messages)? {
                conversation.turns.text(Side::User).text("text", text);
            }
        }
        conversation.messages(messages)?;
        conversation.turns.end();
        Ok(conversation.resolution)
    }

    fn messages(&mut self, messages: &[Message]) -> Result<(), Failure> {
        let mut index = 0;
        while let Some(message) = messages.get(index) {
            let at = || format!("messages[{index}]");
            match &message.role {
                Some(Role::System | Role::Developer) => {}
                Some(Role::User) => self.user(index, message)?,
                Some(Role::Assistant) => self.assistant(index, message)?,
                Some(Role::Tool | Role::Function) => {
                    index = results::write(self, messages, index)?;
                    continue;
                }
                Some(Role::Other(role)) => {
                    return Err(Failure::bad_request(
                        at(),
                        format!("{} has the unknown role `{role}`", at()),
                    ));
                }
                None => return Err(Failure::bad_request(at(), format!("{} has no role", at()))),
            }
            index += 1;
        }
        if messages.iter().all(is_system) && self.dialect.model.takes_system {
            self.turns.text(Side::User).string("text", BEGIN);
        }
        Ok(())
    }

    fn user(&mut self, index: usize, message: &Message) -> Result<(), Failure> {
        self.content(Side::User, index, message, &mut Vec::new().into_iter())?;
        if !self.turns.is_open(Side::User) {
            self.turns.nothing();
        }
        Ok(())
    }

    /// Writes thoughts first and calls last, the order in which the model produced them.
    fn assistant(&mut self, index: usize, message: &Message) -> Result<(), Failure> {
        let fields = signature::provider_fields(&message.rest);
        self.thoughts(message);
        self.server_tools(&fields);
        let mut signatures = signature::of_content(message, &fields).into_iter();
        self.content(Side::Model, index, message, &mut signatures)?;
        if let (None, Some(refusal)) = (&message.content, &message.refusal) {
            self.text(Side::Model, refusal, None);
        }
        self.images(index, message, &mut signatures)?;
        let calls = message.tool_calls.as_deref().unwrap_or_default();
        let mut wants_signature = self.dialect.model.is_third_generation;
        for call in calls {
            self.call(index, call, &mut wants_signature)?;
        }
        if let Some(function) = &message.function_call {
            let mut part = self.turns.part(Side::Model);
            write_call(&mut part.object("functionCall"), index, None, function)?;
            if wants_signature {
                part.string("thoughtSignature", signature::NONE);
            }
        }
        Ok(())
    }

    /// Thoughts are written without their signatures: a signature may be another provider's, and Gemini signs what
    /// follows the thoughts.
    fn thoughts(&mut self, message: &Message) {
        let mut thought = |text: &Text| {
            if !text.is_empty() {
                self.turns.part(Side::Model).text("text", text).json("thought", "true");
            }
        };
        match &message.thinking_blocks {
            Some(blocks) => {
                let blocks = blocks
                    .iter()
                    .filter_map(|raw| wire::read::<ThinkingBlock>(raw.get()).ok());
                blocks
                    .filter_map(|block| block.thinking)
                    .for_each(|text| thought(&text));
            }
            None => message.reasoning_content.iter().for_each(thought),
        }
    }

    /// Writes the tools that Google ran in this turn, and their responses.
    fn server_tools(&mut self, fields: &ProviderFields) {
        for tool in fields.server_tools.iter().flatten() {
            for (name, inner, value) in [
                ("toolCall", "args", tool.args),
                ("toolResponse", "response", tool.response),
            ] {
                let Some(value) = value else { continue };
                let mut part = self.turns.part(Side::Model);
                let mut to = part.object(name);
                for (name, text) in [("toolType", &tool.tool_type), ("id", &tool.id)] {
                    if let Some(text) = text {
                        to.text(name, text);
                    }
                }
                to.raw(inner, value);
                drop(to);
                if let Some(signature) = tool.thought_signature.as_ref().filter(|_| name == "toolCall") {
                    part.text("thoughtSignature", signature);
                }
            }
        }
    }

    fn content<'t>(
        &mut self,
        side: Side,
        index: usize,
        message: &Message,
        signatures: &mut impl Iterator<Item = Text<'t>>,
    ) -> Result<(), Failure> {
        match &message.content {
            Some(Content::Text(text)) if text.is_empty() => {}
            Some(Content::Text(text)) => self.text(side, text, signatures.next()),
            Some(Content::Parts(parts)) => {
                for (number, part) in parts.iter().enumerate() {
                    let at = format!("messages[{index}].content[{number}]");
                    self.part(side, part, &at, signatures)?;
                }
            }
            None => {}
        }
        Ok(())
    }

    fn part<'t>(
        &mut self,
        side: Side,
        part: &Part,
        at: &str,
        signatures: &mut impl Iterator<Item = Text<'t>>,
    ) -> Result<(), Failure> {
        match read(part, self.dialect, at)? {
            Said::Text(text) if text.is_empty() => {}
            Said::Text(text) => self.text(side, &text, signatures.next()),
            Said::Thought(text) => {
                self.turns.part(side).text("text", &text).json("thought", "true");
            }
            Said::Nothing => {}
            Said::Media(seen) => {
                self.look(&seen);
                seen.write(&mut self.turns.part(side), self.dialect);
            }
        }
        Ok(())
    }

    pub fn look(&mut self, seen: &Seen) {
        self.resolution = self.resolution.max(seen.detail);
    }

    fn text(&mut self, side: Side, text: &Text, signature: Option<Text>) {
        let mut part = self.turns.text(side);
        part.text("text", text);
        if let Some(signature) = signature {
            part.text("thoughtSignature", &signature);
        }
    }

    /// Writes images that the model made, which LiteLLM's clients send back unchanged.
    fn images<'t>(
        &mut self,
        index: usize,
        message: &Message,
        signatures: &mut impl Iterator<Item = Text<'t>>,
    ) -> Result<(), Failure> {
        #[derive(serde::Deserialize)]
        struct Image<'a> {
            #[serde(borrow)]
            image_url: ImageUrl<'a>,
        }
        let Some((_, raw)) = message.rest.iter().find(|(name, _)| name == "images") else {
            return Ok(());
        };
        let at = format!("messages[{index}].images");
        let images: Vec<Image> =
            serde_json::from_str(raw.get()).map_err(|_| Failure::bad_request(&*at, format!("{at} cannot be read")))?;
        for image in &images {
            let seen = Seen::image(&image.image_url, self.dialect, &at)?;
            let mut part = self.turns.part(Side::Model);
            seen.write(&mut part, self.dialect);
            if let Some(signature) = signatures.next() {
                part.text("thoughtSignature", &signature);
            }
        }
        Ok(())
    }

    /// Writes a call. From Gemini 3 on, the first call of a turn must have a signature; parallel calls need none.
    fn call(&mut self, index: usize, call: &ToolCall, wants_signature: &mut bool) -> Result<(), Failure> {
        let at = || format!("messages[{index}].tool_calls");
        let function = call.function.as_ref();
        let function = function.ok_or_else(|| Failure::bad_request(at(), format!("{} lacks its `function`", at())))?;
        let id = call.id.as_ref().filter(|_| self.dialect.model.is_third_generation);
        let mut part = self.turns.part(Side::Model);
        write_call(&mut part.object("functionCall"), index, id, function)?;
        let wants = std::mem::replace(wants_signature, false);
        match signature::of_call(call) {
            Some(signature) => {
                part.text("thoughtSignature", &signature);
            }
            None if wants => {
                part.string("thoughtSignature", signature::NONE);
            }
            None => {}
        }
        Ok(())
    }
}

fn write_call(to: &mut Object, index: usize, id: Option<&Text>, function: &Function) -> Result<(), Failure> {
    let at = format!("messages[{index}].tool_calls");
    let name = function.name.as_ref();
    let name = name.ok_or_else(|| Failure::bad_request(&*at, format!("{at} names no function")))?;
    let arguments = function.arguments.as_ref().map(Text::decoded).unwrap_or_default();
    let args = if arguments.trim().is_empty() {
        "{}"
    } else {
        arguments.trim()
    };
    // Such arguments are not wrapped into an object: from its own history the model would learn to call tools in a
    // wrong form.
    if !args.starts_with('{') || serde_json::from_str::<&RawValue>(args).is_err() {
        let message = format!("{at}: the arguments of `{}` are no JSON object", name.decoded());
        return Err(Failure::bad_request(at, message));
    }
    if let Some(id) = id {
        to.string("id", signature::without(&id.decoded()));
    }
    to.text("name", name).json("args", args);
    Ok(())
}
