//! Translates a streamed answer, event by event. Anthropic's blocks begin, grow and end one after the other; each of
//! OpenAI's deltas names the tool call that it belongs to.

use sluice_sdk::canonical::{Chunks, FinishReason, Object, RawValue, Text};
use sluice_sdk::{Event, Failure, wire};

use crate::answer::{arguments, call_id, write_thinking_block};
use crate::error::of_error;
use crate::request::JSON_TOOL;
use crate::usage::Usage;
use crate::wire::{Block, Delta, Event as Parsed, Message, finish_reason, is_blocked, provider_field, write_refusal};
use sluice_sdk::adapter::Origin;

/// The state of one streamed answer.
#[derive(Default)]
pub struct Stream {
    /// Set by `message_start`.
    chunks: Option<Chunks>,
    /// The answer's id, from which missing ids of calls are made.
    id: String,
    usage: Usage,
    open: Open,
    /// Number of tool calls so far, which is the index of the next one.
    calls: usize,
    /// Whether one tool stands for `response_format`: then its input is content.
    json_tool: bool,
    /// A guardrail put its own words in the place of the model's.
    blocked: bool,
    /// Whether the chunk with the finish reason was written.
    finished: bool,
    /// Whether `message_stop` was seen.
    ended: bool,
}

/// The block that is currently growing.
#[derive(Default)]
enum Open {
    /// No block, or one whose deltas contain everything.
    #[default]
    Plain,
    /// A tool call, or (without `index`) the tool whose input is content. `input` came with the beginning of the block,
    /// and is used if no further input comes.
    Tool {
        index: Option<usize>,
        input: Option<Text<'static>>,
    },
    /// A block that clients get as a whole, or not at all.
    Hidden,
}

impl Stream {
    pub fn new(json_tool: bool) -> Self {
        Self {
            json_tool,
            ..Self::default()
        }
    }

