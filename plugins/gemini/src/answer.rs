//! Translates a whole answer: each candidate becomes a choice.

use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::{FinishReason, Object, Text};
use sluice_sdk::{Failure, wire};

use crate::annotations::Annotation;
use crate::candidates::{Metadata, grounding, searches, write_end, write_logprobs};
use crate::error::of_error;
use crate::parts::{Parts, Place};
use crate::usage::Usage;
use crate::wire::{Answer, Candidate, PromptFeedback, finish_reason};

/// Estimated bytes of an answer in addition to what is copied from the provider's answer.
const ENVELOPE_BYTES: usize = 640;

/// Translates the answer to the canonical form.
///
/// # Errors
/// The document is an error, or has none of an answer's fields.
pub fn translate(body: &[u8], origin: &Origin) -> Result<Vec<u8>, Failure> {
    let text = std::str::from_utf8(body).map_err(Failure::malformed)?;
    let answer: Answer = wire::read(text).map_err(Failure::malformed)?;
    if let Some(error) = answer.error {
        return Err(of_error(error));
    }
    let has_candidates = answer
        .candidates
        .as_ref()
        .is_some_and(|candidates| !candidates.is_empty());
    if !has_candidates && answer.prompt_feedback.is_none() {
        return Err(Failure::malformed("it has neither `candidates` nor `promptFeedback`"));
    }
    let mut out = Vec::with_capacity(body.len() + body.len() / 4 + ENVELOPE_BYTES);
    write(&mut out, answer, origin);
    Ok(out)
}

fn write(out: &mut Vec<u8>, answer: Answer, origin: &Origin) {
    let id = origin.id(answer.id.as_ref());
    let created = origin.created();
    let mut usage = Usage::default();
    if let Some(counts) = answer.usage {
        usage.read(counts.get());
    }
    let mut to = Object::begin(out);
    to.text("id", &id)
        .string("object", "chat.completion")
        .number("created", created);
    to.text("model", &origin.model(answer.model.as_ref()))
        .json("system_fingerprint", "null");
    let mut metadata = Metadata::default();
    let mut choices = to.list("choices");
    let candidates = answer.candidates.unwrap_or_default();
    if candidates.is_empty() {
        write_blocked(&mut choices.object(), &answer.prompt_feedback.unwrap_or_default());
    }
    for (number, mut candidate) in candidates.into_iter().enumerate() {
        metadata.add(&candidate);
        let place = Place {
            id: &id.decoded(),
            created,
            candidate: candidate.index.unwrap_or(number as u64),
            calls: 0,
            images: 0,
        };
        write_choice(&mut choices.object(), &mut candidate, &place, &mut usage);
    }
    drop(choices);
    if usage.is_known() {
        if let Some(tier) = usage.tier() {
            to.string("service_tier", tier);
        }
        usage.write(&mut to.object("usage"));
    }
    metadata.write(&mut to);
}

fn write_choice(choice: &mut Object, candidate: &mut Candidate, place: &Place, usage: &mut Usage) {
    let parts = Parts::sort(candidate);
    let grounding = grounding(candidate);
    usage.searched(searches(&grounding));
    choice.number("index", place.candidate);
    {
        let mut message = choice.object("message");
        message.string("role", "assistant");
        parts.write_message(&mut message, place, &Annotation::all_of(&grounding));
    }
    write_logprobs(choice, candidate.logprobs.as_ref());
    let native = candidate.finish_reason.as_ref().map(Text::decoded);
    let reason = finish_reason(native.as_deref(), parts.calls() > 0);
    choice.string("finish_reason", reason.as_str());
    let message = candidate.finish_message.as_ref().map(Text::decoded);
    write_end(choice, native.as_deref(), message.as_deref());
}

/// Writes a choice for a blocked prompt: such an answer has no candidate, but OpenAI's clients expect a choice.
fn write_blocked(choice: &mut Object, feedback: &PromptFeedback) {
    choice.number("index", 0);
    {
        let mut message = choice.object("message");
        message.string("role", "assistant").json("content", "null");
        if let Some(sentence) = &feedback.message {
            message.text("refusal", sentence);
        }
    }
    choice.string("finish_reason", FinishReason::ContentFilter.as_str());
    let reason = feedback.block_reason.as_ref().map(Text::decoded);
    write_end(choice, reason.as_deref(), None);
}
