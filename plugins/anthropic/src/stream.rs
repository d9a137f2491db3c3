//! A streamed answer, event by event. Anthropic's blocks begin, grow and end one after the other; OpenAI's deltas say
//! which tool call they belong to.

use sluice_sdk::canonical::{Chunks, FinishReason, Object, RawValue, Text};
use sluice_sdk::{Event, Failure};

use crate::answer::write_thinking_block;
use crate::error::{malformed, of_detail};
use crate::request::JSON_TOOL;
use crate::usage::Usage;
use crate::wire::{self, Block, Delta, finish_reason, provider_field, write_refusal};

/// What is known of a stream so far.
pub struct Stream {
    /// Since `message_start`.
    chunks: Option<Chunks>,
    usage: Usage,
    open: Open,
    /// Calls so far, which number the next one.
    calls: u64,
    /// Whether one tool stands for `response_format`: what is put into it is content.
    json_tool: bool,
    json_called: bool,
    /// `message_stop` was seen.
    ended: bool,
    /// Came after chunks of the same batch: those are handed over first.
    failure: Option<Failure>,
}

/// The block that is growing.
enum Open {
    /// None, or one whose deltas say all there is to say.
    Plain,
    /// A call, or the tool that is content (`index` none). `input` came with its beginning, and counts if no more comes.
    Tool { index: Option<u64>, input: Option<String> },
    /// One that clients get whole or not at all.
    Hidden,
}

impl Stream {
    pub fn new(json_tool: bool) -> Self {
        Self {
            chunks: None,
            usage: Usage::default(),
            open: Open::Plain,
            calls: 0,
            json_tool,
            json_called: false,
            ended: false,
            failure: None,
        }
    }

    /// Chunks for a batch. `now` is asked once a stream.
    pub fn translate(&mut self, batch: &[Event], now: fn() -> u64) -> Result<Vec<u8>, Failure> {
        let mut out = Vec::with_capacity(batch.iter().map(|event| event.data.len() + 256).sum());
        for event in batch {
            if self.failure.is_some() || self.ended {
                break;
            }
            if let Err(failure) = self.event(event, now, &mut out) {
                self.failure = Some(failure);
            }
        }
        if out.is_empty() {
            self.failure.take().map_or(Ok(out), Err)
        } else {
            Ok(out)
        }
    }

    /// The end of the upstream's stream, which must be the answer's end as well.
    pub fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None if self.ended => Ok(Vec::new()),
            None => Err(malformed("the stream broke off before its `message_stop`")),
        }
    }

    fn event(&mut self, event: &Event, now: fn() -> u64, out: &mut Vec<u8>) -> Result<(), Failure> {
        let text = std::str::from_utf8(&event.data).map_err(malformed)?;
        let parsed: wire::Event = serde_json::from_str(text).map_err(malformed)?;
        let kind = parsed.kind.as_ref().map_or(event.name.as_str(), Text::escaped);
        match kind {
            "message_start" => self.start(parsed.message, now(), out),
            "content_block_start" => match parsed.content_block {
                Some(block) => self.block_start(block, out),
                None => Err(malformed("a `content_block_start` without its block")),
            },
            "content_block_delta" => match &parsed.delta {
                Some(delta) => self.block_delta(delta, out),
                None => Err(malformed("a `content_block_delta` without its delta")),
            },
            "content_block_stop" => self.block_stop(out),
            "message_delta" => self.message_delta(&parsed, out),
            "message_stop" => self.stop(out),
            "error" => Err(parsed
                .error
                .map_or_else(|| malformed("an error that says nothing"), |error| of_detail(&error))),
            // `ping`, and what the API may add: its versioning policy asks clients to pass over events they do not know.
            _ => Ok(()),
        }
    }

    fn start(&mut self, message: Option<wire::Message>, created: u64, out: &mut Vec<u8>) -> Result<(), Failure> {
        let message = message.ok_or_else(|| malformed("a `message_start` without its message"))?;
        if let Some(counts) = &message.usage {
            self.usage.update(counts);
        }
        let chunks = self.chunks.insert(Chunks::new(&message.id, created, &message.model));
        chunks.delta(out, |delta| {
            delta.string("role", "assistant").string("content", "");
        });
        Ok(())
    }

    fn block_start(&mut self, raw: &RawValue, out: &mut Vec<u8>) -> Result<(), Failure> {
        let block: Block = serde_json::from_str(raw.get()).map_err(malformed)?;
        self.open = Open::Plain;
        match block.kind.escaped() {
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
        let input = block.input.map(|input| input.get().to_owned());
        if self.json_tool && block.name.as_ref().is_some_and(|name| *name == *JSON_TOOL) {
            self.json_called = true;
            self.open = Open::Tool { index: None, input };
            return Ok(());
        }
        let index = self.calls;
        self.calls += 1;
        self.open = Open::Tool {
            index: Some(index),
            input,
        };
        self.delta(out, |delta| {
            let mut calls = delta.list("tool_calls");
            let mut call = calls.object();
            call.number("index", index);
            if let Some(id) = &block.id {
                call.text("id", id);
            }
            call.string("type", "function");
            let mut function = call.object("function");
            if let Some(name) = &block.name {
                function.text("name", name);
            }
            function.string("arguments", "");
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

    /// One piece of a thinking block. Clients join the pieces and send the block back with its signature.
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

    /// A piece of a tool's input: a JSON string in both formats, so that it is copied as it stands.
    fn input(&mut self, json: &Text, out: &mut Vec<u8>) -> Result<(), Failure> {
        if json.is_empty() {
            return Ok(());
        }
        let Open::Tool { index, input } = &mut self.open else {
            return Ok(());
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
        // No piece came: what the block began with is its input, usually `{}`, and clients parse what they join.
        let Open::Tool {
            index,
            input: Some(input),
        } = open
        else {
            return Ok(());
        };
        self.delta(out, |delta| match index {
            None => {
                delta.string("content", &input);
            }
            Some(index) => write_arguments(delta, index, |function| {
                function.string("arguments", &input);
            }),
        })
    }

    fn message_delta(&mut self, event: &wire::Event, out: &mut Vec<u8>) -> Result<(), Failure> {
        if let Some(counts) = &event.usage {
            self.usage.update(counts);
        }
        let Some(delta) = &event.delta else { return Ok(()) };
        let Some(stop_reason) = &delta.stop_reason else {
            return Ok(());
        };
        let reason = match finish_reason(stop_reason.escaped()) {
            // The only tool called is ours, which the client does not know.
            FinishReason::ToolCalls if self.calls == 0 && self.json_called => FinishReason::Stop,
            reason => reason,
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
        Ok(())
    }

    fn stop(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.chunks()?.usage(out, |usage| self.usage.write(usage));
        self.ended = true;
        Ok(())
    }

    fn delta(&self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Object)) -> Result<(), Failure> {
        self.chunks()?.delta(out, delta);
        Ok(())
    }

    fn chunks(&self) -> Result<&Chunks, Failure> {
        self.chunks
            .as_ref()
            .ok_or_else(|| malformed("the stream does not begin with `message_start`"))
    }
}

fn write_arguments(delta: &mut Object, index: u64, arguments: impl FnOnce(&mut Object)) {
    let mut calls = delta.list("tool_calls");
    let mut call = calls.object();
    call.number("index", index);
    arguments(&mut call.object("function"));
}