    /// Called when the upstream's stream has ended. Fails unless `message_stop`, or at least a stop reason, was seen.
    pub fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        let mut out = Vec::new();
        if !self.ended {
            if !self.finished {
                return Err(Failure::malformed("the stream broke off before its `message_stop`"));
            }
            self.stop(&mut out)?;
        }
        Ok(out)
    }

    /// Appends the chunks for one event; none after the answer has ended.
    ///
    /// # Errors
    /// The event is an error, or cannot be parsed.
    pub fn event(&mut self, event: &Event, origin: &Origin, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.ended {
            return Ok(());
        }
        let text = std::str::from_utf8(&event.data).map_err(Failure::malformed)?;
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        let parsed: Parsed = wire::read(text).map_err(Failure::malformed)?;
        if let Some(error) = parsed.error {
            return Err(of_error(error));
        }
        self.blocked |= is_blocked(parsed.guardrail_action.as_ref());
        let kind = parsed.kind.as_ref().map_or(event.name.as_str(), Text::escaped);
        match kind {
            "message_start" => {
                self.start(&parsed.message.unwrap_or_default(), origin, out);
                Ok(())
            }
            "content_block_start" => self.block_start(parsed.content_block, out),
            "content_block_delta" => self.block_delta(&parsed.delta.unwrap_or_default(), out),
            "content_block_stop" => self.block_stop(out),
            "message_delta" => self.message_delta(&parsed, out),
            "message_stop" => self.stop(out),
            "error" => Err(Failure::malformed("an error that says nothing")),
            // `ping`, and future events: the API's versioning policy asks clients to ignore unknown events.
            _ => Ok(()),
        }
    }

    fn start(&mut self, message: &Message, origin: &Origin, out: &mut Vec<u8>) {
        if let Some(counts) = &message.usage {
            self.usage.update(counts);
        }
        let id = origin.id(message.id.as_ref());
        self.id = id.decoded().into_owned();
        let model = origin.model(message.model.as_ref());
        let chunks = self.chunks.insert(Chunks::new(&id, origin.created(), &model));
        chunks.delta(out, |delta| {
            delta.string("role", "assistant").string("content", "");
        });
    }

    fn block_start(&mut self, raw: Option<&RawValue>, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.open = Open::Plain;
        // Each delta says what it belongs to, so only the beginnings of tool calls and of a few other blocks matter.
        let Some(raw) = raw else { return Ok(()) };
        let block: Block = wire::read(raw.get()).map_err(Failure::malformed)?;
        match block.kind() {
            "text" => self.content(block.text.as_ref(), out),
            "tool_use" => self.call_start(&block, out),
            "thinking" if block.thinking.as_ref().is_none_or(Text::is_empty) => Ok(()),
            "thinking" | "redacted_thinking" => self.delta(out, |delta| {
                if let Some(thinking) = &block.thinking {
                    delta.text("reasoning_content", thinking);
                }
                write_thinking_block(&mut delta.list("thinking_blocks"), &block);
            }),
            kind => {
                self.open = Open::Hidden;
                match provider_field(kind) {
                    Some(name) => self.delta(out, |delta| {
                        delta.object("provider_specific_fields").list(name).json(raw.get());
                    }),
                    None => Ok(()),
                }
            }
        }
    }

    fn call_start(&mut self, block: &Block, out: &mut Vec<u8>) -> Result<(), Failure> {
        let input = Some(arguments(block.input).into_owned());
        if self.json_tool && block.name.as_ref().is_some_and(|name| *name == *JSON_TOOL) {
            self.open = Open::Tool { index: None, input };
            return Ok(());
        }
        let name = block
            .name
            .as_ref()
            .ok_or_else(|| Failure::malformed("a tool call without a name"))?;
        let index = self.calls;
        let id = call_id(block, &Text::from_decoded(&self.id), index);
        self.calls += 1;
        self.open = Open::Tool {
            index: Some(index),
            input,
        };
        self.delta(out, |delta| {
            let mut calls = delta.list("tool_calls");
            let mut call = calls.object();
            call.number("index", index as u64)
                .text("id", &id)
                .string("type", "function");
            call.object("function").text("name", name).string("arguments", "");
        })
    }

    fn block_delta(&mut self, delta: &Delta, out: &mut Vec<u8>) -> Result<(), Failure> {
        if let Some(text) = &delta.text {
            return self.content(Some(text), out);
        }
        if let Some(json) = &delta.partial_json {
            return self.input(json, out);
        }
        if let Some(thinking) = delta.thinking.as_ref().filter(|thinking| !thinking.is_empty()) {
            return self.thinking(thinking, None, out);
        }
        if let Some(signature) = &delta.signature {
            return self.thinking(&Text::from_decoded(""), Some(signature), out);
        }
        if let Some(citation) = delta.citation {
            return self.delta(out, |delta| {
                delta.object("provider_specific_fields").raw("citation", citation);
            });
        }
        Ok(())
    }

    fn content(&self, text: Option<&Text>, out: &mut Vec<u8>) -> Result<(), Failure> {
        match text.filter(|text| !text.is_empty()) {
            Some(text) => self.delta(out, |delta| {
                delta.text("content", text);
            }),
            None => Ok(()),
        }
    }

    /// Writes one piece of a thinking block. Clients join the pieces and send the block back with its signature.
    fn thinking(&self, thinking: &Text, signature: Option<&Text>, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.delta(out, |delta| {
            delta.text("reasoning_content", thinking);
            let mut list = delta.list("thinking_blocks");
            let mut block = list.object();
            block.string("type", "thinking").text("thinking", thinking);
            if let Some(signature) = signature {
                block.text("signature", signature);
            }
        })
    }

    /// A piece of a tool's input. It is a JSON string in both formats, so it is copied.
    fn input(&mut self, json: &Text, out: &mut Vec<u8>) -> Result<(), Failure> {
        if json.is_empty() {
            return Ok(());
        }
        let (index, input) = match &mut self.open {
            Open::Tool { index, input } => (index, input),
            Open::Hidden => return Ok(()),
            Open::Plain => return Err(Failure::malformed("a tool's input outside of a tool call")),
        };
        *input = None;
        let index = *index;
        self.delta(out, |delta| match index {
            None => {
                delta.text("content", json);
            }
            Some(index) => write_arguments(delta, index, |function| {
                function.text("arguments", json);
            }),
        })
    }

    fn block_stop(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let open = std::mem::replace(&mut self.open, Open::Plain);
        // If no piece came, the input at the beginning of the block is the whole input, usually `{}`. Clients parse
        // what they join, so it must be sent.
        let Open::Tool {
            index,
            input: Some(input),
        } = open
        else {
            return Ok(());
        };
        self.delta(out, |delta| match index {
            None => {
                delta.text("content", &input);
            }
            Some(index) => write_arguments(delta, index, |function| {
                function.text("arguments", &input);
            }),
        })
    }

    fn message_delta(&mut self, event: &Parsed, out: &mut Vec<u8>) -> Result<(), Failure> {
        if let Some(counts) = &event.usage {
            self.usage.update(counts);
        }
        match &event.delta {
            Some(delta) if delta.stop_reason.is_some() && !self.finished => self.end(delta, out),
            _ => Ok(()),
        }
    }

    /// Writes the chunk with the finish reason.
    fn end(&mut self, delta: &Delta, out: &mut Vec<u8>) -> Result<(), Failure> {
        let reason = match self.blocked {
            true => FinishReason::ContentFilter,
            false => finish_reason(delta.stop_reason.as_ref(), self.calls > 0),
        };
        self.chunks()?.finish(out, &reason, |to| {
            write_refusal(to, delta.stop_details);
            if delta.container.is_some() || delta.stop_details.is_some() {
                let mut fields = to.object("provider_specific_fields");
                fields
                    .maybe_raw("container", delta.container)
                    .maybe_raw("stop_details", delta.stop_details);
            }
        });
        self.finished = true;
        Ok(())
    }

    fn stop(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if !self.finished {
            self.end(&Delta::default(), out)?;
        }
        if self.usage.is_known() {
            self.chunks()?.usage(out, |usage| self.usage.write(usage));
        }
        self.ended = true;
        self.chunks()?.done(out);
        Ok(())
    }

    fn delta(&self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Object)) -> Result<(), Failure> {
        self.chunks()?.delta(out, delta);
        Ok(())
    }

    fn chunks(&self) -> Result<&Chunks, Failure> {
        self.chunks
            .as_ref()
            .ok_or_else(|| Failure::malformed("the stream does not begin with `message_start`"))
    }
}

fn write_arguments(delta: &mut Object, index: usize, arguments: impl FnOnce(&mut Object)) {
    let mut calls = delta.list("tool_calls");
    let mut call = calls.object();
    call.number("index", index as u64);
    arguments(&mut call.object("function"));
}
