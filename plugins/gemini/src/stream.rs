//! Translates a streamed answer, event by event. Each event of Gemini is a small answer with the new parts; a call
//! comes as a whole. Only the end of the upstream's stream shows that the answer is complete, so the finish reason of
//! each candidate is written then.

use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::{Chunks, FinishReason, Object, Text};
use sluice_sdk::{Event, Failure, wire};

use crate::annotations::Annotation;
use crate::candidates::{Metadata, grounding, searches, write_end, write_logprobs};
use crate::error::of_error;
use crate::parts::{Parts, Place};
use crate::usage::Usage;
use crate::wire::{Answer, Candidate, PromptFeedback, finish_reason};

/// Maximum number of candidates that are kept apart; Google allows eight.
const CANDIDATES_MAX: u64 = 64;

/// The state of one streamed answer.
#[derive(Default)]
pub struct Stream {
    /// Set by the first event.
    head: Option<Head>,
    /// `usageMetadata` of the last event that has it. It is parsed when the stream has ended.
    counts: String,
    usage: Usage,
    candidates: Vec<State>,
}

struct Head {
    chunks: Chunks,
    id: String,
    created: u64,
}

/// The state of one candidate.
#[derive(Default)]
struct State {
    /// Whether the first chunk, which has the role, was written.
    begun: bool,
    calls: usize,
    images: usize,
    /// Gemini's finish reason.
    reason: Option<String>,
    message: Option<String>,
    /// Whether this stands for a blocked prompt and not for a candidate.
    blocked: bool,
}

impl Stream {
    /// Called when the upstream's stream has ended. Fails unless each candidate has a finish reason.
    pub fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        let mut out = Vec::new();
        let is_whole = !self.candidates.is_empty() && self.candidates.iter().all(State::is_over);
        let Some(head) = self.head.as_ref().filter(|_| is_whole) else {
            return Err(Failure::malformed("the stream broke off before its `finishReason`"));
        };
        for (index, state) in self.candidates.iter().enumerate() {
            head.chunks.chunk(&mut out, |chunk| {
                let mut choices = chunk.list("choices");
                state.write_end(&mut choices.object(), index as u64);
            });
        }
        self.usage.read(&self.counts);
        if self.usage.is_known() {
            head.chunks.chunk(&mut out, |chunk| {
                chunk.json("choices", "[]");
                if let Some(tier) = self.usage.tier() {
                    chunk.string("service_tier", tier);
                }
                self.usage.write(&mut chunk.object("usage"));
            });
        }
        head.chunks.done(&mut out);
        Ok(out)
    }

    /// Appends the chunks for one event.
    ///
    /// # Errors
    /// The event is an error, or cannot be parsed.
    pub fn event(&mut self, event: &Event, origin: &Origin, out: &mut Vec<u8>) -> Result<(), Failure> {
        let text = std::str::from_utf8(&event.data).map_err(Failure::malformed)?;
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        let answer: Answer = wire::read(text).map_err(Failure::malformed)?;
        if let Some(error) = answer.error {
            return Err(of_error(error));
        }
        self.head.get_or_insert_with(|| Head::new(&answer, origin));
        if let Some(counts) = answer.usage.filter(|counts| counts.get().starts_with('{')) {
            self.counts.clear();
            self.counts.push_str(counts.get());
        }
        let candidates = answer.candidates.unwrap_or_default();
        if let Some(feedback) = answer.prompt_feedback.filter(|_| candidates.is_empty()) {
            self.block(&feedback);
        }
        for (number, candidate) in candidates.into_iter().enumerate() {
            let index = candidate.index.unwrap_or(number as u64);
            if index >= CANDIDATES_MAX {
                return Err(Failure::malformed("more candidates than Gemini gives"));
            }
            self.candidate(candidate, index, out);
        }
        Ok(())
    }

    fn block(&mut self, feedback: &PromptFeedback) {
        if feedback.block_reason.is_none() {
            return;
        }
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.decoded().into_owned());
        let state = self.state(0);
        state.blocked = true;
        state.reason = text(&feedback.block_reason);
        state.message = text(&feedback.message);
    }

    fn state(&mut self, index: usize) -> &mut State {
        if self.candidates.len() <= index {
            self.candidates.resize_with(index + 1, State::default);
        }
        &mut self.candidates[index]
    }

    fn candidate(&mut self, mut candidate: Candidate, index: u64, out: &mut Vec<u8>) {
        let parts = Parts::sort(&mut candidate);
        let grounding = grounding(&candidate);
        self.usage.searched(searches(&grounding));
        let mut metadata = Metadata::default();
        metadata.add(&candidate);
        let place = usize::try_from(index).unwrap_or_default();
        self.state(place).note_end(&candidate);
        let (Some(head), Some(state)) = (&self.head, self.candidates.get_mut(place)) else {
            return;
        };
        if parts.is_empty() && metadata.is_empty() && candidate.logprobs.is_none() {
            return;
        }
        let begins = !std::mem::replace(&mut state.begun, true);
        let place = head.place(index, state);
        head.chunks.chunk(out, |chunk| {
            {
                let mut choices = chunk.list("choices");
                let mut choice = choices.object();
                choice.number("index", index);
                let mut delta = choice.object("delta");
                if begins {
                    delta.string("role", "assistant");
                }
                parts.write_delta(&mut delta, &place, &Annotation::all_of(&grounding));
                drop(delta);
                write_logprobs(&mut choice, candidate.logprobs.as_ref());
                choice.json("finish_reason", "null");
            }
            metadata.write(chunk);
        });
        state.calls += parts.calls();
        state.images += parts.images();
    }
}

impl Head {
    fn new(answer: &Answer, origin: &Origin) -> Self {
        let id = origin.id(answer.id.as_ref());
        let created = origin.created();
        Self {
            chunks: Chunks::new(&id, created, &origin.model(answer.model.as_ref())),
            id: id.decoded().into_owned(),
            created,
        }
    }

    fn place(&self, candidate: u64, state: &State) -> Place<'_> {
        Place {
            id: &self.id,
            created: self.created,
            candidate,
            calls: state.calls,
            images: state.images,
        }
    }
}

impl State {
    fn is_over(&self) -> bool {
        self.reason.is_some()
    }

    fn note_end(&mut self, candidate: &Candidate) {
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.decoded().into_owned());
        if candidate.finish_reason.is_some() {
            self.reason = text(&candidate.finish_reason);
            self.message = text(&candidate.finish_message);
        }
    }

    fn write_end(&self, choice: &mut Object, index: u64) {
        choice.number("index", index);
        {
            let mut delta = choice.object("delta");
            if !self.begun {
                delta.string("role", "assistant");
            }
            if let Some(message) = self.message.as_ref().filter(|_| self.blocked) {
                delta.string("refusal", message);
            }
        }
        let reason = if self.blocked {
            FinishReason::ContentFilter
        } else {
            finish_reason(self.reason.as_deref(), self.calls > 0)
        };
        choice.string("finish_reason", reason.as_str());
        let message = self.message.as_deref().filter(|_| !self.blocked);
        write_end(choice, self.reason.as_deref(), message);
    }
}
