//! A streamed answer, event by event. Converse's blocks begin, grow and end one after the other; OpenAI's deltas say
//! which tool call they belong to.

use sluice_sdk::adapter::Origin;
use sluice_sdk::adapter::bedrock::error;
use sluice_sdk::canonical::{Chunks, FinishReason, Object, Text};
use sluice_sdk::{Event, Failure, wire};

use crate::Asked;
use crate::answer::{call_id, write_image, write_redacted_block, write_thinking_block};
use crate::request::JSON_TOOL;
use crate::usage::thinking_tokens;
use crate::wire::{Delta, Event as Parsed, Image, ReasoningDelta, Start, ToolUse, finish_reason};

/// What is known of a stream so far.
#[derive(Default)]
pub struct Stream {
    /// Since the first event.
    chunks: Option<Chunks>,
    /// The answer's id, of which calls without one get theirs.
    id: String,
    open: Open,
    /// Calls so far, which number the next one.
    calls: usize,
    images: usize,
    /// Why the answer ended, since `messageStop`. It is said with the `metadata` that follows, of which it holds some.
    reason: Option<FinishReason<'static>>,
    /// Tokens that the model thought, where it says so.
    thinking: Option<u64>,
    /// The chunk that says why the answer ended was written, and what follows it.
    ended: bool,
}

/// The block that is growing.
#[derive(Default)]
enum Open {
    /// None, or one whose deltas say all there is to say.
    #[default]
    Plain,
    /// A call, or the tool that is content (`index` none).
    Tool { index: Option<usize>, is_empty: bool },
    /// One that clients get no pieces of: a tool that the model's side runs.
    Hidden,
}

