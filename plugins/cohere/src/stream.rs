//! Translates a streamed answer, event by event. Cohere's blocks and calls begin, grow and end one after the other;
//! each of OpenAI's deltas names the call that it belongs to.

use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::{Chunks, Object, RawValue, Text};
use sluice_sdk::{Event, Failure, wire};

use crate::error::of_sentence;
use crate::usage::Usage;
use crate::wire::{Block, Call, Delta, Event as Parsed, finish_reason};
use crate::{citations, logprobs};

/// The state of one streamed answer.
#[derive(Default)]
pub struct Stream {
    /// Set by the first event.
    chunks: Option<Chunks>,
    /// The answer's id, from which missing ids of calls are made.
    id: String,
    /// Number of tool calls so far, which is the index of the next one.
    calls: u64,
    /// Cohere's index of the first call; its documentation does not say whether it counts from 0.
    first_call: u64,
    /// Whether the last call has arguments.
    has_arguments: bool,
    /// Whether `message-end` was seen.
    ended: bool,
}

impl Stream {
    /// Called when the upstream's stream has ended; fails if the answer has not.
    pub fn finish(&self) -> Result<Vec<u8>, Failure> {
        if self.ended {
            Ok(Vec::new())
        } else {
            Err(Failure::malformed("the stream broke off before its `message-end`"))
        }
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
        let kind = parsed.kind.as_ref().map_or(event.name.as_str(), Text::escaped);
        if let Some(error) = &parsed.message {
            return Err(of_sentence(error.decoded()));
        }
        let delta = parsed.delta.unwrap_or_default();
        match kind {
            "message-start" => {
                self.start(parsed.id.as_ref(), origin, out);
            }
            "message-end" => return self.end(&delta, origin, out),
            "content-start" | "content-delta" => {
                let piece = delta.message.and_then(|message| message.content).unwrap_or_default();
                self.content(&piece.0, parsed.logprobs, origin, out);
            }
            "tool-plan-delta" => {
                let plan = delta.message.and_then(|message| message.tool_plan);
                self.tool_plan(plan.as_ref(), origin, out);
            }
            "tool-call-start" => {
                let call = delta.message.and_then(|message| message.tool_calls).unwrap_or_default();
                return self.call(&call, parsed.index, origin, out);
            }
            "tool-call-delta" => {
                let call = delta.message.and_then(|message| message.tool_calls).unwrap_or_default();
                return self.arguments(call.arguments().as_ref(), parsed.index, out);
            }
            "tool-call-end" if self.calls > 0 && !self.has_arguments => {
                return self.arguments(Some(&Text::from_decoded("{}")), parsed.index, out);
            }
            "citation-start" => {
                let citation = delta.message.and_then(|message| message.citation);
                self.citation(citation, origin, out);
            }
            "error" => return Err(Failure::malformed("an error that says nothing")),
            // Ends of blocks and citations, `debug`, and future events.
            _ => {}
        }
        Ok(())
    }

    /// The writer of the stream's chunks, which the first event creates. Some servers leave `message-start` out.
    fn start(&mut self, id: Option<&Text>, origin: &Origin, out: &mut Vec<u8>) -> &Chunks {
        let given = &mut self.id;
        self.chunks.get_or_insert_with(|| {
            let id = origin.id(id);
            *given = id.decoded().into_owned();
            let chunks = Chunks::new(&id, origin.created(), &origin.model(None));
            chunks.delta(out, |delta| {
                delta.string("role", "assistant").string("content", "");
            });
            chunks
        })
    }

    fn content(&mut self, block: &Block, probabilities: Option<&RawValue>, origin: &Origin, out: &mut Vec<u8>) {
        let said = |text: &Option<Text>| text.as_ref().is_some_and(|text| !text.is_empty());
        if !said(&block.text) && !said(&block.thinking) {
            return;
        }
        let chunks = self.start(None, origin, out);
        let delta = |delta: &mut Object| {
            if let Some(text) = &block.text {
                delta.text("content", text);
            }
            if let Some(thinking) = &block.thinking {
                delta.text("reasoning_content", thinking);
            }
        };
        match probabilities {
            Some(item) => chunks.choice(out, delta, None, |choice| {
                logprobs::write(&mut choice.object("logprobs"), &[item]);
            }),
            None => chunks.delta(out, delta),
        }
    }

    fn tool_plan(&mut self, plan: Option<&Text>, origin: &Origin, out: &mut Vec<u8>) {
        let Some(plan) = plan.filter(|plan| !plan.is_empty()) else {
            return;
        };
        self.start(None, origin, out).delta(out, |delta| {
            delta.object("provider_specific_fields").text("tool_plan", plan);
        });
    }

    fn call(&mut self, call: &Call, index: Option<u64>, origin: &Origin, out: &mut Vec<u8>) -> Result<(), Failure> {
        let name = call
            .name()
            .ok_or_else(|| Failure::malformed("a tool call without a name"))?;
        self.start(None, origin, out);
        let number = self.calls;
        if number == 0 {
            self.first_call = index.unwrap_or(0);
        }
        let id = call.id(&Text::from_decoded(&self.id), number);
        let arguments = call.arguments();
        self.calls += 1;
        self.has_arguments = arguments.is_some();
        self.start(None, origin, out).delta(out, |delta| {
            let mut calls = delta.list("tool_calls");
            let mut call = calls.object();
            call.number("index", number).text("id", &id).string("type", "function");
            let mut function = call.object("function");
            function.text("name", name);
            match &arguments {
                Some(arguments) => function.text("arguments", arguments),
                None => function.string("arguments", ""),
            };
        });
        Ok(())
    }

    /// A piece of a call's arguments. It is a JSON string in both formats, so it is copied.
    fn arguments(&mut self, arguments: Option<&Text>, index: Option<u64>, out: &mut Vec<u8>) -> Result<(), Failure> {
        let Some(arguments) = arguments else { return Ok(()) };
        let (Some(chunks), Some(last)) = (&self.chunks, self.calls.checked_sub(1)) else {
            return Err(Failure::malformed("a tool's input outside of a tool call"));
        };
        let said = index.and_then(|index| index.checked_sub(self.first_call));
        let number = said.filter(|number| *number <= last).unwrap_or(last);
        self.has_arguments = true;
        chunks.delta(out, |delta| {
            let mut calls = delta.list("tool_calls");
            let mut call = calls.object();
            call.number("index", number);
            call.object("function").text("arguments", arguments);
        });
        Ok(())
    }

    fn citation(&mut self, citation: Option<&RawValue>, origin: &Origin, out: &mut Vec<u8>) {
        let Some(citation) = citation.filter(|raw| raw.get().starts_with('{')) else {
            return;
        };
        self.start(None, origin, out).delta(out, |delta| {
            citations::write_annotations(delta, &[citation]);
            delta
                .object("provider_specific_fields")
                .list("citations")
                .json(citation.get());
        });
    }

    /// Writes the chunk with the finish reason, and the usage.
    fn end(&mut self, delta: &Delta, origin: &Origin, out: &mut Vec<u8>) -> Result<(), Failure> {
        let reason = finish_reason(delta.finish_reason.as_ref(), delta.error.as_ref(), self.calls > 0)?;
        let chunks = self.start(None, origin, out);
        chunks.finish(out, &reason, |_| {});
        if let Some(counts) = delta.usage.as_ref().and_then(Usage::counts) {
            chunks.usage(out, |usage| counts.write(usage));
        }
        chunks.done(out);
        self.ended = true;
        Ok(())
    }
}
