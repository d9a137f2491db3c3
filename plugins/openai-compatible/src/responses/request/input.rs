//! Translates messages to input items. An assistant message becomes up to three kinds of items (thoughts, message,
//! calls); results of calls are items too.

use sluice_sdk::canonical::{Content, Fields, Function, List, Message, RawValue, Role, Text, ToolCall};
use sluice_sdk::{Failure, Fault, wire};

use super::content::{Side, is_thought, write_content, write_refusal, write_text};

/// Writes the input items.
pub struct Input<'o, 'a> {
    list: List<'o>,
    /// Names of tools that take text of any form. Earlier answers had their calls in the form of function calls.
    custom_names: Vec<Text<'a>>,
    /// Ids of calls of such tools, whose results have a type of their own.
    custom_calls: Vec<String>,
    /// Number of calls in the API's older form. They have no ids, and a result belongs to the last one.
    function_calls: usize,
}

wire! {
    /// A call of a custom tool.
    Custom {
        "name" name: Text<'a>,
        "input" input: Text<'a>,
    }

    /// Fields that a provider adds to a message or a call.
    ProviderFields {
        "phase" phase: Text<'a>,
        "namespace" namespace: Text<'a>,
    }

    Thought {
        "thinking" thinking: Text<'a>,
    }
}

impl<'o, 'a> Input<'o, 'a> {
    pub fn begin(list: List<'o>, custom_names: Vec<Text<'a>>) -> Self {
        Self {
            list,
            custom_names,
            custom_calls: Vec::new(),
            function_calls: 0,
        }
    }

    /// Writes the items for a message.
    ///
    /// # Errors
    /// The message is invalid for the API.
    pub fn message(&mut self, index: usize, message: &Message) -> Result<(), Failure> {
        let at = || format!("messages[{index}]");
        match &message.role {
            Some(role @ (Role::System | Role::Developer | Role::User)) => self.said(index, role.as_str(), message),
            Some(Role::Assistant) => self.assistant(index, message),
            Some(Role::Tool) => {
                let missing =
                    || Failure::bad_request(at(), format!("{} is a tool's result without `tool_call_id`", at()));
                let id = message.tool_call_id.as_ref().ok_or_else(missing)?;
                self.result(index, message, id)
            }
            Some(Role::Function) => {
                let id = format!("call_{}", self.function_calls.max(1));
                self.result(index, message, &Text::from_decoded(&id))
            }
            Some(Role::Other(role)) => Err(Failure::bad_request(
                at(),
                format!("{} has the unknown role `{role}`", at()),
            )),
            None => Err(Failure::bad_request(at(), format!("{} has no role", at()))),
        }
    }

    fn said(&mut self, index: usize, role: &str, message: &Message) -> Result<(), Failure> {
        let Some(content) = &message.content else { return Ok(()) };
        let mut to = self.list.object();
        to.string("type", "message").string("role", role);
        write_content(&mut to, "content", content, Side::Input, index)
    }

    fn assistant(&mut self, index: usize, message: &Message) -> Result<(), Failure> {
        if message
            .rest
            .iter()
            .any(|(name, value)| name == "audio" && value.get() != "null")
        {
            let why = format!("messages[{index}] holds spoken words, which the Responses API does not take");
            return Err(Failure::new(Fault::Unsupported, why).parameter(format!("messages[{index}].audio")));
        }
        self.thoughts(message);
        self.words(index, message)?;
        for (number, call) in message.tool_calls.iter().flatten().enumerate() {
            self.call(call, &format!("messages[{index}].tool_calls[{number}]"))?;
        }
        if let Some(function) = &message.function_call {
            self.function_calls += 1;
            let id = Text::from_decoded(&format!("call_{}", self.function_calls));
            self.function(&id, function, None, &format!("messages[{index}].function_call"))?;
        }
        Ok(())
    }

    /// Writes `reasoning_items` of an earlier answer, or else the thoughts of another provider.
    fn thoughts(&mut self, message: &Message) {
        let items = rest_of(&message.rest, "reasoning_items")
            .and_then(|raw| serde_json::from_str::<Vec<Fields>>(raw.get()).ok())
            .unwrap_or_default();
        for item in &items {
            let mut to = self.list.object();
            to.string("type", "reasoning");
            // The API refuses an id that it did not give, but accepts an item without one.
            let id = item.get("id").and_then(Text::of).filter(|id| !id.is_empty());
            if let Some(id) = id {
                to.text("id", &id);
            }
            let given = |name: &str| item.get(name).filter(|value| value.get() != "null");
            to.json("summary", given("summary").map_or("[]", RawValue::get))
                .maybe_raw("encrypted_content", given("encrypted_content"));
        }
        if !items.is_empty() {
            return;
        }
        let blocks = message.thinking_blocks.iter().flatten();
        let thoughts = blocks.filter_map(|raw| wire::read::<Thought>(raw.get()).ok()?.thinking);
        let mut thoughts = thoughts.filter(|text| !text.is_empty()).peekable();
        if thoughts.peek().is_some() {
            let mut to = self.list.object();
            to.string("type", "reasoning");
            let mut summary = to.list("summary");
            for text in thoughts {
                summary.object().string("type", "summary_text").text("text", &text);
            }
        }
    }