impl Stream {
    /// The end of the upstream's stream, which must be the answer's end as well: `metadata`, or at least `messageStop`.
    pub fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        let mut out = Vec::new();
        if !self.ended {
            if self.reason.is_none() {
                return Err(Failure::malformed("the stream broke off before its `messageStop`"));
            }
            self.end(&Parsed::default(), &mut out);
        }
        Ok(out)
    }

    /// Appends the chunks for an event; none after the answer's end.
    ///
    /// # Errors
    /// It is an error, or no event.
    pub fn event(&mut self, event: &Event, asked: &Asked, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.ended {
            return Ok(());
        }
        if error::is_exception(&event.name) {
            return Err(error::of_event(&event.name, &event.data));
        }
        let text = std::str::from_utf8(&event.data).map_err(Failure::malformed)?;
        let parsed: Parsed = match text.trim_ascii() {
            // Its name says all there is to say.
            "" => Parsed::default(),
            text => wire::read(text).map_err(Failure::malformed)?,
        };
        self.start(&asked.origin, out);
        match event.name.as_str() {
            "contentBlockStart" => self.block_start(&parsed.start.unwrap_or_default(), asked, out),
            "contentBlockDelta" => self.block_delta(&parsed.delta.unwrap_or_default(), out),
            "contentBlockStop" => {
                self.block_stop(out);
                Ok(())
            }
            "messageStop" => {
                self.reason = Some(finish_reason(parsed.stop_reason.as_ref(), self.calls > 0));
                self.thinking = thinking_tokens(parsed.additional);
                match parsed.additional.filter(|_| asked.shows_fields) {
                    Some(additional) => self.delta(out, |delta| {
                        let mut fields = delta.object("provider_specific_fields");
                        fields.raw("additionalModelResponseFields", additional);
                    }),
                    None => Ok(()),
                }
            }
            // It ends an answer that was not ended before, rather than keep the client waiting.
            "metadata" => {
                self.end(&parsed, out);
                Ok(())
            }
            // `messageStart`, of which the role is known, and what the API may add.
            _ => Ok(()),
        }
    }

    /// With the first event, whichever it is.
    fn start(&mut self, origin: &Origin, out: &mut Vec<u8>) {
        if self.chunks.is_some() {
            return;
        }
        let id = origin.id(None);
        self.id = id.decoded().into_owned();
        let chunks = self
            .chunks
            .insert(Chunks::new(&id, origin.created(), &origin.model(None)));
        chunks.delta(out, |delta| {
            delta.string("role", "assistant").string("content", "");
        });
    }

    fn block_start(&mut self, start: &Start, asked: &Asked, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.open = Open::Plain;
        if let Some(image) = &start.image {
            return self.image(image, out);
        }
        if let Some(raw) = start.tool_result {
            self.open = Open::Hidden;
            return self.delta(out, |delta| {
                delta
                    .object("provider_specific_fields")
                    .list("tool_results")
                    .json(raw.get());
            });
        }
        let Some(raw) = start.tool_use else { return Ok(()) };
        let call: ToolUse = wire::read(raw.get()).map_err(Failure::malformed)?;
        if call.is_servers() {
            self.open = Open::Hidden;
            return self.delta(out, |delta| {
                delta
                    .object("provider_specific_fields")
                    .list("server_tool_use")
                    .json(raw.get());
            });
        }
        self.call_start(&call, asked, out)
    }

    fn call_start(&mut self, call: &ToolUse, asked: &Asked, out: &mut Vec<u8>) -> Result<(), Failure> {
        let name = call.name.as_ref();
        let name = name.ok_or_else(|| Failure::malformed("a tool call without a name"))?;
        if asked.json_tool && *name == *JSON_TOOL {
            self.open = Open::Tool {
                index: None,
                is_empty: true,
            };
            return Ok(());
        }
        let index = self.calls;
        self.calls += 1;
        self.open = Open::Tool {
            index: Some(index),
            is_empty: true,
        };
        let id = call_id(call, &Text::from_decoded(&self.id), index);
        self.delta(out, |delta| {
            let mut calls = delta.list("tool_calls");
            let mut to = calls.object();
            to.number("index", index as u64)
                .text("id", &id)
                .string("type", "function");
            to.object("function")
                .text("name", &asked.names.original(name))
                .string("arguments", "");
        })
    }

    fn block_delta(&mut self, delta: &Delta, out: &mut Vec<u8>) -> Result<(), Failure> {
        if let Some(text) = &delta.text {
            return match text.is_empty() {
                true => Ok(()),
                false => self.delta(out, |delta| {
                    delta.text("content", text);
                }),
            };
        }
        if let Some(input) = delta.tool_use.as_ref().and_then(|it| it.input.as_ref()) {
            return self.input(input, out);
        }
        if let Some(reasoning) = &delta.reasoning {
            return self.reasoning(reasoning, out);
        }
        if let Some(citation) = delta.citation {
            return self.delta(out, |delta| {
                delta.object("provider_specific_fields").raw("citation", citation);
            });
        }
        if let Some(result) = delta.tool_result {
            return self.delta(out, |delta| {
                delta.object("provider_specific_fields").raw("tool_result", result);
            });
        }
        match &delta.image {
            Some(image) => self.image(image, out),
            None => Ok(()),
        }
    }

    /// One piece of a thought. Clients join the pieces and send the block back with its signature.
    fn reasoning(&self, reasoning: &ReasoningDelta, out: &mut Vec<u8>) -> Result<(), Failure> {
        if let Some(data) = &reasoning.redacted {
            return self.delta(out, |delta| {
                delta.string("reasoning_content", "");
                write_redacted_block(&mut delta.list("thinking_blocks"), data);
            });
        }
        let text = reasoning.text.as_ref().filter(|text| !text.is_empty());
        if text.is_none() && reasoning.signature.is_none() {
            return Ok(());
        }
        self.delta(out, |delta| {
            match text {
                Some(text) => delta.text("reasoning_content", text),
                None => delta.string("reasoning_content", ""),
            };
            let mut list = delta.list("thinking_blocks");
            write_thinking_block(&mut list, text, reasoning.signature.as_ref());
        })
    }

    fn image(&mut self, image: &Image, out: &mut Vec<u8>) -> Result<(), Failure> {
        if image.source.as_ref().is_none_or(|source| source.bytes.is_none()) {
            return Ok(());
        }
        let index = self.images;
        self.images += 1;
        self.delta(out, |delta| write_image(&mut delta.list("images"), image, index))
    }

    /// A piece of a tool's input: a JSON string in both formats, so that it is copied as it stands.
    fn input(&mut self, json: &Text, out: &mut Vec<u8>) -> Result<(), Failure> {
        if json.is_empty() {
            return Ok(());
        }
        match &mut self.open {
            Open::Tool { index, is_empty } => {
                *is_empty = false;
                let index = *index;
                self.delta(out, |delta| write_input(delta, index, json))
            }
            Open::Hidden => Ok(()),
            Open::Plain => Err(Failure::malformed("a tool's input outside of a tool call")),
        }
    }

    fn block_stop(&mut self, out: &mut Vec<u8>) {
        let open = std::mem::replace(&mut self.open, Open::Plain);
        // No piece came: the tool takes nothing, and clients parse what they join.
        if let (Open::Tool { index, is_empty: true }, Some(chunks)) = (open, &self.chunks) {
            chunks.delta(out, |delta| write_input(delta, index, &Text::from_decoded("{}")));
        }
    }

    /// Says why the answer ended, what the guardrail did, and what was counted.
    fn end(&mut self, metadata: &Parsed, out: &mut Vec<u8>) {
        self.ended = true;
        let calls = self.calls > 0;
        let reason = self.reason.take().unwrap_or_else(|| finish_reason(None, calls));
        let Some(chunks) = &self.chunks else { return };
        chunks.finish(out, &reason, |delta| {
            if let Some(trace) = metadata.trace {
                delta.object("provider_specific_fields").raw("trace", trace);
            }
        });
        if let Some(counts) = metadata.usage.as_ref().filter(|counts| counts.is_known()) {
            let tier = metadata.service_tier.as_ref().and_then(|tier| tier.kind.as_ref());
            chunks.usage(out, |usage| {
                counts.write(usage, self.thinking);
                if let Some(tier) = tier {
                    usage.text("service_tier", tier);
                }
            });
        }
        chunks.done(out);
    }

    fn delta(&self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Object)) -> Result<(), Failure> {
        let chunks = self.chunks.as_ref();
        let chunks = chunks.ok_or_else(|| Failure::malformed("the stream does not begin"))?;
        chunks.delta(out, delta);
        Ok(())
    }
}

/// A piece of a call's arguments, or of the content that a tool stands for.
fn write_input(delta: &mut Object, index: Option<usize>, json: &Text) {
    let Some(index) = index else {
        delta.text("content", json);
        return;
    };
    let mut calls = delta.list("tool_calls");
    let mut call = calls.object();
    call.number("index", index as u64);
    call.object("function").text("arguments", json);
}
