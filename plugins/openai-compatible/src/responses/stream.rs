//! Translates a streamed answer, event by event. The items of the output begin, grow and end, most of them one after
//! the other.

mod calls;
mod place;

use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::{Chunks, Object, RawValue, Text};
use sluice_sdk::{Event, Failure, wire};

use super::answer::write_service_tier;
use super::error;
use super::output::{
    BETWEEN_SUMMARIES, Output, characters, write_annotation, write_joined, write_logprobs, write_reasoning_item,
};
use super::wire::{Event as Parsed, Item, ItemKind, Response, finish_reason};
use calls::Calls;
use place::Place;

/// The state of one streamed answer.
#[derive(Default)]
pub struct Stream {
    /// Set by the first event with content.
    chunks: Option<Chunks>,
    /// The answer's id, from which missing ids of calls are made.
    id: String,
    is_structured: bool,
    /// Number of messages so far.
    messages: u64,
    calls: Calls,
    /// Whether any item was seen: the answer in the last event then adds nothing.
    has_items: bool,
    /// Whether text of the current message was seen.
    has_text: bool,
    has_thoughts: bool,
    place: Place,
    /// Whether `data: [DONE]` was written.
    is_ended: bool,
}

impl Stream {
    pub fn new(is_structured: bool) -> Self {
        Self {
            is_structured,
            ..Self::default()
        }
    }

    /// Called when the upstream's stream has ended. Fails unless an event ended the answer.
    pub fn finish(&self) -> Result<Vec<u8>, Failure> {
        if self.is_ended {
            Ok(Vec::new())
        } else {
            Err(Failure::malformed(
                "the stream broke off before its `response.completed`",
            ))
        }
    }

    /// Appends the chunks for one event; none after the answer has ended.
    ///
    /// # Errors
    /// The event is an error, or cannot be parsed.
    pub fn event(&mut self, event: &Event, origin: &Origin, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.is_ended {
            return Ok(());
        }
        let text = std::str::from_utf8(&event.data).map_err(Failure::malformed)?;
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        let parsed: Parsed = wire::read(text).map_err(Failure::malformed)?;
        let kind = parsed.kind.as_ref().map_or(event.name.as_str(), Text::escaped);
        if kind == "error" || parsed.error.is_some() {
            let itself = || serde_json::from_str::<&RawValue>(text).map_err(Failure::malformed);
            return Err(error::of_error(parsed.error.map_or_else(itself, Ok)?));
        }
        match kind {
            "response.created" | "response.in_progress" | "response.queued" => {
                self.begin(parsed.response.as_ref(), origin, out);
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                return self.end(&parsed.response.unwrap_or_default(), origin, out);
            }
            _ => {
                if let Some(delta) = kind.strip_prefix("response.") {
                    return self.grow(delta, &parsed, origin, out);
                }
            }
        }
        Ok(())
    }