    /// Writes the content and the refusal as one message.
    fn words(&mut self, index: usize, message: &Message) -> Result<(), Failure> {
        let is_empty = match &message.content {
            Some(Content::Text(text)) => text.is_empty(),
            Some(Content::Parts(parts)) => parts.iter().all(is_thought),
            None => true,
        };
        if is_empty && message.refusal.is_none() {
            return Ok(());
        }
        let mut to = self.list.object();
        to.string("type", "message").string("role", "assistant");
        match (&message.content, &message.refusal) {
            (Some(content @ Content::Parts(_)), _) => {
                write_content(&mut to, "content", content, Side::Assistant, index)?;
            }
            (Some(Content::Text(text)), refusal) => {
                let mut list = to.list("content");
                if !text.is_empty() {
                    write_text(&mut list, text, Side::Assistant);
                }
                if let Some(refusal) = refusal {
                    write_refusal(&mut list, refusal);
                }
            }
            (None, Some(refusal)) => write_refusal(&mut to.list("content"), refusal),
            (None, None) => {}
        }
        let phase = rest_of(&message.rest, "phase").and_then(Text::of);
        if let Some(phase) = phase.or_else(|| provider_fields(&message.rest).phase) {
            to.text("phase", &phase);
        }
        Ok(())
    }

    fn call(&mut self, call: &ToolCall, at: &str) -> Result<(), Failure> {
        let missing = |what: &str| Failure::bad_request(at, format!("{at} lacks its {what}"));
        let id = call.id.as_ref().ok_or_else(|| missing("`id`"))?;
        let namespace = provider_fields(&call.rest).namespace;
        if let Some(function) = &call.function {
            return self.function(id, function, namespace.as_ref(), at);
        }
        let custom = rest_of(&call.rest, "custom").and_then(|raw| wire::read::<Custom>(raw.get()).ok());
        let custom = custom.ok_or_else(|| missing("`function`"))?;
        let name = custom.name.as_ref().ok_or_else(|| missing("name"))?;
        self.custom(id, name, custom.input.as_ref());
        Ok(())
    }

    fn function(&mut self, id: &Text, function: &Function, namespace: Option<&Text>, at: &str) -> Result<(), Failure> {
        let nameless = || Failure::bad_request(at, format!("{at} names no function"));
        let name = function.name.as_ref().ok_or_else(nameless)?;
        if self.custom_names.contains(name) {
            self.custom(id, name, function.arguments.as_ref());
            return Ok(());
        }
        let mut to = self.list.object();
        to.string("type", "function_call")
            .text("call_id", id)
            .text("name", name);
        match &function.arguments {
            Some(arguments) => to.text("arguments", arguments),
            None => to.string("arguments", "{}"),
        };
        if let Some(namespace) = namespace {
            to.text("namespace", namespace);
        }
        Ok(())
    }

    fn custom(&mut self, id: &Text, name: &Text, input: Option<&Text>) {
        self.custom_calls.push(id.escaped().to_owned());
        let mut to = self.list.object();
        to.string("type", "custom_tool_call")
            .text("call_id", id)
            .text("name", name);
        match input {
            Some(input) => to.text("input", input),
            None => to.string("input", ""),
        };
    }

    fn result(&mut self, index: usize, message: &Message, id: &Text) -> Result<(), Failure> {
        let is_custom = self.custom_calls.iter().any(|call| call == id.escaped());
        let mut to = self.list.object();
        to.string(
            "type",
            if is_custom {
                "custom_tool_call_output"
            } else {
                "function_call_output"
            },
        );
        to.text("call_id", id);
        match &message.content {
            Some(content) => write_content(&mut to, "output", content, Side::Input, index),
            None => {
                to.string("output", "");
                Ok(())
            }
        }
    }
}

fn rest_of<'a>(rest: &[(std::borrow::Cow<'a, str>, &'a RawValue)], name: &str) -> Option<&'a RawValue> {
    rest.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
}

fn provider_fields<'a>(rest: &[(std::borrow::Cow<'a, str>, &'a RawValue)]) -> ProviderFields<'a> {
    rest_of(rest, "provider_specific_fields")
        .and_then(|raw| wire::read(raw.get()).ok())
        .unwrap_or_default()
}
