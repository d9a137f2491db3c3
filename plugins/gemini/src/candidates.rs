//! The fields of a candidate other than its parts: log probabilities, finish reason, and Google's search results and
//! safety ratings.

use sluice_sdk::canonical::{Object, RawValue, Text};
use sluice_sdk::wire;

use crate::wire::{Candidate, Grounding, LogprobsResult};

/// Fields that LiteLLM's clients expect next to `choices`: lists with one entry for each candidate that has the field.
#[derive(Default)]
pub struct Metadata<'a>([Vec<&'a RawValue>; NAMES.len()]);

const NAMES: [&str; 4] = [
    "vertex_ai_grounding_metadata",
    "vertex_ai_url_context_metadata",
    "vertex_ai_safety_results",
    "vertex_ai_citation_metadata",
];

impl<'a> Metadata<'a> {
    pub fn add(&mut self, candidate: &Candidate<'a>) {
        let of_candidate = [
            candidate.grounding,
            candidate.url_context,
            candidate.safety_ratings,
            candidate.citations,
        ];
        for (list, raw) in self.0.iter_mut().zip(of_candidate) {
            list.extend(raw);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }

    pub fn write(&self, to: &mut Object) {
        for (name, all) in NAMES.iter().zip(&self.0) {
            if !all.is_empty() {
                let mut list = to.list(name);
                for raw in all {
                    list.json(raw.get());
                }
            }
        }
    }
}

pub fn grounding<'a>(candidate: &Candidate<'a>) -> Grounding<'a> {
    candidate
        .grounding
        .and_then(|raw| wire::read(raw.get()).ok())
        .unwrap_or_default()
}

/// The number of web searches.
pub fn searches(grounding: &Grounding) -> u64 {
    grounding.queries.as_ref().map_or(0, |queries| queries.len() as u64)
}

/// Writes the provider's own finish reason and its explanation.
pub fn write_end(choice: &mut Object, reason: Option<&str>, message: Option<&str>) {
    if reason.is_none() && message.is_none() {
        return;
    }
    let mut fields = choice.object("provider_specific_fields");
    if let Some(reason) = reason {
        fields.string("native_finish_reason", reason);
    }
    if let Some(message) = message {
        fields.string("finish_message", message);
    }
}

/// Writes OpenAI's `logprobs` (<https://platform.openai.com/docs/api-reference/chat/object>).
pub fn write_logprobs(choice: &mut Object, result: Option<&LogprobsResult>) {
    let Some(chosen) = result.and_then(|result| result.chosen.as_ref()) else {
        return;
    };
    let mut top = result.and_then(|result| result.top.as_ref()).into_iter().flatten();
    let mut logprobs = choice.object("logprobs");
    let mut content = logprobs.list("content");
    for token in chosen {
        let mut object = content.object();
        write_token(&mut object, token.token.as_ref(), token.log_probability);
        let mut others = object.list("top_logprobs");
        for other in top.next().and_then(|top| top.candidates.as_ref()).into_iter().flatten() {
            write_token(&mut others.object(), other.token.as_ref(), other.log_probability);
        }
    }
}

fn write_token(to: &mut Object, token: Option<&Text>, log_probability: Option<&RawValue>) {
    match token {
        Some(token) => to.text("token", token),
        None => to.string("token", ""),
    };
    match log_probability {
        Some(raw) => to.raw("logprob", raw),
        None => to.number("logprob", 0),
    };
    to.json("bytes", "null");
}