    /// Writes what the event of an item adds. Unknown events are ignored, as the API asks.
    fn grow(&mut self, kind: &str, event: &Parsed, origin: &Origin, out: &mut Vec<u8>) -> Result<(), Failure> {
        match kind {
            "output_item.added" | "output_item.done" => {
                let Some(raw) = event.item else { return Ok(()) };
                self.begin(None, origin, out);
                self.has_items = true;
                let item = Item::read(raw)?;
                let output_index = event.output_index.unwrap_or(0);
                if kind == "output_item.added" {
                    return self.item_added(&item, output_index, out);
                }
                return self.item_done(&item, raw, output_index, out);
            }
            "output_text.delta" => self.text(event, origin, out),
            "output_text.annotation.added" => {
                let (Some(raw), false) = (event.annotation, self.is_surplus()) else {
                    return Ok(());
                };
                self.begin(None, origin, out);
                self.place.enter(event);
                let offset = self.place.offset();
                self.delta(out, |delta| {
                    write_annotation(&mut delta.list("annotations"), raw, offset);
                });
            }
            "refusal.delta" => {
                self.has_text = true;
                self.string("refusal", event.delta.as_ref(), origin, out);
            }
            "reasoning_summary_text.delta" | "reasoning_text.delta" => {
                self.has_thoughts |= event.delta.as_ref().is_some_and(|text| !text.is_empty());
                self.string("reasoning_content", event.delta.as_ref(), origin, out);
            }
            "reasoning_summary_part.added" if self.has_thoughts => self.delta(out, |delta| {
                delta.string("reasoning_content", BETWEEN_SUMMARIES);
            }),
            "function_call_arguments.delta" | "custom_tool_call_input.delta" => {
                if let Some(chunks) = &self.chunks {
                    self.calls.grow(event, chunks, out);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes the first chunk; later calls have no effect.
    fn begin(&mut self, response: Option<&Response>, origin: &Origin, out: &mut Vec<u8>) {
        if self.chunks.is_some() {
            return;
        }
        let id = origin.id(response.and_then(|response| response.id.as_ref()));
        let model = origin.model(response.and_then(|response| response.model.as_ref()));
        let created = response.and_then(|response| response.created_at);
        self.id = id.decoded().into_owned();
        let chunks = Chunks::new(&id, created.unwrap_or_else(|| origin.created()), &model);
        chunks.delta(out, |delta| {
            delta.string("role", "assistant").string("content", "");
        });
        self.chunks = Some(chunks);
    }

    /// Whether the current message is one after the first in an answer whose first message is the whole answer.
    fn is_surplus(&self) -> bool {
        self.is_structured && self.messages > 1
    }

    fn text(&mut self, event: &Parsed, origin: &Origin, out: &mut Vec<u8>) {
        self.has_text = true;
        let Some(text) = event.delta.as_ref().filter(|text| !text.is_empty()) else {
            return;
        };
        if self.is_surplus() {
            return;
        }
        self.begin(None, origin, out);
        self.place.enter(event);
        self.place.add(characters(text));
        let tokens = event.logprobs.as_deref().unwrap_or_default();
        if tokens.is_empty() {
            self.delta(out, |delta| {
                delta.text("content", text);
            });
            return;
        }
        if let Some(chunks) = &self.chunks {
            let content = |delta: &mut Object| {
                delta.text("content", text);
            };
            chunks.choice(out, content, None, |choice| write_logprobs(choice, tokens.iter()));
        }
    }

    fn string(&mut self, field: &str, text: Option<&Text>, origin: &Origin, out: &mut Vec<u8>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.begin(None, origin, out);
            self.delta(out, |delta| {
                delta.text(field, text);
            });
        }
    }

    fn item_added(&mut self, item: &Item, output_index: u64, out: &mut Vec<u8>) -> Result<(), Failure> {
        match item.kind() {
            ItemKind::Message => {
                self.messages += 1;
                self.has_text = false;
            }
            ItemKind::Call => {
                if let Some(chunks) = &self.chunks {
                    self.calls.begin(item, output_index, &self.id, chunks, out)?;
                }
            }
            ItemKind::Reasoning | ItemKind::Other | ItemKind::Nothing => {}
        }
        Ok(())
    }

    /// Called when an item is complete: writes what its events left out.
    fn item_done(&mut self, item: &Item, raw: &RawValue, output_index: u64, out: &mut Vec<u8>) -> Result<(), Failure> {
        match item.kind() {
            ItemKind::Message => self.message_done(item, out),
            ItemKind::Call => {
                if let Some(chunks) = &self.chunks {
                    self.calls.end(item, output_index, &self.id, chunks, out)?;
                }
            }
            ItemKind::Reasoning => self.thoughts_done(item, out),
            ItemKind::Other => self.delta(out, |delta| {
                delta
                    .object("provider_specific_fields")
                    .list("output_items")
                    .json(raw.get());
            }),
            ItemKind::Nothing => {}
        }
        Ok(())
    }

    fn message_done(&mut self, item: &Item, out: &mut Vec<u8>) {
        if self.is_surplus() {
            return;
        }
        if !std::mem::take(&mut self.has_text) {
            for part in item.parts() {
                self.delta(out, |delta| {
                    if let Some(text) = &part.text {
                        delta.text("content", text);
                    }
                    if let Some(refusal) = &part.refusal {
                        delta.text("refusal", refusal);
                    }
                });
            }
        }
        if let Some(phase) = &item.phase {
            self.delta(out, |delta| {
                delta.object("provider_specific_fields").text("phase", phase);
            });
        }
    }

    fn thoughts_done(&mut self, item: &Item, out: &mut Vec<u8>) {
        let summary = item.summary.iter().flatten().filter_map(|part| part.text.as_ref());
        let unsaid: Vec<&Text> = summary.filter(|_| !self.has_thoughts).collect();
        self.delta(out, |delta| {
            if !unsaid.is_empty() {
                write_joined(delta.field("reasoning_content"), unsaid.into_iter(), BETWEEN_SUMMARIES);
            }
            write_reasoning_item(&mut delta.list("reasoning_items").object(), item);
        });
    }

    /// Writes the finish reason and the usage, and the whole answer if no event had its items.
    fn end(&mut self, response: &Response, origin: &Origin, out: &mut Vec<u8>) -> Result<(), Failure> {
        if let Some(failure) = error::of_response(response) {
            return Err(failure);
        }
        self.begin(Some(response), origin, out);
        let is_unseen = !self.has_items && !self.has_text;
        let unseen = response.output.as_deref().filter(|_| is_unseen).unwrap_or_default();
        let output = Output::sort(unseen, self.is_structured)?;
        let reason = finish_reason(response, self.calls.any() || output.has_calls());
        let tier = response.service_tier.as_ref();
        let Some(chunks) = &self.chunks else { return Ok(()) };
        chunks.chunk(out, |chunk| {
            {
                let mut choices = chunk.list("choices");
                let mut choice = choices.object();
                choice.number("index", 0);
                let mut delta = choice.object("delta");
                if !unseen.is_empty() {
                    output.write(&mut delta, &self.id, true);
                }
                drop(delta);
                choice.string("finish_reason", reason.as_str());
            }
            write_service_tier(chunk, tier);
        });
        if let Some(usage) = response.usage.as_ref().filter(|usage| usage.is_known()) {
            chunks.chunk(out, |chunk| {
                drop(chunk.list("choices"));
                usage.write(&mut chunk.object("usage"));
                write_service_tier(chunk, tier);
            });
        }
        chunks.done(out);
        self.is_ended = true;
        Ok(())
    }

    fn delta(&self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Object)) {
        if let Some(chunks) = &self.chunks {
            chunks.delta(out, delta);
        }
    }
}
